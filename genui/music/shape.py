"""Make a tune regular, so that tokens can say it: bars that add up, one pickup, notes of lengths
that can be written.

What is put right: 2/2 is 4/4; long notes become tied ones; sections that share their pickup
differently; a last bar that is too short or too long by the pickup; a melody that lies octaves too
high or low. What would change the tune is refused. Knows nothing of ABC or of tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from genui.errors import BadInput
from genui.music.tune import LENGTHS, PLAIN, TRIPLET, Bar, Event, Metre, Section, Tune

METRES = ("2/4", "3/4", "4/4", "3/8", "6/8", "9/8", "12/8", "3/2", "6/4")
LOW, HIGH = 55, 88  # lowest and highest pitch: what fiddle and flute share, and a little more
PICKUPS = tuple(range(0, 73, 6))
SHORTEST, LONGEST = 4, 32  # bars of a section; a tune of fewer bars has one section
MOST = 64  # bars of a tune


def regular(tune: Tune) -> Tune:
    """The same tune in the shape that `grammar` allows. Raises BadInput when it has none."""
    metre = Metre(4, 4) if tune.metre == Metre(2, 2) else tune.metre
    if str(metre) not in METRES:
        raise BadInput(f"Tunes in {metre} are not known here; the metre has to be one of "
                       f"{', '.join(METRES)}.")  # fmt: skip
    if tune.bars > MOST:
        raise BadInput(f"This tune has {tune.bars} bars; the longest possible is {MOST}.")
    sections = tuple(_sections(_joined(tune.sections, metre.ticks), metre.ticks))
    shift = _octaves([e.pitch for s in sections for e in _events(s) if e.pitch is not None])
    pitches = {e: replace(e, pitch=e.pitch + shift)
               for s in sections for e in _events(s) if e.pitch is not None}  # fmt: skip

    def moved(bar: Bar) -> Bar:
        return replace(bar, events=tuple(pitches.get(event, event) for event in bar.events))

    return replace(
        tune,
        metre=metre,
        sections=tuple(
            replace(s, bars=tuple(map(moved, s.bars)), pickup=moved(s.pickup)) for s in sections
        ),
    )


def _events(section: Section) -> Iterator[Event]:
    for bar in (section.pickup, *section.bars):
        yield from bar.events


def _octaves(pitches: Sequence[int]) -> int:
    if not pitches:
        raise BadInput("This tune has no notes; hand in one that has.")
    low, high = min(pitches), max(pitches)
    fits = [shift for shift in range(-60, 61, 12) if low + shift >= LOW and high + shift <= HIGH]
    if not fits:
        raise BadInput("This melody has too wide a range; it has to fit into three octaves.")
    return min(fits, key=abs)


def _joined(sections: Sequence[Section], bar: int) -> list[Section]:
    """Short sections without repeats put together, where the bar across the line adds up."""
    found: list[Section] = []
    for section in sections:
        before = found[-1] if found else None
        if (before is None or before.repeat or section.repeat
                or min(len(before.bars), len(section.bars)) >= SHORTEST
                or before.bars[-1].ticks + section.pickup.ticks != bar):  # fmt: skip
            found.append(section)
            continue
        across = replace(before.bars[-1], events=before.bars[-1].events + section.pickup.events)
        found[-1] = replace(before, bars=(*before.bars[:-1], across, *section.bars))
    return found


def _sections(sections: Sequence[Section], bar: int) -> Iterator[Section]:
    """Give every section the same pickup, and a last bar that is shorter by it, so that one may
    follow any other."""
    pickup = next((s.pickup.ticks for s in sections if s.pickup.ticks), 0)
    if pickup not in PICKUPS or pickup >= bar:
        raise BadInput("The notes before this tune's first bar have an unusual length.")
    carried: tuple[Event, ...] = ()  # pickup that stands at the end of the section before
    for number, section in enumerate(sections):
        if len(section.bars) > LONGEST:
            raise BadInput(f"A part of this tune is longer than {LONGEST} bars; put double bars.")
        if len(section.bars) < SHORTEST and len(sections) > 1:
            raise BadInput(f"A part of this tune has fewer than {SHORTEST} bars; join it.")
        if any(one.ticks != bar for one in section.bars[:-1]):
            raise BadInput(f"A bar in part {number + 1} of this tune does not add up.")
        lead = section.pickup.events or carried
        if sum(event.ticks for event in lead) != pickup:
            raise BadInput("The parts of this tune begin with pickups of different lengths.")
        last = section.bars[-1]
        over = last.ticks - (bar - pickup)
        carried = ()
        if over > 0:
            wanting = number + 1 < len(sections) and not sections[number + 1].pickup.events
            last, carried = _split(last, bar - pickup)
            simple = not carried or (len(carried) == 1 and carried[0].pitch is None)
            if over != pickup or not (wanting or simple):
                raise BadInput(f"The last bar of part {number + 1} does not add up.")
            carried = carried if wanting else ()
        elif over < 0:
            if -over > bar // 2:
                raise BadInput(f"The last bar of part {number + 1} is too short.")
            last = replace(last, events=(*last.events, Event(None, -over)))
        bars = [Bar(lead, section.pickup.chords), *section.bars[:-1], last]
        first, *others = _tied([_written(bar) for bar in bars])
        yield replace(section, bars=tuple(others), pickup=first)


def _split(bar: Bar, at: int) -> tuple[Bar, tuple[Event, ...]]:
    """The bar's first `at` ticks, and what comes later; a note across the cut ends there."""
    kept, rest, time = list[Event](), list[Event](), 0
    for event in bar.events:
        if time + event.ticks <= at:
            kept.append(event)
        elif time < at:
            kept.append(Event(event.pitch, at - time))
        else:
            rest.append(event)
        time += event.ticks
    return replace(bar, events=tuple(kept)), tuple(rest)


