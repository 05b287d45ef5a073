"""`python -m genui.training COMMAND`: the steps that make the embedded models. Each step has its
own module, imported only when it is asked for."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

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
)


def main(arguments: list[str]) -> int:
    """Run the named step with the rest of the arguments; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m genui.training", description="Makes the embedded models."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    targets = {}
    for name, target, help_text in COMMANDS:
        commands.add_parser(name, help=help_text, add_help=False)
        targets[name] = target
    chosen, rest = parser.parse_known_args(arguments)
    module, function = targets[chosen.command].split(":")
    status: int = getattr(import_module(module), function)(rest)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
