"""How folk tunes are played in time: usual tempos, lilt and swing, accents.

Time here is ticks within a bar, as in `genui.music.tune`; a bar's beats are `Metre.beat`. Knows
nothing of pitch or of sound."""

from __future__ import annotations

import numpy as np

from genui.music.tune import Metre

# felt beats a minute by kind, where the metre does not say otherwise
TEMPOS = {
    "reel": 192.0, "jig": 116.0, "slip jig": 116.0, "hornpipe": 152.0, "strathspey": 120.0,
    "march": 108.0, "air": 76.0,
}  # fmt: skip
BY_METRE = {"2/4": 112.0, "3/4": 132.0, "4/4": 160.0, "3/8": 168.0, "6/8": 108.0, "9/8": 108.0,
            "12/8": 108.0, "3/2": 96.0, "6/4": 72.0}  # fmt: skip
# how much faster beats are that are no quarters
FASTER = {"3/8": 2.0, "3/2": 0.6, "6/4": 0.6}
FASTEST = 240.0


def usual_tempo(kind: str, metre: Metre) -> float:
    """Felt beats (`Metre.beat`) a minute at which tunes of this kind and metre are played: 40 to
    240."""
    if kind not in TEMPOS:
        return BY_METRE.get(str(metre), 120.0)
    # a reel in 2/4 is written in sixteenths
    faster = 0.5 if str(metre) == "2/4" and kind in ("reel", "hornpipe") else 1.0
    return min(FASTEST, TEMPOS[kind] * FASTER.get(str(metre), faster))


def swung(kind: str, metre: Metre, tick: float) -> float:
    """Where a written tick of the bar is played, in ticks. Beats stay in their places; what lies
    between them moves: jigs lilt (long, short, middle), hornpipes and strathspeys swing, reels
    lean a little."""
    beat: float = metre.beat
    lilting = metre.beats % 3 == 0 and metre.beats > 3
    if lilting and kind == "air":
        return tick
    if lilting:
        knots: tuple[float, ...] = (0, beat / 3, 2 * beat / 3, beat)
        places: tuple[float, ...] = (0, 0.36 * beat, 0.685 * beat, beat)
    else:
        lean = {"hornpipe": 0.62, "strathspey": 0.56, "reel": 0.525, "march": 0.52}.get(kind, 0.5)
        knots, places = (0, beat / 2, beat), (0, lean * beat, beat)
    whole, rest = divmod(tick, beat)
    return whole * beat + float(np.interp(rest, knots, places))


def accent(metre: Metre, tick: int) -> float:
    """How strongly a note at a tick of the bar is played, 0.8 to 1."""
    if tick == 0:
        return 1.0
    if tick % metre.beat == 0:
        middle = metre.beats % 2 == 0 and tick * 2 == metre.ticks
        return 0.95 if middle else 0.92
    return 0.86 if tick * 2 % metre.beat == 0 or tick * 3 % metre.beat == 0 else 0.82
