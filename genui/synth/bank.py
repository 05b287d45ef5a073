"""Sampled notes: reads assets/instruments, pitches the nearest note, holds it as long as asked.

Made by `python -m genui.training instruments`. A note that can be held goes round in a loop whose
seam is faded over; others ring out. Knows nothing of tunes and of mixing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from genui.synth.mixer import RATE, Samples

FOLDER = Path(__file__).parents[2] / "assets" / "instruments"
INDEX = "index.json"
SEAM = RATE // 20  # samples over which the end of a loop fades into its start
TAPS, PHASES = 16, 2048  # of the interpolation
LONGER = RATE  # samples by which a pitched note grows when a longer one is wanted


@dataclass(frozen=True)
class Sample:
    """A recorded note. pitch: true MIDI number with cents. loop: sample from which on it goes round
    until its end, None if it rings out. lead: samples until its attack is heard."""

    sound: Samples
    pitch: float
    loop: int | None
    lead: int

    def held(self, samples: int) -> Samples:
        """Its first `samples` samples, or all of it where it rings out before."""
        if self.loop is None or samples <= len(self.sound):
            return self.sound[:samples]
        circle = self.sound[self.loop :]
        times = -(-(samples - len(self.sound)) // len(circle))
        return np.concatenate([self.sound, *[circle] * times])[:samples]


class Bank:
    """The notes of one instrument. release: seconds that a note sounds on when let go."""

    def __init__(self, samples: list[Sample], release: float) -> None:
        self.samples, self.release = samples, release
        self.pitched: dict[int, tuple[int, Samples]] = {}  # pitch → samples asked for, and got

    def note(self, pitch: int, seconds: float) -> tuple[Samples, int]:
        """A note held for `seconds` and let go, and how many samples before its time it has to
        begin. pitch: MIDI number."""
        nearest = min(self.samples, key=lambda sample: abs(sample.pitch - pitch))
        size, fade = round(seconds * RATE), round(self.release * RATE)
        sound = self._pitched(pitch, nearest, size + fade)[: size + fade].copy()
        if (left := len(sound) - size) > 0:
            sound[size:] *= _fall(fade)[:left]
        return sound, nearest.lead

    def _pitched(self, pitch: int, sample: Sample, wanted: int) -> Samples:
        """At least the first `wanted` samples at this pitch; kept for the next time."""
        asked, sound = self.pitched.get(pitch, (0, sample.sound))
        if asked < wanted:
            asked = -(-wanted // LONGER) * LONGER
            sound = resampled(sample, 2 ** ((pitch - sample.pitch) / 12), asked)
            self.pitched[pitch] = asked, sound
        return sound


def resampled(sample: Sample, ratio: float, size: int) -> Samples:
    """The sample played `ratio` times as fast, `size` samples of it or what there is.

    Band-limited interpolation: 16 taps of a Kaiser-windowed sinc (Smith, "Digital Audio
    Resampling", ccrma.stanford.edu)."""
    half = TAPS // 2
    needed = int(size * ratio) + 2
    source = np.pad(sample.held(needed + half), (half - 1, half))
    places = np.arange(size) * ratio
    places = places[: int(np.searchsorted(places, len(source) - TAPS))]
    whole = places.astype(np.int64)
    phase = ((places - whole) * PHASES).astype(np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(source, TAPS)
    found: Samples = np.einsum("nt,nt->n", windows[whole], _sinc()[phase])
    return found


@cache
def _sinc() -> NDArray[np.float32]:
    """Weights of the taps for each phase between two samples."""
    phase = (np.arange(PHASES) + 0.5) / PHASES
    away = np.arange(TAPS) - (TAPS // 2 - 1) - phase[:, None]
    window = np.i0(8.0 * np.sqrt(np.clip(1 - (away / (TAPS // 2)) ** 2, 0, 1))) / np.i0(8.0)
    weights = np.sinc(away) * window
    weights /= weights.sum(axis=1, keepdims=True)
    return np.asarray(weights, np.float32)


@cache
def _fall(samples: int) -> Samples:
    """A release: from 1 to 0, steepest in the middle."""
    return (np.cos(np.linspace(0, np.pi / 2, samples)) ** 2).astype(np.float32)


@cache
def index() -> dict[str, Any]:
    """What assets/instruments/index.json says."""
    found: dict[str, Any] = json.loads((FOLDER / INDEX).read_text())
    return found


@cache
def bank(instrument: str) -> Bank:
    """The instrument's notes, read once. Raises KeyError for one that is not there."""
    entry = index()["instruments"][instrument]
    return Bank(_read(f"{instrument}.ogg", entry["notes"]), entry["release"])


@cache
def drums() -> dict[str, Samples]:
    """The drums by name."""
    entries = index()["drums"]
    hits = _read("drums.ogg", list(entries.values()))
    return {name: hit.sound for name, hit in zip(entries, hits, strict=True)}


def _read(file: str, entries: list[dict[str, Any]]) -> list[Sample]:
    whole = soundfile.read(FOLDER / file, dtype="float32")[0]
    found = []
    for entry in entries:
        sound = whole[entry["at"] : entry["at"] + entry["size"]].copy()
        loop = entry["loop"]
        if loop is not None:
            into = np.linspace(0, 1, SEAM, dtype=np.float32)
            before = sound[loop - SEAM : loop]
            sound[-SEAM:] = sound[-SEAM:] * (1 - into) + before * into
        found.append(Sample(sound, entry["pitch"], loop, entry["lead"]))
    return found
