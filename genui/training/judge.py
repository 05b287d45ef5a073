"""`python -m genui.training judge`: a network that says what is drawn, to mark the image model.

It learns from real scenes of the training split only, and reports how often it is right on real
held-out drawings: nothing it says of the image model can be more certain than that. The image model
never learns from it. Knows nothing of prompts or of the image model."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from genui.networks.judge import SIDE, Judge
from genui.training import pictures
from genui.training.autoencoder import to_network
from genui.training.cutouts import Cutouts
from genui.training.data import FILE
from genui.training.loop import Loop
from genui.training.metrics import rate
from genui.training.scales import SCALES
from genui.training.scenes import SIZE, sample_scenes

MIXTURE = {"single": 0.34, "background": 0.12, "recolour": 0.08, "avatar": 0.46}
HELD = 600  # held-out scenes of each kind
ABSENT = -100  # label of what a picture does not have
SMOOTH = 0.05


@dataclass(frozen=True)
class Size:
    """width: of the network. scenes: drawn beforehand. images: seen in training, `batch` a step."""

    width: int
    scenes: int
    images: int
    batch: int


# few pictures teach more in small steps
SIZES = {"cpu": Size(32, 40_000, 320_000, 32), "gpu": Size(48, 120_000, 3_000_000, 256)}
Facts = Mapping[str, Any]
Classes = dict[str, list[str]]


def answers(facts: Facts) -> dict[str, str]:
    """Head → right answer for one scene (`pictures.facts`), heads that do not apply left out. The
    concept of an avatar is nothing that can be told."""
    found = {"set": facts["sets"][0], **facts["attributes"]}
    return found | ({"concept": facts["keys"][0]} if facts["keys"][0] else {})


def classes_of(facts: Iterable[Facts]) -> Classes:
    """Head → the answers that occur, sorted."""
    found: dict[str, set[str]] = {"concept": set()}
    for one in facts:
        for head, answer in answers(one).items():
            found.setdefault(head, set()).add(answer)
    return {head: sorted(found[head]) for head in sorted(found) if found[head]}


def labels(classes: Classes, facts: Sequence[Facts]) -> Tensor:
    """The number of the right answer, (scenes, heads), ABSENT where there is none."""
    numbers = {head: {name: i for i, name in enumerate(names)} for head, names in classes.items()}
    told = [answers(one) for one in facts]
    return torch.tensor(
        [[numbers[head].get(one.get(head, ""), ABSENT) for head in classes] for one in told]
    )


def to_judge(rgb: NDArray[np.uint8]) -> Tensor:
    """uint8 (N, H, W, 3) of any size → what the judge looks at, (N, 3, 64, 64) in -1..1."""
    return F.interpolate(to_network(rgb), (SIDE, SIDE), mode="area")


@dataclass(frozen=True)
class Seen:
    """What the judge found: scores of each head (N, classes), and feature vectors (N, D)."""

    scores: dict[str, Tensor]
    features: Tensor

    def of(self, rows: list[int]) -> Seen:
        """What was found in some of the pictures."""
        return Seen({head: s[rows] for head, s in self.scores.items()}, self.features[rows])


@dataclass(frozen=True)
class Trained:
    """A trained judge with the meaning of its classes."""

    network: Judge
    classes: Classes

    @torch.no_grad()
    def look(self, rgb: NDArray[np.uint8]) -> Seen:
        """Look at pictures (N, H, W, 3); the answers are on the CPU."""
        device = next(self.network.parameters()).device
        parts: list[Tensor] = []
        for start in range(0, len(rgb), 256):
            images = to_judge(rgb[start : start + 256]).to(device)
            parts.append(self.network.features(images))
        features = torch.cat(parts)
        scores = {name: head(features).cpu() for name, head in self.network.heads.items()}
        return Seen(scores, features.float().cpu())

    def ranks(self, seen: Seen, head: str, right: Sequence[str]) -> list[int]:
        """The place (1 = first) of each right answer among a head's scores; answers that the judge
        does not know stand behind all others."""
        names = self.classes[head]
        order = seen.scores[head].argsort(1, descending=True).argsort(1)
        return [
            int(order[row, names.index(answer)]) + 1 if answer in names else len(names) + 1
            for row, answer in enumerate(right)
        ]

    def save(self, folder: Path) -> None:
        """Write `judge.safetensors` and `labels.json`."""
        weights = {name: value.contiguous() for name, value in self.network.state_dict().items()}
        save_file(weights, folder / "judge.safetensors")
        said = {"width": self.network.size // 10, "classes": self.classes}
        (folder / "labels.json").write_text(json.dumps(said, indent=1), "utf-8")


def load(folder: Path, device: torch.device) -> Trained:
    """Read what `save` wrote."""
    said = json.loads((folder / "labels.json").read_text("utf-8"))
    network = Judge({head: len(names) for head, names in said["classes"].items()}, said["width"])
    network.load_state_dict(load_file(folder / "judge.safetensors"))
    return Trained(network.to(device).eval(), said["classes"])


def stranger(device: torch.device) -> Trained:
    """The second feature space: the same network with random weights from a fixed seed. It learned
    nothing, so it shares no blind spot with the judge and favours no label; random features
    separate art that is far from photographs well (Naeem et al. 2020, section 4)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Trained(Judge({}, 32).to(device).eval(), {})


