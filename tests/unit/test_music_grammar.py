"""Whatever the grammar allows is a tune that can be played: random walks, and what it forbids."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from genui.music import abc, grammar, tokens
from genui.music.facts import right_bars
from genui.music.shape import HIGH, LOW, regular
from genui.music.tune import Tune

JIG = """X:1
T:A made-up jig
R:jig
M:6/8
L:1/8
K:Em
B|:EGB e2f|gfe dBA|GAB AGE|D3 E2B|EGB e2f|gfe d2B|(3ABA G EDF|E3-E2:|
B|:efg a2f|gfe dBd|e2f gfe|dBA G2B|efg a2f|gfe dBA|GAB AGF|E3 E2:|
"""


def walk(seed: int, asked: list[str]) -> list[int]:
    """A random tune: any allowed token, notes more often than others, so that it comes to an
    end."""
    rng = random.Random(seed)
    ids = [tokens.ID[name] for name in asked]
    state = grammar.follow(ids)
    while choices := sorted(grammar.allowed(state)):
        weights = [4.0 if i in tokens.NOTES else 0.5 for i in choices]
        ids.append(rng.choices(choices, weights)[0])
        state = grammar.step(state, ids[-1])
    return ids


PREFIXES = [
    ["kind:jig", "metre:6/8", "tonic:7", "mode:major", "bars:16", "pickup:12"],
    ["kind:reel", "metre:4/4", "tonic:2", "mode:dorian", "bars:9", "pickup:0"],
    ["kind:tune", "metre:3/4", "tonic:11", "mode:minor", "bars:1", "pickup:24"],
    ["kind:slip jig", "metre:9/8", "tonic:0", "mode:mixolydian", "bars:40", "pickup:6"],
    ["kind:march", "metre:2/4", "tonic:5", "mode:major", "bars:7", "pickup:36"],
    [],
]


@pytest.mark.parametrize("asked", PREFIXES, ids=lambda asked: " ".join(asked[1:2]) or "free")
@pytest.mark.parametrize("seed", range(12))
def test_every_walk_is_a_playable_tune(seed: int, asked: list[str]) -> None:
    ids = walk(seed, asked)
    tune = tokens.decode(ids)
    assert ids[-1] == tokens.END
    assert f"bars:{tune.bars}" == tokens.TOKENS[ids[4]]
    right, count = right_bars(tune)
    assert right == count == tune.bars
    pickups = {section.pickup.ticks for section in tune.sections}
    assert pickups == {int(tokens.TOKENS[ids[5]].partition(":")[2])}
    events = list(tune.events())
    assert all(LOW <= e.pitch <= HIGH for e in events if e.pitch is not None)
    assert all(any(e.pitch is not None for e in bar.events) for bar in tune.written())
    for event, after in pairwise(events):
        assert not event.tie or event.pitch == after.pitch
    assert not events[-1].tie
    # it can be written, read and said again without a change
    again = regular(abc.read(abc.write(tune)))
    assert (again.sections, again.metre, again.key) == (tune.sections, tune.metre, tune.key)
    assert tokens.encode(tune) == ids


def test_a_real_tune_is_allowed() -> None:
    ids = tokens.encode(regular(abc.read(JIG)))
    assert grammar.follow(ids).ended


def jig_until(*names: str) -> grammar.State:
    head = ["kind:jig", "metre:6/8", "tonic:7", "mode:major", "bars:8", "pickup:12"]
    return grammar.follow(tokens.ID[name] for name in [*head, *names])


def said(state: grammar.State) -> set[str]:
    return set(tokens.names(grammar.allowed(state)))


def test_the_pickup_comes_first_and_is_filled_exactly() -> None:
    state = jig_until("once")
    assert {"length:12", "length:6"} <= said(state)
    assert not {"length:18", "length:24", "rest", "left:8"} & said(state)
    assert said(jig_until("once", "length:12", "pitch:0")) == {"tie", "left:4", "left:8"}


def test_a_triplet_is_finished_before_anything_else() -> None:
    state = jig_until("once", "length:12", "pitch:0", "left:8", "length:8", "pitch:0", "pitch:2")
    assert {"pitch:4", "rest", "length:4"} <= said(state)
    assert not {"length:12", "length:16", "length:24"} & said(state)


def test_a_tie_leads_to_the_same_pitch_over_the_bar_line() -> None:
    state = jig_until("once", "length:12", "pitch:3", "tie")
    assert said(state) == {"left:4", "left:8"}
    state = grammar.follow([tokens.ID["left:8"], tokens.ID["length:36"]], state)
    assert said(state) == {"pitch:3"}


def test_the_end_comes_at_the_last_bar_line_only() -> None:
    bars = ["length:36", "pitch:0", "pitch:0"]
    body = [name for left in range(8, 1, -1) for name in (f"left:{left}", *bars)]
    state = jig_until("twice", "length:12", "pitch:0", *body, "left:1", "length:36", "pitch:0")
    assert "end" not in said(state)
    state = grammar.follow([tokens.ID["length:24"], tokens.ID["pitch:0"]], state)
    assert said(state) == {"end"}
    assert grammar.allowed(grammar.step(state, tokens.END)) == frozenset()


def test_a_bar_is_never_silent() -> None:
    state = jig_until("once", "length:12", "pitch:0", "left:8", "length:36", "rest")
    assert "rest" not in said(state)
    assert "pitch:0" in said(state)


def test_a_wrong_token_is_named() -> None:
    with pytest.raises(ValueError, match="at 6"):
        jig_until("end")


@pytest.mark.parametrize("first", [0, 3, 6])
def test_a_gap_is_filled_with_as_many_bars(first: int) -> None:
    ids = tokens.encode(regular(abc.read(JIG)))
    asked, missing = tokens.with_hole(ids, first, 2)
    before, after = asked[: asked.index(tokens.HOLE)], asked[asked.index(tokens.HOLE) + 1 : -1]
    state = grammar.filling(before, 2)
    assert grammar.follow(missing, state).ended
    rng = random.Random(first)
    made = list[int]()
    while choices := sorted(grammar.allowed(state)):
        made.append(rng.choice(choices))
        state = grammar.step(state, made[-1])
    whole = tokens.decode([*before, *made[:-1], *after, tokens.END])
    assert whole.bars == 16
    assert right_bars(whole) == (16, 16)
    assert asked[-1] == tokens.FILL


def test_a_gap_may_not_cross_parts() -> None:
    ids = tokens.encode(regular(abc.read(JIG)))
    with pytest.raises(Exception, match="one part"):
        tokens.with_hole(ids, 7, 2)


@pytest.mark.parametrize("shift", range(-6, 7))
def test_transposing_moves_every_pitch(shift: int) -> None:
    tune = regular(abc.read(JIG))
    ids = tokens.encode(tune)
    moved = tokens.transposed(ids, shift)
    fits = all(LOW <= e.pitch + shift <= HIGH for e in tune.events() if e.pitch is not None)
    assert (moved is not None) == fits
    if moved:
        heard = [(p and p + shift, t) for p, t in tune.notes()]
        assert list(tokens.decode(moved).notes()) == heard


def test_any_tokens_can_be_measured() -> None:
    rng = random.Random(0)
    head = [tokens.ID[name] for name in PREFIXES[0]]
    for _ in range(50):
        tune: Tune = tokens.decode([*head, *rng.choices(range(len(tokens.TOKENS)), k=60)])
        right, count = right_bars(tune)
        assert 0 <= right <= count
