"""What to do for a request: which tokens are given, which bars are to be written, in what frame.

Words fill what the controls leave open; what both leave open, the model chooses within what suits
(no reel in 9/8, no key with six sharps). Pure Python, so that a request that cannot be met is
refused before it waits in a queue. Knows no network and no sound."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from genui.backends.music import MusicInputs, MusicOptions
from genui.backends.music_melodies import begun, bridged, melody, moved
from genui.errors import BadInput
from genui.music import grammar, tokens, words
from genui.music.shape import METRES
from genui.music.tokens import ID
from genui.music.tune import QUARTER, Key, Tune
from genui.synth import INSTRUMENTS

# kinds in the shares in which they are drawn where none is asked for
USUAL = {"reel": 6, "jig": 6, "hornpipe": 3, "air": 2, "march": 2, "slip jig": 2, "strathspey": 1}
# tonics that folk instruments like, where none is asked for
TONICS = (0, 2, 7, 9)  # C, D, G, A
BRIGHT_TONICS, DARK_TONICS = (*TONICS, 5, 10), (*TONICS, 4, 11)  # with F and Bb, with E and B
BARS = (16, 24, 32)  # where none are asked for
NEW = 8  # bars to morph over, where none are asked for
PHRASE = 4  # bars; a variation rewrites the two in the middle and leaves how it begins and ends


@dataclass(frozen=True)
class Style:
    """How it sounds. tempo: felt beats a minute, 0 for the usual. pace: times the usual tempo."""

    tempo: float
    pace: float
    instrument: str
    accompaniment: str
    title: str


@dataclass(frozen=True)
class Plan:
    """row: the given tokens, from the first on. gaps: (first bar, bars) in a row that is whole, to
    be written anew, in order; without gaps the row is gone on from. heads: for each place of the
    prefix, what may be said there. asked: what was understood, as (what, text)."""

    row: tuple[int, ...]
    gaps: tuple[tuple[int, int], ...]
    heads: tuple[frozenset[int], ...]
    style: Style
    asked: tuple[tuple[str, str], ...]


def plan(inputs: MusicInputs, options: MusicOptions, seed: int) -> Plan:
    """The plan for a request; the same one each time. Raises BadInput."""
    wish = _wish(words.read(inputs.prompt, INSTRUMENTS), options, given=bool(inputs.start.strip()))
    gaps: list[tuple[int, int]] = []
    start: Tune | None = None
    if inputs.mode == "write":
        row = list(inputs.tokens) or [_kind(wish, random.Random(seed))]
    elif inputs.mode == "continue":
        row, start = begun(inputs.start, wish.bars)
    elif inputs.mode == "morph":
        start = melody(inputs.start)
        row, gap = bridged(start, melody(inputs.to), wish.bars or NEW)
        gaps = [gap]
    else:
        start = melody(inputs.start)
        row = tokens.encode(start)
        gaps = [(inputs.first, inputs.count)] if inputs.mode == "fill" else _middles(start)
        _check_gap(row, *gaps[0])
    if start:
        row = _framed(row, options)
    _check(row, whole=bool(gaps))
    return Plan(
        tuple(row), tuple(gaps), _heads(wish, row[0]), _style(wish, start), tuple(_asked(wish))
    )


def _wish(said: words.Wishes, options: MusicOptions, *, given: bool) -> words.Wishes:
    """Controls over words. Of a given melody, words do not change key, metre and rhythm."""
    if given:
        said = replace(said, kind="", suits=(), metre="", tonic=None, modes=())
    kind = said.kind if options.rhythm == "any" else options.rhythm
    metre = said.metre if options.metre == "any" else options.metre
    if kind and metre and metre not in words.DANCED.get(kind, METRES):
        if (options.rhythm == "any") == (options.metre == "any"):
            usual = " or ".join(words.DANCED[kind])
            raise BadInput(f"A {kind} is in {usual}, not in {metre}; change one of the two.")
        kind, metre = ("", metre) if options.rhythm == "any" else (kind, "")
    key = None if options.key == "any" else words.key(options.key)
    return replace(
        said,
        kind=kind,
        metre=metre,
        tonic=key.tonic if key else said.tonic,
        modes=(key.mode,) if key else said.modes,
        bars=options.bars or said.bars,
        tempo=options.tempo or said.tempo,
        instrument=said.instrument if options.instrument == "any" else options.instrument,
        accompaniment=(
            said.accompaniment if options.accompaniment == "any" else options.accompaniment
        ),
    )


def _kind(wish: words.Wishes, draw: random.Random) -> int:
    """The first token of a new tune, which no model says."""
    if wish.kind:
        kinds = [wish.kind]
    elif wish.metre:  # waltzes and the like are just tunes
        danced = [k for k in wish.suits or words.DANCED
                  if wish.metre in words.DANCED.get(k, METRES)]  # fmt: skip
        kinds = danced or ["tune"]
    else:
        kinds = list(wish.suits or USUAL)
    return ID[f"kind:{draw.choices(kinds, [USUAL.get(kind, 1) for kind in kinds])[0]}"]


def _heads(wish: words.Wishes, kind: int) -> tuple[frozenset[int], ...]:
    """What may stand at each place of the prefix; the grammar narrows it further."""
    modes = wish.modes or words.KNOWN
    dark, bright = set(modes) <= set(words.DARK), set(modes) <= set(words.BRIGHT)
    tonics = DARK_TONICS if dark else BRIGHT_TONICS if bright else TONICS
    metres = words.DANCED.get(tokens.KIND.get(kind, ""), METRES)
    return (
        frozenset(tokens.KIND),
        _ids("metre", [wish.metre] if wish.metre else metres),
        _ids("tonic", tonics if wish.tonic is None else [wish.tonic]),
        _ids("mode", modes),
        _ids("bars", [wish.bars] if wish.bars else BARS),
        frozenset(tokens.PICKUP),
    )


def _ids(family: str, values: Iterable[object]) -> frozenset[int]:
    return frozenset(ID[f"{family}:{value}"] for value in values)


def _check(row: Sequence[int], *, whole: bool) -> None:
    """Refuse a row that is not the beginning of a tune, or not a whole one."""
    try:
        state = grammar.follow(row)
    except ValueError:
        state = None
    if state is None or state.ended != whole:
        raise BadInput("These tokens are no beginning of a tune; use those of a result's score.")


def _check_gap(row: list[int], first: int, count: int) -> None:
    starts = tokens.bar_starts(row)
    if first + count > len(starts):
        raise BadInput(f"This melody has {len(starts)} bars; choose bars among them to fill.")
    tokens.with_hole(row, first, count)  # refuses a gap across parts


def _middles(tune: Tune) -> list[tuple[int, int]]:
    """The bars that a variation rewrites: the middle two of every four."""
    found, before = list[tuple[int, int]](), 0
    for section in tune.sections:
        bars = len(section.bars)
        found += [(before + at + 1, min(2, bars - at - 2)) for at in range(0, bars - 2, PHRASE)]
        before += bars
    if not found:
        raise BadInput("This melody is too short to vary; it needs at least three bars.")
    return found


def _framed(row: list[int], options: MusicOptions) -> list[int]:
    """A given melody as the controls want it: in another key of the same mode, named as another
    kind of tune. Raises BadInput for what would make another tune of it."""
    kind, metre, tonic, mode = tokens.names(row[:4])
    has = metre.partition(":")[2]
    if options.metre not in ("any", has):
        raise BadInput(f"The melody is in {has}, not in {options.metre}; leave the metre open.")
    if options.rhythm not in ("any", kind.partition(":")[2]):
        if has not in words.DANCED.get(options.rhythm, METRES):
            raise BadInput(f"The melody is in {has}, which is no {options.rhythm}; leave the "
                           "rhythm open.")  # fmt: skip
        row = [ID[f"kind:{options.rhythm}"], *row[1:]]
    if options.key != "any":
        key = words.key(options.key)
        if f"mode:{key.mode}" != mode:
            raise BadInput(f"The melody is {mode.partition(':')[2]}, not {key.mode}; leave the "
                           "key open.")  # fmt: skip
        row = moved(row, key.tonic - int(tonic.partition(":")[2]))
    return row


def _style(wish: words.Wishes, start: Tune | None) -> Style:
    tempo = float(wish.tempo)
    if start and start.tempo and not tempo:
        tempo = start.tempo * QUARTER / start.metre.beat
    return Style(
        tempo=min(words.FASTEST, max(words.SLOWEST, tempo)) if tempo else 0.0,
        pace=wish.pace,
        instrument=wish.instrument or next(iter(INSTRUMENTS)),
        accompaniment=wish.accompaniment or "chords",
        title=start.title if start else "",
    )


def _asked(wish: words.Wishes) -> Iterator[tuple[str, str]]:
    """What was understood, in the order to show it."""
    mode = wish.modes[0] if len(wish.modes) == 1 else ""
    tonic = "" if wish.tonic is None else Key(wish.tonic, mode or "major").name
    found = {
        "mood": wish.mood,
        "rhythm": wish.kind,
        "key": f"{tonic} {mode}".strip(),
        "metre": wish.metre,
        "bars": str(wish.bars or ""),
        "tempo": str(wish.tempo or ""),
        "instrument": wish.instrument and INSTRUMENTS[wish.instrument],
        "accompaniment": wish.accompaniment,
    }
    return ((what, text) for what, text in found.items() if text)
