"""One melody out of many notes: the top line, in bars.

What files of other programs hold is turned into the notes and rests of a tune. Times are ticks, as
in `tune`. Knows no file format."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from genui.errors import BadInput
from genui.music.shape import LONGEST, MOST, PICKUPS, SHORTEST
from genui.music.tune import PLAIN, QUARTER, Bar, Event, Metre, Section, Tune

OVERLAP = 3  # ticks that a note may last into the next without sounding together with it
PART = 16  # bars of a part, where a long tune says nothing of parts
TOP_LINE = "This file has several voices; its top line was taken."
EMPTY = "There are no notes in this file; hand in one with a melody."
DRUMS = "This file has only drums; hand in one with a melody."
NO_LENGTH = "The notes in this file have no length; save it again from a music program."


class Reading(NamedTuple):
    """A melody that was read, and a sentence if something was left out."""

    tune: Tune
    note: str = ""


@dataclass(frozen=True)
class Sound:
    """A pitch from a tick to another. tie: whether it goes on in the next bar."""

    start: int
    end: int
    pitch: int
    tie: bool = False


def top_line(sounds: Iterable[Sound]) -> tuple[list[Sound], bool]:
    """The highest of what sounds together, in order and without overlaps; and whether anything
    lower was left out. Notes without length go."""
    line, left_out = list[Sound](), False
    for sound in sorted(sounds, key=lambda sound: (sound.start, -sound.pitch, -sound.end)):
        last = line[-1] if line else None
        if sound.end <= sound.start or (
            last and (sound.start, sound.pitch) == (last.start, last.pitch)
        ):
            continue
        if last and sound.start < last.end:
            together = last.end - sound.start > OVERLAP
            left_out = left_out or together
            if sound.start == last.start or (together and sound.pitch < last.pitch):
                continue
            line[-1] = replace(last, end=sound.start, tie=False)
        line.append(sound)
    return line, left_out


def events(line: Sequence[Sound], start: int, end: int, cuts: Iterable[int] = ()) -> list[Event]:
    """The notes and rests from a tick to another. Notes are cut there and at `cuts`, and tied."""
    found, at = list[Event](), start
    places = sorted({start, end, *(cut for cut in cuts if start < cut < end)})
    for sound in line:
        if sound.end <= start or sound.start >= end:
            continue
        if sound.start > at:
            found += [Event(None, sound.start - at)]
        first, last = max(sound.start, start), min(sound.end, end)
        inside = [first, *(place for place in places if first < place < last), last]
        for a, b in pairwise(inside):
            found.append(Event(sound.pitch, b - a, b < sound.end or sound.tie))
        at = last
    if at < end:
        found.append(Event(None, end - at))
    return found


def barred(line: Sequence[Sound], metre: Metre, cuts: Iterable[int] = ()) -> tuple[Section, ...]:
    """The line in bars and parts. Bars are counted from tick 0, whole ones before the first note
    are left out; a first bar that begins late is a pickup. cuts: ticks where notes are cut, too.
    Raises `BadInput` without notes."""
    if not line:
        raise BadInput(EMPTY)
    bar, cuts = metre.ticks, list(cuts)
    begin = line[0].start // bar * bar
    late = line[0].start - begin
    pickup = bar - late if late and bar - late in PICKUPS else 0
    line = _closed_up(line, bar)
    end = line[-1].end
    if (count := -(-(end - begin) // bar)) > MOST + 1:
        raise BadInput(f"This tune has {count} bars; the longest possible is {MOST}.")
    if pickup and line[-1].start % bar < bar - pickup < (end - 1) % bar + 1:
        end -= (end - 1) % bar + 1 - (bar - pickup)  # the last note makes room for the pickup
    elif pickup and (end - 1) % bar + 1 > bar - pickup:
        pickup = 0
    first = begin + bar if pickup else begin
    starts = range(first, max(end, first + 1), bar)
    bars = [_bar(events(line, at, at + bar, cuts)) for at in starts]
    last = starts[-1]
    bars[-1] = _bar(events(line, last, last + bar - pickup, cuts))
    lead = _bar(events(line, first - pickup, first, cuts))
    size = PART if len(bars) > LONGEST else len(bars)
    parts = [bars[at : at + size] for at in range(0, len(bars), size)]
    if len(parts) > 1 and len(parts[-1]) < SHORTEST:
        parts[-2:] = [parts[-2] + parts[-1]]
    return tuple(
        Section(tuple(part), Bar(()) if number else lead) for number, part in enumerate(parts)
    )


def _closed_up(line: Sequence[Sound], bar: int) -> list[Sound]:
    """Without silent bars: what stands before a gap of a bar or more is held into it."""
    found = list(line)
    for i, (sound, following) in enumerate(pairwise(line)):
        gap = following.start - sound.end
        found[i] = replace(sound, end=sound.end + gap // bar * bar)
    return found


def _bar(found: list[Event]) -> Bar:
    """With rests of lengths that can be written: the rest of a rest goes to a neighbour."""
    for i, event in enumerate(found):
        if event.pitch is not None or event.ticks in PLAIN or event.ticks % 3:
            continue
        kept = max(length for length in PLAIN if length <= event.ticks)
        neighbour = i - 1 if i else i + 1
        if neighbour < len(found):
            found[i] = replace(event, ticks=kept)
            more = found[neighbour].ticks + event.ticks - kept
            found[neighbour] = replace(found[neighbour], ticks=more)
    return Bar(tuple(found))


def triplets(starts: Iterable[float], metre: Metre) -> set[int]:
    """The quarters, counted from 0, whose notes begin nearer to thirds of it than to sixteenths.
    None in compound metres, which have thirds of their own."""
    if metre.beat % 36 == 0:
        return set()
    found: dict[int, list[float]] = {}
    for start in starts:
        found.setdefault(int((start + 3) // QUARTER), []).append(start)
    return {
        beat
        for beat, inside in found.items()
        if sum(_off(start, 8) for start in inside) < 0.5 * sum(_off(start, 6) for start in inside)
    }


def _off(tick: float, grid: int) -> float:
    return abs(tick - round(tick / grid) * grid)
