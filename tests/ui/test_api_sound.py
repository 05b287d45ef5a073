"""The endpoint for sound from words, asked over HTTP as a program would, with a tiny MusicGen."""

from __future__ import annotations

import re
import wave
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client, handle_file

from genui import provenance
from tests.tiny_sounds import RATE
from tests.ui.serving import Server
from tests.ui.test_api import DOC, refused

CAT = "a red cat"


def test_a_sound_comes_as_a_file_that_carries_its_record(client: Client) -> None:
    made = client.predict(CAT, options={"seconds": 0.6}, seed=5, api_name="/sound")
    assert (made["kind"], made["model"], made["status"]) == ("sound", "tiny-sound", "done")
    assert (made["seed"], made["seconds"]) == (5, 0.6)
    (path,) = made["files"]
    with wave.open(path) as file:
        assert (file.getframerate(), file.getnchannels()) == (RATE, 2)
        assert file.getnframes() == round(0.6 * RATE)
    assert provenance.read(Path(path)).id == made["record"]["id"] == made["generation_id"]
    again = client.predict(made["generation_id"], api_name="/reproduce")
    assert again["identical"], again["verdict"]


def test_a_sound_is_continued_and_that_repeated(client: Client) -> None:
    first = client.predict(CAT, options={"seconds": 0.6}, seed=5, api_name="/sound")
    longer = client.predict(
        CAT, options={"seconds": 0.6}, seed=6, sound=handle_file(first["files"][0]),
        api_name="/sound",
    )  # fmt: skip
    assert longer["seconds"] == 1.2
    assert client.predict(longer["generation_id"], api_name="/reproduce")["identical"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((" ",), "Write what you want to hear first."),
        ((CAT, "", "", "", {"seconds": 1000}), "Seconds"),
        ((CAT, "", "", "", ["x"]), "Options: give a JSON object."),
        ((CAT, "", "", "ace-step-1.5"), "needs a GPU"),
        ((CAT, "", "", "stickers"), "makes image, not sound"),
        ((CAT, "", "", "", None, None, {"path": "/etc/passwd"}), "give a file that was uploaded"),
    ],
)
def test_mistakes_are_one_sentence(
    client: Client, arguments: tuple[Any, ...], sentence: str
) -> None:
    assert sentence in refused(client, "/sound", *arguments)


def test_a_file_that_is_no_sound(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(b"<!doctype html>")
    given = handle_file(path)
    assert "no sound that can be read" in refused(
        client, "/sound", CAT, "", "", "", None, None, given
    )


def test_the_documented_example_runs(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = (e for e in re.findall(r"```python\n(.*?)```", DOC, re.S) if "/sound" in e)
    exec(compile(example.replace("http://127.0.0.1:7860", server.url), "docs/api.md", "exec"), {})
    shown = capsys.readouterr().out
    assert "2.0 seconds, all options heard" in shown
    assert "3.0 seconds now" in shown
