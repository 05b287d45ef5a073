"""The endpoints for latent spaces, asked over HTTP as a program would, with a tiny model."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client, handle_file
from PIL import Image

from genui import provenance
from tests.ui.serving import Server
from tests.ui.test_api import DOC, refused


def test_a_walk_comes_as_a_file_that_carries_its_record(client: Client) -> None:
    asked = {"ask": "sample", "count": 2}
    places = client.predict(asked, "tiny-gan", api_name="/explore")["places"]
    options = {"frames": 6, "format": "webp", "scale": 1}
    made = client.predict("walk", places, "tiny-gan", options, 5, api_name="/latent")
    assert (made["kind"], made["status"], made["seed"]) == ("latent", "done", 5)
    film, poster = map(Path, made["files"])
    with Image.open(film) as image:
        assert (image.format, image.n_frames) == ("WEBP", 6)  # type: ignore[attr-defined]
    with Image.open(poster) as image:
        assert (image.format, image.size) == ("PNG", (64, 64))
    (record,) = made["records"]
    assert provenance.read(film).id == provenance.read(poster).id == record["id"]
    again = client.predict(made["generation_id"], api_name="/reproduce")
    assert again["identical"], again["verdict"]


def test_a_picture_is_looked_for_and_the_search_repeated(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "mine.jpg"
    Image.linear_gradient("L").resize((90, 60)).convert("RGB").save(path)
    found = client.predict({"ask": "encode"}, picture=handle_file(path), api_name="/explore")
    assert found["exact"] is False
    made = client.predict(
        "invert", options={"steps": 3}, picture=handle_file(path), api_name="/latent"
    )
    assert len(made["records"][0]["usage"]["distances"]) == 3
    assert client.predict(made["generation_id"], api_name="/reproduce")["identical"]


@pytest.mark.parametrize(
    ("endpoint", "args", "sentence"),
    [
        ("/latent", ("fly",), "Task: Input should be"),
        ("/latent", ("walk", [{"at": [0.0] * 128}]), "at least two places"),
        ("/latent", ("picture", [{"at": [0.0]}]), "128 coordinates, not 1"),
        ("/latent", ("picture", [], "stickers"), "makes image, not latent"),
        ("/latent", ("picture", [], "", ["x"]), "Options: give a JSON object."),
        ("/explore", ({"ask": "sample", "count": 0},), "Count"),
        ("/explore", ({"ask": "encode"},), "add it again"),
        ("/explore", ({"ask": "mean"}, "nothing"), "no model with that name"),
    ],
)
def test_mistakes_are_one_sentence(
    client: Client, endpoint: str, args: tuple[Any, ...], sentence: str
) -> None:
    assert sentence in refused(client, endpoint, *args)


def test_the_documented_example_runs(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = (e for e in re.findall(r"```python\n(.*?)```", DOC, re.S) if "/explore" in e)
    exec(compile(example.replace("http://127.0.0.1:7860", server.url), "docs/api.md", "exec"), {})
    shown = capsys.readouterr().out
    assert "0.8 seconds" in shown
    assert "hair_color" in shown
