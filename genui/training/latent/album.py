"""Albums: avatars with what is known of each, as files. Knows nothing of how they were drawn or of
who learns from them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genui.training.autoencoder import to_network
from genui.training.latent.specs import CLASSES

Pictures = NDArray[np.uint8]
SIDE = 64


@dataclass(frozen=True)
class Album:
    """pictures: uint8 (N, 64, 64, 3). marks: for each picture and head of CLASSES the number of the
    right answer, (N, heads)."""

    pictures: Pictures
    marks: Tensor

    def __len__(self) -> int:
        return len(self.pictures)

    def column(self, head: str) -> Tensor:
        """The right answers of one head, (N,)."""
        return self.marks[:, list(CLASSES).index(head)]

    def shares(self) -> dict[str, dict[str, int]]:
        """Head → answer → how many pictures have it."""
        return counted({head: self.column(head) for head in CLASSES}, CLASSES)

    def batches(self, size: int, seed: int, device: torch.device) -> Iterator[Tensor]:
        """Random pictures (size, 3, 64, 64) in -1..1 without end; never mirrored."""
        rng = np.random.default_rng(seed)
        while True:
            rows = np.sort(rng.integers(0, len(self), size))
            images = to_network(self.pictures[rows])
            yield images.to(device, memory_format=torch.channels_last)


def counted(
    columns: Mapping[str, Tensor], classes: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, int]]:
    """Head → answer → how often its number stands in the head's column (N,)."""
    return {
        head: {name: int((columns[head] == i).sum()) for i, name in enumerate(classes[head])}
        for head in columns
    }


def numbers(answers: Sequence[Mapping[str, str]]) -> Tensor:
    """Answers as marks, (N, heads)."""
    return torch.tensor(
        [[names.index(one[head]) for head, names in CLASSES.items()] for one in answers]
    )


def write(folder: Path, pictures: Sequence[Pictures], answers: Sequence[Mapping[str, str]]) -> None:
    """Write an album; the answers come last and say that it is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "pictures.npy", np.stack(pictures))
    (folder / "answers.json").write_text(json.dumps(list(answers)), "utf-8")


def read(folder: Path) -> Album:
    """Open what `write` wrote; pictures stay on disk."""
    answers = json.loads((folder / "answers.json").read_text("utf-8"))
    return Album(np.load(folder / "pictures.npy", mmap_mode="r"), numbers(answers))


def read_pairs(folder: Path) -> dict[str, tuple[Album, Album]]:
    """Contrast → albums of the avatars before and after, row by row; `data` wrote them."""
    album = read(folder)
    heads: list[str] = json.loads((folder / "contrasts.json").read_text("utf-8"))
    found = {}
    for head in dict.fromkeys(heads):
        rows = np.flatnonzero([name == head for name in heads])
        found[head] = (
            Album(album.pictures[rows * 2], album.marks[rows * 2]),
            Album(album.pictures[rows * 2 + 1], album.marks[rows * 2 + 1]),
        )
    return found
