"""`python -m genui.training evaluate`: how good the image model is, in numbers and in grids.

Asks the model after 20 guided steps, and its few-step student after 1, 2 and 4, the same questions
with the same seeds, marks real drawings beside them, and writes `metrics.json`, the 120 free
prompts as `grid-*.png`, and `copies-*.png`: samples with the nearest training picture to the right
of each. The same on a GPU and on a CPU, up to rounding."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image, ImageDraw, ImageFont

from genui.training import judge as judging
from genui.training.autoencoder import to_network, to_pixels
from genui.training.cutouts import Cutouts
from genui.training.data import FILE
from genui.training.marking import COPIED, HELD, Exam, Pictures, prepare
from genui.training.prompts import PROMPTS
from genui.training.scales import SCALES

GUIDANCE = 4.0
BASE_STEPS, FAST_STEPS = 20, (1, 2, 4)
N = 300  # questions of each group
COLUMNS = 12  # of the grid
SHOWN = 48  # samples beside their nearest training picture
LABEL = 13  # pixels under a picture


@dataclass(frozen=True)
class Model:
    """A `StableDiffusionPipeline` with the steps it takes; `name` says both."""

    name: str
    pipeline: Any
    steps: int

    def draw(self, prompts: Sequence[str], seeds: Sequence[int], say: str = "") -> Pictures:
        """One picture a prompt, (N, H, W, 3); seeds are for noise made on the CPU, so they mean
        the same everywhere. `say` names the work in progress lines."""
        size = 100 if self.pipeline.device.type == "cuda" else 20
        parts = []
        for start in range(0, len(prompts), size):
            rows = slice(start, start + size)
            made = self.pipeline(
                list(prompts[rows]), num_inference_steps=self.steps, guidance_scale=GUIDANCE,
                generator=[torch.Generator().manual_seed(seed) for seed in seeds[rows]],
                output_type="np",
            ).images  # fmt: skip
            parts.append((np.nan_to_num(made) * 255).round().astype(np.uint8))
            if say:
                done = min(start + size, len(prompts))
                print(f"{self.name}: {say} {done} of {len(prompts)}", flush=True)
        return np.concatenate(parts)


def open_pipeline(folder: Path, device: torch.device) -> Any:
    """A saved pipeline in fp32, quiet."""
    pipeline: Any = StableDiffusionPipeline.from_pretrained(
        folder, dtype=torch.float32, use_safetensors=True
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(device)


def answer(exam: Exam, model: Model) -> dict[str, Pictures]:
    """The model's picture for every question; the seed is the question's place in its group."""
    return {
        name: model.draw([q.prompt for q in asked], range(len(asked)), name)
        for name, asked in exam.groups.items()
    }


@torch.no_grad()
def reconstruction(pipeline: Any, real: Pictures) -> dict[str, float]:
    """How well the autoencoder gives real drawings back: PSNR in dB (mean over pictures, of 0–255)
    and mean absolute error in 0–1."""
    ratios, errors = [], []
    for start in range(0, len(real), 32):
        some = real[start : start + 32]
        images = to_network(some).to(pipeline.device)
        made = pipeline.vae.decode(pipeline.vae.encode(images).latent_dist.mode()).sample
        away = (to_pixels(made).astype(np.float64) - some) / 255
        ratios += list(-10 * np.log10(np.square(away).mean((1, 2, 3)) + 1e-10))
        errors += list(np.abs(away).mean((1, 2, 3)))
    return {
        "psnr_db": round(float(np.mean(ratios)), 3), "l1": round(float(np.mean(errors)), 5),
        "n": len(real),
    }  # fmt: skip


def sheet(shown: Pictures, labels: Sequence[str], columns: int, path: Path) -> None:
    """Write pictures (N, H, W, 3) as one PNG, each with a line of text under it."""
    side, rows = shown.shape[1], -(-len(shown) // columns)
    canvas = Image.new("RGB", (columns * side, rows * (side + LABEL)), "white")
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(9)
    for i, picture in enumerate(shown):
        x, y = i % columns * side, i // columns * (side + LABEL)
        canvas.paste(Image.fromarray(picture), (x, y))
        text = labels[i]
        while font.getlength(text) > side - 2:
            text = text[:-1]
        pen.text((x + 2, y + side), text, "black", font)
    canvas.save(path)


def copy_sheet(exam: Exam, answers: dict[str, Pictures], path: Path) -> None:
    """Write samples of the searched groups, those nearest to a training picture first; to the
    right of each stands that picture, with the ratio of distances and the fit of edges."""
    tiles: list[Image.Image] = []
    labels: list[str] = []
    for name in COPIED:
        found = exam.nearest(answers[name])
        side = answers[name].shape[1]
        for row in found.ratio.argsort()[: SHOWN // len(COPIED)].tolist():
            known = exam.train.pictures[found.row[row]][None]
            match = Image.fromarray(to_pixels(known)[0]).resize((side, side))
            tiles += [Image.fromarray(answers[name][row]), match]
            ratio, fit = float(found.ratio[row]), float(found.fit[row])
            labels += [exam.groups[name][row].prompt, f"ratio {ratio:.2f}, edges {fit:.2f}"]
    sheet(np.stack([np.asarray(tile) for tile in tiles]), labels, 8, path)


def table(models: dict[str, Any]) -> str:
    """The main numbers, one line a model, as text."""
    lines = []
    for name, found in models.items():
        seen, held = found["seen"], found["held_pairs"]
        cells = [
            f"seen {seen['concept_top1']['share']:.0%}/{seen['concept_top5']['share']:.0%}",
            f"held {held['concept_top1']['share']:.0%}/{held['concept_top5']['share']:.0%}",
            *(f"{k} {v['right']['share']:.0%}" for k, v in found["composition"].items()),
            f"KID {found['distance']['judge']['kid']['mean']:.3f}",
            f"copied {found['copies']['held_pairs']['copied']['share']:.0%}",
        ]
        lines.append(f"{name}: " + ", ".join(cells))
    return "\n".join(lines)


def evaluate(exam: Exam, models: Sequence[Model], out: Path) -> dict[str, Any]:
    """Ask every model, mark its answers, write the sheets; returns all numbers."""
    real = exam.mark(exam.real)
    real["distance"] = exam.floor()
    marked: dict[str, Any] = {"real drawings": real}
    speed: dict[str, float] = {}
    for model in models:
        began = time.monotonic()
        answers = answer(exam, model)
        drawn = sum(len(asked) for asked in exam.groups.values())
        speed[model.name] = round(drawn / (time.monotonic() - began), 2)
        marked[model.name] = exam.mark(answers)
        file = model.name.replace(" ", "-")
        copy_sheet(exam, answers, out / f"copies-{file}.png")
        free = model.draw(PROMPTS, range(len(PROMPTS)), "free prompts")
        sheet(free, PROMPTS, COLUMNS, out / f"grid-{file}.png")
    known = len(exam.judge.classes["concept"])
    held = np.concatenate([exam.real[name] for name in HELD])
    return {
        "models": marked,
        "chance": {
            "concept_top1": round(1 / known, 5), "concept_top5": round(min(1, 5 / known), 5),
            **{k: round(1 / len(v), 4) for k, v in exam.judge.classes.items() if k != "concept"},
        },
        "readable": exam.readable,
        "autoencoder": reconstruction(models[0].pipeline, held),
        "pictures_per_second": speed,
        "prompts": {name: len(asked) for name, asked in exam.groups.items()},
        "different_prompts": {
            name: len({q.prompt for q in asked}) for name, asked in exam.groups.items()
        },
        "guidance": GUIDANCE,
    }  # fmt: skip


def main(arguments: list[str]) -> int:
    """Evaluate and write `evaluation/metrics.json` and the sheets into --out; returns 0."""
    parser = argparse.ArgumentParser(prog="python -m genui.training evaluate", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data/stickers"), help="the cutouts")
    parser.add_argument("--out", type=Path, default=Path("runs/stickers"), help="the run's folder")
    parser.add_argument("--model", type=Path, help="pipeline to ask; default: base in --out")
    parser.add_argument("--fast", type=Path, help="its few-step student; default: fast in --out")
    parser.add_argument("--judge", type=Path, help="trained judge; default: judge in --out")
    parser.add_argument("--scale", choices=SCALES, default="gpu")
    parser.add_argument("--quick", type=int, default=N, metavar="N", help="questions a group")
    chosen = parser.parse_args(arguments)
    scale = SCALES[chosen.scale]
    out = chosen.out / "evaluation"
    out.mkdir(parents=True, exist_ok=True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    folder = chosen.judge or chosen.out / "judge"
    cutouts = Cutouts.read(chosen.data / FILE, scale.everyday)
    print("Drawing what would be right ...", flush=True)
    exam = prepare(chosen.data / FILE, cutouts, judging.load(folder, device), chosen.quick)
    base = open_pipeline(chosen.model or chosen.out / "base", device)
    fast = open_pipeline(chosen.fast or chosen.out / "fast", device)
    models = [Model(f"base {BASE_STEPS} steps", base, BASE_STEPS)]
    models += [Model(f"fast {n} step{'s' * (n > 1)}", fast, n) for n in FAST_STEPS]
    found = evaluate(exam, models, out)
    found |= {
        "scale": chosen.scale,
        "quick": chosen.quick,
        "device": device.type,
        "judge": json.loads((folder / "accuracy.json").read_text("utf-8")),
        "taught_layouts": sorted(scale.mixture) if scale.mixture else ["all"],
    }
    (out / "metrics.json").write_text(json.dumps(found, indent=1), "utf-8")
    print(table(found["models"]))
    print(f"All numbers are in {out / 'metrics.json'}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
