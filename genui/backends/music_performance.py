"""A tune that is played while it is written: hears tokens one by one, plays each bar once it is
whole, and writes the files at the end.

Bars are played in a thread of their own, so that nobody who writes has to wait. Knows the grammar
and the stage; knows no network."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event as Flag

from pydantic import JsonValue

from genui.backends.base import Output, OutputFile
from genui.backends.music_plans import Style
from genui.music import abc, grammar, tokens
from genui.music.tokens import END, LEFT, NOTES, ONCE, PICKUP, PREFIX, TIE, TWICE
from genui.music.tune import QUARTER, Bar, Tune
from genui.records import Bars, canonical_json
from genui.sounds import write_wav
from genui.synth import CHANNELS, RATE, Played, Stage, usual_tempo

FRAME = 2 * CHANNELS  # bytes
Note = tuple[int, int, int, float, float]


class Performance:
    """One tune on its way into `scratch`. `row` is what was heard so far, `state` where in the
    grammar it stands; both may be looked at, and `state` be narrowed."""

    def __init__(self, style: Style, scratch: Path) -> None:
        self.style, self.scratch = style, scratch
        self.row: list[int] = []
        self.state = grammar.START
        self.speakers: list[int] = []  # for each written event, the place of its token or -1
        self.notes: list[Note] = []
        self.played = 0  # tokens of the row that can be heard, up to the end of a bar
        self._frames = 0
        self._begins = 0  # where in the row the bar begins that is being written
        self._whole = False  # that bar is whole, but a tie may follow
        self._repeat = False
        self._digest = hashlib.sha256()
        self._sound = (scratch / "audio.pcm").open("wb")
        self._thread = ThreadPoolExecutor(1, "stage")
        self._waiting: deque[Future[Bars]] = deque()
        self._due: list[tuple[Bar, dict[str, bool]]] = []

    def hear(self, token: int, *, said: bool) -> None:
        """The next token; `said` by the model, or given."""
        if self._whole and token != TIE:
            self._play()
        self.state = grammar.step(self.state, token)
        self.row.append(token)
        if len(self.row) == len(PREFIX):
            self._open()
        if token in (ONCE, TWICE):
            self._repeat, self._begins = token == TWICE, len(self.row)
        elif token in LEFT:
            self._begins = len(self.row) - 1
        elif token in NOTES:
            self.speakers.append(len(self.row) - 1 if said else -1)
            self._whole = not self.state.room

    def _open(self) -> None:
        tune = tokens.decode(self.row)
        usual = usual_tempo(tune.kind, tune.metre) * self.style.pace
        self.tempo = float(self.style.tempo or round(usual))
        self._stage = Stage(
            tune.metre, tune.key, tune.kind, tempo=self.tempo, instrument=self.style.instrument,
            accompaniment=self.style.accompaniment, pickup=PICKUP[self.row[5]],
        )  # fmt: skip

    def _play(self) -> None:
        """Send the bar that was just heard to the stage; a pickup waits for the bar after it."""
        self._whole = False
        piece = self.row[self._begins :]
        heard = tokens.decode([*self.row[: len(PREFIX)], ONCE, *piece]).sections[0]
        left = LEFT.get(piece[0], 0)
        flags = {
            "pickup": not left,
            "opens": self.row[self._begins - 1] in (ONCE, TWICE),
            "repeat": self._repeat,
            "closes": left == 1,
        }
        self._due.append((heard.bars[0] if left else heard.pickup, flags))
        if left:
            due, self._due = self._due, []
            self._waiting.append(self._thread.submit(self._perform, due, len(self.row)))

    def _perform(self, due: list[tuple[Bar, dict[str, bool]]], end: int) -> Bars:
        """In the stage's thread: the sound and the notes of a bar, and of the pickup before it."""
        notes = list[Note]()
        for bar, flags in due:
            played, sound = self._stage.bar(bar, **flags)
            self._keep(sound)
            notes += [self._note(note) for note in played]
        self.notes += notes
        self.played = end
        return self._told(notes)

    def _note(self, played: Played) -> Note:
        start, seconds = round(played.start, 4), round(played.seconds, 4)
        return played.event, self.speakers[played.event], played.pitch, start, seconds

    def _keep(self, sound: bytes) -> None:
        self._sound.write(sound)
        self._sound.flush()
        self._digest.update(sound)
        self._frames += len(sound) // FRAME

    def _told(self, notes: list[Note]) -> Bars:
        tune = self._tune(self.played)
        return Bars(
            abc.write(tune), tuple(notes), tune.bars, tokens.BARS[self.row[4]], self.seconds,
            self.tempo, str(tune.metre), str(tune.key),
        )  # fmt: skip

    def ready(self) -> Iterator[Bars]:
        """What can be told of bars that were played meanwhile."""
        while self._waiting and self._waiting[0].done():
            yield self._waiting.popleft().result()

    def finish(self, cancel: Flag) -> Iterator[Bars]:
        """Play the bars that are left, or once `cancel` is set none that has not begun, and let
        the last note ring."""
        if self._whole:
            self._play()
        while self._waiting:
            bar = self._waiting.popleft()
            if not (cancel.is_set() and bar.cancel()):
                yield bar.result()
        self._thread.shutdown()
        if self.played:
            played, sound = self._stage.end()
            self._keep(sound)
            notes = [self._note(note) for note in played]
            self.notes += notes
            yield self._told(notes)

    def output(self, asked: Sequence[tuple[str, str]], said: int) -> Output:
        """The tune as it is now, in its files; `said`: how many tokens the model said."""
        self._sound.close()
        closed = self.row[-1] == END and self.played == len(self.row) - 1
        end = self.played - (not closed and self.row[self.played - 1] == TIE)
        tune = self._tune(end, once=not tokens.whole(self.row[:end]))
        text = abc.write(tune)
        shared: dict[str, JsonValue] = {
            "asked": [list(pair) for pair in asked], "tempo": self.tempo,
            "instrument": self.style.instrument, "bars": tune.bars,
        }  # fmt: skip
        row = self.row if closed else self.row[:end]
        score = {
            **shared, "abc": text, "tokens": row, "names": tokens.names(row), "notes": self.notes,
            "metre": str(tune.metre), "key": str(tune.key), "kind": tune.kind,
            "accompaniment": self.style.accompaniment, "closed": closed,
        }  # fmt: skip
        written = self.scratch / "score.json"
        written.write_text(canonical_json(score), "utf-8")
        sound = self.scratch / "audio.wav"
        write_wav(self.scratch / "audio.pcm", sound, RATE, CHANNELS)
        meta: dict[str, JsonValue] = {
            "sample_rate": RATE, "channels": CHANNELS, "seconds": self.seconds
        }  # fmt: skip
        return Output(
            text=text,
            files=(
                OutputFile("audio", sound, "audio/wav", meta),
                OutputFile("score", written, "application/json"),
            ),
            usage={**shared, "tokens": said, "seconds": self.seconds},
            content_sha256=self._digest.hexdigest(),
        )

    def __enter__(self) -> Performance:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(cancel_futures=True)
        self._sound.close()

    @property
    def seconds(self) -> float:
        """Of sound so far."""
        return round(self._frames / RATE, 4)

    def _tune(self, end: int, *, once: bool = False) -> Tune:
        """The tune that the first `end` tokens are. once: its last part was stopped before it
        could be repeated."""
        tune = tokens.decode(self.row[:end])
        *others, last = tune.sections
        return replace(
            tune,
            sections=(*others, replace(last, repeat=last.repeat and not once)),
            title=self.style.title or f"{tune.kind.capitalize()} in {tune.key}",
            tempo=self.tempo * tune.metre.beat / QUARTER,
        )
