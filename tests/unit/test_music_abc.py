"""ABC is read as musicians mean it, written so that it reads back, and refused in one sentence."""

from __future__ import annotations

import pytest

from genui.errors import BadInput
from genui.music import abc
from genui.music.shape import regular
from genui.music.tune import Key, Metre, Tune


def tune(music: str, metre: str = "4/4", key: str = "G", more: str = "") -> Tune:
    return abc.read(f"X:1\nT:Test\n{more}M:{metre}\nL:1/8\nK:{key}\n{music}\n")


def heard(music: str, **of: str) -> list[tuple[int | None, int]]:
    return [(event.pitch, event.ticks) for event in tune(music, **of).events()]


@pytest.mark.parametrize(
    ("music", "notes"),
    [
        ("GABc", [(67, 12), (69, 12), (71, 12), (72, 12)]),
        ("G,g'", [(55, 12), (91, 12)]),
        ("F^F=F_F F", [(66, 12), (66, 12), (65, 12), (64, 12), (64, 12)]),
        ("=F|F", [(65, 12), (66, 12)]),
        ("=Ff", [(65, 12), (78, 12)]),
        ("G2A/B//c3/2z4", [(67, 24), (69, 6), (71, 3), (72, 18), (None, 48)]),
        ("G>A B<c", [(67, 18), (69, 6), (71, 6), (72, 18)]),
        ("G>>A", [(67, 21), (69, 3)]),
        ("(3GAB (3G2A2B2", [(67, 8), (69, 8), (71, 8), (67, 16), (69, 16), (71, 16)]),
        ("(3:2:2G2A", [(67, 16), (69, 8)]),
        ("[GBd]2", [(74, 24)]),
        ("[G2B2]", [(71, 24)]),
        ("{ag}G~A.BTc !trill!d uev(fg)", [(67, 12), (69, 12), (71, 12), (72, 12), (74, 12),
                                          (76, 12), (78, 12), (79, 12)]),
        ('"Slow"G"^4"A', [(67, 12), (69, 12)]),
        ("G & B|A", [(67, 12), (69, 12)]),
        ("G\\\n A % said\n%%B\nw: la la\nB", [(67, 12), (69, 12), (71, 12)]),
    ],
)  # fmt: skip
def test_notes_are_read(music: str, notes: list[tuple[int | None, int]]) -> None:
    assert heard(music) == notes


def test_a_duplet_in_a_compound_metre() -> None:
    assert heard("(2GA", metre="6/8") == [(67, 18), (69, 18)]


@pytest.mark.parametrize(
    ("said", "key", "signature"),
    [
        ("G", Key(7, "major"), 1),
        ("Gm", Key(7, "minor"), -2),
        ("E Minor", Key(4, "minor"), 1),
        ("ADor", Key(9, "dorian"), 1),
        ("D mixolydian % hexatonic", Key(2, "mixolydian"), 1),
        ("Bb", Key(10, "major"), -2),
        ("F#m", Key(6, "minor"), 3),
        ("Eb", Key(3, "major"), -3),
        ("A aeolian", Key(9, "minor"), 0),
    ],
)
def test_keys(said: str, key: Key, signature: int) -> None:
    found = tune("G", key=said).key
    assert found == key
    assert found.signature == signature


@pytest.mark.parametrize(
    ("metre", "found"), [("C", Metre(4, 4)), ("C|", Metre(2, 2)), ("9/8", Metre(9, 8))]
)
def test_metres(metre: str, found: Metre) -> None:
    assert tune("G", metre=metre).metre == found


def test_parts_repeats_and_pickups() -> None:
    found = tune("D|:G2A2|B4:|\n|:d|g8|f7:|\ne8||c8|B8|]", metre="4/4")
    assert [(len(s.bars), s.pickup.ticks, s.repeat) for s in found.sections] == [
        (2, 12, True), (2, 12, True), (1, 0, False), (2, 0, False),
    ]  # fmt: skip


def test_of_two_endings_the_second_stays() -> None:
    found = tune("|:G8|A8|1 B8:|2 c8||d8|]")
    assert [[e.pitch for b in s.bars for e in b.events] for s in found.sections] == [
        [67, 69, 72], [74],
    ]  # fmt: skip
    assert found.sections[0].repeat


def test_chords_tempo_and_kind_are_kept() -> None:
    found = tune('"G"G4"D7/F#"A4|', more="R:slip jig\nQ:3/8=100\n")
    assert found.sections[0].bars[0].chords == ((0, "G"), (48, "D7/F#"))
    assert found.kind == "slip jig"
    assert found.tempo == 150
    assert '"D7/F#"A4' in abc.write(found)


def test_the_first_voice_is_read() -> None:
    found = tune("[V:1] GABc|\n[V:2] C4|\nV:2\nC4|\nV:1\nd4|")
    assert [e.pitch for e in found.events()] == [67, 69, 71, 72, 74]


WRITTEN = [
    "G2AB cd e2|=fga^c' b4|(3gab a/g/f/e/ d3=c|G,2_B^d- d4:|",
    "A|:G>A B<c (3:2:2A2B c2-|c8|(3A/B/c/ d2 e4 z|]",
]


@pytest.mark.parametrize("key", ["G", "Bb", "C#m", "Ddor", "Ebmix", "F#", "Am"])
@pytest.mark.parametrize("music", WRITTEN)
def test_what_is_written_reads_back(music: str, key: str) -> None:
    first = tune(music, key=key)
    again = abc.read(abc.write(first))
    assert again.sections == first.sections
    assert (again.key, again.metre, again.title) == (first.key, first.metre, first.title)


