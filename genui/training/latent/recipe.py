"""`python -m genui.training avatars-all`: every step of the avatar models in its order.

Started again after a stop, it goes on: steps that are done are passed over or go on where they
were."""

from __future__ import annotations

from pathlib import Path

from genui.training.latent.scales import SCALES
from genui.training.steps import Step, follow, options

# model folder → the step that trains it, the album that it learns from
MODELS = {
    "avatars-vae": ("vae", "train"),
    "avatars-vae-skewed": ("vae", "skewed"),
    "avatars-gan": ("gan", "train"),
}
TIMED = ("judge", "vae", "gan")


def steps(data: Path, out: Path, scale: str) -> list[Step]:
    """What each step leaves behind, its module and its arguments."""
    read = ["--data", str(data), "--out", str(out), "--scale", scale]
    found = [
        (data / "pairs" / "answers.json", "data", ["--out", str(data), "--scale", scale]),
        (out / "judge" / "done", "judge", read),
    ]
    for name, (step, album) in MODELS.items():
        learned = ["--data-set", album]
        found += [
            (out / "training" / name / "done", step, [*read, *(learned if step == "vae" else [])]),
            (out / name / "directions.json", "directions", [*read, "--name", name]),
            (out / name / "statistics.json", "map", [*read, *learned, "--name", name]),
            (out / name / "metrics.json", "evaluate", [*read, *learned, "--name", name]),
        ]
        if step == "gan":
            measured = out / "training" / name / "search.json"
            found.append((measured, "search", [*read, "--name", name]))
        found += [
            (out / name / "README.md", "card", ["--out", str(out), "--name", name]),
        ]
    return found


def main(arguments: list[str]) -> int:
    """Run what is not done yet; returns 0, or the status of the step that stopped early."""
    chosen = options("avatars-all", __doc__, "avatars", SCALES).parse_args(arguments)
    found = steps(chosen.data, chosen.out, chosen.scale)
    return follow(found, "genui.training.latent", TIMED, chosen.minutes)
