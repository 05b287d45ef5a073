"""MIDI in and out: tunes come back as they were, played files fall on the grid, bad ones are told
in one sentence."""

from __future__ import annotations

import io
import random
import struct
from pathlib import Path

import mido
import pytest

from genui.errors import BadInput
from genui.music import abc, midi
from genui.music.files import read_melody
from genui.music.melody import DRUMS, EMPTY, NO_LENGTH, TOP_LINE
from genui.music.midi import Part
from genui.music.shape import regular
from genui.music.tune import Key, Metre

JIG = "X:1\nT:One\nR:jig\nM:6/8\nL:1/8\nQ:3/8=120\nK:D\nA|d2f afd|e2c A2A|d3 f2a|d3 d2|]\n"
REEL = "X:1\nM:4/4\nL:1/8\nK:Ador\nA2 (3Bcd e4-|e2 ^cd z2 eg|a2ge d2BG|A8|]\n"
REPEATED = "X:1\nM:3/4\nL:1/4\nK:G\n|:d|gab|agd|efg|d2:|\n"


def made(*tracks: list[mido.Message], ticks: int = 480) -> bytes:
    out = io.BytesIO()
    mido.MidiFile(ticks_per_beat=ticks, tracks=[mido.MidiTrack(t) for t in tracks]).save(file=out)
    return out.getvalue()


def notes(*played: tuple[int, int, int], channel: int = 0) -> list[mido.Message]:
    """(start, length, pitch) in MIDI ticks as messages."""
    found = [(at, True, pitch) for at, _, pitch in played]
    found += [(at + size, False, pitch) for at, size, pitch in played]
    now, out = 0, []
    for at, on, pitch in sorted(found, key=lambda one: (one[0], one[1])):
        kind = "note_on" if on else "note_off"
        out.append(mido.Message(kind, note=pitch, channel=channel, time=at - now))
        now = at
    return out


def refused(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(BadInput) as caught:
        read_melody(path)
    return caught.value.message


@pytest.mark.parametrize("text", [JIG, REEL])
def test_a_tune_comes_back_as_it_was(text: str) -> None:
    tune = regular(abc.read(text))
    back = midi.read(midi.write(tune))
    again = regular(back.tune)
    assert back.note == ""
    assert again.sections == tune.sections
    assert again.metre == tune.metre
    assert again.key.signature == tune.key.signature
    assert again.title == tune.title
    assert again.tempo == pytest.approx(tune.tempo or 120, rel=1e-4)


def test_repeats_are_heard_twice_and_tied_notes_once() -> None:
    tune = abc.read(REPEATED)
    track = mido.MidiFile(file=io.BytesIO(midi.write(tune))).tracks[1]
    pitches = [message.note for message in track if message.type == "note_on"]
    once = [74, 79, 81, 83, 81, 79, 74, 76, 78, 79, 74]
    assert pitches == once * 2
    reel = mido.MidiFile(file=io.BytesIO(midi.write(abc.read(REEL)))).tracks[1]
    assert sum(message.type == "note_on" for message in reel) == 16


def test_the_instrument_and_the_signatures_are_said() -> None:
    data = midi.write(abc.read(JIG), instrument="harp")
    file = mido.MidiFile(file=io.BytesIO(data))
    track = {message.type: message for track in file.tracks for message in track}
    assert track["program_change"].program == 46
    assert track["key_signature"].key == "D"
    assert (track["time_signature"].numerator, track["time_signature"].denominator) == (6, 8)


def test_a_played_melody_falls_on_the_grid() -> None:
    chance = random.Random(3)
    written = [(i * 240, 62 + (0, 2, 4, 5, 7, 9, 11, 12)[i % 8]) for i in range(32)]
    played = [
        (max(0, at + chance.randint(-25, 25)), 200 + chance.randint(-20, 20), pitch)
        for at, pitch in written
    ]
    tune = regular(midi.read(made(notes(*played))).tune)
    events = [event for bar in tune.sections[0].bars for event in bar.events]
    assert [(event.pitch, event.ticks) for event in events] == [(pitch, 12) for _, pitch in written]
    assert tune.key == Key(2, "major")  # heard


def test_a_played_triplet_is_a_triplet() -> None:
    row = [(0, 150, 67), (165, 150, 69), (318, 150, 71), (480, 470, 72), (960, 950, 74)]
    tune = regular(midi.read(made(notes(*row))).tune)
    assert [event.ticks for event in tune.sections[0].bars[0].events] == [8, 8, 8, 24, 48]


def test_of_many_voices_the_top_line_is_taken() -> None:
    high = [(i * 480, 480, 72 + i % 3) for i in range(8)]
    chords = [(i * 480, 480, 60 + i % 3) for i in range(8)]
    one = midi.read(made(notes(*high, *chords)))
    two = midi.read(made(notes(*chords), notes(*high, channel=1)))
    drums = midi.read(made(notes(*high), notes(*chords, channel=9)))
    for reading in (one, two):
        assert reading.note == TOP_LINE
    assert drums.note == ""
    for reading in (one, two, drums):
        assert [pitch for pitch, _ in reading.tune.notes()] == [p for *_, p in high]


def test_long_rests_can_be_written() -> None:
    row = [(0, 480, 67), (480 * 3 + 240, 240, 69), (480 * 14, 480, 71), (480 * 15, 480, 67)]
    tune = regular(midi.read(made(notes(*row))).tune)
    assert [p for p, _ in tune.notes() if p] == [67, 69, 71, 67]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"MThd", "damaged"),
        (b"MThd\0\0\0\6\0\0\0\1\0\x18MTrk\0\0\1\0\0\x90", "damaged"),
        (midi.write(abc.read(JIG))[:60], "damaged"),
        (b"MThd" + bytes(600_000), "500 kB"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "no music"),
        (b"RIFF\0\0\0\0WAVEfmt ", "no music"),
        (made(), EMPTY),
        (made([mido.Message("program_change", program=3)]), EMPTY),
        (made(notes((0, 480, 36), (480, 480, 38), channel=9)), DRUMS),
        (made([mido.Message(kind, note=60) for kind in ("note_on", "note_off")]), NO_LENGTH),
        (struct.pack(">4sIHHh", b"MThd", 6, 0, 1, -6360) + made(notes((0, 9, 60)))[14:], "film"),
        (made(notes((0, 480, 60), (2**27, 480, 62)), ticks=1), "longest possible"),
        (made(notes((0, 480, 20), (480, 480, 100))), "three octaves"),
        (
            made([mido.MetaMessage("time_signature", numerator=5, denominator=4),
                  *notes((0, 2400, 67))]),
            "metre",
        ),
        (
            made([mido.MetaMessage("time_signature", numerator=3, denominator=4),
                  *notes((0, 480, 67)), mido.MetaMessage("time_signature", numerator=2)]),
            "metre changes",
        ),
    ],
)  # fmt: skip
def test_a_bad_file_is_told_in_one_sentence(tmp_path: Path, data: bytes, sentence: str) -> None:
    said = refused(tmp_path / "a.mid", data)
    assert sentence in said
    assert said.endswith(".")


