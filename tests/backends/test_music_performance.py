"""A tied note is one note: over bar lines, over a stop, in the notes and in MIDI."""

from __future__ import annotations

import io
import json
from pathlib import Path
from threading import Event as Flag

import mido
import pytest

from genui.backends.music_performance import Performance
from genui.backends.music_plans import Style
from genui.music import abc, midi, tokens
from genui.music.shape import regular

TIED = "X:1\nR:tune\nM:4/4\nL:1/8\nK:G\n|:G8|A8-|A8-|A4 B4:|\n"
BAR = 2.0  # seconds


def played(folder: Path, row: list[int]) -> Performance:
    """The tokens performed at 120 quarter notes a minute, to the end of their last whole bar."""
    style = Style(120, 1.0, "flute", "none", "Tied")
    with Performance(style, folder) as performance:
        for token in row:
            performance.hear(token, said=True)
        told = list(performance.finish(Flag()))
        output = performance.output([], len(row))
    assert [note for bars in told for note in bars.notes] == performance.notes
    assert json.loads(output.files[1].path.read_text())["notes"] == [*map(list, performance.notes)]
    return performance


def test_a_note_tied_over_bar_lines_is_one_note(tmp_path: Path) -> None:
    tune = regular(abc.read(TIED))
    notes = played(tmp_path, tokens.encode(tune)).notes
    assert [(event, pitch) for event, _, pitch, _, _ in notes] == [(0, 67), (1, 69), (4, 71)] * 2
    assert [seconds for *_, seconds in notes] == pytest.approx(
        [BAR, 2.5 * BAR, BAR / 2] * 2, abs=0.02
    )
    file = mido.MidiFile(file=io.BytesIO(midi.write(tune)))
    heard = [message for message in file.tracks[1] if message.type.startswith("note_")]
    assert [m.note for m in heard if m.type == "note_on"] == [67, 69, 71] * 2
    assert [m.time for m in heard if m.type == "note_off"] == [
        ticks * midi.FINE for ticks in (96, 240, 48) * 2
    ]


def test_a_stop_within_a_tied_note_keeps_it(tmp_path: Path) -> None:
    row = tokens.encode(regular(abc.read(TIED)))
    third = tokens.bar_starts(row)[2]
    assert row[third - 1] == tokens.TIE
    # after the tie, in the bar that was begun, after that bar
    for end, bars in ((third, 1), (third + 2, 1), (third + 4, 2)):
        performance = played(tmp_path, row[:end])
        assert [(event, pitch) for event, _, pitch, _, _ in performance.notes] == [(0, 67), (1, 69)]
        assert performance.notes[1][4] == pytest.approx(bars * BAR, abs=0.02)
