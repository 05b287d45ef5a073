"""Adds sounds up to stereo: places, a small room, and a soft ceiling. Streams: what no later sound
can change comes out as bytes, the rest stays back.

Nothing is measured and scaled afterwards, since a stream has no afterwards: levels are fixed low
enough, and a soft knee keeps the rare rest below full scale. Knows nothing of notes."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 32_000  # samples a second
CHANNELS = 2  # left, right
BLOCK = 8_192  # samples that leave together; fixed, so that output does not depend on who asks when
KNEE, CEILING = 0.70, 0.97  # the sound is untouched below the knee and never above the ceiling
ROOM = 4 * BLOCK  # samples until the room is silent, about a second
FIRST = 0.012  # seconds before the first reflection

Samples = NDArray[np.float32]


class Mixer:
    """Sounds in, 16-bit little-endian interleaved stereo out."""

    def __init__(self) -> None:
        self.done = 0  # samples that have left
        self.dry = np.zeros((CHANNELS + 1, 0), np.float32)  # left, right, what the room hears
        self.wet = np.zeros((CHANNELS, BLOCK + ROOM), np.float32)  # what it still gives back

    def add(self, sound: Samples, at: int, *, pan: float, room: float) -> None:
        """Add a mono sound from sample `at` on. pan: -1 (left) to 1 (right). room: how much of it
        the room hears, 0 to 1. Raises ValueError for a place that has left already."""
        if at < self.done:
            raise ValueError("this part of the sound has left already")
        end = at - self.done + len(sound)
        self._reach(end)
        angle = (pan + 1) * math.pi / 4  # equal power wherever it stands
        weights = np.array([math.cos(angle), math.sin(angle), room], np.float32)
        self.dry[:, end - len(sound) : end] += weights[:, None] * sound

    def take(self, until: int) -> bytes:
        """The sound up to sample `until`, in whole blocks; what is left comes with a later call."""
        size = max(0, until - self.done) // BLOCK * BLOCK
        self._reach(size)
        out = [self._block(self.dry[:, at : at + BLOCK]) for at in range(0, size, BLOCK)]
        self.dry = self.dry[:, size:].copy()
        self.done += size
        return b"".join(out)

    def _reach(self, size: int) -> None:
        if (more := size - self.dry.shape[1]) > 0:
            self.dry = np.pad(self.dry, ((0, 0), (0, more)))

    def _block(self, dry: Samples) -> bytes:
        """One block with its room (overlap-add of a convolution), limited."""
        heard = np.fft.rfft(dry[CHANNELS], BLOCK + ROOM)
        self.wet += np.fft.irfft(heard * _room(), BLOCK + ROOM)
        mixed = limited(dry[:CHANNELS] + self.wet[:, :BLOCK])
        self.wet = np.pad(self.wet[:, BLOCK:], ((0, 0), (0, BLOCK)))
        return (mixed.T * 32767).round().astype("<i2").tobytes()


def limited(sound: Samples) -> Samples:
    """The sound with all that lies above the knee bent towards the ceiling; its slope stays
    continuous, so nothing crackles."""
    size = np.abs(sound)
    bent = KNEE + (CEILING - KNEE) * np.tanh((size - KNEE) / (CEILING - KNEE))
    return np.where(size > KNEE, np.copysign(bent, sound), sound).astype(np.float32)


@cache
def _room() -> NDArray[Any]:
    """The spectrum of a small wooden room for each ear: noise that fades by 60 dB, its treble
    faster than its bass, after a few early reflections (Moorer 1979, "About This Reverberation
    Business"). Each ear has other noise, which makes it wide."""
    noise = np.random.RandomState(5).standard_normal((CHANNELS, ROOM))  # frozen stream, any version
    seconds = np.arange(ROOM) / RATE
    late = np.zeros((CHANNELS, ROOM))
    # octaves of noise, each with its own time to fade
    edges = (0, 250, 1000, 3000, 6000, 12_000)
    times = (0.9, 1.0, 0.8, 0.55, 0.35)  # seconds to fall by 60 dB
    spectrum = np.fft.rfft(noise)
    pitch = np.fft.rfftfreq(ROOM, 1 / RATE)
    for low, high, time in zip(edges, edges[1:], times, strict=False):
        band = np.fft.irfft(np.where((pitch >= low) & (pitch < high), spectrum, 0), ROOM)
        late += band * 10 ** (-3 * seconds / time)
    late *= np.clip((seconds - FIRST) / 0.02, 0, 1)  # it has to build up
    late *= np.cos(np.clip((seconds - 0.9 * seconds[-1]) / (0.1 * seconds[-1]), 0, 1) * np.pi / 2)
    early = np.zeros((CHANNELS, ROOM))
    for ear, delays in enumerate(((0.013, 0.019, 0.029, 0.037), (0.011, 0.023, 0.031, 0.041))):
        for number, delay in enumerate(delays, 1):
            early[ear, round(delay * RATE)] = 0.5 / number * (-1) ** number
    late /= np.sqrt((late**2).sum(axis=1, keepdims=True))
    impulse = (early + late).astype(np.float32)
    return np.fft.rfft(impulse, BLOCK + ROOM)