def _written(bar: Bar) -> Bar:
    """With rests joined, every length one that a single note has, and whole triplets."""
    joined = list[Event]()
    for resting, together in groupby(bar.events, lambda event: event.pitch is None):
        found = list(together)
        joined += [Event(None, sum(e.ticks for e in found))] if resting else found
    if any(event.pitch is None and event.ticks not in LENGTHS for event in joined):
        raise BadInput("A rest of this tune has a length that cannot be written.")
    if bar.events and all(event.pitch is None for event in joined):
        raise BadInput("A bar of this tune has no notes; take it out.")
    events = [part for event in joined for part in parts(event)]
    group = 0
    for event in events:
        if event.ticks in TRIPLET:
            group = (group or TRIPLET[event.ticks]) - event.ticks
        elif group:
            group = -1
        if group < 0:
            raise BadInput("A bar of this tune has a triplet of other than three notes.")
    if group:
        raise BadInput("A bar of this tune ends within a triplet.")
    return replace(bar, events=tuple(events))


def parts(event: Event) -> list[Event]:
    """The note as one or several tied ones of lengths that can be written, longest first."""
    if event.ticks in LENGTHS:
        return [event]
    found, left = list[Event](), event.ticks
    for length in reversed(PLAIN):
        while length <= left:
            left -= length
            found.append(Event(event.pitch, length, left > 0 or event.tie))
    if left:
        raise BadInput("A note of this tune has a length that cannot be written.")
    return found


def _tied(bars: Sequence[Bar]) -> list[Bar]:
    """The bars without ties that lead to another pitch or nowhere."""
    events = [event for bar in bars for event in bar.events]
    following = [event.pitch for event in events[1:]] + [None]
    kept = iter(
        [
            replace(event, tie=event.tie and event.pitch is not None and event.pitch == pitch)
            for event, pitch in zip(events, following, strict=True)
        ]
    )
    return [replace(bar, events=tuple(next(kept) for _ in bar.events)) for bar in bars]
