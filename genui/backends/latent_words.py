"""A map of words by the vectors that an image model's own text encoder gives them.

The vector of a text is the mean of its tokens' last states, at length one. Two maps: the plane that
shows most of the differences (PCA), and one that keeps neighbours together (t-SNE, van der Maaten &
Hinton 2008). Both take in texts that come later. Knows tensors and texts; knows no pipeline.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

FILE = Path(__file__).parents[2] / "assets" / "words.txt"
NEAREST = 8  # words told for a text
BLENDED = 3  # words that a place between them is drawn from
LEAST = 0.05  # share below which a word is no part of a blend
HIT = 0.004  # of the map's side: so near a word, the word itself is meant
PERPLEXITY = 12.0  # neighbours that each word of t-SNE counts with, about
Embed = Callable[[Sequence[str]], "Tensor"]  # texts -> unit vectors (n, D)


def read(path: Path = FILE) -> tuple[list[str], list[str], list[int]]:
    """The words of a list, the names of its groups ("# name" lines) and each word's group."""
    words: list[str] = []
    groups: list[str] = []
    of: list[int] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            groups.append(line.removeprefix("#").strip())
        else:
            found = [word.strip() for word in line.split(",") if word.strip()]
            words += found
            of += [len(groups) - 1] * len(found)
    return words, groups, of


@dataclass(frozen=True)
class WordMap:
    """Words with their unit vectors (N, D) and spots (N, 2) in 0..1 on the maps "pca" and
    "neighbours". `axes` (D, 2), `mean` (D,), `low` and `span` (2,) lead from a vector to "pca";
    `explained` is the share of the vectors' variance that the plane shows."""

    words: list[str]
    groups: list[str]
    of: list[int]
    vectors: Tensor
    pca: Tensor
    neighbours: Tensor
    axes: Tensor
    mean: Tensor
    low: Tensor
    span: float
    explained: float

    @classmethod
    def of_words(cls, embed: Embed) -> WordMap:
        """Read the list and lay it out."""
        import torch

        words, groups, of = read()
        vectors = embed(words)
        mean = vectors.mean(0)
        _, strength, turned = torch.linalg.svd(vectors - mean, full_matrices=False)
        axes = turned[:2].T
        axes = axes * axes.sum(0).sign()  # the sign of a singular vector is nobody's choice
        flat = (vectors - mean) @ axes
        low, span = _frame(flat)
        near = tsne(vectors, flat)
        corner, width = _frame(near)
        return cls(
            words, groups, of, vectors, (flat - low) / span, (near - corner) / width, axes, mean,
            low, span, float((strength[:2] ** 2).sum() / (strength**2).sum()),
        )  # fmt: skip

    def nearest(self, vector: Tensor, count: int = NEAREST) -> list[tuple[str, float]]:
        """The words whose vectors point most nearly the same way, with the cosine."""
        top = (self.vectors @ vector).topk(count)
        return [
            (self.words[i], value)
            for i, value in zip(top.indices.tolist(), top.values.tolist(), strict=True)
        ]

    def spots(self, vector: Tensor) -> dict[str, list[float]]:
        """Where a unit vector (D,) lies on both maps; among its neighbours it stands where they
        do, the nearer the more."""
        close = (self.vectors @ vector).topk(BLENDED)
        shares = ((close.values - close.values[0]) * 60).softmax(0)
        if close.values[0] > 1 - 1e-4:  # the word itself
            shares = shares * 0
            shares[0] = 1
        pca = ((vector - self.mean) @ self.axes - self.low) / self.span
        near = shares @ self.neighbours[close.indices]
        return {"pca": pca.tolist(), "neighbours": near.tolist()}

    def blend(self, spot: tuple[float, float], name: str) -> list[tuple[str, float]]:
        """The words around a spot of the map "pca" or "neighbours" and their shares, which sum to
        one: by inverse square distance (Shepard 1968); on a word that word alone."""
        import torch

        away = (getattr(self, name) - torch.tensor(spot)).norm(dim=1)
        close = away.topk(BLENDED, largest=False)
        if float(close.values[0]) < HIT:
            return [(self.words[int(close.indices[0])], 1.0)]
        shares = close.values**-2
        shares = shares / shares.sum()
        shares = torch.where(shares < LEAST, 0, shares)
        rounded = [round(share, 3) for share in (shares / shares.sum()).tolist()]
        rounded[0] += 1 - sum(rounded)
        return [
            (self.words[i], round(share, 3))
            for i, share in zip(close.indices.tolist(), rounded, strict=True) if share
        ]  # fmt: skip


def _frame(flat: Tensor) -> tuple[Tensor, float]:
    """The corner (2,) and side of the square around points (N, 2) that has them in its middle."""
    low, high = flat.min(0).values, flat.max(0).values
    side = float((high - low).max().clamp_min(1e-9))
    return (low + high - side) / 2, side


def tsne(vectors: Tensor, start: Tensor, rounds: int = 400) -> Tensor:
    """Unit vectors (N, D) laid out in the plane (N, 2) so that near ones stay near, from the layout
    `start` (N, 2): the same each time."""
    import torch

    count = len(vectors)
    apart = (2 - 2 * vectors @ vectors.T).clamp_min(0)
    likely = _affinities(apart)
    likely = ((likely + likely.T) / (2 * count)).clamp_min(1e-12)
    at = 1e-2 * start / start.std()
    speed, gains = torch.zeros_like(at), torch.ones_like(at)
    for number in range(rounds):
        early = number < rounds // 4
        gaps = 1 / (1 + torch.cdist(at, at).square())
        gaps.fill_diagonal_(0)
        pull = ((4 if early else 1) * likely - gaps / gaps.sum()) * gaps
        slope = 4 * (pull.sum(1, keepdim=True) * at - pull @ at)
        gains = torch.where(slope.sign() == speed.sign(), gains * 0.8, gains + 0.2).clamp_min(0.01)
        speed = (0.5 if early else 0.8) * speed - count / 8 * gains * slope
        at = at + speed
        at = at - at.mean(0)
    return at


def _affinities(apart: Tensor) -> Tensor:
    """How likely each takes each other one as its neighbour (N, N), with the width of each found by
    halving so that `PERPLEXITY` neighbours count."""
    import torch

    count = len(apart)
    apart = apart.clone().fill_diagonal_(torch.inf)
    low, high = torch.zeros(count, 1), torch.full((count, 1), 1e4)
    wanted = min(PERPLEXITY, (count - 1) / 3)
    for _ in range(40):
        sharp = (low + high) / 2
        likely = (-apart * sharp).softmax(1)
        spread = -(likely * likely.clamp_min(1e-12).log()).sum(1, keepdim=True)
        wide = spread.exp() > wanted
        low, high = torch.where(wide, sharp, low), torch.where(wide, high, sharp)
    return likely
