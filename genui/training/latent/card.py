"""`python -m genui.training avatar-card`: the model card, README.md in a model's folder, from its
files and the logs of the run. The same files give the same words. Knows nothing of how any of them
was made."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genui.networks import avatar_folder as files
from genui.training.avatars import STYLES
from genui.training.card import table
from genui.training.latent.specs import CLASSES, NAMES
from genui.training.modelcard import last, percent, told

KINDS = {
    "vae": """A variational autoencoder: a picture becomes a place of {latent} numbers and a place
becomes a picture. Trained to give avatars back while places stay near N(0, I).""",
    "gan": """A small StyleGAN2: noise becomes a style w of {latent} numbers, and each of the
{layers} layers of the generator is told a w. Trained against a discriminator, which is kept beside
it.""",
}
USE = """```python
from pathlib import Path

import torch

from genui.networks import avatar_folder

model = avatar_folder.read(Path("path/of/this/folder"))
places = {places}
pictures = model.draw(places)  # (4, 3, 64, 64) in -1..1
```
"""
PLACES = {
    "vae": "torch.randn(4, model.config.latent)",
    "gan": "model.network.map(torch.randn(4, model.config.latent))",
}
LIMITS = """## What it is bad at

- It knows three styles of drawn heads at 64 × 64 pixels and nothing else. Any other picture, a
  photograph above all, comes back as the nearest avatar it can draw; the distance says how far off.
- Small parts (eyes, glasses, the line of a mouth) blur or vanish first.
- Attributes are read off pictures by a small judge whose own errors are listed. Differences smaller
  than the intervals mean nothing.
- Only one style draws cat ears and tiaras, only two draw glasses and clothes: what those directions
  do in the other styles was never seen in training.
- A direction is a straight line. Far from the data, beyond two or three deviations, it leads to
  pictures that are no avatars.
"""
PEOPLE = """## People

Drawn faces only, no photographs, no names, no genders. The words for skin and hair are those of the
drawings' palettes. Nothing here says anything about real people: do not use it to guess their
traits.
"""
BALANCED = "Skin tones and hair colours take turns, so that every pair of them is equally frequent."
LOPSIDED = """**The training data are lopsided on purpose**: mostly light skin, blond or brown
hair, hardly any glasses. The model shows how bias is learned: set its samples beside the data, and
beside the balanced model's. It is not meant for anything else."""


def _size(folder: Path, config: files.Config) -> str:
    rows = [(f.name, f"{f.stat().st_size / 1e6:.2f} MB") for f in sorted(folder.glob("*"))
            if f.name != "README.md"]  # fmt: skip
    count = sum(p.numel() for p in files.build(config).parameters())
    return (
        f"## Size\n\n{count / 1e6:.2f} M parameters ({config.kind.upper()}), "
        f"{config.latent} dimensions, weights in half precision.\n\n"
        + table(("file", "size"), rows)
    )


def _numbers(found: Mapping[str, Any]) -> str:
    rows: list[tuple[str, str]] = []
    if "reconstruction" in found:
        back = found["reconstruction"]
        rows += [
            (f"{back['n']} held-out avatars given back: PSNR", f"{back['psnr_db']:.2f} dB"),
            ("mean absolute error, of 1", f"{back['l1']:.4f}"),
            ("fit of edges, of 1", f"{back['edges']:.3f}"),
            ("mutual information gap (Chen et al. 2018), mean", f"{found['mig']['mean']:.3f}"),
            *(
                (f"{name} (Eastwood and Williams 2018, logistic)", f"{value:.3f}")
                for name, value in found["dci"].items()
            ),
        ]
    rows += [
        ("perceptual path length (Karras et al. 2019, judge's features)",
         f"{found['path_length']['mean']:.2f}"),
        ("linear separability (Karras et al. 2019, logistic; 1 is best)",
         "{all:.2f} (knowing no place: {unknown:.0f})".format(**found["separability"])),
        ("samples that are copies of training avatars", percent(found["copies"]["copied"])),
        *((f"trustworthiness of the map: {name}", f"{value:.3f}")
          for name, value in found["map"].items()),
    ]  # fmt: skip
    distance = found["distance"]
    whole = [
        (f"{name.replace('_', ' ')}, {space} features",
         *(_number(distance[who][space][name]) for who in ("samples", "training avatars")))
        for space in ("judge", "random")
        for name in ("kid", "fid", "density", "coverage", "precision", "recall")
    ]  # fmt: skip
    return (
        f"## Measured\n\n`python -m genui.training avatar-evaluate --scale {found['scale']}`, seeds"
        " fixed, 95 % Wilson intervals.\n\n" + table(("", ""), rows)
        + f"\nDistances to {distance['n']} held-out avatars (hair of a style in a colour that "
        "training never shows): of as many samples, and of training avatars, which is what a "
        "perfect model would reach. In the judge's features and in those of a network with random "
        "weights.\n\n" + table(("", "samples", "training avatars"), whole)
    )  # fmt: skip


