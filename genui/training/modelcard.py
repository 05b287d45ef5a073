"""`python -m genui.training card`: the model card, README.md in a model's folder, from its weights,
the evaluation's `metrics.json`, the data and the logs of the run. The same files give the same
words. Knows nothing of how any of them was made."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from safetensors import safe_open

from genui.training.avatars import STYLES
from genui.training.card import table
from genui.training.cutouts import Cutouts
from genui.training.data import CARD, FILE
from genui.training.scales import SCALES
from genui.training.sources import EMOJI_SETS, TONES

HEAD = """---
license: apache-2.0
library_name: diffusers
pipeline_tag: text-to-image
language: en
---
# genui stickers

Draws emoji-like stickers and avatars of 128 × 128 pixels from short English prompts, on a laptop's
CPU. A standard diffusers folder: no custom code, safetensors only.

```python
from diffusers import AutoPipelineForText2Image

draw = AutoPipelineForText2Image.from_pretrained("path/of/this/folder")
draw("a cat face, noto style", num_inference_steps={steps}, guidance_scale=4.0).images[0]
```
"""
LIMITS = """## What it is bad at

- It knows everyday things that emoji show, in short phrases. Long sentences, writing, brand names,
  real people, photographs and scenes with a story are beyond it.
- Pictures are 128 × 128 pixels; small parts (eyes, fingers, glasses) smear first, and few steps
  smear more than many.
- For a concept in one style there is often a single training drawing. Asked for exactly that, it
  draws something close to it: that is what "seen" measures, and the copy test says how often a
  sample is nearer to a training drawing than art of its kind usually is.
- The judge is fallible. Its own errors on real drawings are listed; differences smaller than the
  intervals mean nothing.
"""
ETHICS = """## People

Drawn faces only, no photographs, no names. Captions say "a person" or use emojibase's words; older
emoji sets read some activities as male or female, and the model may repeat that. Skin tones were
balanced when the data was made (counts below); an emoji of a person whose prompt names no tone is
mostly yellow. Do not use it to depict or to guess the traits of real people.
"""


def percent(found: Mapping[str, Any]) -> str:
    """A rate as '71% (65%–77%, n 300)'."""
    return f"{found['share']:.0%} ({found['low']:.0%}–{found['high']:.0%}, n {found['n']})"


def parts(folder: Path) -> Iterator[tuple[str, int, int]]:
    """Name, parameters and bytes of each part of a pipeline."""
    for file in sorted(folder.glob("*/*.safetensors")):
        with safe_open(file, "pt") as weights:
            shapes = [weights.get_slice(name).get_shape() for name in weights.keys()]  # noqa: SIM118
        count = 0
        for shape in shapes:
            size = 1
            for length in shape:
                size *= length
            count += size
        yield file.parent.name, count, file.stat().st_size


def last(log: Path) -> dict[str, Any]:
    """The newest value of everything a training step logged."""
    found: dict[str, Any] = {}
    for line in log.read_text("utf-8").splitlines():
        found |= json.loads(line)
    return found


def _size(folder: Path) -> str:
    rows = [(name, f"{count / 1e6:.2f} M", f"{size / 1e6:.1f} MB") for name, count, size
            in parts(folder)]  # fmt: skip
    return "## Size\n\n" + table(("part", "parameters", "file"), rows)


def _data(cutouts: Cutouts) -> str:
    used = [c for c in cutouts if c.split == "train"]
    licenses, sets = Counter(c.license for c in used), Counter(c.set for c in used)
    makers = {name: (author, license) for name, (author, license, _) in EMOJI_SETS.items()}
    makers |= {name: (style.author, "CC-BY-4.0") for name, style in STYLES.items()}
    tones = Counter(c.skin_tone for c in used)
    return (
        f"## Data\n\n{len(used)} drawings of {len({c.key for c in used if c.key})} emoji and of "
        f"avatars, all openly licensed; {CARD} says where from and how they were drawn, balanced "
        "and split. Thanks to everyone who drew them.\n\n"
        + table(
            ("set", "by", "licence", "drawings"),
            [(name, *makers[name], sets[name]) for name in makers if sets[name]],
        )
        + "\n"
        + table(("licence", "drawings"), sorted(licenses.items()))
        + f"\n{ETHICS}\n"
        + table(("skin tone", "drawings"), [(tone, tones[tone]) for tone in TONES])
    )


def told(run: Path) -> str:
    """What a run's `notes.md` says, if someone wrote one: what was done otherwise than the
    commands do."""
    notes = run / "notes.md"
    return notes.read_text("utf-8").strip() + "\n\n" if notes.exists() else ""


def _training(out: Path, scale: str) -> str:
    commands = "\n".join(
        f"python -m genui.training {step} --scale {scale}"
        if step not in ("data", "latents", "card")
        else f"python -m genui.training {step}"
        for step in ("data", "pictures", "autoencoder", "latents", "diffusion", "distill", "judge",
                     "evaluate", "card")
    )  # fmt: skip
    rows = []
    for step in ("autoencoder", "diffusion", "distill", "judge"):
        if (out / step / "log.jsonl").exists():
            found = last(out / step / "log.jsonl")
            said = ", ".join(
                f"{name} {value}"
                for name, value in found.items()
                if "loss" in name or name in ("l1", "held psnr dB")
            )
            rows.append((step, found["seen"], said))
    return (
        f"## Training\n\n```\npip install -r requirements-train.txt\n{commands}\n```\n\n"
        + told(out)
        + "The text encoder is all-MiniLM-L6-v2 (Apache-2.0), frozen, with a smaller "
        + "vocabulary.\n\n"
        + table(("step", "pictures seen", "last logged"), rows)
    )


def _numbers(found: Mapping[str, Any]) -> str:
    models: Mapping[str, Any] = found["models"]
    attributes = sorted({name for m in models.values() for name in m["avatars"]})
    compositions = list(models["real drawings"]["composition"])
    tones = list(models["real drawings"]["skin_tones"])

    def line(name: str, *path: str) -> tuple[str, ...]:
        cells = []
        for model in models.values():
            value: Any = model
            for key in path:
                value = value[key]
            if isinstance(value, Mapping) and "share" in value:
                value = percent(value)
            elif isinstance(value, Mapping):
                value = f"{value['mean']:.3f} ± {value['deviation']:.3f}"
            cells.append(str(value))
        return name, *cells

    marks = [
        line("concept, seen, first", "seen", "concept_top1"),
        line("concept, seen, first five", "seen", "concept_top5"),
        line("style, seen", "seen", "style"),
        line("concept, held-out pair, first", "held_pairs", "concept_top1"),
        line("concept, held-out pair, first five", "held_pairs", "concept_top5"),
        line("style, held-out pair", "held_pairs", "style"),
        *(line(f"avatar: {name.replace('_', ' ')}", "avatars", name) for name in attributes),
        *(line(f"avatar: {tone} skin", "skin_tones", tone) for tone in tones),
        *(line(f"composition: {name}", "composition", name, "right") for name in compositions),
    ]
    distances = [
        line(f"{name.replace('_', ' ')}, {space} features", "distance", space, name)
        for space in ("judge", "random")
        for name in ("kid", "fid", "density", "coverage", "clipped_density", "clipped_coverage")
    ]
    others = [
        line("spread of 8 pictures of a prompt", "diversity"),
        *(
            line(f"copies, {group.replace('_', ' ')}", "copies", group, "copied")
            for group in ("seen", "held_pairs", "avatars")
        ),
    ]
    head = ("", *models)
    autoencoder, chance = found["autoencoder"], found["chance"]
    return f"""## Measured

