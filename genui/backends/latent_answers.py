"""Answers to the questions of `latent`, one method each, from tensors to JSON.

Knows the space and the questions; knows no job and no file but the picture it is shown.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import numpy as np
from PIL import Image

from genui import pictures
from genui.backends.base import Schema
from genui.backends.latent import SIDE, Place
from genui.backends.latent_questions import (
    Add,
    Between,
    Encode,
    Look,
    Near,
    Sample,
    Shares,
    Spot,
    Traverse,
)
from genui.backends.latent_search import STARTS, Thumbnails
from genui.backends.latent_space import CHUNK, Seen, Space, enlarged, to_tensor
from genui.errors import BadInput
from genui.ranking import wilson

Answer = dict[str, Any]


class Answers:
    """What the engine says; `thumbnails` are needed where there is no encoder."""

    def __init__(self, space: Space, thumbnails: Thumbnails | None) -> None:
        self.space = space
        self.thumbnails = thumbnails

    def to(self, name: str, question: Schema, picture: Path | None) -> Answer:
        """The answer to a checked question."""
        if isinstance(question, Encode):
            return self.encode(picture)
        return cast(Callable[[Any], Answer], getattr(self, name))(question)

    # --- the model ----------------------------------------------------------------------------

    def describe(self, _: Schema) -> Answer:
        """What never changes; the studio adds the atlas."""
        from genui.networks.avatar_folder import ATLAS_COLUMNS, ATLAS_SIDE

        model, config = self.space.model, self.space.model.config
        return {
            "model": {
                "kind": config.kind, "latent": config.latent, "layers": config.layers,
                "size": config.size, "trained_on": config.trained_on,
            },
            "way": "linear" if self.space.generator else "spherical",
            "mean": self.space.said(self.space.centre),
            "directions": [
                {k: v for k, v in vars(d).items() if k != "vector"} for d in model.directions
            ],
            "statistics": asdict(model.statistics),
            "metrics": model.metrics,
            "map": {
                "count": len(model.map.places), "columns": ATLAS_COLUMNS, "thumb": ATLAS_SIDE,
                "pca": packed(model.map.pca.numpy(), "<f4"),
                "neighbours": packed(model.map.neighbours.numpy(), "<f4"),
                "attributes": {
                    # 255 stands for -1 too: an attribute that a picture does not have
                    head: {"answers": answers, "of": packed(np.array(of) & 255, "u1")}
                    for head, (answers, of) in model.map.attributes.items()
                },
            },
        }  # fmt: skip

    def shares(self, asked: Shares) -> Answer:
        """Samples counted, a chunk at a time so that others get their turn."""
        import torch

        counts: dict[str, Counter[str]] = {head: Counter() for head in self.space.model.classes}
        prior = self.space.prior(asked.count, asked.seed)
        layered = prior[:, None].expand(-1, self.space.layers, -1)
        drawn = self.space.centre + asked.truncation * (layered - self.space.centre)
        for chunk in torch.split(drawn, CHUNK):
            for named in self.space.see(chunk).attributes:
                for head, (answer, _) in named.items():
                    counts[head][answer] += 1
        heads = {head: self._rows(head, count, asked.count) for head, count in counts.items()}
        return {"count": asked.count, "heads": heads}

    def _rows(self, head: str, count: Counter[str], n: int) -> list[Answer]:
        trained = self.space.model.statistics.shares.get(head, {})
        total = sum(trained.values())
        rows = []
        for answer in self.space.model.classes[head]:
            low, high = wilson(count[answer], n)
            data = round(trained.get(answer, 0) / total, 4) if total else None
            rows.append({
                "answer": answer, "count": count[answer], "share": round(count[answer] / n, 4),
                "low": round(low, 4), "high": round(high, 4), "data": data,
            })  # fmt: skip
        return rows

    # --- looking ------------------------------------------------------------------------------

    def look(self, asked: Look) -> Answer:
        """Pictures of places, and what there is to say about each."""
        import torch

        places = torch.stack([self.space.where(p, asked.truncation) for p in asked.places])
        if not asked.details:
            pixels = self.space.draw(places)
            return {
                "looks": [{"picture": pictures.data_url(enlarged(p, asked.scale))} for p in pixels]
            }
        seen = self.space.see(places)
        return {"looks": [self._look(seen, i, asked.scale) for i in range(len(places))]}

    def _look(self, seen: Seen, i: int, scale: int) -> Answer:
        pca, neighbours = ([round(v, 4) for v in spot] for spot in seen.spots[i].tolist())
        return {
            "picture": pictures.data_url(enlarged(seen.pixels[i], scale)),
            "at": self.space.said(seen.places[i])["at"],
            "pca": pca,
            "neighbours": neighbours,
            "far": round(seen.far[i], 4),
            "score": round(seen.scores[i], 3) if seen.scores else None,
            "attributes": {head: list(named) for head, named in seen.attributes[i].items()},
        }

    def traverse(self, asked: Traverse) -> Answer:
        """One sheet: row by row another dimension, column by column another amount of it."""
        import torch

        start = self.space.where(asked.place, asked.truncation)
        names, moved = [], []
        for row in asked.rows:
            name, vector = self._row(row)
            names.append(name)
            moved += [start + amount * vector for amount in asked.amounts]
        drawn = np.concatenate([self.space.draw(c) for c in torch.split(torch.stack(moved), CHUNK)])
        columns = len(asked.amounts)
        grid = drawn.reshape(len(names), columns, SIDE, SIDE, 3).transpose(0, 2, 1, 3, 4)
        sheet = Image.fromarray(grid.reshape(len(names) * SIDE, columns * SIDE, 3))
        return {"sheet": pictures.data_url(sheet), "side": SIDE, "rows": names}

    def _row(self, row: int | str) -> tuple[str, Any]:
        """The name and vector (D,) of a row: a direction, or one standard deviation of the data
        along a dimension."""
        import torch

        if isinstance(row, str):
            return row, self.space.direction(row)
        if row >= self.space.size:
            raise BadInput(f"This model has the dimensions 0 to {self.space.size - 1}.")
        vector = torch.zeros(self.space.size)
        vector[row] = self.space.spread[row]
        return str(row), vector

    def encode(self, path: Path | None) -> Answer:
        """Where a visitor's picture lies, and what the model makes of it."""
        if path is None:
            raise BadInput("Add a picture first.")
        shown = as_shown(path)
        at = self.starts(shown)[0]
        pixels = self.space.draw(at.expand(1, self.space.layers, -1))[0]
        distance = apart(shown, pixels)
        return {
            "place": self.space.said(at), "picture": pictures.data_url(Image.fromarray(pixels)),
            "original": pictures.data_url(shown), "distance": round(distance, 4),
            "far": self.far(distance), "exact": not self.thumbnails,
        }  # fmt: skip

    def starts(self, shown: Image.Image) -> Any:
        """Places (n, D) to start from, the likeliest first: the encoder's one, or those of the
        most similar thumbnails."""
        if self.thumbnails:
            return self.thumbnails.nearest(shown, STARTS)
        network: Any = self.space.model.network
        return self.space.run(lambda: network.encode(to_tensor(shown))[0])

    def far(self, distance: float) -> float | None:
        """The share of held-out avatars that are given back better; None where it is not known."""
        errors = self.space.model.statistics.errors
        return round(errors.share(distance), 4) if errors else None

    # --- places -------------------------------------------------------------------------------

    def mean(self, _: Schema) -> Answer:
        """The middle of the prior, or of a GAN's places."""
        return {"place": self.space.said(self.space.centre)}

    def sample(self, asked: Sample) -> Answer:
        """Places from the prior."""
        return {"places": [self.space.said(at) for at in self.space.prior(asked.count, asked.seed)]}

    def place(self, asked: Spot) -> Answer:
        """What lies at a point of the map."""
        import torch

        stored = self.space.model.map
        if asked.index is None:
            return {"place": self.space.said(stored.place(torch.tensor([asked.xy]), asked.map)[0])}
        if asked.index >= len(stored.places):
            raise BadInput(f"The map has the thumbnails 0 to {len(stored.places) - 1}.")
        return {"place": self.space.said(stored.places[asked.index])}

    def between(self, asked: Between) -> Answer:
        """A weighted mean, straight or round."""
        return {"place": self.space.between(asked.places, asked.weights, asked.path)}

    def add(self, asked: Add) -> Answer:
        """a - minus + plus, with the mix of a."""
        import torch

        a, minus, plus = (
            self.space.where(place.model_copy(update={"mix": None}))[0]
            for place in (asked.a, asked.minus, asked.plus)
        )
        return {"place": self._with_mix(asked.a, a - minus + plus, torch.zeros_like(a))}

    def near(self, asked: Near) -> Answer:
        """Places scattered around one as widely as the data are, times the radius."""
        import torch

        at = self.space.where(asked.place.model_copy(update={"mix": None}))[0]
        noise = np.random.default_rng(asked.seed).standard_normal((asked.count, self.space.size))
        steps = asked.radius * self.space.spread * torch.from_numpy(noise.astype(np.float32))
        return {"places": [self._with_mix(asked.place, at + step, step) for step in steps]}

    def _with_mix(self, place: Place, at: Any, step: Any) -> Answer:
        """A new place that keeps the mix of another one, moves carried out and moved by a step."""
        if not place.mix:
            return self.space.said(at)
        return self.space.said(at, self.space.where(place)[-1] + step, place.mix.from_layer)


def packed(values: pictures.Pixels, form: str) -> str:
    """Numbers as base64 of their bytes in numpy's `form`."""
    return base64.b64encode(np.ascontiguousarray(values, dtype=form).tobytes()).decode()


def as_shown(path: Path) -> Image.Image:
    """A stranger's picture as the model is shown it: 64 × 64, cut around its middle, on white.

    Raises `BadInput` for a file that is none."""
    return pictures.fit(pictures.on_white(pictures.read(path)), (SIDE, SIDE))


def apart(shown: Image.Image, pixels: pictures.Pixels) -> float:
    """The mean absolute difference of two pictures, 0..2 like that of values in -1..1."""
    gap = np.asarray(shown, dtype=np.float32) - pixels.astype(np.float32)
    return float(np.abs(gap).mean() / 127.5)
