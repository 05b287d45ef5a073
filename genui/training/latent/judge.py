"""`python -m genui.training avatar-judge`: the network that reads attributes off an avatar.

It learns from training avatars, disturbed a little so that it looks past blur, and reports how
often it is right on held-out ones: what it says of made pictures is no surer than that. The VAE and
the GAN never learn from it. Its architecture and training are those of the image model's judge."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from genui.networks import avatar_folder
from genui.networks.judge import Judge
from genui.training import judge as judging
from genui.training.judge import Answering, Trained
from genui.training.latent import album
from genui.training.latent.album import Album
from genui.training.latent.scales import SCALES
from genui.training.latent.specs import CLASSES
from genui.training.loop import Loop
from genui.training.metrics import rate


def answers(judge: Trained, pictures: album.Pictures) -> dict[str, Tensor]:
    """Head → the number of the judge's answer for each picture (N,)."""
    return {head: scores.argmax(1) for head, scores in judge.look(pictures).scores.items()}


def accuracy(judge: Trained, of: Album) -> dict[str, Any]:
    """Head → how often the judge is right, as rates."""
    said = answers(judge, of.pictures)
    return {
        head: rate(int((said[head] == of.column(head)).sum()), len(of)) for head in judge.classes
    }


def save(judge: Trained, folder: Path, right: Mapping[str, Any]) -> None:
    """Write the judge as model folders hold it, with how often it is right."""
    folder.mkdir(parents=True, exist_ok=True)
    avatar_folder.write_judge(folder, judge.network, judge.classes)
    (folder / "accuracy.json").write_text(json.dumps(right, indent=1), "utf-8")


def load(folder: Path, device: torch.device) -> Trained:
    """Read what `save` wrote."""
    network, classes = avatar_folder.read_judge(folder)
    return Trained(network.to(device), classes)


def main(arguments: list[str]) -> int:
    """Train, then write `judge/`; returns 0, or 3 when time ended it early."""
    parser = argparse.ArgumentParser(
        prog="python -m genui.training avatar-judge", description=__doc__
    )
    parser.add_argument("--data", type=Path, default=Path("data/avatars"), help="the albums")
    parser.add_argument("--out", type=Path, default=Path("runs/avatars"), help="the run's folder")
    parser.add_argument("--scale", choices=SCALES, default="gpu")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so long")
    chosen = parser.parse_args(arguments)
    scale, folder = SCALES[chosen.scale], chosen.out / "judge"
    train, held = album.read(chosen.data / "train"), album.read(chosen.data / "held")
    torch.manual_seed(0)
    loop = Loop(
        Judge({head: len(names) for head, names in CLASSES.items()}, scale.judge_width), folder,
        images=scale.judge_images, batch=scale.judge_batch, lr=2e-3, minutes=chosen.minutes,
        decay=0.999, weight_decay=0.05,
    )  # fmt: skip

    def report() -> dict[str, float]:
        judge = Trained(loop.accelerator.unwrap_model(loop.network), CLASSES)
        some = Album(held.pictures[:300], held.marks[:300])
        return {f"held {k}": float(v["share"]) for k, v in accuracy(judge, some).items()}

    stream = judging.batches(train.pictures, train.marks, scale.judge_batch, loop.step, loop.device)
    every = max(100, scale.judge_images // scale.judge_batch // 10)
    loop.run(stream, Answering(list(CLASSES)), report, every)
    network = loop.averaged()
    assert isinstance(network, Judge)
    judge = Trained(network, CLASSES)
    right = accuracy(judge, held)
    save(judge, folder, right)
    print(json.dumps(right, indent=1))
    return 0 if loop.done else 3
