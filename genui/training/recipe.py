"""`python -m genui.training all`: every step of the image model in its order, from art to card.

Started again after a stop, it goes on: steps that are done are passed over or end at once."""

from __future__ import annotations

from pathlib import Path

from genui.training.scales import SCALES
from genui.training.steps import Step, follow, options


def steps(data: Path, out: Path, scale: str) -> list[Step]:
    """What each step leaves behind, its module and its arguments. A file that is there means that
    the step is done, as training writes its result only at the end."""
    sized = ["--out", str(out), "--scale", scale]
    read = ["--data", str(data)]
    return [
        (data / "cutouts.parquet", "data", ["--out", str(data)]),
        (out / "held" / "captions.json", "pictures", [*read, *sized]),
        (out / "autoencoder" / "done", "autoencoder", sized),
        (out / "held" / "latents.safetensors", "latents", ["--out", str(out)]),
        (out / "diffusion" / "done", "diffusion", sized),
        (out / "distill" / "done", "distill", sized),
        (out / "judge" / "done", "judge", [*read, *sized]),
        (out / "evaluation" / "metrics.json", "evaluate", [*read, *sized]),
        *(
            (out / name / "README.md", "modelcard",
             [*read, "--out", str(out), "--model", str(out / name)])
            for name in ("base", "fast")
        ),
    ]  # fmt: skip


TIMED = ("autoencoder", "diffusion", "distill", "judge")


def main(arguments: list[str]) -> int:
    """Run what is not done yet; returns 0, or the status of the step that stopped early."""
    chosen = options("all", __doc__, "stickers", SCALES).parse_args(arguments)
    found = steps(chosen.data, chosen.out, chosen.scale)
    return follow(found, "genui.training", TIMED, chosen.minutes)
