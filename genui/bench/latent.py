"""Latent spaces: the engine against the bare network, a look, the map, and a walk as MP4.

The bare side reads the folder and calls the network as it is; ours ends with bytes as the page
gets them, or with a stored record.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event as Flag
from typing import Any

from genui import weights
from genui.bench import Row
from genui.bench.rig import in_turns, median_ratio, run, studio
from genui.catalog import Model
from genui.records import Request
from genui.studio import Studio

SMALL, LARGE = 1, 64  # pictures at a time
ONES = 30  # pictures one after another in a measurement
FRAMES = 120


def bench_latent(repeat: int) -> list[Row]:
    """For each latent model that is here: pictures a second at batch 1 and 64, a look while a
    slider moves, describing the map, a walk of 120 frames as MP4."""
    with studio() as made:
        rows: list[Row] = []
        for model in made.catalog.of_kind("latent"):
            if reason := weights.why_missing(model, made.settings.data_dir / "models"):
                print(f"latent: {model.id} is not measured. {reason}", file=sys.stderr)
                continue
            with made.engines.use(model, lambda *_: None, Flag()) as backend:
                rows += _rows(Sides(made, model, backend.weights), repeat)
        return rows


def _rows(sides: Sides, repeat: int) -> list[Row]:
    name = f"latent, {sides.model.id}"
    one = in_turns(repeat, sides.bare_ones, sides.look_ones)
    many = in_turns(repeat, sides.bare_many, sides.look_many)
    describe = [sides.describe() for _ in range(repeat)]
    walk = [sides.walk(number) for number in range(repeat)]
    bare_one = statistics.median(ONES / bare for bare, _ in one)
    bare_many = statistics.median(LARGE / bare for bare, _ in many)
    look = statistics.median(1000 * ours / ONES for _, ours in one)
    return [
        Row(f"{name}: pictures a second at batch 1", bare_one, 30, "/s"),
        Row(f"{name}: pictures a second at batch 64", bare_many, 200, "/s"),
        Row(f"{name}: a look with everything about it, in", look, 100, "ms", False,
            f"{median_ratio(one):.2f} × bare"),
        Row(f"{name}: 64 looks at once, pictures a second",
            statistics.median(LARGE / ours for _, ours in many), 100, "/s",
            bare=f"{median_ratio(many):.2f} × bare"),
        Row(f"{name}: the map described and written as JSON in", statistics.median(describe),
            0.5, "s", False),
        Row(f"{name}: a walk of {FRAMES} frames as MP4, stored, in", statistics.median(walk), 10,
            "s", False),
    ]  # fmt: skip


class Sides:
    """The same places both ways; every method takes a run's number and gives its seconds."""

    def __init__(self, made: Studio, model: Model, folder: Path) -> None:
        import torch

        from genui.networks import avatar_folder

        self.made, self.model = made, model
        self.bare = avatar_folder.read(folder)
        asked = {"ask": "sample", "count": LARGE}
        self.places: list[dict[str, Any]] = made.explore(model.id, asked)["places"]
        self.tensors = torch.tensor([place["at"] for place in self.places])

    def bare_ones(self, _: int) -> float:
        """The network alone, a picture at a time."""
        return timed(lambda: [self.bare.draw(self.tensors[i : i + SMALL]) for i in range(ONES)])

    def bare_many(self, _: int) -> float:
        """The network alone, all at once."""
        return timed(partial(self.bare.draw, self.tensors))

    def look_ones(self, _: int) -> float:
        """As a slider asks: checked, drawn, looked at in every way, written as JSON."""
        return timed(lambda: [self._look(self.places[i : i + 1], 4) for i in range(ONES)])

    def look_many(self, _: int) -> float:
        """As the page fills its shelf."""
        return timed(lambda: self._look(self.places, 1))

    def _look(self, places: list[dict[str, Any]], scale: int) -> str:
        question = {"ask": "look", "places": places, "scale": scale}
        return json.dumps(self.made.explore(self.model.id, question))

    def describe(self) -> float:
        """What the page is told once, the atlas kept."""
        return timed(lambda: json.dumps(self.made.explore(self.model.id, {"ask": "describe"})))

    def walk(self, number: int) -> float:
        """A job: checked, queued, drawn, encoded, hashed, stored."""
        request = Request(
            kind="latent", model=self.model.id, seed=number,
            inputs={"task": "walk", "places": self.places[number : number + 4]},
            options={"frames": FRAMES, "format": "mp4", "scale": 4},
        )  # fmt: skip
        return run(self.made, "visitor", request)[1]


def timed(work: Callable[[], object]) -> float:
    """How many seconds a call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
