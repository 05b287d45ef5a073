"""Numbers that compare two sets of feature vectors, and rates with their intervals.

Knows nothing of pictures' content, of prompts or of models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from genui.ranking import wilson

NEIGHBOURS = 5
SHIFT = 6  # pixels that edges may be moved to fit, each way


def rate(right: int, n: int) -> dict[str, float]:
    """A share with its count and 95 % Wilson interval; share 0 and interval (0, 1) when n is 0."""
    low, high = wilson(right, n)
    return {
        "share": round(right / max(n, 1), 4), "right": right, "n": n,
        "low": round(low, 4), "high": round(high, 4),
    }  # fmt: skip


@dataclass(frozen=True)
class Ruler:
    """Makes every feature count alike: zero mean and unit deviation over a reference set."""

    mean: Tensor
    deviation: Tensor

    @classmethod
    def of(cls, reference: Tensor) -> Ruler:
        """From the reference's features (N, D). Features that hardly move there are not blown
        up: no deviation is taken for less than a tenth of the median one."""
        found = reference.double()
        deviation = found.std(0)
        return cls(found.mean(0), deviation.clamp(min=float(deviation.median()) / 10 + 1e-9))

    def __call__(self, features: Tensor) -> Tensor:
        """(N, D) → (N, D), float64."""
        return (features.double() - self.mean) / self.deviation


def _kernel(a: Tensor, b: Tensor) -> Tensor:
    return (a @ b.T / a.shape[1] + 1) ** 3


def mmd(a: Tensor, b: Tensor) -> float:
    """Unbiased squared maximum mean discrepancy of (N, D) and (M, D) under the cubic kernel
    (Bińkowski et al. 2018, 1801.01401, eq. 3-4). About 0 for the same distribution; may be
    negative."""
    n, m = len(a), len(b)
    aa, bb, ab = _kernel(a, a), _kernel(b, b), _kernel(a, b)
    inner = (aa.sum() - aa.trace()) / (n * (n - 1)) + (bb.sum() - bb.trace()) / (m * (m - 1))
    return float(inner - 2 * ab.mean())


def kid(real: Tensor, made: Tensor, subsets: int = 50, size: int = 100) -> dict[str, float]:
    """Kernel distance: mean and deviation of `mmd` over random subsets of `size`, or of half the
    vectors if that is less; the same subsets each time. Needs 4 vectors of each."""
    rng = torch.Generator().manual_seed(0)
    size = min(size, len(real) // 2, len(made) // 2)
    found = torch.tensor(
        [
            mmd(
                real[torch.randperm(len(real), generator=rng)[:size]],
                made[torch.randperm(len(made), generator=rng)[:size]],
            )
            for _ in range(subsets)
        ]
    )
    return {"mean": round(float(found.mean()), 5), "deviation": round(float(found.std()), 5)}


def fid(real: Tensor, made: Tensor) -> float:
    """Fréchet distance of two Gaussians fitted to (N, D) and (M, D) (Heusel et al. 2017,
    1706.08500, eq. 6). Biased upwards for few samples: compare only at equal counts."""
    a, b = real.double(), made.double()
    first, second = torch.cov(a.T), torch.cov(b.T)
    values, vectors = torch.linalg.eigh(first)
    root = vectors @ torch.diag(values.clamp(min=0).sqrt()) @ vectors.T
    cross = torch.linalg.eigvalsh(root @ second @ root).clamp(min=0).sqrt().sum()
    apart = (a.mean(0) - b.mean(0)).square().sum()
    return round(max(0.0, float(apart + first.trace() + second.trace() - 2 * cross)), 4)


def neighbourhoods(real: Tensor, made: Tensor, k: int = NEIGHBOURS) -> dict[str, float]:
    """How real the made pictures are and how much of the real ones they cover.

    density, coverage: Naeem et al. 2020 (2002.09797): made vectors in the balls that reach to each
    real vector's k-th neighbour, over k; the share of such balls that hold any. clipped_density,
    clipped_coverage: Salvy et al. 2025 (2507.01761) before its calibration: no ball larger than the
    median one and no vector worth more than 1; a ball counts fully once it holds k. Real pictures
    measured the same way say what is reachable. Needs more than k real vectors."""
    radius = torch.cdist(real, real).kthvalue(k + 1, 1).values
    away = torch.cdist(real, made)
    inside = (away <= radius[:, None]).double()
    small = (away <= radius.clamp(max=radius.median())[:, None]).double()
    found = {
        "density": inside.sum(0).mean() / k,
        "coverage": (inside.sum(1) > 0).double().mean(),
        "clipped_density": (small.sum(0) / k).clamp(max=1).mean(),
        "clipped_coverage": (inside.sum(1) / k).clamp(max=1).mean(),
    }
    return {name: round(float(value), 4) for name, value in found.items()}


def precision_recall(real: Tensor, made: Tensor, k: int = 3) -> dict[str, float]:
    """Improved precision and recall (Kynkäänniemi et al. 2019, 1904.06991): share of made vectors
    inside the ball to the k-th neighbour of any real one, and the other way round. Both fall with
    fewer vectors: compare at equal counts, more than k of each."""

    def inside(of: Tensor, among: Tensor) -> float:
        radius = torch.cdist(among, among).kthvalue(k + 1, 1).values
        return float((torch.cdist(of, among) <= radius).any(1).double().mean())

    return {
        "precision": round(inside(made, real), 4),
        "recall": round(inside(real, made), 4),
    }


def spread(groups: Sequence[Tensor]) -> float:
    """Mean distance between two vectors of the same group, averaged over groups (each (n, D),
    n >= 2): 0 when all pictures of a prompt are the same."""
    means = [float(torch.pdist(group).mean()) for group in groups]
    return round(sum(means) / len(means), 4)


def edges(pictures: Tensor) -> Tensor:
    """Edge strength (N, H, W) of pictures (N, 3, H, W), its mean taken away."""
    grey = F.pad(pictures.float().mean(1, keepdim=True), (1, 1, 1, 1), "replicate")
    across = (grey[..., 1:-1, 2:] - grey[..., 1:-1, :-2]).square()
    down = (grey[..., 2:, 1:-1] - grey[..., :-2, 1:-1]).square()
    found = (across + down).sqrt()[:, 0]
    return found - found.mean((1, 2), keepdim=True)


def alignment(a: Tensor, b: Tensor) -> Tensor:
    """How well the edges of each picture of `a` fall on those of the same row of `b` (both
    (N, 3, H, W)) when one may be moved by up to `SHIFT` pixels: the largest normalised
    cross-correlation (N,), 1 for the same drawing."""
    first, second = edges(a), edges(b)
    product = torch.fft.rfft2(first) * torch.fft.rfft2(second).conj()
    found = torch.fft.irfft2(product, s=first.shape[-2:])
    near = torch.cat([found[:, : SHIFT + 1], found[:, -SHIFT:]], 1)
    near = torch.cat([near[..., : SHIFT + 1], near[..., -SHIFT:]], -1)
    norm = first.flatten(1).norm(dim=1) * second.flatten(1).norm(dim=1)
    fit: Tensor = near.amax((1, 2)) / norm.clamp(min=1e-6)
    return fit


@dataclass(frozen=True)
class Nearest:
    """For each picture: the row of the nearest training picture (N,), how much nearer it is than
    the nearest held-out one (ratio of distances, N), and how well its edges fit (N)."""

    row: Tensor
    ratio: Tensor
    fit: Tensor


@dataclass(frozen=True)
class Bank:
    """Pictures to compare with: features (N, D) by a `Ruler`, pictures (N, 3, H, W), ids."""

    features: Tensor
    pictures: Tensor
    ids: list[str]


def nearest(
    features: Tensor, pictures: Tensor, train: Bank, held: Bank, own: Sequence[str] | None = None
) -> Nearest:
    """Compare pictures with both banks. `own`: for pictures drawn from cutouts, their ids, so that
    none is compared with itself."""
    away, other = torch.cdist(features, train.features), torch.cdist(features, held.features)
    if own:
        itself = torch.tensor([[id == known for known in held.ids] for id in own])
        other = other.masked_fill(itself, torch.inf)
    distance, row = away.min(1)
    ratio = distance / other.min(1).values.clamp(min=1e-9)
    return Nearest(row, ratio, alignment(pictures, train.pictures[row]))


def copies(found: Nearest, calm: Nearest) -> dict[str, object]:
    """How many pictures are copies: nearer to a training picture, against a held-out one, than 95 %
    of real held-out art (`calm`) is, and with edges that fit better than 95 % of that art's fit
    their nearest training picture. Sets of emoji resemble each other, hence the calibration."""
    limit, bar = float(calm.ratio.quantile(0.05)), float(calm.fit.quantile(0.95))
    copied = int(((found.ratio < limit) & (found.fit > bar)).sum())
    return {
        "median_ratio": round(float(found.ratio.median()), 4),
        "median_fit": round(float(found.fit.median()), 4),
        "limit_ratio": round(limit, 4),
        "limit_fit": round(bar, 4),
        "copied": rate(copied, len(found.row)),
    }
