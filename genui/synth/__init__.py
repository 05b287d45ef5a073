"""Sound for tunes: a stage that performs bars as they are written, on sampled instruments.

Streams: each bar gives the sound that nothing later can change. Knows notes, bars and samples;
knows no model, no file of ours, no page."""

from __future__ import annotations

from genui.synth.mixer import CHANNELS, RATE
from genui.synth.rhythm import usual_tempo
from genui.synth.stage import Played, Stage

# id → how a person calls it; the first one is the default
INSTRUMENTS = {
    "fiddle": "Fiddle", "flute": "Flute", "whistle": "Tin whistle", "accordion": "Accordion",
    "harp": "Harp", "piano": "Piano", "guitar": "Guitar", "music-box": "Music box",
}  # fmt: skip

__all__ = ["CHANNELS", "INSTRUMENTS", "RATE", "Played", "Stage", "usual_tempo"]