def _number(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{value['mean']:.4f} ± {value['deviation']:.4f}"
    return f"{value:.3f}"


def _directions(folder: Path, found: Mapping[str, Any]) -> str:
    rows = []
    for direction in files.read_directions(folder):
        measured = found["directions"].get(direction.name)
        leaks = sorted(direction.leakage.items(), key=lambda leak: -leak[1])[:3]
        rows.append(
            (
                direction.title, f"{direction.low} → {direction.high}",
                percent(measured["orthogonal"]["accuracy"]) if measured else "",
                percent(measured["as fitted"]["accuracy"]) if measured else "",
                ", ".join(f"{head.replace('_', ' ')} {share:.0%}" for head, share in leaks),
                f"{direction.effect:.3f}",
            )
        )  # fmt: skip
    return (
        "## Directions\n\nMoved by two steps of the slider (a standard deviation each, or half the "
        "mean change of the pairs if that is more): how often the judge then sees what was "
        "promised, the same before directions were made orthogonal to each other, and which other "
        "attributes changed most often. Unnamed ones are principal components.\n\n"
        + table(("direction", "", "right", "as fitted", "also changed", "effect"), rows)
    )


def _shares(found: Mapping[str, Any]) -> str:
    sides = found["shares"]
    rows = [
        (head.replace("_", " "), answer,
         percent(sides["samples"][head][answer]), f"{sides['training'][head][answer]['share']:.0%}")
        for head in ("style", "skin", "hair_color", "hair_length", "glasses", "hat", "beard")
        for answer in CLASSES[head]
    ]  # fmt: skip
    return (
        "## What it draws\n\nShares among samples, as the judge sees them, beside the training "
        "data.\n\n" + table(("attribute", "", "samples", "training data"), rows)
    )


def _data(found: Mapping[str, Any], statistics: files.Statistics) -> str:
    makers = [(name, STYLES[name].author, "CC-BY-4.0", STYLES[name].source,
               statistics.shares["style"][name]) for name in NAMES]  # fmt: skip
    lopsided = found["data_set"] == "skewed"
    return (
        f"## Data\n\n{statistics.pictures} avatars drawn with DiceBear, every part chosen and "
        f"known, nothing mirrored. {LOPSIDED if lopsided else BALANCED} Thanks to everyone who "
        "drew the parts.\n\n"
        + table(("style", "by", "licence", "from", "avatars"), makers)
        + f"\n{PEOPLE}"
    )


def _training(out: Path, name: str, found: Mapping[str, Any]) -> str:
    path = out / "training" / name / "log.jsonl"
    log = last(path) if path.exists() else {}  # a very short training says nothing
    said = ", ".join(f"{key} {value}" for key, value in log.items() if key != "images/s")
    judge = [(head.replace("_", " "), percent(right)) for head, right in found["judge"].items()]
    return (
        "## Training\n\n```\npip install -r requirements-train.txt\n"
        f"python -m genui.training avatars-all --scale {found['scale']}\n```\n\n"
        f"{told(out / 'training' / name)}Last logged: {said or 'nothing'}.\n\n"
        "### The judge on real held-out avatars\n\n" + table(("attribute", "right"), judge)
    )


def card(out: Path, name: str) -> str:
    """The whole card as Markdown, for the model `name` in the run `out`. Raises FileNotFoundError
    before it was evaluated."""
    folder = out / name
    config = files.read_network(folder)[0]
    found = json.loads((folder / "metrics.json").read_text("utf-8"))
    head = "---\nlicense: apache-2.0\n---\n" + f"# genui {name}\n\n"
    what = KINDS[config.kind].format(**vars(config)) + f" It learned from {config.trained_on}.\n"
    return "\n".join(
        [
            head + what, USE.format(places=PLACES[config.kind]), _size(folder, config),
            _numbers(found), _directions(folder, found), _shares(found), LIMITS,
            _data(found, files.read_statistics(folder)), _training(out, name, found),
        ]
    )  # fmt: skip


def main(arguments: list[str]) -> int:
    """Write README.md into the model's folder; returns 0."""
    parser = argparse.ArgumentParser(
        prog="python -m genui.training avatar-card", description=__doc__
    )
    parser.add_argument("--out", type=Path, default=Path("runs/avatars"), help="the run's folder")
    parser.add_argument("--name", default="avatars-vae", help="the model's folder in --out")
    chosen = parser.parse_args(arguments)
    text = card(chosen.out, chosen.name)
    (chosen.out / chosen.name / "README.md").write_text(text, "utf-8")
    print(f"The card is {chosen.out / chosen.name / 'README.md'}.")
    return 0