`python -m genui.training evaluate --scale {found["scale"]} --quick {found["quick"]}`: seeds fixed,
guidance {found["guidance"]}, 95 % Wilson intervals. The judge is a small network that learned from
real training drawings only; "real drawings" answers the same prompts with the true ones, so it is
what the judge allows at best. Guessing would name {chance["concept_top1"]:.1%} of concepts first
and {chance["concept_top5"]:.1%} among five.

{table(head, marks)}
Compositions are ones that training never shows, and of these only those whose real drawing can be
measured: {", ".join(f"{name} {percent(rate)}" for name, rate in found["readable"].items())}.

Distances to held-out art, in the judge's features and in those of a network with random weights
that learned nothing; for "real drawings" it is training art, the distance between two halves of the
real thing:

{table(head, distances)}
{table(head, others)}
A copy is nearer to a training drawing (against a held-out one) than 95 % of real held-out art is,
and its edges fit better: about 0–5 % of real art would be called one.

The autoencoder gives {autoencoder["n"]} held-out drawings back at {autoencoder["psnr_db"]:.1f} dB
(mean error {autoencoder["l1"]:.4f} of 1).
"""


def _judge(found: Mapping[str, Any]) -> str:
    rows = [
        (split, head.replace("_", " "), percent(value))
        for split, heads in found["judge"].items()
        for head, value in heads.items()
    ]
    return "### The judge on real held-out drawings\n\n" + table(("split", "head", "right"), rows)


def _untaught(found: Mapping[str, Any], out_of: list[str]) -> str:
    missing = [name for name in out_of if name not in found["taught_layouts"]]
    if found["taught_layouts"] == ["all"] or not missing:
        return ""
    return (
        f"- At this scale ({found['scale']}) training shows no scenes of the layouts "
        f"{', '.join(missing)}: their numbers say what comes for free.\n"
    )


def card(model: Path, out: Path, data: Path) -> str:
    """The whole card as Markdown. `model`: the pipeline's folder; `out`: the run with its logs and
    `evaluation/metrics.json`; `data`: the cutouts. Raises FileNotFoundError without metrics."""
    found = json.loads((out / "evaluation" / "metrics.json").read_text("utf-8"))
    cutouts = Cutouts.read(data / FILE, SCALES[found["scale"]].everyday)
    index = json.loads((model / "model_index.json").read_text("utf-8"))
    few = index["scheduler"][1].startswith("LCM")
    pieces = [
        HEAD.format(steps=4 if few else 20),
        _size(model),
        _numbers(found),
        _judge(found),
        LIMITS + _untaught(found, list(found["readable"])),
        _training(out, found["scale"]),
        _data(cutouts),
    ]
    return "\n".join(pieces)


def main(arguments: list[str]) -> int:
    """Write README.md into the model's folder; returns 0."""
    parser = argparse.ArgumentParser(prog="python -m genui.training card", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data/stickers"), help="the cutouts")
    parser.add_argument("--out", type=Path, default=Path("runs/stickers"), help="the run's folder")
    parser.add_argument("--model", type=Path, help="pipeline folder; default: fast in --out")
    chosen = parser.parse_args(arguments)
    model = chosen.model or chosen.out / "fast"
    (model / "README.md").write_text(card(model, chosen.out, chosen.data), "utf-8")
    print(f"The card is {model / 'README.md'}.")
    return 0
