"""The endpoint for tunes, asked over HTTP as a program would, with a tiny model."""

from __future__ import annotations

import json
import re
import wave
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client

from genui import provenance
from genui.music import abc
from tests.tiny_tunes import JIG
from tests.ui.serving import Server
from tests.ui.test_api import DOC, refused


def test_a_tune_comes_as_sound_and_score_with_its_record(client: Client) -> None:
    made = client.predict(
        "a reel in G, 8 bars, on the harp", "tiny-tunes",
        {"tempo": 200, "accompaniment": "none"}, 5, api_name="/music",
    )  # fmt: skip
    assert (made["kind"], made["status"], made["seed"]) == ("music", "done", 5)
    sound, score = map(Path, made["files"])
    with wave.open(str(sound)) as file:
        seconds = file.getnframes() / file.getframerate()
    assert seconds == pytest.approx(made["seconds"], abs=0.01)
    assert provenance.read(sound).id == made["record"]["id"] == made["generation_id"]
    assert json.loads(score.read_text("utf-8"))["abc"] == made["abc"]
    assert abc.read(made["abc"]).bars == 8
    assert ["instrument", "Harp"] in made["asked"]
    again = client.predict(made["generation_id"], api_name="/reproduce")
    assert again["identical"], again["verdict"]


def test_bars_of_a_melody_are_filled(client: Client) -> None:
    made = client.predict(
        "", "", {"accompaniment": "none"}, 1, "fill", JIG, "", 4, 2, api_name="/music"
    )
    given, filled = (list(abc.read(text).written()) for text in (JIG, made["abc"]))
    assert [i for i in range(16) if given[i] != filled[i]] in ([4, 5], [4], [5], [3, 4, 5])


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("a reel in 9/8",), "A reel is in 4/4 or 2/4"),
        (("7 bars of nothing",), "needs notes"),
        (("", "", {"tempo": 1}), "between 40 and 240"),
        (("", "", ["x"]), "Options: give a JSON object."),
        (("", "stickers"), "makes image, not music"),
        (("", "", {}, 1, "vary", "<script>"), "not a tune in ABC"),
        (("", "", {}, 1, "write", "", "", 0, 1, "abc"), "Tokens: give a list"),
        (("", "", {}, 1, "write", "", "", 0, 1, ["abc"]), "Tokens"),
        ((5,), "Prompt: give a text."),
    ],
)
def test_mistakes_are_one_sentence(client: Client, args: tuple[Any, ...], sentence: str) -> None:
    assert sentence in refused(client, "/music", *args)


def test_the_documented_example_runs(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = (e for e in re.findall(r"```python\n(.*?)```", DOC, re.S) if "/music" in e)
    exec(compile(example.replace("http://127.0.0.1:7860", server.url), "docs/api.md", "exec"), {})
    shown = capsys.readouterr().out
    assert "K:D" in shown
    assert "16 bars" in shown
