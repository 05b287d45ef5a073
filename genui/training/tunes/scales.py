"""How large the music models are trained: tiny, on two CPU cores, or on a GPU. Numbers only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """width, layers, heads, inner: of the transformer. embedding, cells, depth: of the LSTM, as
    many parameters in all. tunes: seen in training, `batch` a step; lr: at its highest; both of
    the transformer and of the LSTM. samples: tunes made to be measured."""

    width: int
    layers: int
    heads: int
    inner: int
    embedding: int
    cells: int
    depth: int
    tunes: tuple[int, int]
    batch: int
    lr: tuple[float, float]
    samples: int


SCALES = {
    "tiny": Scale(
        width=32, layers=2, heads=2, inner=64, embedding=32, cells=32, depth=1,
        tunes=(320, 320), batch=8,
        lr=(5e-3, 1e-2), samples=4,
    ),
    "cpu": Scale(
        width=256, layers=7, heads=8, inner=768, embedding=256, cells=648, depth=2,
        tunes=(36_000, 36_000),
        batch=16, lr=(1e-3, 2e-3), samples=200,
    ),
    "gpu": Scale(
        width=256, layers=7, heads=8, inner=768, embedding=256, cells=648, depth=2,
        tunes=(120_000, 120_000),
        batch=64, lr=(1.5e-3, 2e-3), samples=400,
    ),
}  # fmt: skip
