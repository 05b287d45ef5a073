"""Sound as samples and files: reading what strangers send, another rate, 16-bit PCM, WAV.

Knows numpy and libsndfile; knows no model, no page and no record. An uploaded file is untrusted:
what it is, its content says, not its name, and its length is looked at before its samples.
"""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np

from genui.errors import BadInput, Unavailable

SECONDS_MAX = 300.0  # of a file that is opened at all
SECONDS_MIN = 0.1
RATES = (4_000, 192_000)  # samples a second of a file that is opened at all
PEAK = 0.98  # louder sound is turned down as a whole, so that nothing clips
Samples = np.ndarray[Any, np.dtype[Any]]


def read(path: Path) -> tuple[Samples, int]:
    """A stranger's WAV, FLAC, OGG or MP3 as float32 samples (channels, time) in -1..1 and their
    rate in Hz; more than two channels become two.

    Raises `BadInput` with one sentence for whatever is no such sound."""
    import soundfile  # loads a shared library

    try:
        with soundfile.SoundFile(path) as file:
            rate, seconds = int(file.samplerate), file.frames / max(1, file.samplerate)
            if not RATES[0] <= rate <= RATES[1]:
                raise BadInput("This sound has an unusual sample rate; save it with 44,100 Hz.")
            if seconds > SECONDS_MAX:
                raise BadInput("This sound is longer than five minutes; cut out the part you need.")
            # a file may promise more than it holds
            sound = file.read(int(SECONDS_MAX * rate), dtype="float32", always_2d=True).T
    except soundfile.LibsndfileError as error:
        raise BadInput(
            "This file is no sound that can be read here; take a WAV, FLAC, OGG or MP3."
        ) from error
    if sound.shape[1] < SECONDS_MIN * rate:
        raise BadInput("There is no sound in this file; take one of at least a tenth of a second.")
    return np.nan_to_num(sound[:2]).clip(-1, 1), rate


def fit(sound: Samples, rate: int, new_rate: int, channels: int) -> Samples:
    """Samples (channels, time) at another rate in Hz and with 1 or 2 channels.

    The rate is changed in the spectrum of the whole sound, which keeps every frequency that both
    rates can hold."""
    if len(sound) > channels:
        sound = sound.mean(0, keepdims=True)
    elif len(sound) < channels:
        sound = np.repeat(sound, channels, axis=0)
    if rate == new_rate:
        return sound
    length = max(1, round(sound.shape[1] * new_rate / rate))
    spectrum = np.fft.rfft(sound, axis=1)[:, : length // 2 + 1]
    changed: Samples = np.fft.irfft(spectrum, length, axis=1) * (length / sound.shape[1])
    return changed.astype(np.float32)


def pcm(sound: Samples) -> bytes:
    """Samples (channels, time) as interleaved 16-bit little-endian, turned down where they would
    clip. Raises `Unavailable` for samples that are no numbers."""
    if not np.isfinite(sound).all():
        raise Unavailable("The model made no sound that can be played; try another seed.")
    peak = float(np.abs(sound).max(initial=0.0))
    scale = min(1.0, PEAK / peak) if peak else 1.0
    return np.round(sound.T * (scale * 32767)).astype("<i2").tobytes()


def write_wav(raw: Path, path: Path, rate: int, channels: int = 1) -> None:
    """Put a file of 16-bit little-endian PCM into a WAV file, block by block."""
    with wave.open(str(path), "wb") as file, raw.open("rb") as stream:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        while block := stream.read(1 << 20):
            file.writeframes(block)
