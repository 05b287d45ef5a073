"""What the suites share: a studio on a temporary data folder, and pairs taken in turns."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event as Flag
from typing import TypeVar

from genui.records import Event, Finished, Request
from genui.start import from_command_line
from genui.studio import Studio

T = TypeVar("T")


@contextmanager
def studio() -> Iterator[Studio]:
    """A studio whose records go to a temporary folder and whose models are the operator's.

    Fetched models stay in the data folder of the settings, as when the page runs."""
    settings = from_command_line([])  # the environment alone
    models = settings.data_dir / "models"
    models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "models").symlink_to(models, target_is_directory=True)
        made = Studio(settings.model_copy(update={"data_dir": folder, "session_jobs": 64}))
        yield made
        made.engines.close()


def weights_of(made: Studio, kind: str) -> tuple[str, Path]:
    """Id and file of the default model of a kind; loads it into the studio."""
    model = made.catalog.default(kind)
    with made.engines.use(model, lambda *_: None, Flag()) as backend:
        return model.id, backend.weights


def run(made: Studio, session: str, request: Request) -> tuple[Finished, float, float]:
    """Submit and follow one job: its last event, seconds to the end and to the first output."""
    began = time.perf_counter()
    first = 0.0
    last: Event | None = None
    for last in made.submit(session, request).follow():
        if not first and last.type in ("token", "segment"):
            first = time.perf_counter() - began
    seconds = time.perf_counter() - began
    if not isinstance(last, Finished):
        raise RuntimeError(f"the job ended with {last}")
    return last, seconds, first


def in_turns(repeat: int, bare: Callable[[int], T], ours: Callable[[int], T]) -> list[tuple[T, T]]:
    """(bare, ours) pairs; the two take turns in going first, so that a neighbour's load and a
    warm cache favour neither. Each is called once before, unmeasured."""
    bare(repeat)
    ours(repeat)
    pairs = []
    for number in range(repeat):
        if number % 2:
            mine = ours(number)
            pairs.append((bare(number), mine))
        else:
            theirs = bare(number)
            pairs.append((theirs, ours(number)))
    return pairs


def median_ratio(pairs: list[tuple[float, float]]) -> float:
    """The median of ours / bare."""
    return statistics.median(ours / bare for bare, ours in pairs)
