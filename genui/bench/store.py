"""How fast the store is: ratings a second, the Ratings tab on a large store, exports.

Makes real records in a temporary folder through the store's own methods. Rows are drawn from a
seed, so that two runs measure the same thing.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from genui.records import Generation, ModelStamp, Rating, Request, Timings
from genui.store import Store
from genui.store.exports import export

GENERATIONS = 100_000
RATINGS = 300_000
WRITERS = 8
FORMATS = ("jsonl", "parquet", "kto", "dpo")  # of ratings
SECONDS = 3.0  # that writers write for
MODELS = ("smollm2", "smollm2-tuned", "qwen", "hibari")
PROMPTS = 20_000  # distinct ones: several outputs share one, as pairs need
RATERS = 2_000
WORDS = [
    "the",
    "quiet",
    "sea",
    "remembers",
    "every",
    "small",
    "light",
    "that",
    "people",
    "leave",
    "on",
    "its",
    "long",
    "shore",
]


def generations(count: int, seed: int = 0) -> Iterator[Generation]:
    """`count` synthetic generations, a quarter of them speech."""
    draw = random.Random(seed)
    for number in range(count):
        model = MODELS[number % len(MODELS)]
        kind = "speech" if model == "hibari" else "text"
        said = " ".join(draw.choices(WORDS, k=60))
        asked = f"Question {draw.randrange(PROMPTS)}: what about the sea?"
        inputs: dict[str, JsonValue] = {"text": said}
        if kind == "text":
            inputs = {"mode": "chat", "messages": [{"role": "user", "content": asked}]}
        yield Generation(
            id=_id(seed, "generation", number),
            created=_time(number),
            status="done",
            request=Request(
                kind=kind,
                model=model,
                inputs=inputs,
                options={"temperature": 0.7, "top_k": 40},
                seed=number,
            ),
            model=ModelStamp(id=model, title=model, backend="bench"),
            device="cpu",
            versions={"genui": "bench"},
            timings=Timings(run=1.5),
            text=said,
            output_sha256=sha256(said.encode()).hexdigest(),
        )


def ratings(count: int, of: int, seed: int = 0) -> Iterator[Rating]:
    """`count` synthetic rating events on the first `of` generations; some change their mind, one
    in fifty withdraws."""
    draw = random.Random(seed + 1)
    for number in range(count):
        withdrawn = draw.random() < 0.02
        yield Rating(
            id=_id(seed, "rating", number),
            generation_id=_id(seed, "generation", draw.randrange(of)),
            rater=f"{draw.randrange(RATERS):024x}",
            created=_time(number),
            thumb=None if withdrawn else draw.choice(("up", "up", "down")),
            stars=None if withdrawn else draw.choice((None, None, 3, 4, 5)),
            comment="" if withdrawn else "what a sea",
            withdrawn=withdrawn,
        )


def fill(store: Store, generation_count: int, rating_count: int) -> None:
    """Put synthetic rows into an empty store, each generation with its own owner."""
    store.add_many(
        ((made, f"owner-{number}") for number, made in enumerate(generations(generation_count))),
        ratings(rating_count, generation_count),
    )


def bench_store(generation_count: int = GENERATIONS, rating_count: int = RATINGS) -> dict[str, Any]:
    """Everything this module measures, as a JSON-ready dict.

    `writers_1`, `writers_8`: durable ratings a second; `lost`: acknowledged ones not found
    afterwards. `tab`: seconds for the summary and the first page of the table, and for opening
    the store before. `export`: rows a second and the growth of the peak memory in MB."""
    result: dict[str, Any] = {"generations": generation_count, "ratings": rating_count}
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder))
        fill(store, 100, 0)
        result["writers_1"], lost_1 = _write(store, 1)
        result["writers_8"], lost_8 = _write(store, WRITERS)
        result["lost"] = lost_1 + lost_8
        store.close()
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder))
        fill(store, generation_count, rating_count)
        store.close()
        result["tab"] = _tab(Path(folder))
        result["export"] = {fmt: _export(Path(folder), fmt) for fmt in FORMATS}
    return result


def _write(store: Store, writers: int) -> tuple[float, int]:
    """Ratings a second and how many of them are lost."""
    until = time.monotonic() + SECONDS
    before = store.count()

    def write(writer: int) -> int:
        done = 0
        while time.monotonic() < until:
            name = f"{writers}-{writer}"
            store.add_rating(
                Rating(
                    id=_id(writers, name, done),
                    generation_id=_id(0, "generation", done % 100),
                    rater=f"{name}-{done}",
                    created=_time(done),
                    thumb="up",
                )
            )
            done += 1
        return done

    began = time.monotonic()
    with ThreadPoolExecutor(writers) as pool:
        done = sum(pool.map(write, range(writers)))
    seconds = time.monotonic() - began
    return round(done / seconds, 1), done - (store.count() - before)


def _tab(folder: Path) -> dict[str, float]:
    """Seconds to open a filled store and to answer the Ratings tab's first two questions."""
    began = time.monotonic()
    store = Store.open(folder)
    opened = time.monotonic()
    store.summary()
    summed = time.monotonic()
    store.table(limit=25)
    listed = time.monotonic()
    store.close()
    steps = {"open": opened - began, "summary": summed - opened, "table": listed - summed}
    return {name: round(seconds, 3) for name, seconds in steps.items()}


def _export(folder: Path, fmt: str) -> dict[str, float]:
    """Measured in a process of its own, whose peak memory nothing else has raised."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_export_here, (folder, fmt))


def _export_here(folder: Path, fmt: str) -> dict[str, float]:
    store = Store.open(folder)
    export(store, "jsonl", folder / "warm", kind="none")
    export(store, "parquet", folder / "warm", kind="none")
    peak, began = _peak_mb(), time.monotonic()
    rows = export(store, fmt, folder / f"out.{fmt}")
    seconds = time.monotonic() - began
    return {
        "rows": rows,
        "rows_per_s": round(rows / seconds),
        "peak_growth_mb": round(_peak_mb() - peak, 1),
    }


def _peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def _id(*parts: object) -> str:
    return sha256(repr(parts).encode()).hexdigest()[:32]


def _time(number: int) -> str:
    minute, second = divmod(number // 1000, 60)
    return f"2026-01-01T{minute // 60:02}:{minute % 60:02}:{second:02}.{number % 1000:03}+00:00"
