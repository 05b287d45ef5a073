"""Records in music come back: MP3, Ogg Vorbis, MIDI, ABC, MusicXML, scores; content stays."""

from __future__ import annotations

import io
import json
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from genui import provenance
from genui.errors import BadInput
from genui.music import abc, midi, musicxml
from genui.provenance import DAMAGED, NOT_OURS, TOO_LARGE
from tests.unit.test_provenance import made, refused, write_wav

TUNE = "X:1\nT:A <b> & “tune”\nR:jig\nM:6/8\nL:1/8\nK:D\n|:A|d2f afd|e2c A2A|d3 d2:|\n"


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    """Two seconds of a tone that falls, in stereo, with a record."""
    path = tmp_path / "sound.wav"
    seconds = np.arange(64_000) / 32_000
    tone = 0.5 * np.sin(2 * np.pi * 440 * seconds) * (1 - seconds / 4)
    soundfile.write(path, np.stack([tone, tone / 2], axis=1), 32_000, subtype="PCM_16")
    provenance.embed(path, made())
    return path


@pytest.mark.parametrize(
    ("convert", "form"), [(provenance.to_mp3, "MP3"), (provenance.to_ogg, "OGG")]
)
def test_a_converted_sound_is_the_same_to_the_ear_and_carries_its_record(
    wav: Path, tmp_path: Path, convert: object, form: str
) -> None:
    out = tmp_path / "converted"
    assert callable(convert)
    convert(wav, out)
    assert soundfile.info(out).format == form
    before, after = soundfile.read(wav)[0], soundfile.read(out)[0]
    assert abs(len(after) - len(before)) < 4000
    size = min(len(before), len(after))
    for channel in (0, 1):
        a, b = (np.abs(np.fft.rfft(sound[:size, channel])) for sound in (before, after))
        assert abs(int(a.argmax()) - int(b.argmax())) <= 1
        assert a.max() == pytest.approx(b.max(), rel=0.1)
    assert out.stat().st_size < wav.stat().st_size / 2
    assert provenance.read(out) == made()


@pytest.mark.parametrize("convert", [provenance.to_mp3, provenance.to_ogg, provenance.to_flac])
def test_a_long_record_survives(tmp_path: Path, convert: object) -> None:
    wav, out = tmp_path / "a.wav", tmp_path / "b"
    write_wav(wav)
    long = made("words \U0001d11e " * 20_000)  # over several pages of Ogg
    provenance.embed(wav, long)
    assert callable(convert)
    convert(wav, out)
    assert provenance.read(out) == long


def test_an_mp3_can_be_given_a_record_again(wav: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.mp3"
    provenance.to_mp3(wav, out)
    size, sound = out.stat().st_size, soundfile.read(out)[0]
    provenance.embed(out, made("other"))
    provenance.embed(out, made())
    assert out.stat().st_size == size
    assert np.array_equal(soundfile.read(out)[0], sound)
    assert provenance.read(out) == made()


def test_notes_stay_the_same_with_a_record(tmp_path: Path) -> None:
    tune = abc.read(TUNE)
    for name, data, read in (
        ("a.mid", midi.write(tune), lambda b: midi.read(b).tune),
        ("a.abc", abc.write(tune).encode(), lambda b: abc.read(b.decode())),
        ("a.musicxml", musicxml.write(tune), lambda b: musicxml.read(b).tune),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        before = read(data)
        provenance.embed(path, made())
        assert read(path.read_bytes()) == before
        assert provenance.read_envelope(path).generation == made()


def test_a_score_keeps_its_keys(tmp_path: Path) -> None:
    path = tmp_path / "score.json"
    path.write_text('{"abc": "X:1", "notes": [[0, 1, 62, 0.5, 0.25]]}')
    provenance.embed(path, made())
    found = json.loads(path.read_text())
    assert (found["abc"], found["notes"]) == ("X:1", [[0, 1, 62, 0.5, 0.25]])
    assert provenance.read(path) == made()


def test_other_programs_read_on(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(midi.write(abc.read(TUNE)))
    provenance.embed(path, made())
    texts = [m.text for m in mido.MidiFile(path).tracks[0] if m.type == "text"]
    assert texts[0].startswith("genui-record {")


def test_files_of_others_carry_no_record(wav: Path, tmp_path: Path) -> None:
    path, sound = tmp_path / "other", io.BytesIO()
    tune = abc.read(TUNE)
    soundfile.write(sound, np.zeros(3000), 32_000, format="OGG", subtype="VORBIS")
    for data in (
        midi.write(tune), b"X:1\nK:D\nd|\n", musicxml.write(tune), b"MThd", b"MThd\0\0\0\6",
        sound.getvalue(), b"\xff\xfb\x90" + bytes(400), b"ID3\4\0\0\0\0\0\0", b'{"abc": ""}'[:1],
    ):  # fmt: skip
        assert refused(path, data) in (NOT_OURS, DAMAGED)


def test_sizes_in_hostile_files_are_not_believed(wav: Path, tmp_path: Path) -> None:
    path = tmp_path / "hostile"
    out = tmp_path / "a.mp3"
    provenance.to_mp3(wav, out)
    whole = out.read_bytes()
    assert refused(path, whole[:200]) == DAMAGED
    frame = b"TXXX\x7f\x7f\x7f\x7f\0\0\3genui-record\0{"
    assert refused(path, b"ID3\4\0\0\x7f\x7f\x7f\x7f" + frame) == TOO_LARGE
    head = b"MThd\0\0\0\6\0\0\0\1\0\x18MTrk\0\0\1\0"
    assert refused(path, head + b"\0\xff\1\xff\xff\xff\x7f{") == TOO_LARGE
    assert refused(path, head + b"\0\xff\1\x7f{") == DAMAGED
    page = b"OggS" + bytes(22) + b"\xff" + b"\xff" * 255
    assert refused(path, (page + bytes(255 * 255)) * 140) == TOO_LARGE
    assert refused(path, b"%abc\n%genui-record {") == DAMAGED


def test_a_wav_without_a_record_is_not_converted(tmp_path: Path) -> None:
    wav = tmp_path / "a.wav"
    write_wav(wav)
    with pytest.raises(BadInput) as caught:
        provenance.to_mp3(wav, tmp_path / "b.mp3")
    assert caught.value.message == NOT_OURS
    assert not (tmp_path / "b.mp3").exists()