def test_noise_in_a_file_is_only_ever_refused(tmp_path: Path) -> None:
    whole, chance = bytearray(midi.write(abc.read(JIG))), random.Random(1)
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(4, len(data))] = chance.randrange(256)
        path = tmp_path / "a.mid"
        path.write_bytes(data)
        try:
            tune = read_melody(path).tune
        except BadInput:
            continue
        assert tune.metre.ticks > 0
        assert regular(abc.read(abc.write(tune))).sections == tune.sections


def test_metres_other_than_four_four() -> None:
    tune = regular(midi.read(midi.write(regular(abc.read(JIG)))).tune)
    assert tune.metre == Metre(6, 8)
    assert tune.sections[0].pickup.ticks == 12


BAND = (
    Part("Chords", "guitar", ((0, 48, 43, 0.5), (12, 60, 43, 0.5), (12, 12, 55, 0.5))),
    Part("Drums", "", ((0, 6, "low", 0.7), (36, 6, "shaker", 0.4))),
)


def test_the_band_plays_on_tracks_of_its_own() -> None:
    file = mido.MidiFile(file=io.BytesIO(midi.write(abc.read(JIG), band=BAND)))
    assert [track.name for track in file.tracks] == ["One", "Melody", "Chords", "Drums"]
    assert [m.program for t in file.tracks for m in t if m.type == "program_change"] == [110, 25]
    lengths = {sum(message.time for message in track) for track in file.tracks[1:]}
    assert lengths == {(72 * 5 - 12) * midi.FINE}  # with the silence before the pickup
    lead = 60 * midi.FINE
    heard = [sounding(track) for track in file.tracks]
    assert heard[1][0] == (lead, lead + 12 * midi.FINE, 69, 0)
    assert heard[2] == [
        (lead, lead + 12 * midi.FINE, 43, 1),  # struck again, so it ends
        (lead + 12 * midi.FINE, lead + 24 * midi.FINE, 55, 1),
        (lead + 12 * midi.FINE, lead + 72 * midi.FINE, 43, 1),
    ]
    assert [(pitch, channel) for *_, pitch, channel in heard[3]] == [(41, 9), (70, 9)]


def sounding(track: mido.MidiTrack) -> list[tuple[int, int, int, int]]:
    """(start, end, pitch, channel) of each note in MIDI ticks; nothing sounds on or twice."""
    now, on, found = 0, dict[int, int](), []
    for message in track:
        now += message.time
        if message.type == "note_on":
            assert message.note not in on
            on[message.note] = now
        elif message.type == "note_off":
            found.append((on.pop(message.note), now, message.note, message.channel))
    assert not on
    return sorted(found)


def test_the_melody_is_found_again_among_more_and_higher_notes() -> None:
    tune = regular(abc.read(JIG))
    many = Part("Chords", "harp", tuple((at, 3, 96, 0.5) for at in range(0, 180, 3)))
    back = midi.read(midi.write(tune, band=[many]))
    assert regular(back.tune).sections == tune.sections
    assert back.note == TOP_LINE
