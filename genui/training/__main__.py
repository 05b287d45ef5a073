"""`python -m genui.training COMMAND`: the steps that make the embedded models. Each step has its
own module, imported only when it is asked for."""

from __future__ import annotations

import sys

from genui import commands

# name, where its `main(arguments) -> exit status` is, what it does
COMMANDS = (
    ("all", "genui.training.recipe:main", "every step of the image model in its order"),
    ("data", "genui.training.data:main", "draw the stickers and avatars to learn from"),
    ("pictures", "genui.training.pictures:main", "draw the training scenes once, with captions"),
    ("autoencoder", "genui.training.autoencoder:main", "train the autoencoder"),
    ("latents", "genui.training.latents:main", "compute latents and text vectors once"),
    ("diffusion", "genui.training.diffusion:main", "train the denoiser"),
    ("distill", "genui.training.distill:main", "distil it to four steps and fewer"),
    ("judge", "genui.training.judge:main", "train the network that marks the pictures"),
    ("evaluate", "genui.training.evaluate:main", "measure the image model"),
    ("card", "genui.training.modelcard:main", "write the model card"),
    ("avatars-all", "genui.training.latent.recipe:main", "every step of the avatar models"),
    ("avatars", "genui.training.latent.data:main", "draw avatars, skewed ones and pairs"),
    ("avatar-judge", "genui.training.latent.judge:main", "train what reads attributes off avatars"),
    ("avatar-vae", "genui.training.latent.vae:main", "train the VAE"),
    ("avatar-gan", "genui.training.latent.gan:main", "train the GAN"),
    ("avatar-directions", "genui.training.latent.directions:main", "find and measure directions"),
    ("avatar-map", "genui.training.latent.map:main", "draw the map of a latent space"),
    ("avatar-evaluate", "genui.training.latent.evaluate:main", "measure a VAE or a GAN"),
    ("avatar-search", "genui.training.latent.search:main", "measure how a GAN finds avatars"),
    ("avatar-card", "genui.training.latent.card:main", "write its model card"),
    ("tunes-all", "genui.training.tunes.recipe:main", "every step of the music models"),
    ("tunes-data", "genui.training.tunes.data:main", "gather, clean and split the tunes"),
    ("tunes-transformer", "genui.training.tunes.train:transformer", "train the transformer"),
    ("tunes-lstm", "genui.training.tunes.train:lstm", "train the LSTM"),
    ("tunes-evaluate", "genui.training.tunes.evaluate:main", "measure both"),
    ("instruments", "genui.training.instruments:main", "make the sampled instruments"),
    ("tunes-card", "genui.training.tunes.modelcard:main", "write their model cards"),
)


def main(arguments: list[str]) -> int:
    """Run the named step with the rest of the arguments; returns its exit status."""
    return commands.run(
        "python -m genui.training", "Makes the embedded models.", COMMANDS, arguments
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
