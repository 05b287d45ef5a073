"""Pictures: the engine and the whole studio against the bare diffusers call, in one run.

The bare side calls the pipeline as diffusers loads it, with the same options and seeds, and ends
with a PIL picture; ours ends with files (the engine) or a stored record (the studio).
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from threading import Event as Flag

from genui import weights
from genui.backends.base import Output
from genui.backends.image_diffusers import Diffusers
from genui.backends.pipeline_folder import open_pipeline
from genui.bench import Row
from genui.bench.rig import in_turns, median_ratio, run, studio, weights_of
from genui.catalog import Model
from genui.records import Request
from genui.studio import Studio

PROMPT = "a red fox with a green hat"
FEW, MANY = 4, 20  # steps


def request(model: str, number: int, steps: int, count: int = 1) -> Request:
    """A picture (or a batch of `count`) with previews, as the page asks for it."""
    return Request(
        kind="image", model=model, inputs={"prompt": PROMPT}, seed=number,
        options={"steps": steps, "count": count},
    )  # fmt: skip


def bench_image(repeat: int) -> list[Row]:
    """Ratios at 4 and at 20 steps, seconds a picture, memory; a batch of 4 on a GPU."""
    with studio() as made:
        model = made.catalog.default("image")
        if reason := weights.why_missing(model, made.settings.data_dir / "models"):
            print(f"image: nothing is measured. {reason}", file=sys.stderr)
            return []
        _, folder = weights_of(made, "image")
        return _rows(made, model, folder, repeat)


def _rows(made: Studio, model: Model, folder: Path, repeat: int) -> list[Row]:
    before = _peak_mb()
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        sides = Sides(made, model, folder, Path(scratch))
        for steps, most in ((FEW, 1.0), (MANY, 6.0)):
            engine = in_turns(repeat, partial(sides.bare, steps), partial(sides.engine, steps))
            whole = in_turns(repeat, partial(sides.bare, steps), partial(sides.studio, steps))
            usual = f"bare {statistics.median(b for b, _ in whole):.2f} s"
            rows += [
                Row(f"image, {steps} steps: engine's seconds against bare", median_ratio(engine),
                    1.05, "", False, usual),
                Row(f"image, {steps} steps: studio's seconds against bare", median_ratio(whole),
                    1.05, "", False, usual),
                Row(f"image, {steps} steps: a picture in",
                    statistics.median(ours for _, ours in whole), most, "s", False),
            ]  # fmt: skip
        rows.append(Row("image, memory of loading and drawing", _peak_mb() - before, 1024, "MB",
                        False))  # fmt: skip
        if made.machine.device != "cpu":
            pairs = in_turns(repeat, sides.four_singles, sides.four_at_once)
            rows.append(Row("image, a batch of 4 against four singles", median_ratio(pairs), 0.6,
                            "", False))  # fmt: skip
        sides.close()
    return rows


class Sides:
    """The same pictures three ways; every method takes a run's number and gives its seconds."""

    def __init__(self, made: Studio, model: Model, folder: Path, scratch: Path) -> None:
        self.made, self.model, self.scratch = made, model, scratch
        place = made.engines.placement
        self.pipe = open_pipeline(folder, place)
        self.backend = Diffusers(folder, place)
        self.backend.load()

    def _request(self, number: int, steps: int, count: int = 1) -> Request:
        asked = request(self.model.id, number, steps, count)
        return asked.model_copy(update={"options": self.model.defaults | asked.options})

    def bare(self, steps: int, number: int) -> float:
        """The pipeline's own call, to a picture in memory."""
        import torch

        wanted = self.model.defaults
        began = time.perf_counter()
        self.pipe(
            PROMPT, num_inference_steps=steps, guidance_scale=wanted.get("guidance", 4.0),
            width=wanted.get("width", 128), height=wanted.get("height", 128),
            generator=torch.Generator().manual_seed(number),
        )  # fmt: skip
        return time.perf_counter() - began

    def engine(self, steps: int, number: int, count: int = 1) -> float:
        """Our adapter: previews, film, files."""
        asked = self._request(number, steps, count)
        began = time.perf_counter()
        outputs = [
            made for made in self.backend.generate(asked, Flag(), self.scratch)
            if isinstance(made, Output)
        ]  # fmt: skip
        assert len(outputs) == count
        return time.perf_counter() - began

    def studio(self, steps: int, number: int) -> float:
        """A job: checked, queued, drawn, hashed, stored."""
        return run(self.made, "visitor", request(self.model.id, number, steps))[1]

    def four_singles(self, number: int) -> float:
        """Four pictures in four calls."""
        return sum(self.engine(FEW, 4 * number + i) for i in range(4))

    def four_at_once(self, number: int) -> float:
        """Four pictures in one pass."""
        return self.engine(FEW, 4 * number, count=4)

    def close(self) -> None:
        """Free both pipelines."""
        del self.pipe
        self.backend.unload()


def _peak_mb() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (2**20 if sys.platform == "darwin" else 1024)
