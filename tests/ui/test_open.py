"""POST /genui/open: what the page is told of a file that was dropped on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin
from starlette.applications import Starlette
from starlette.testclient import TestClient

from genui import provenance
from genui.settings import Settings
from genui.studio import Studio
from genui.ui.routes import routes
from tests.unit.test_provenance_foreign import TEXT, WANTED
from tests.unit.test_provenance_pictures import drawn


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    studio = Studio(Settings(data_dir=tmp_path / "data", warm=False))
    yield TestClient(Starlette(routes=routes(studio)))
    assert list(studio.scratch.iterdir()) == []  # nothing of what was sent is left
    studio.engines.close()


@pytest.mark.parametrize("suffix", ["png", "webp"])
def test_a_picture_of_ours_gives_its_record(
    client: TestClient, tmp_path: Path, suffix: str
) -> None:
    path, larger = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    Image.new("RGB", (8, 8)).save(path)
    Image.new("RGB", (32, 32)).save(larger)
    provenance.embed(path, drawn())
    provenance.copy_record(path, larger, "upscaled 4x")
    record = drawn().model_dump(mode="json")
    answer = client.post("/genui/open", content=path.read_bytes()).json()
    assert answer == {"record": record, "note": ""}
    answer = client.post("/genui/open", content=larger.read_bytes()).json()
    assert answer["record"] == record
    assert answer["note"] == "This file was changed since it was made: upscaled 4x."


def test_a_picture_of_another_tool_gives_what_it_says(client: TestClient, tmp_path: Path) -> None:
    path, info = tmp_path / "a.png", PngImagePlugin.PngInfo()
    info.add_text("parameters", TEXT)
    Image.new("RGB", (8, 8)).save(path, pnginfo=info)
    answer = client.post("/genui/open", content=path.read_bytes()).json()
    assert answer.pop("note").startswith("Made by another tool")
    assert answer == {"parameters": WANTED}


def test_other_files_are_refused_in_one_sentence(client: TestClient, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (8, 8)).save(path)
    plain = path.read_bytes()
    provenance.embed(path, drawn())
    broken = path.read_bytes().replace(b'"seed":7', b'"seed":8')
    for content, sentence in (
        (b"", provenance.NOT_OURS),
        (plain, provenance.NOT_OURS),
        (broken, provenance.DAMAGED),
    ):
        assert client.post("/genui/open", content=content).json() == {"error": sentence}
