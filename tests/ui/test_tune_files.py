"""Tunes out as files and melodies in: the routes beside Gradio's."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import mido
import pytest
import soundfile
from starlette.applications import Starlette
from starlette.testclient import TestClient

from genui import provenance
from genui.music import abc, midi, musicxml, tokens
from genui.music.melody import TOP_LINE
from genui.settings import Settings
from genui.studio import Studio
from genui.ui.routes import routes
from tests.unit.test_provenance import made, write_wav

TUNE = "X:1\nT:Test\nR:jig\nM:6/8\nL:1/8\nK:D\n|:A|d2f afd|e2c A2A|d2f afd|d3 d2:|\n"


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    studio = Studio(Settings(data_dir=tmp_path / "data", warm=False))
    yield studio
    assert list(studio.scratch.iterdir()) == []  # nothing that was written or sent is left
    studio.engines.close()


@pytest.fixture
def client(studio: Studio) -> TestClient:
    return TestClient(Starlette(routes=routes(studio)))


def kept(studio: Studio, path: Path, name: str) -> str:
    artifact = studio.store.media.put(path, name, "x/y", {})
    token = studio.identity.media_token(artifact.sha256, name)
    return f"{artifact.sha256}/{name}?token={token}"


@pytest.mark.parametrize("form", ["flac", "mp3", "ogg"])
def test_a_sound_is_given_in_other_formats(
    client: TestClient, studio: Studio, tmp_path: Path, form: str
) -> None:
    wav, out = tmp_path / "a.wav", tmp_path / f"b.{form}"
    write_wav(wav)
    provenance.embed(wav, made())
    where = kept(studio, wav, "audio")
    answer = client.get(f"/genui/{form}/{where}")
    assert answer.headers["content-type"] == f"audio/{'mpeg' if form == 'mp3' else form}"
    assert f'.{form}"' in answer.headers["content-disposition"]
    out.write_bytes(answer.content)
    assert soundfile.info(out).format == form.upper()
    assert provenance.read(out) == made()
    assert client.get(f"/genui/{form}/{where[:-1]}").status_code == 404


@pytest.mark.parametrize("accompaniment", ["none", "chords", "full"])
def test_a_score_is_given_as_files_of_notes_with_its_chords(
    client: TestClient, studio: Studio, tmp_path: Path, accompaniment: str
) -> None:
    score, tune = tmp_path / "score.json", abc.read(TUNE)
    said = {"abc": TUNE, "tempo": 90, "instrument": "harp", "accompaniment": accompaniment,
            "tokens": tokens.encode(tune)}  # fmt: skip
    score.write_text(json.dumps(said))
    provenance.embed(score, made())
    where = kept(studio, score, "score")
    for form, read in (
        ("mid", lambda data: midi.read(data).tune),
        ("abc", lambda data: abc.read(data.decode())),
        ("musicxml", lambda data: musicxml.read(data).tune),
    ):
        answer = client.get(f"/genui/tune/{where}&form={form}")
        assert answer.status_code == 200
        found = read(answer.content)
        assert found.tempo == pytest.approx(135, rel=1e-3)  # quarters: a beat is three eighths
        assert found.title == "Test"
        if form != "mid":
            assert list(found.events()) == list(tune.events())
            chords = [bar.chords for bar in found.sections[0].bars]
            assert all(chords) == any(chords) == (accompaniment != "none")
            assert accompaniment == "none" or chords[0][0] == (0, "D")
        else:
            file = mido.MidiFile(file=io.BytesIO(answer.content))
            band = {"none": [], "chords": ["Chords"], "full": ["Bass", "Chords", "Drums"]}
            assert sorted(t.name for t in file.tracks[2:]) == band[accompaniment]
        out = tmp_path / "out"
        out.write_bytes(answer.content)
        assert provenance.read(out) == made()
    assert client.get(f"/genui/tune/{where}&form=exe").status_code == 404
    assert client.get(f"/genui/media/{where}").json()["tempo"] == 90


def test_a_melody_is_read_and_not_kept(client: TestClient) -> None:
    tune = abc.read(TUNE)
    for data in (midi.write(tune), TUNE.encode(), musicxml.write(tune)):
        answer = client.post("/genui/tune?name=my%20tune.mid", content=data).json()
        assert (answer["metre"], answer["key"], answer["title"]) == ("6/8", "D major", "Test")
        assert (answer["places"][:3], answer["note"]) == ([0, 0, 0], "")
        assert abc.read(answer["abc"]).metre == tune.metre
    two = "X:1\nT:\nM:4/4\nL:1/4\nK:C\nCDEF|\n"
    answer = client.post("/genui/tune?name=my%20tune.abc", content=two.encode()).json()
    assert answer["title"] == "my tune"


def test_what_was_left_out_is_said(client: TestClient) -> None:
    data = musicxml.write(abc.read(TUNE))
    pitch = b"<pitch><step>F</step><octave>4</octave></pitch>"
    chord = b"<note><chord/>" + pitch + b"<duration>24</duration></note>"
    at = data.index(b"</note>", data.index(b"</measure>")) + len(b"</note>")
    answer = client.post("/genui/tune", content=data[:at] + chord + data[at:]).json()
    assert answer["note"] == TOP_LINE


def test_a_bad_melody_is_told_in_one_sentence(client: TestClient) -> None:
    sound = io.BytesIO()
    soundfile.write(sound, [0.0] * 100, 8000, format="WAV")
    for data in (b"", b"MThd", sound.getvalue(), b"<a>", b"X:1\nK:C\n"):
        answer = client.post("/genui/tune", content=data).json()
        assert list(answer) == ["error"]
        assert answer["error"].endswith(".")
