"""`python -m genui.training tunes-evaluate`: measure the two music models on held-out tunes.

How surprising held-out notes are, beside n-gram baselines; and what tunes are like that the models
make when asked for what the held-out tunes are, with the grammar and without, beside the held-out
tunes themselves. Writes `metrics.json` into the run and into both model folders."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from genui.errors import BadInput
from genui.music import facts, tokens
from genui.music.tune import Tune
from genui.training.tunes import data, models, sample
from genui.training.tunes.figures import figures, mean, notes_of
from genui.training.tunes.ngram import KneserNey
from genui.training.tunes.scales import SCALES
from genui.training.tunes.train import FOLDER, surprise

ORDERS = (3, 5, 7)
FILE = "metrics.json"
Bits = dict[str, list[float]]


def per_note(bits: Bits, notes: Sequence[int]) -> dict[str, Any]:
    """Bits a note of each model, with intervals over tunes, and how much less the transformer needs
    than the LSTM on the same tunes."""
    found = {name: mean([b / n for b, n in zip(values, notes, strict=True)], notes)
             for name, values in bits.items()}  # fmt: skip
    if {"transformer", "lstm"} <= bits.keys():
        pairs = zip(bits["lstm"], bits["transformer"], notes, strict=True)
        found["lstm minus transformer"] = mean([(a - b) / n for a, b, n in pairs], notes)
    return found


def said(rows: Sequence[Sequence[int]]) -> list[Tune]:
    """The tunes that rows of tokens say."""
    return [tokens.decode(row) for row in rows]


def measure(loaded: dict[str, nn.Module], folder: Path, samples: int) -> dict[str, Any]:
    """All numbers. folder: of the data."""
    train, held = data.read(folder, "train"), data.read(folder, "held")
    taught, real = [piece.tune for piece in train], [piece.tune for piece in held]
    ear = facts.Ear()
    for tune in taught:
        if tune.kind != "tune":
            ear.learn(tune)
    bits: Bits = {}
    for order in ORDERS:
        counted = KneserNey(order, len(tokens.TOKENS), [piece.ids for piece in train])
        bits[f"{order}-gram"] = [counted.surprise(piece.ids, len(tokens.PREFIX)) for piece in held]
    for name, model in loaded.items():
        bits[name] = surprise(model, [piece.ids for piece in held])
    known = facts.Known(taught)
    wanted = [held[i % len(held)] for i in range(samples)]
    asked = [piece.tune for piece in wanted]
    prefixes = [piece.ids[: len(tokens.PREFIX)] for piece in wanted]
    made: dict[str, Any] = {"held-out tunes": figures(real, real, ear, known)}
    for name, model in loaded.items():
        for strict in (True, False):
            print(f"— {samples} tunes by the {name}, {'with' if strict else 'no'} grammar",
                  flush=True)  # fmt: skip
            rows = sample.tunes(model, prefixes, seed=1, strict=strict)
            found = figures(said(rows), asked, ear, known)
            made[name if strict else f"{name}, no grammar"] = found
    return {
        "held-out tunes": len(held),
        "held-out notes": sum(map(notes_of, real)),
        "bits a note": per_note(bits, [notes_of(tune) for tune in real]),
        "sampling": {"tunes": samples, "temperature": 1.0, "top_p": 0.95, "seed": 1},
        "tunes": made,
    }


def main(arguments: list[str]) -> int:
    """Measure what is trained; returns 0."""
    parser = argparse.ArgumentParser(prog="python -m genui.training tunes-evaluate",
                                     description=__doc__)  # fmt: skip
    parser.add_argument("--data", type=Path, default=Path("data/tunes"), help="the tunes")
    parser.add_argument("--out", type=Path, default=Path("runs/tunes"), help="the run's folder")
    parser.add_argument("--scale", choices=SCALES, default="gpu")
    chosen = parser.parse_args(arguments)
    folders = {name: chosen.out / FOLDER.format(name) for name in models.NAMES}
    folders = {name: folder for name, folder in folders.items() if folder.exists()}
    if not folders:
        raise BadInput("No music model is trained yet; run tunes-transformer or tunes-lstm first.")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    loaded = {name: models.read(folder).to(device) for name, folder in folders.items()}
    found = {
        "scale": chosen.scale,
        "parameters": {name: models.parameters(model) for name, model in loaded.items()},
    } | measure(loaded, chosen.data, SCALES[chosen.scale].samples)
    text = json.dumps(found, indent=1)
    (chosen.out / "evaluation").mkdir(exist_ok=True)
    for folder in (chosen.out / "evaluation", *folders.values()):
        (folder / FILE).write_text(text, "utf-8")
    print(json.dumps(found["bits a note"], indent=1))
    return 0
