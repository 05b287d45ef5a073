"""Raw sound as a WAV file."""

from __future__ import annotations

import wave
from pathlib import Path


def write_wav(raw: Path, path: Path, rate: int, channels: int) -> None:
    """Write the 16-bit little-endian samples in `raw`, channels in turn, as a WAV file; `rate` in
    Hz. Takes no more memory for a long one."""
    with wave.open(str(path), "wb") as file, raw.open("rb") as pcm:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        while block := pcm.read(1 << 20):
            file.writeframes(block)
