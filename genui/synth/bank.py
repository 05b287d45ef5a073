"""The sound of one note of an instrument."""

from __future__ import annotations

import numpy as np

from genui.synth.mixer import RATE, Samples


class Bank:
    """Notes of one instrument."""

    lead = 0

    def __init__(self, instrument: str) -> None:
        self.instrument = instrument

    def sound(self, pitch: int, samples: int) -> Samples:
        """The first `samples` samples of a note that is held for ever. pitch: MIDI number."""
        phase = 2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * np.arange(samples) / RATE
        waves = sum(np.sin(n * phase) / n**1.5 for n in range(1, 6))
        return np.asarray(waves * np.minimum(1, np.arange(samples) / 200) * 0.3, np.float32)