def disturb(images: Tensor, rng: torch.Generator) -> Tensor:
    """Move, scale and turn a batch a little, blur or speckle some: the judge shall look past what
    an autoencoder does to a drawing. No flips: letters and arrows have a direction."""
    n = len(images)

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(n, generator=rng) * (high - low) + low

    angle, scale = uniform(-0.1, 0.1), uniform(0.88, 1.12)
    turn = torch.stack(
        [
            torch.stack([angle.cos() * scale, -angle.sin() * scale, uniform(-0.08, 0.08)], 1),
            torch.stack([angle.sin() * scale, angle.cos() * scale, uniform(-0.08, 0.08)], 1),
        ],
        1,
    ).to(images.device)
    where = F.affine_grid(turn, list(images.shape), align_corners=False)
    moved = F.grid_sample(images, where, padding_mode="border", align_corners=False)
    blurred = F.avg_pool2d(F.pad(moved, (1, 1, 1, 1), "replicate"), 3, 1)
    amount = (uniform(-0.6, 0.9).clamp(min=0)).to(images.device).view(-1, 1, 1, 1)
    moved = moved.lerp(blurred, amount)
    noise = torch.randn(images.shape, generator=rng).to(images.device)
    level = (uniform(-0.06, 0.06).clamp(min=0)).to(images.device).view(-1, 1, 1, 1)
    return moved + noise * level


def batches(
    rgb: NDArray[np.uint8], marks: Tensor, size: int, seed: int, device: torch.device
) -> Iterator[tuple[Tensor, Tensor]]:
    """Random disturbed pictures with their labels, without end."""
    rng = torch.Generator().manual_seed(seed)
    while True:
        rows = torch.randint(len(marks), (size,), generator=rng).sort().values
        images = to_network(rgb[rows.numpy()]).to(device)
        yield disturb(images, rng), marks[rows].to(device)


class Answering:
    """Cross-entropy of every head on the pictures that have its label; heads of avatars share the
    weight of one, as there are many."""

    def __init__(self, heads: Sequence[str]) -> None:
        self.heads = heads

    def __call__(self, network: nn.Module, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        images, marks = batch
        scores = network(images)
        total = images.new_zeros(())
        found = {}
        for column, head in enumerate(self.heads):
            mark = marks[:, column]
            error = F.cross_entropy(
                scores[head].float(), mark, ignore_index=ABSENT, reduction="sum",
                label_smoothing=SMOOTH,
            ) / (mark != ABSENT).sum().clamp(min=1)  # fmt: skip
            plain = head in ("concept", "set")
            total = total + (error if plain else error * 3 / len(self.heads))
            if plain:
                found[head] = error
        return {"loss": total, **found}


def accuracy(judge: Trained, rgb: NDArray[np.uint8], facts: Sequence[Facts]) -> dict[str, Any]:
    """How often the judge is right on real pictures: concept top-1 and top-5, set, and each
    attribute, as rates."""
    seen = judge.look(rgb)
    told = [answers(one) for one in facts]
    found: dict[str, Any] = {}
    for head in judge.classes:
        rows = [i for i, one in enumerate(told) if head in one]
        if not rows:
            continue
        places = judge.ranks(seen.of(rows), head, [told[i][head] for i in rows])
        found[head] = rate(sum(place == 1 for place in places), len(rows))
        if head == "concept":
            found["concept top-5"] = rate(sum(place <= 5 for place in places), len(rows))
    return found


def main(arguments: list[str]) -> int:
    """Train, then write `judge/` with the network, its labels and its `accuracy.json`; returns 0,
    or 3 when time ended it early."""
    parser = argparse.ArgumentParser(prog="python -m genui.training judge", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data/stickers"), help="the cutouts")
    parser.add_argument("--out", type=Path, default=Path("runs/stickers"), help="the run's folder")
    parser.add_argument("--scale", choices=SCALES, default="gpu")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so long")
    chosen = parser.parse_args(arguments)
    size, folder, file = SIZES[chosen.scale], chosen.out / "judge", chosen.data / FILE
    cutouts = Cutouts.read(file, SCALES[chosen.scale].everyday)
    for split, n in (("train", size.scenes), ("pair", HELD), ("combination", HELD)):
        if not (folder / split / "facts.json").exists():
            print(f"Drawing {n} scenes of {split} ...", flush=True)
            mixture = MIXTURE if split == "train" else {**MIXTURE, "recolour": 0}
            scenes = sample_scenes(cutouts, 7, n, split, mixture)
            pictures.write(file, scenes, folder / split, SIZE // SIDE)
    drawn = {split: pictures.read(folder / split) for split in ("train", "pair", "combination")}
    facts = {s: json.loads((folder / s / "facts.json").read_text("utf-8")) for s in drawn}
    classes = classes_of(facts["train"])
    torch.manual_seed(0)
    loop = Loop(
        Judge({head: len(names) for head, names in classes.items()}, size.width), folder,
        images=size.images, batch=size.batch, lr=2e-3, minutes=chosen.minutes, decay=0.999,
        weight_decay=0.05,
    )  # fmt: skip

    def report() -> dict[str, float]:
        judge = Trained(loop.accelerator.unwrap_model(loop.network), classes)
        found = accuracy(judge, drawn["pair"].pictures[:256], facts["pair"][:256])
        return {f"held {name}": float(value["share"]) for name, value in found.items()}

    marks = labels(classes, facts["train"])
    stream = batches(drawn["train"].pictures, marks, size.batch, loop.step, loop.device)
    every = max(100, size.images // size.batch // 10)
    loop.run(stream, Answering(list(classes)), report, every)
    network = loop.averaged()
    assert isinstance(network, Judge)
    judge = Trained(network, classes)
    judge.save(folder)
    found = {s: accuracy(judge, drawn[s].pictures, facts[s]) for s in ("pair", "combination")}
    (folder / "accuracy.json").write_text(json.dumps(found, indent=1), "utf-8")
    print(json.dumps(found, indent=1))
    return 0 if loop.done else 3