def test_notes_are_joined_by_beats() -> None:
    written = abc.write(tune("d|efg agf|e2d B3|", metre="6/8"))
    assert "d|efg agf|e2d B3" in written


def test_a_title_cannot_break_the_file() -> None:
    first = tune("GABc", more="T:x\n")
    hostile = abc.write(Tune(first.metre, first.key, "reel", first.sections, "a\nK:C\n%%b\u2028c"))
    assert abc.read(hostile).key == first.key
    assert len([line for line in hostile.splitlines() if line.startswith("K:")]) == 1


HOSTILE = [
    "",
    "\x00\x01",
    "no tune at all",
    "X:1\nT:no key\nGABc",
    "X:1\nK:\nGABc",
    "X:1\nK:H\nGABc",
    "X:1\nK:G\n",
    "X:1\nK:G\nzzzz|z4|",
    "X:1\nM:0/4\nK:G\nG",
    "X:1\nM:4/0\nK:G\nG",
    "X:1\nM:4/3\nK:G\nG",
    "X:1\nM:free\nK:G\nG",
    "X:1\nL:0\nK:G\nG",
    "X:1\nL:1/7\nK:G\nG",
    "X:1\nK:G\nG0",
    "X:1\nK:G\nG/0",
    "X:1\nK:G\nG999999999",
    "X:1\nK:G\nG1/9999",
    "X:1\nK:G\n" + "G" * 6000,
    "X:1\nK:G\n" + "G" * 200_000,
    "X:1\nK:G\nG,,,,,,,,,",
    "X:1\nK:G\ng''''''''''",
    "X:1\nK:G\n(1G",
    "X:1\nK:G\n[]",
    "X:1\nK:G\n[^^_G]]]",
    "X:1\nK:G\nGAB@c",
    "X:1\nK:G\nGAB|[K:D]c",
    "X:1\nK:G\nGAB\nM:3/4\nGAB",
    "X:1\nK:G\nG^=A",
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:24]))
def test_what_is_no_tune_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        regular(abc.read(text))
    message = caught.value.message
    assert message.endswith(".")
    assert len(message) < 140
    assert "\n" not in message


def test_a_book_gives_what_can_be_read() -> None:
    book = "% a book\n\nX:1\nT:a\nK:G\nGABc|\n\nX:2\nT:b\nGABc\n\nX:3\nT:c\nK:D\nd4|\n"
    found = list(abc.read_all(book))
    assert [isinstance(one, Tune) for one in found] == [True, False, True]


SHAPES = [
    ("C|", "G8|A8|B8|c8|", (4, 0)),  # cut time
    ("3/4", "D|G6|A6|B6|G5|]", (4, 12)),
    ("3/4", "D|G6|A6|B6|G6|]", (4, 12)),  # the last bar is long by the pickup
    ("3/4", "G6|A6|B6|G4|]", (4, 0)),  # or short
    ("6/8", "GABcde|G5A|B6|c6|", (4, 0)),  # a note of five eighths
    ("4/4", "G,,8|G,,8|G,,8|G,,8|", (4, 0)),  # low
]


@pytest.mark.parametrize(("metre", "music", "shape"), SHAPES)
def test_shapes_are_put_right(metre: str, music: str, shape: tuple[int, int]) -> None:
    found = regular(tune(music, metre=metre))
    section = found.sections[0]
    assert (len(section.bars), section.pickup.ticks) == shape
    assert all(bar.ticks == found.metre.ticks for bar in section.bars[:-1])
    assert section.bars[-1].ticks == found.metre.ticks - shape[1]
    assert abc.read(abc.write(found)).sections == found.sections


def test_a_pickup_written_at_the_end_of_the_part_before_is_moved() -> None:
    found = regular(tune("D|G6|A6|B6|G5D||G6|A6|B6|G5|]", metre="3/4"))
    assert [(s.pickup.ticks, s.bars[-1].ticks) for s in found.sections] == [(12, 60), (12, 60)]


@pytest.mark.parametrize(
    ("metre", "music"),
    [
        ("5/4", "G10|G10|"),
        ("4/4", "G8|G7|G8|G8|"),
        ("4/4", "G8|z8|G8|G8|"),
        ("4/4", "G8|(3GAB (3GA2 B4|G8|G8|"),
        ("4/4", "G,8|g''8|G8|G8|"),
        ("4/4", "G8|A8|B8|c8||d8|e8:|"),
        ("4/4", "|".join(["G8"] * 40)),
        ("4/4", "||".join(["G8|G8|G8|G8"] * 17)),
    ],
)
def test_what_has_no_shape_is_refused(metre: str, music: str) -> None:
    with pytest.raises(BadInput):
        regular(tune(music, metre=metre))


def test_a_lone_note_before_a_repeat_sign_is_no_field() -> None:
    music = "|:G8|A8|B8|c8|\nA:|"
    assert [len(section.bars) for section in tune(music).sections] == [5]
    assert tune(music).sections[0].repeat
    assert "\nA8 :|" in abc.write(tune("|:G8|A8|B8|c8|A8:|"))


def test_a_tie_to_another_pitch_loses_no_note() -> None:
    tune = abc.read("X:1\nM:4/4\nL:1/4\nK:C\nC-D E-E-|E4|\n")
    assert list(tune.notes()) == [(60, 24), (62, 24), (64, 144)]
