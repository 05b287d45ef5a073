"""Records in files: the content stays, the record comes back, hostile files are refused."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from genui import provenance
from genui.errors import BadInput
from genui.provenance import AI_MADE, DAMAGED, NOT_OURS, RECORD_MAX, TOO_LARGE
from genui.records import Artifact, Generation, ModelStamp, Request, Timings

NASTY = (
    "---\n{}\n---\n```\n</script>\0\x1b[31m \u202eright to left\u2028 日本語 𝄞 “quoted”"
    " \\ % \r\n--- \n"
)


def made(text: str = NASTY, kind: str = "speech", **changes: Any) -> Generation:
    generation = Generation(
        id="0123456789abcdef" * 2,
        created="2026-11-21T04:00:00.000+00:00",
        status="done",
        request=Request(kind=kind, model="heart", inputs={"text": text}, seed=7),
        model=ModelStamp(id="heart", title="Heart", backend="hibari", sha256="1" * 64),
        device="cpu",
        versions={"genui": "0.1.0", "hibari": "0.2.1"},
        timings=Timings(run=1.5),
        text=text,
        output_sha256="a" * 64,
    )
    return generation.model_copy(update=changes)


def write_wav(path: Path, frames: int = 4801, width: int = 2) -> bytes:
    """A WAV file of noise; returns its PCM bytes."""
    pcm = np.random.default_rng(1).integers(0, 256, frames * width, dtype=np.uint8).tobytes()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(width)
        file.setframerate(24000)
        file.writeframes(pcm)
    return pcm


def refused(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(BadInput) as caught:
        provenance.read(path)
    return caught.value.message


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    path = tmp_path / "sound.wav"
    write_wav(path)
    provenance.embed(path, made())
    return path


# --- writing and reading ----------------------------------------------------------------------


@pytest.mark.parametrize(("frames", "width"), [(0, 2), (1, 2), (4801, 2), (333, 1), (333, 3)])
def test_a_wav_keeps_its_sound_and_gains_its_record(
    tmp_path: Path, frames: int, width: int
) -> None:
    path = tmp_path / "sound.wav"
    pcm = write_wav(path, frames, width)
    before = path.read_bytes()
    provenance.embed(path, made())
    after = path.read_bytes()
    assert after[8 : len(before)] == before[8:]  # only the RIFF size changed
    assert struct.unpack("<I", after[4:8])[0] == len(after) - 8
    assert len(after) % 2 == 0
    with wave.open(str(path)) as file:
        assert (file.getnframes(), file.readframes(frames)) == (frames, pcm)
    assert soundfile.info(path).frames == frames
    assert provenance.read(path) == made()


def test_a_wav_says_in_standard_places_that_a_machine_made_it(wav: Path) -> None:
    with wav.open("rb") as file:
        file.seek(12)
        chunks = {}
        while len(head := file.read(8)) == 8:
            name, size = head[:4], struct.unpack("<I", head[4:])[0]
            chunks[name] = file.read(size)
            file.seek(size % 2, 1)
    assert list(chunks) == [b"fmt ", b"data", b"LIST", b"_PMX"]
    assert b"DigitalSourceType>" + AI_MADE.encode() in chunks[b"_PMX"]
    assert chunks[b"LIST"].startswith(b"INFOISFT")
    with soundfile.SoundFile(wav) as sound:  # an independent reader finds the maker
        assert sound.software.startswith("genui ")
        assert sound.date == "2026-11-21"


def test_the_record_in_a_file_names_no_artifacts_and_no_session(wav: Path, tmp_path: Path) -> None:
    sound = Artifact(name="audio", sha256="b" * 64, mime="audio/wav", size=1)
    document = provenance.record_document(made(artifacts=(sound,)))
    assert json.loads(document)["generation"]["artifacts"] == []
    assert json.loads(document)["digitalSourceType"] == AI_MADE
    path = tmp_path / "record.json"
    path.write_text(document, "utf-8")
    assert provenance.read(path) == made()


def test_flac_carries_the_same_sound_and_record(wav: Path, tmp_path: Path) -> None:
    flac = tmp_path / "sound.flac"
    provenance.to_flac(wav, flac)
    assert soundfile.info(flac).format == "FLAC"
    assert provenance.read(flac) == made()
    ours, theirs = (soundfile.read(path, dtype="int16")[0] for path in (wav, flac))
    assert np.array_equal(ours, theirs)
    with soundfile.SoundFile(flac) as sound:
        assert AI_MADE in sound.comment


def test_a_long_record_survives_in_wav_and_flac(tmp_path: Path) -> None:
    long = made("𝄞 " * 100_000)
    wav, flac = tmp_path / "a.wav", tmp_path / "a.flac"
    write_wav(wav)
    provenance.embed(wav, long)
    provenance.to_flac(wav, flac)
    assert provenance.read(wav) == provenance.read(flac) == long


def test_a_record_that_could_not_be_read_back_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    write_wav(path)
    before = path.read_bytes()
    with pytest.raises(BadInput, match="too long"):
        provenance.embed(path, made("x" * RECORD_MAX))
    assert path.read_bytes() == before


def test_text_cannot_break_out_of_its_document(tmp_path: Path) -> None:
    generation = made(kind="text")
    document = provenance.text_document(generation)
    first, record, end, blank, body = document.split("\n", 4)
    assert (first, end, blank) == ("---", "---", "")
    assert json.loads(record)["digitalSourceType"] == AI_MADE
    assert body == NASTY + "\n"
    path = tmp_path / "a.md"
    path.write_bytes(document.encode())
    assert provenance.read(path) == generation
    path.write_bytes(b"\xef\xbb\xbf" + document.replace("\n", "\r\n").encode())
    assert provenance.read(path) == generation  # as an editor on Windows saves it


def test_a_bare_record_as_the_api_gives_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(made().model_dump_json(indent=2), "utf-8")
    assert provenance.read(path) == made()


def test_something_else_is_never_given_a_record(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"not a sound")
    with pytest.raises(ValueError, match="can carry"):
        provenance.embed(path, made())
    assert path.read_bytes() == b"not a sound"


# --- hostile files ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"R",
        b"RIFF",
        b"RIFF\xff\xff\xff\xffWAVE",
        b"RIFF\0\0\0\0WAVE" + b"LIST\xff\xff\xff\xffINFO",
        b"RIFF\0\0\0\0WAVE" + b"data\xff\xff\xff\xff" + b"\0" * 64,
        b"RIFF\0\0\0\0WAVE" + b"junk\0\0\0\0" * 5000,
        b"fLaC",
        b"fLaC\x84\0\0\0",
        b"fLaC" + b"\x01\0\0\0" * 5000,
        b"fLaC\x7f\xff\xff\xff",
        b"---\n---\n",
        b"--- \nhello",
        b"hello",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
        b"\0" * 4096,
        b"---\n" + b"\n" * 100_000,
    ],
)
def test_files_made_elsewhere_say_so(tmp_path: Path, data: bytes) -> None:
    assert refused(tmp_path / "file", data) in (NOT_OURS, DAMAGED)


@pytest.mark.parametrize(
    "record",
    [
        b"{",
        b"{}",
        b"{]",
        b'{"generation": 5}',
        b'{"generation": {"id": "../../etc/passwd"}}',
        b'{"a":' * 50_000,
        b'{"a": 1' + b"0" * 5000 + b"}",
        b'{"id": "\\ud800"}',
        b'{"id": "\xff\xfe"}',
    ],
)
@pytest.mark.parametrize("frame", ["wav", "flac", "md", "json"])
def test_damaged_records_say_so(tmp_path: Path, record: bytes, frame: str) -> None:
    icmt = b"INFOICMT" + struct.pack("<I", len(record)) + record
    note = b"COMMENT=" + record
    vorbis = struct.pack("<III", 0, 1, len(note)) + note
    framed = {
        "wav": b"RIFF\0\0\0\0WAVELIST" + struct.pack("<I", len(icmt)) + icmt,
        "flac": b"fLaC\x84" + len(vorbis).to_bytes(3, "big") + vorbis,
        "md": b"---\n" + record + b"\n---\n",
        "json": record,
    }[frame]
    assert refused(tmp_path / "file", framed) == DAMAGED


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(tmp_path: Path, number: str) -> None:
    whole = json.loads(provenance.record_document(made()))
    whole["generation"]["request"]["options"] = {"speed": "HERE"}
    text = json.dumps(whole).replace('"HERE"', number)
    assert refused(tmp_path / "file", text.encode()) == DAMAGED


def test_unknown_fields_are_refused(tmp_path: Path) -> None:
    whole = json.loads(provenance.record_document(made()))
    whole["generation"]["path"] = "/etc/passwd"
    assert refused(tmp_path / "file", json.dumps(whole).encode()) == DAMAGED


def test_every_truncation_of_a_file_is_refused_or_whole(wav: Path, tmp_path: Path) -> None:
    flac = tmp_path / "whole.flac"
    provenance.to_flac(wav, flac)
    messages = set()
    for whole in (wav.read_bytes(), flac.read_bytes()):
        part = tmp_path / "part"
        for end in range(0, len(whole), 37):
            part.write_bytes(whole[:end])
            try:
                found = provenance.read(part)
            except BadInput as error:
                messages.add(error.message)
            else:
                assert found == made()
    assert messages == {NOT_OURS, DAMAGED}


def test_a_file_that_lies_about_sizes_takes_no_memory(tmp_path: Path) -> None:
    huge = struct.pack("<I", 2**32 - 1)
    claims = b"RIFF" + huge + b"WAVELIST" + huge + b"INFOICMT" + huge
    assert refused(tmp_path / "file", claims) == TOO_LARGE
    claims = b"fLaC\x84\xff\xff\xff" + struct.pack("<II", 0, 2**32 - 1) + huge + b"COMMENT="
    assert refused(tmp_path / "file", claims) == TOO_LARGE
    assert refused(tmp_path / "file", b"{" + b" " * (RECORD_MAX + 10)) == TOO_LARGE
    assert refused(tmp_path / "file", b"---\n{" + b" " * (RECORD_MAX + 10)) == TOO_LARGE


def test_long_sound_is_handled_in_constant_memory(tmp_path: Path) -> None:
    """Twenty minutes of sound (58 MB) pass through embed, to_flac and read in a child process
    that may not grow by that much."""
    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(24000)
        for _ in range(1200):
            file.writeframes(bytes(48000))
    record = tmp_path / "record.json"
    record.write_text(provenance.record_document(made()), "utf-8")
    script = (
        "import resource, sys, soundfile; from pathlib import Path; from genui import provenance\n"
        "wav, flac, record = map(Path, sys.argv[1:]); generation = provenance.read(record)\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak(); provenance.embed(wav, generation); provenance.to_flac(wav, flac)\n"
        "assert provenance.read(flac) == generation; print(peak() - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, path, tmp_path / "long.flac", record],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    unit = 1 if sys.platform == "darwin" else 1024  # what ru_maxrss counts in
    assert int(done.stdout) * unit < 20e6


# --- verdicts ---------------------------------------------------------------------------------


def other(**changes: Any) -> Generation:
    return made(output_sha256="c" * 64, **changes)


def test_the_same_bytes_are_identical() -> None:
    identical, why = provenance.verdict(made(), made(id="f" * 32, device="cuda"))
    assert identical
    assert why.startswith("Identical")


@pytest.mark.parametrize(
    ("again", "word"),
    [
        (other(device="cuda"), "made on cpu, repeated on cuda"),
        (other(versions={"genui": "0.1.0", "hibari": "0.3"}), "hibari 0.2.1 → 0.3"),
        (other(versions={"genui": "0.1.0"}), "hibari 0.2.1 → none"),
        (
            other(model=ModelStamp(id="heart", title="Heart", backend="hibari", sha256="2" * 64)),
            "weights of Heart",
        ),
        (other(), "rounded differently"),
        (other(status="stopped"), "stopped early"),
        (other(request=Request(kind="speech", model="heart", inputs={}, seed=7)), "Not comparable"),
    ],
)
def test_a_difference_is_explained_in_one_sentence(again: Generation, word: str) -> None:
    identical, why = provenance.verdict(made(), again)
    assert not identical
    assert word in why
    assert why.endswith(".")
    assert "\n" not in why


def test_a_text_that_was_stopped_counts_as_far_as_it_got() -> None:
    stopped = made("Once upon", kind="text", status="stopped")
    request = stopped.request
    again = other(text="Once upon a time", request=request)
    assert provenance.verdict(stopped, again)[0]
    assert not provenance.verdict(stopped, other(text="Twice", request=request))[0]
