"""The judge: a small residual network that says what a picture shows, and its vector for it.

Knows nothing of which words its classes stand for, of data or of training."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIDE = 64  # pixels of its input


class Block(nn.Module):
    """Two convolutions that halve the picture, beside a shortcut (He et al. 2016, 1512.03385),
    with group normalisation (Wu and He 2018, 1803.08494), which needs no running statistics and so
    agrees with averaged weights."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False)
        self.first_norm = nn.GroupNorm(8, outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.second_norm = nn.GroupNorm(8, outputs)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) → (N, outputs, H/2, W/2)."""
        inner = F.relu(self.first_norm(self.first(x)))
        inner = self.second_norm(self.second(inner))
        return F.relu(inner + self.shortcut(F.avg_pool2d(x, 2)))


class Judge(nn.Module):
    """RGB (N, 3, 64, 64) in -1..1 → one score for each class of each head.

    heads: name → number of classes. width: channels at the first resolution, a multiple of 8; the
    vector has 8 × width + 2 × width numbers."""

    def __init__(self, heads: Mapping[str, int], width: int = 24) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 5, 2, 2)
        self.blocks = nn.ModuleList(Block(width * wide, 2 * width * wide) for wide in (1, 2, 4))
        self.size = 10 * width
        self.heads = nn.ModuleDict({name: nn.Linear(self.size, n) for name, n in heads.items()})

    def features(self, images: Tensor) -> Tensor:
        """The vector (N, 10 × width) behind the answers: what the last resolution holds on average,
        and the largest that the second holds anywhere, so that small parts count."""
        x = F.relu(self.stem(images))
        found = []
        for block in self.blocks:
            x = block(x)
            found.append(x)
        return torch.cat([found[2].mean((2, 3)), found[0].amax((2, 3))], 1)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Head → scores (N, classes)."""
        features = self.features(images)
        return {name: head(features) for name, head in self.heads.items()}
