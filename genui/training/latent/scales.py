"""How large the avatar models are trained: in seconds for tests, on two CPU cores in hours, or on a
GPU. Knows numbers only."""

from __future__ import annotations

from dataclasses import dataclass

VAE_LATENT, GAN_LATENT = 48, 128


@dataclass(frozen=True)
class Scale:
    """train, held: pictures drawn (the skewed set is as large as `train`); pairs: counterfactual
    pairs of each contrast. judge_width, vae_width, gan_width: of the networks. *_images: pictures
    seen in training, *_batch: a step. places: on the map; embed_steps: of its training. samples:
    pictures that are measured; labelled: samples of the GAN that its directions are fitted to."""

    train: int
    held: int
    pairs: int
    judge_width: int
    judge_images: int
    judge_batch: int
    vae_width: int
    vae_images: int
    vae_batch: int
    gan_width: int
    gan_images: int
    gan_batch: int
    places: int
    embed_steps: int
    samples: int
    labelled: int


SCALES = {
    "tiny": Scale(
        train=48, held=24, pairs=6, judge_width=8, judge_images=320, judge_batch=16, vae_width=8,
        vae_images=560, vae_batch=4, gan_width=8, gan_images=96, gan_batch=8,
        places=40, embed_steps=30, samples=24, labelled=200,
    ),
    "cpu": Scale(
        train=24_000, held=900, pairs=200, judge_width=16, judge_images=120_000, judge_batch=32,
        vae_width=32, vae_images=120_000, vae_batch=32, gan_width=16, gan_images=500_000,
        gan_batch=32, places=5_000, embed_steps=3_000, samples=1_000, labelled=10_000,
    ),
    "gpu": Scale(
        train=60_000, held=1_800, pairs=400, judge_width=32, judge_images=1_000_000,
        judge_batch=256, vae_width=48, vae_images=5_000_000, vae_batch=256, gan_width=24,
        gan_images=10_000_000, gan_batch=128, places=5_000, embed_steps=10_000,
        samples=5_000, labelled=50_000,
    ),
}  # fmt: skip
