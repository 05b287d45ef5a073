"""The language that the music models speak: a tune as a row of tokens, and back.

A tune begins with what it is (kind, metre, tonic, mode, number of bars, length of the pickup); then
come its sections, bar by bar. A bar begins with the number of bars left in its section, so that a
model always knows where it is; a length stands only where it changes within the bar; pitches are
counted in semitones from the tonic between middle C and the B above, so that what was learned in
one key is known in all. A tune has exactly one spelling. To fill a gap, the bars that are missing
come at the end (Donahue et al. 2020, 2005.05339). Knows nothing of models."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from genui.errors import BadInput, Unavailable
from genui.music.shape import HIGH, LONGEST, LOW, METRES, MOST, PICKUPS
from genui.music.tune import KINDS, LENGTHS, Bar, Event, Key, Metre, Section, Tune

MODES = ("major", "minor", "dorian", "mixolydian")
CENTRE = 60  # the lowest tonic
RANGE = range(LOW - CENTRE - 11, HIGH - CENTRE + 1)
FILE = "tokens.json"
TOKENS = (
    "pad", "end", "hole", "fill", "once", "twice", "tie", "rest",
    *(f"kind:{kind}" for kind in KINDS),
    *(f"metre:{metre}" for metre in METRES),
    *(f"tonic:{tonic}" for tonic in range(12)),
    *(f"mode:{mode}" for mode in MODES),
    *(f"bars:{n}" for n in range(1, MOST + 1)),
    *(f"pickup:{ticks}" for ticks in PICKUPS),
    *(f"left:{n}" for n in range(1, LONGEST + 1)),
    *(f"length:{ticks}" for ticks in LENGTHS),
    *(f"pitch:{step}" for step in RANGE),
)  # fmt: skip
ID = {name: i for i, name in enumerate(TOKENS)}
PAD, END, HOLE, FILL, ONCE, TWICE, TIE, REST = range(8)
PREFIX = ("kind", "metre", "tonic", "mode", "bars", "pickup")


def family(name: str) -> dict[int, str]:
    """Token → its value, for all tokens of one family such as "length"."""
    return {i: token.partition(":")[2] for i, token in enumerate(TOKENS)
            if token.startswith(f"{name}:")}  # fmt: skip


KIND, METRE, MODE = family("kind"), family("metre"), family("mode")
TONIC, BARS, PICKUP, LEFT, LENGTH, PITCH = (
    {i: int(value) for i, value in family(name).items()}
    for name in ("tonic", "bars", "pickup", "left", "length", "pitch")
)
NOTES = frozenset((*PITCH, REST))


def prefix(tune: Tune) -> list[int]:
    """The six tokens that say what the tune is. Modes that the models do not know are said as the
    nearest that they do."""
    mode = {"lydian": "major", "phrygian": "minor"}.get(tune.key.mode, tune.key.mode)
    names = (
        f"kind:{tune.kind}", f"metre:{tune.metre}", f"tonic:{tune.key.tonic}", f"mode:{mode}",
        f"bars:{tune.bars}", f"pickup:{tune.sections[0].pickup.ticks}",
    )  # fmt: skip
    return [ID[name] for name in names]


def encode(tune: Tune) -> list[int]:
    """A regular tune (`shape.regular`) as tokens, from its prefix to the end."""
    ids = prefix(tune)
    for section in tune.sections:
        ids.append(TWICE if section.repeat else ONCE)
        ids += _bar(section.pickup, tune.key)
        for i, bar in enumerate(section.bars):
            ids += [ID[f"left:{len(section.bars) - i}"], *_bar(bar, tune.key)]
    return [*ids, END]


def _bar(bar: Bar, key: Key) -> list[int]:
    ids, length = list[int](), 0
    for event in bar.events:
        if event.ticks != length:
            length = event.ticks
            ids.append(ID[f"length:{length}"])
        ids.append(REST if event.pitch is None
                   else ID[f"pitch:{event.pitch - CENTRE - key.tonic}"])  # fmt: skip
        if event.tie:
            ids.append(TIE)
    return ids


@dataclass
class _Part:
    """A section being read; its first bar is the pickup."""

    repeat: bool
    bars: list[list[Event]] = field(default_factory=lambda: [[]])


def decode(ids: Sequence[int]) -> Tune:
    """The tune that tokens say, as far as they go: the last bar may be short. What has no place is
    passed over, so that anything a model says can be measured. Raises BadInput without a prefix or
    bars."""
    head = {name: TOKENS[i].partition(":")[2] for name, i in zip(PREFIX, ids, strict=False)
            if TOKENS[i].startswith(f"{name}:")}  # fmt: skip
    if len(head) < len(PREFIX):
        raise BadInput("These tokens are no tune: they do not begin with what it is.")
    tonic, sections, length = int(head["tonic"]), list[_Part](), 0
    for i in ids[len(PREFIX) :]:
        if i == END:
            break
        if i in (ONCE, TWICE):
            sections.append(_Part(i == TWICE))
        elif not sections:
            continue
        elif i in LEFT:
            sections[-1].bars.append([])
        elif i in LENGTH:
            length = LENGTH[i]
        elif i in NOTES and length:
            pitch = None if i == REST else PITCH[i] + CENTRE + tonic
            sections[-1].bars[-1].append(Event(pitch, length))
        elif i == TIE and sections[-1].bars[-1]:
            last = sections[-1].bars[-1].pop()
            sections[-1].bars[-1].append(Event(last.pitch, last.ticks, True))
    found = tuple(
        Section(tuple(Bar(tuple(bar)) for bar in part.bars[1:]), Bar(tuple(part.bars[0])),
                part.repeat)
        for part in sections if len(part.bars) > 1 or part.bars[0]
    )  # fmt: skip
    beats, unit = head["metre"].split("/")
    return Tune(Metre(int(beats), int(unit)), Key(tonic, head["mode"]), head["kind"], found)


def bar_starts(ids: Sequence[int]) -> list[int]:
    """Where each bar begins: the places of the tokens that count bars."""
    return [at for at, i in enumerate(ids) if i in LEFT]


def whole(ids: Sequence[int]) -> bool:
    """Whether the last section has all its bars, or is in the last one."""
    return LEFT[ids[bar_starts(ids)[-1]]] == 1


def with_hole(ids: Sequence[int], first: int, count: int) -> tuple[list[int], list[int]]:
    """A whole tune without `count` bars from the `first` on (all in one section), and the bars as
    the model should say them, without ties into or out of the gap. The first row ends with the
    token that asks for them."""
    starts = bar_starts(ids)
    begin = starts[first]
    ends = [at for at in range(begin + 1, len(ids))
            if ids[at] in LEFT or ids[at] in (ONCE, TWICE, END)]  # fmt: skip
    finish = ends[count - 1]
    if any(i in (ONCE, TWICE) for i in ids[begin:finish]):
        raise BadInput("The bars to fill have to lie in one part of the tune.")
    before = ids[: begin - (ids[begin - 1] == TIE)]
    missing = ids[begin : finish - (ids[finish - 1] == TIE)]
    return [*before, HOLE, *ids[finish:-1], FILL], [*missing, END]


def transposed(ids: Sequence[int], shift: int) -> list[int] | None:
    """The tune `shift` semitones higher, as tokens; None when it leaves the range."""
    tonic = TONIC[ids[2]]
    moved = (tonic + shift) % 12
    step = tonic + shift - moved
    steps = [PITCH[i] for i in ids if i in PITCH]
    if not all(LOW <= CENTRE + moved + s + step <= HIGH for s in (min(steps), max(steps))):
        return None
    return [
        ID[f"tonic:{moved}"] if at == 2 else ID[f"pitch:{PITCH[i] + step}"] if i in PITCH else i
        for at, i in enumerate(ids)
    ]


def save(folder: Path) -> None:
    """Write the vocabulary beside a model."""
    (folder / FILE).write_text(json.dumps({"format": 1, "tokens": TOKENS}), "utf-8")


def check(folder: Path) -> None:
    """Raises Unavailable unless the model in `folder` speaks this language."""
    try:
        known = json.loads((folder / FILE).read_text("utf-8"))["tokens"]
    except (OSError, ValueError, KeyError, TypeError):
        known = None
    if known != list(TOKENS):
        raise Unavailable("This music model was made for another version; train it again.")


def names(ids: Iterable[int]) -> list[str]:
    """For people: the tokens' names."""
    return [TOKENS[i] for i in ids]
