"""How large the image model is trained: on a GPU, or on two CPU cores. Knows numbers only."""

from __future__ import annotations

from dataclasses import dataclass

TOKENS = 32  # of a caption; the text encoder reads no more


@dataclass(frozen=True)
class Scale:
    """The sizes of one recipe. Latents have 4 channels and a side of 128 / `2 ** (len(vae) - 1)`.

    vae, unet: channels of each resolution, finest first. attention: which of the UNet's
    resolutions look at the text. mixture: weights of the scene layouts (None: as sampled by
    default). everyday: the sets and avatar styles that are drawn, emoji of everyday concepts only
    (None: everything). scenes: pictures drawn beforehand.
    crop: side in pixels of the windows that the autoencoder learns from.
    vae_images, unet_images, lcm_images: pictures seen in training. batch sizes are per step.
    unet_lr: the denoiser's learning rate at its peak; fewer pictures want a larger one."""

    vae: tuple[int, ...]
    unet: tuple[int, ...]
    attention: tuple[bool, ...]
    everyday: tuple[str, ...] | None
    mixture: dict[str, float] | None
    scenes: int
    crop: int
    vae_images: int
    vae_batch: int
    unet_images: int
    unet_batch: int
    unet_lr: float
    lcm_images: int
    lcm_batch: int


SCALES = {
    "cpu": Scale(
        vae=(16, 32, 64),
        unet=(32, 64, 128, 256),
        attention=(False, False, True, True),
        everyday=("fluent", "noto", "twemoji", "big-smile", "toon-head"),
        mixture={
            "single": 0.32,
            "background": 0.10,
            "recolour": 0.08,
            "count": 0.06,
            "pair": 0.16,
            "avatar": 0.28,
        },
        scenes=60_000,
        crop=64,
        vae_images=36_000,
        vae_batch=16,
        unet_images=380_000,
        unet_batch=64,
        unet_lr=1e-3,
        lcm_images=30_000,
        lcm_batch=16,
    ),
    "gpu": Scale(
        vae=(32, 64, 128),
        unet=(96, 176, 224),
        attention=(False, True, True),
        everyday=None,
        mixture=None,
        scenes=120_000,
        crop=128,
        vae_images=300_000,
        vae_batch=64,
        unet_images=3_000_000,
        unet_batch=512,
        unet_lr=5e-4,
        lcm_images=600_000,
        lcm_batch=512,
    ),
}
