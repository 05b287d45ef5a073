"""Melodies that somebody gives: read, begun to be gone on from, or joined by a bridge.

Everything ends as a row of tokens. Knows no network, no words and no sound."""

from __future__ import annotations

from dataclasses import replace

from genui.errors import BadInput
from genui.music import abc, tokens
from genui.music.shape import LONGEST, MOST, SHORTEST, parts, regular
from genui.music.tokens import CENTRE, ID, LENGTH, NOTES
from genui.music.tune import Bar, Event, Section, Tune

SIZES = (8, 16, 32)  # bars of a section, as tunes like them
SIDE = 16  # bars that a morph takes of each melody, at most


def melody(text: str) -> Tune:
    """The tune in ABC that somebody gave, regular. Raises BadInput."""
    return regular(abc.read(text))


def begun(text: str, new: int) -> tuple[list[int], Tune]:
    """A melody in ABC as the beginning of a tune with `new` more bars (0: up to the next eight or
    so), and the melody. It may end in the middle of a bar. A short piece grows into a whole
    section; a section that is whole is followed by another. Raises BadInput."""
    completed, kept = _completed(abc.read(text))
    tune = regular(completed)
    last = tune.sections[-1]
    broken = kept < last.bars[-1].ticks
    have, size = tune.bars - (kept == 0), len(last.bars) - (kept == 0)
    total = have + new if new else min(MOST, (have + SHORTEST + 7) // 8 * 8)
    if total > MOST or total - have < SHORTEST:
        raise BadInput(f"The melody has {have} bars and a tune here at most {MOST}; ask for "
                       "fewer new ones, or give a shorter melody.")  # fmt: skip
    ids = tokens.encode(tune)[:-1]
    if broken:
        ids = _cut(ids, kept)
    if not last.repeat and (broken or size % 4 or have == 4):
        ids = _recounted(ids, size, _size(size, total - have + size))
    ids[4] = ID[f"bars:{total}"]
    return ids, tune


def _completed(tune: Tune) -> tuple[Tune, int]:
    """With a last bar that adds up, and how many of its ticks were there before. After a pickup,
    where the last bar is to be shorter, a full one is taken for one in the middle."""
    *others, section = tune.sections
    *bars, last = section.bars
    pickup = next((s.pickup.ticks for s in tune.sections if s.pickup.ticks), 0)
    room = tune.metre.ticks - pickup
    if section.repeat or not (last.ticks < room or last.ticks == tune.metre.ticks > room):
        return tune, last.ticks
    kept = last.ticks if last.ticks < room else 0
    pitch = next(e.pitch for e in reversed(list(tune.events())) if e.pitch is not None)
    filler = Event(pitch, room - kept)
    ended = [replace(last, events=(*last.events, filler))] if kept else [last, Bar((filler,))]
    return replace(tune, sections=(*others, replace(section, bars=(*bars, *ended)))), kept


def _cut(ids: list[int], ticks: int) -> list[int]:
    """Without what comes after the first `ticks` of the last bar, or without that bar."""
    at, length = tokens.bar_starts(ids)[-1], 0
    if not ticks:
        return ids[:at]
    while ticks > 0:
        at += 1
        length = LENGTH.get(ids[at], length)
        ticks -= length if ids[at] in NOTES else 0
    return ids[: at + 1]


def _size(bars: int, room: int) -> int:
    """Bars of a section that has so many already, with `room` bars left in the tune for it and
    those after it."""
    for size in (*SIZES, room):
        if bars < size <= LONGEST and (size == room or room - size >= SHORTEST):
            return size
    return bars


def _recounted(ids: list[int], bars: int, size: int) -> list[int]:
    """With the bars of the last section counted down from `size`."""
    counted = list(ids)
    for number, at in enumerate(tokens.bar_starts(ids)[-bars:]):
        counted[at] = ID[f"left:{size - number}"]
    return counted


def bridged(start: Tune, to: Tune, new: int) -> tuple[list[int], tuple[int, int]]:
    """The beginning of one melody, `new` bars to be written, and the end of the other, moved to the
    key of the first; and which bars those are. Raises BadInput."""
    if start.metre != to.metre:
        raise BadInput(f"The melodies are in {start.metre} and {to.metre}; to morph, they need the "
                       "same metre.")  # fmt: skip
    if new > LONGEST:
        raise BadInput(f"A morph has at most {LONGEST} new bars; ask for fewer.")
    other = tokens.decode(moved(tokens.encode(to), start.key.tonic - to.key.tonic))
    whole = start.metre.ticks
    first = _bare(start.sections[0].bars[:SIDE], whole)
    last = _bare(other.sections[-1].bars[-SIDE:], whole)
    if min(len(first.bars), len(last.bars)) < SHORTEST:
        raise BadInput(f"To morph, both melodies need at least {SHORTEST} bars.")
    blank = Bar(tuple(parts(Event(CENTRE + start.key.tonic, whole))))
    tune = replace(
        start,
        kind=start.kind if start.kind == to.kind else "tune",
        sections=(first, Section((blank,) * new), last),
    )
    return tokens.encode(tune), (len(first.bars), new)


def _bare(bars: tuple[Bar, ...], whole: int) -> Section:
    """A section of these bars without pickup: its last bar is whole and leads nowhere."""
    *others, last = bars
    *before, end = last.events
    held = parts(Event(end.pitch, end.ticks + whole - last.ticks))
    return Section((*others, replace(last, events=(*before, *held))))


def moved(ids: list[int], shift: int) -> list[int]:
    """The row in another key, as near as may be. Raises BadInput where it leaves the range."""
    near = (shift + 6) % 12 - 6
    for step in (near, near - 12, near + 12):
        if (found := tokens.transposed(ids, step)) is not None:
            return found
    raise BadInput("In that key the melody has notes that are too high or too low; choose another.")
