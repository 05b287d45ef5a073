"""What is to be written for a request, before any network is asked."""

from __future__ import annotations

from typing import Any

import pytest

from genui.backends.base import parse
from genui.backends.music import MusicInputs, MusicOptions
from genui.backends.music_plans import Plan, plan
from genui.errors import BadInput
from genui.music import abc, grammar, tokens
from genui.music.shape import regular
from tests.tiny_tunes import JIG, REEL


def planned(inputs: dict[str, Any], seed: int = 0, **options: Any) -> Plan:
    return plan(parse(MusicInputs, inputs), parse(MusicOptions, options), seed)


def names(found: Plan, place: int) -> set[str]:
    return {tokens.TOKENS[i].partition(":")[2] for i in found.heads[place]}


def test_controls_win_over_words_and_words_fill_the_rest() -> None:
    found = planned({"prompt": "a jig in D major, 32 bars, on the harp"}, rhythm="reel", bars=16)
    assert tokens.names(found.row) == ["kind:reel"]
    assert names(found, 1) == {"4/4", "2/4"}
    assert (names(found, 2), names(found, 3), names(found, 4)) == ({"2"}, {"major"}, {"16"})
    assert found.style.instrument == "harp"
    assert dict(found.asked) == {
        "rhythm": "reel", "key": "D major", "bars": "16", "instrument": "Harp",
    }  # fmt: skip


def test_a_control_takes_the_words_that_contradict_it_away() -> None:
    assert names(planned({"prompt": "in 4/4"}, rhythm="jig"), 1) == {"6/8", "12/8"}
    found = planned({"prompt": "a jig"}, metre="4/4")
    assert tokens.names(found.row)[0] in ("kind:reel", "kind:hornpipe", "kind:march",
                                          "kind:strathspey")  # fmt: skip


def test_open_wishes_are_drawn_from_the_seed() -> None:
    assert {planned({}, seed).row for seed in range(30)} > {planned({}, 3).row}
    assert planned({}, 3) == planned({}, 3)
    kinds = {tokens.TOKENS[planned({"prompt": "a happy tune"}, seed).row[0]] for seed in range(30)}
    assert kinds == {"kind:reel", "kind:jig", "kind:hornpipe"}
    assert tokens.names(planned({"prompt": "a happy waltz"}).row) == ["kind:tune"]


def test_a_whole_melody_is_followed_by_a_new_part() -> None:
    found = planned({"mode": "continue", "start": JIG}, bars=8)
    row = tokens.names(found.row)
    assert row[4] == "bars:24"
    assert row[-1].startswith("pitch")
    state = grammar.follow(found.row)
    assert (state.bars, state.left, state.opened) == (8, 0, False)


@pytest.mark.parametrize(
    ("music", "bars", "left"),
    [
        ("D E F G|A B", 8, 6),  # stops within the second bar of eight
        ("D E F G|A B c d|", 8, 6),
        ("D E F G|A B c d|e2 d2|f4|", 8, 4),
        ("D E F G|A4|B4|c4|D4|E4|F4|G4|A", 16, 8),  # one note of the ninth
        ("D|E F G A|B4|", 8, 6),  # a full bar after a pickup is none to end with
        ("D|E F G A|B3|", 8, 6),
        ("D|E F G A|B2", 8, 6),
    ],
)
def test_a_short_piece_grows_into_a_part(music: str, bars: int, left: int) -> None:
    start = f"X:1\nM:4/4\nL:1/4\nK:D\n{music}\n"
    found = planned({"mode": "continue", "start": start})
    state = grammar.follow(found.row)
    assert tokens.BARS[found.row[4]] == bars
    assert state.left + (state.room > 0) >= left
    given = [e.pitch for e in abc.read(start).events()]
    assert [e.pitch for e in tokens.decode(found.row).events()] == given


def test_a_variation_keeps_how_phrases_begin_and_end() -> None:
    assert planned({"mode": "vary", "start": REEL}).gaps == ((1, 2), (5, 2))
    assert planned({"mode": "vary", "start": JIG}).gaps == ((1, 2), (5, 2), (9, 2), (13, 2))


def test_a_morph_leads_from_one_melody_to_the_other_in_one_key() -> None:
    other = JIG.replace("K:D", "K:E")
    found = planned({"mode": "morph", "start": JIG, "to": other}, bars=4)
    tune = tokens.decode(found.row)
    assert found.gaps == ((8, 4),)
    assert [len(section.bars) for section in tune.sections] == [8, 4, 8]
    assert tune.sections[0].bars == regular(abc.read(JIG)).sections[0].bars
    written, heard = (
        [e.pitch for bar in section.bars for e in bar.events if e.pitch is not None]
        for section in (regular(abc.read(other)).sections[1], tune.sections[2])
    )
    assert {b - a for a, b in zip(written, heard, strict=True)} == {-2}  # E is two above D


