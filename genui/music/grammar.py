"""Which token may come next, so that every tune is one that can be played and written.

Bars add up to the metre, triplets are whole, every section begins with the pickup and ends with a
bar that is shorter by it, the asked number of bars is kept, ties lead to the same pitch, no bar is
silent, and the tune ends at its last bar line. A pure state machine: `step` goes on with a token,
`allowed` says which tokens may follow. It asks no more than that: any row that is allowed can be
finished. Knows nothing of models."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from genui.music.shape import HIGH, LONGEST, LOW, SHORTEST
from genui.music.tokens import (
    BARS,
    CENTRE,
    END,
    KIND,
    LEFT,
    LENGTH,
    METRE,
    MODE,
    ONCE,
    PICKUP,
    PITCH,
    REST,
    TIE,
    TONIC,
    TWICE,
)
from genui.music.tune import TRIPLET, Metre

NOBODY = frozenset[int]()


class State(NamedTuple):
    """Where in a tune we are. said: tokens of the prefix so far. whole: ticks of a bar. bars: still
    to come, this one included. left: bars of this section, this one included; 0 before its first
    and after its last. room: ticks left in this bar. length: of the note before, 0 where one has to
    be said. fresh: a length was just said. group: ticks left in a triplet. last: the note before, 0
    for none or a rest. tied: it goes on. sounded: this bar has a note. rested: a rest came before.
    opened: the section has begun. fill: bars to be written in a gap, -1 when there is none."""

    said: int = 0
    whole: int = 0
    tonic: int = 0
    pickup: int = 0
    bars: int = 0
    left: int = 0
    room: int = 0
    length: int = 0
    fresh: bool = False
    group: int = 0
    last: int = 0
    tied: bool = False
    sounded: bool = False
    rested: bool = False
    opened: bool = False
    fill: int = -1
    ended: bool = False


START = State()
HEADS: tuple[frozenset[int], ...] = (
    frozenset(KIND), frozenset(METRE), frozenset(TONIC), frozenset(MODE), frozenset(BARS),
    frozenset(PICKUP),
)  # fmt: skip
LENGTH_ID = {ticks: i for i, ticks in LENGTH.items()}
LEFT_ID = {n: i for i, n in LEFT.items()}
BAR_TICKS = {i: Metre(*map(int, name.split("/"))).ticks for i, name in METRE.items()}
SECTIONS = frozenset((ONCE, TWICE))
PITCHES = {
    tonic: frozenset(i for i, step in PITCH.items() if LOW <= CENTRE + tonic + step <= HIGH)
    for tonic in range(12)
}


def _fits(state: State, ticks: int) -> bool:
    if state.group:
        return ticks in TRIPLET and ticks <= state.group
    return TRIPLET.get(ticks, ticks) <= state.room


@lru_cache(maxsize=1 << 16)
def allowed(state: State) -> frozenset[int]:
    """The tokens that may come next; empty only after the end."""
    if state.ended:
        return NOBODY
    if state.said < len(HEADS):
        if state.said == 5:
            return frozenset(i for i, ticks in PICKUP.items() if ticks < state.whole)
        return HEADS[state.said]
    if state.room:
        return _within(state)
    return _between(state)


def _within(state: State) -> frozenset[int]:
    """In the middle of a bar."""
    found = set[int]()
    if state.length and _fits(state, state.length):
        found |= {state.last} if state.tied else PITCHES[state.tonic]
        silent = not state.sounded and state.length == state.room
        if not (state.tied or state.rested or silent):
            found.add(REST)
    if not state.fresh:
        found |= {i for ticks, i in LENGTH_ID.items()
                  if ticks != state.length and _fits(state, ticks)}  # fmt: skip
        if state.last and state.length and not state.tied:
            found.add(TIE)
    return frozenset(found)


def _between(state: State) -> frozenset[int]:
    """Before the first bar of a section, or after a bar."""
    if state.fill == 0:
        return frozenset((END,))
    if not state.opened:
        return SECTIONS if state.bars else frozenset((END,))
    found = {TIE} if state.last and not state.tied else set[int]()
    if state.left:
        return frozenset(found | {LEFT_ID[state.left]})
    most = min(state.bars, LONGEST)
    fitting = [n for n in range(1, most + 1) if n == state.bars
               or min(n, state.bars - n) >= SHORTEST]  # fmt: skip
    return frozenset(found | {LEFT_ID[n] for n in fitting})


def step(state: State, token: int) -> State:
    """Go on with a token that is `allowed`; with another the state means nothing."""
    if state.said < len(HEADS):
        return _head(state, token)
    if token == END:
        return state._replace(ended=True)
    if token in SECTIONS:
        return state._replace(opened=True, room=state.pickup, length=0, last=0, sounded=False,
                              rested=False)  # fmt: skip
    if token in LEFT:
        left = LEFT[token]
        room = state.whole - (state.pickup if left == 1 else 0)
        return state._replace(left=left, room=room, length=0, sounded=False, rested=False)
    if token == TIE:
        return state._replace(tied=True)
    if token in LENGTH:
        return state._replace(length=LENGTH[token], fresh=True)
    return _note(state, token)


def _head(state: State, token: int) -> State:
    state = state._replace(said=state.said + 1)
    if token in BAR_TICKS:
        return state._replace(whole=BAR_TICKS[token])
    if token in TONIC:
        return state._replace(tonic=TONIC[token])
    if token in BARS:
        return state._replace(bars=BARS[token])
    if token in PICKUP:
        return state._replace(pickup=PICKUP[token])
    return state


def _note(state: State, token: int) -> State:
    ticks, group = state.length, state.group
    if ticks in TRIPLET:
        group = (group or TRIPLET[ticks]) - ticks
    room = state.room - ticks
    after = state._replace(
        room=room, group=group, fresh=False, tied=False, last=0 if token == REST else token,
        sounded=state.sounded or token != REST, rested=token == REST,
    )  # fmt: skip
    if room or not state.left:
        return after
    done = state.left == 1
    return after._replace(
        bars=state.bars - 1, left=state.left - 1, opened=not done,
        last=0 if done else after.last, fill=max(state.fill - 1, -1),
    )  # fmt: skip


def follow(tokens: Iterable[int], state: State = START) -> State:
    """The state after these tokens. Raises ValueError at the first that is not allowed."""
    for at, token in enumerate(tokens):
        if token not in allowed(state):
            raise ValueError(f"Token {token} at {at} cannot stand there.")
        state = step(state, token)
    return state


def filling(before: Iterable[int], bars: int) -> State:
    """The state in which a gap of `bars` bars is filled, after the tokens before the gap."""
    return follow(before)._replace(fill=bars, tied=False)
