"""Tunes: the first sound after the click, notes and sound against real time, the stack against the
bare network, and the memory of a long tune.

The bare side asks the same network, by its library's own forward and cache, for tokens of the same
grammar, and plays nothing; ours goes through the studio, plays every bar and stores the result.
Each side writes in a new thread that computes by itself."""

from __future__ import annotations

import resource
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event as Flag

from pydantic import JsonValue

from genui import weights
from genui.backends.base import parse
from genui.backends.music import MusicInputs, MusicOptions
from genui.backends.music_plans import plan
from genui.backends.music_writer import Writer, by_itself
from genui.bench import Row
from genui.bench.rig import in_turns, studio
from genui.catalog import Model
from genui.music import abc, grammar
from genui.music.tune import QUARTER, Tune
from genui.records import Bars, Finished, Request, Token
from genui.studio import Studio
from genui.synth import CHANNELS, RATE, Stage

WISH: dict[str, JsonValue] = {"prompt": "a reel in D major, 32 bars"}
PLAYED: dict[str, JsonValue] = {"tempo": 180, "instrument": "fiddle", "accompaniment": "full"}
LONG: dict[str, JsonValue] = {"prompt": "a reel in D major, 64 bars"}
SLOW: dict[str, JsonValue] = {
    "tempo": 45,
    "accompaniment": "full",
}  # 64 bars last five minutes and more
LOOK = 0.05  # seconds between two looks at a job; the page looks more rarely
FASTER = {"transformer": 10.0, "lstm": 20.0}  # times real time that notes should come


def bench_music(repeat: int) -> list[Row]:
    """For each music model that is here: first sound, speed of notes, stack against bare network;
    then rendering, and memory with the default model."""
    with studio() as made:
        rows: list[Row] = []
        first: Sides | None = None
        for model in made.catalog.of_kind("music"):
            if reason := weights.why_missing(model, made.settings.data_dir / "models"):
                print(f"music: {model.id} is not measured. {reason}", file=sys.stderr)
                continue
            with made.engines.use(model, lambda *_: None, Flag()) as backend:
                sides = Sides(made, model, backend.weights)
            first = first or sides
            rows += _rows(sides, repeat)
        return rows + (_shared(first, repeat) if first else [])


def _rows(sides: Sides, repeat: int) -> list[Row]:
    name = f"music, {sides.model.id}"
    pairs = in_turns(repeat, sides.bare, sides.ours)
    ratio = statistics.median(b.each / o.each for b, o in pairs)
    usual = statistics.median(1 / b.each for b, _ in pairs)
    first = statistics.median(o.first for _, o in pairs)
    target = next((v for k, v in FASTER.items() if k in sides.model.id), 10.0)
    return [
        Row(f"{name}: first sound after the click, in", first, 1.5, "s", False),
        Row(f"{name}: notes against real time, each written bar once",
            statistics.median(o.written / o.writing for _, o in pairs), target, "×"),
        Row(f"{name}: tokens a second through the stack against bare", ratio, 0.9, "×",
            bare=f"bare {usual:.0f} /s"),
    ]  # fmt: skip


def _shared(sides: Sides, repeat: int) -> list[Row]:
    tune = abc.read(sides.last)
    rendering = statistics.median(rendered(tune) for _ in range(repeat))
    before = _peak_mb()
    long = sides.run(0, LONG, SLOW)
    return [
        Row("music: rendering against real time, full accompaniment", rendering, 30, "×"),
        Row("music: memory grows by", _peak_mb() - before, 300, "MB", False,
            f"a tune of {long.heard / 60:.1f} minutes"),
    ]  # fmt: skip


@dataclass
class Taken:
    """What a tune took, in seconds. first: until there was sound. writing: from its start to its
    last token. each: a token. written: the bars, each played once. heard: all sound."""

    first: float = 0.0
    writing: float = 0.0
    each: float = 0.0
    written: float = 0.0
    heard: float = 0.0


class Sides:
    """The same wish both ways; every method takes a run's number, which is the seed."""

    def __init__(self, made: Studio, model: Model, folder: Path) -> None:
        from genui.networks import tune_folder

        self.made, self.model = made, model
        self.network = tune_folder.read(folder, attention="eager")
        self.last = ""

    def bare(self, number: int) -> Taken:
        """The network and the grammar alone, in a thread as a job has one: a thread that has had
        helpers before takes twice as long for a token, even when it no longer asks them."""
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(self._bare, number).result()

    def _bare(self, number: int) -> Taken:
        from genui.networks import tune_folder

        inputs, options = parse(MusicInputs, WISH), parse(MusicOptions, PLAYED)
        asked = plan(inputs, options, number)
        by_itself(self.made.machine.threads)
        writer = Writer(
            partial(tune_folder.forward, self.network), 1024, seed=number,
            temperature=options.temperature, top_p=options.top_p,
        )  # fmt: skip
        writer.hear(asked.row)
        state, said = grammar.follow(asked.row), 0
        began = time.perf_counter()
        while not state.ended:
            allowed = grammar.allowed(state)
            place = len(asked.row) + said
            allowed &= asked.heads[place] if place < len(asked.heads) else allowed
            state = grammar.step(state, writer.say(allowed).token)
            said += 1
        return Taken(each=(time.perf_counter() - began) / said)

    def ours(self, number: int) -> Taken:
        """Through the studio."""
        return self.run(number, WISH, PLAYED)

    def run(
        self, number: int, inputs: dict[str, JsonValue], options: dict[str, JsonValue]
    ) -> Taken:
        """A job: checked, queued, written, played, hashed, stored."""
        request = Request(
            kind="music", model=self.model.id, inputs=inputs, options=options, seed=number
        )
        taken, said, began = Taken(), 0, time.perf_counter()
        started = began
        job, seen = self.made.submit("visitor", request), 0
        while not job.done:
            time.sleep(LOOK)
            for event in job.wait(seen, timeout=0):
                seen, now = seen + 1, time.perf_counter()
                if event.type == "started":
                    started = now
                elif isinstance(event, Token):
                    said, taken.writing = said + 1, now - started
                elif isinstance(event, Bars):
                    taken.first = taken.first or now - began
                    taken.heard, self.last = event.seconds, event.abc
        if not isinstance(job.events[-1], Finished):
            raise RuntimeError(f"the job ended with {job.events[-1]}")
        tune = abc.read(self.last)
        quarters = sum(bar.ticks for bar in tune.written()) / QUARTER
        taken.each, taken.written = taken.writing / said, quarters * 60 / (tune.tempo or 60)
        return taken


def rendered(tune: Tune) -> float:
    """How many times faster than real time a tune is played, with everything behind it."""
    pickup = tune.sections[0].pickup.ticks
    stage = Stage(
        tune.metre, tune.key, tune.kind, tempo=100, instrument="fiddle", accompaniment="full",
        pickup=pickup,
    )  # fmt: skip
    began, size = time.perf_counter(), 0
    for section in tune.sections:
        if pickup:
            size += len(stage.bar(section.pickup, pickup=True, opens=True)[1])
        for left, bar in zip(range(len(section.bars) - 1, -1, -1), section.bars, strict=True):
            opens = not pickup and bar is section.bars[0]
            size += len(stage.bar(bar, opens=opens, repeat=section.repeat, closes=not left)[1])
    size += len(stage.end()[1])
    return size / (2 * CHANNELS * RATE) / (time.perf_counter() - began)


def _peak_mb() -> float:
    """The most memory that this process has had."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (2**20 if sys.platform == "darwin" else 2**10)