def test_a_melody_is_moved_and_named_as_the_controls_say() -> None:
    found = planned({"mode": "vary", "start": REEL}, key="A major", rhythm="hornpipe")
    assert tokens.names(found.row[:4]) == ["kind:hornpipe", "metre:4/4", "tonic:9", "mode:major"]
    low = min(e.pitch for e in tokens.decode(found.row).events() if e.pitch)
    assert low == min(e.pitch for e in abc.read(REEL).events() if e.pitch) + 2


def test_words_do_not_change_a_given_melody() -> None:
    found = planned({"mode": "vary", "start": REEL, "prompt": "a sad slip jig in Eb, on the harp"})
    assert tokens.names(found.row[:4]) == ["kind:reel", "metre:4/4", "tonic:7", "mode:major"]
    assert found.style.instrument == "harp"


ROW = tuple(tokens.encode(regular(abc.read(JIG))))


@pytest.mark.parametrize(
    ("inputs", "options", "sentence"),
    [
        ({"prompt": "a jig in 4/4"}, {}, "A jig is in 6/8 or 12/8, not in 4/4"),
        ({}, {"rhythm": "slip jig", "metre": "6/8"}, "A slip jig is in 9/8"),
        ({"prompt": "7 bars of nothing"}, {}, "needs notes"),
        ({"prompt": "x" * 501}, {}, "Prompt"),
        ({"start": JIG}, {}, "Say what to do with the melody"),
        ({"mode": "dance"}, {}, "Mode"),
        ({"mode": "vary"}, {}, "Add a melody"),
        ({"mode": "morph", "start": JIG}, {}, "Add a second melody"),
        ({"mode": "fill", "start": JIG, "to": JIG}, {}, "Only a morph"),
        ({"mode": "fill", "start": JIG, "first": 15, "count": 2}, {}, "has 16 bars"),
        ({"mode": "fill", "start": JIG, "first": 7, "count": 2}, {}, "one part"),
        ({"mode": "fill", "start": JIG, "count": 0}, {}, "Count"),
        ({"mode": "vary", "start": "GABc dedB|"}, {}, "not a tune in ABC"),
        ({"mode": "vary", "start": "X:1\nK:G\n\n"}, {}, "no notes"),
        ({"mode": "vary", "start": "X:1\nM:4/4\nL:1/4\nK:G\nGABc|G4|"}, {}, "too short to vary"),
        ({"mode": "vary", "start": "x" * 100_001}, {}, "Start"),
        ({"mode": "vary", "start": JIG}, {"metre": "4/4"}, "in 6/8, not in 4/4"),
        ({"mode": "vary", "start": JIG}, {"rhythm": "reel"}, "no reel"),
        ({"mode": "vary", "start": JIG}, {"key": "E minor"}, "is major, not minor"),
        ({"mode": "morph", "start": JIG, "to": REEL}, {}, "6/8 and 4/4"),
        ({"mode": "morph", "start": JIG, "to": JIG}, {"bars": 40}, "at most 32"),
        ({"mode": "continue", "start": JIG}, {"bars": 60}, "16 bars and a tune here at most 64"),
        ({"tokens": [5, 5, 5]}, {}, "no beginning of a tune"),
        ({"tokens": [-1]}, {}, "no beginning of a tune"),
        ({"tokens": ROW}, {}, "no beginning of a tune"),
        ({"tokens": ROW[:9], "mode": "vary", "start": JIG}, {}, "only for the mode"),
        ({"tokens": [10**30]}, {}, "no beginning of a tune"),
        ({}, {"tempo": 12}, "between 40 and 240"),
        ({}, {"tempo": -1}, "Tempo"),
        ({}, {"bars": 3}, "4 to 64 bars"),
        ({}, {"bars": 65}, "Bars"),
        ({}, {"key": "H moll"}, "like D major"),
        ({}, {"instrument": "kazoo"}, "fiddle"),
        ({}, {"temperature": float("nan")}, "Temperature"),
        ({}, {"volume": 11}, "not an option"),
    ],
)  # fmt: skip
def test_what_cannot_be_played_is_one_sentence(
    inputs: dict[str, Any], options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence) as raised:
        planned(inputs, **options)
    assert raised.value.message.endswith(".")
    assert "\n" not in raised.value.message
