"""The endpoints for pictures, asked over HTTP as a program would, with a tiny pipeline."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client, handle_file
from PIL import Image

from genui import provenance
from genui.store import Store
from tests.ui.serving import Server
from tests.ui.test_api import DOC, post, refused

SMALL: dict[str, Any] = {"steps": 2, "width": 64, "height": 64}


@pytest.fixture(scope="module")
def batch(client: Client) -> dict[str, Any]:
    answer: dict[str, Any] = client.predict(
        "a red cat", options=SMALL | {"count": 3}, seed=7, api_name="/image"
    )
    return answer


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "mine.jpg"
    Image.linear_gradient("L").resize((90, 60)).convert("RGB").save(path)
    return path


def test_a_batch_is_files_that_carry_their_records(batch: dict[str, Any]) -> None:
    assert (batch["kind"], batch["model"], batch["status"]) == ("image", "tiny-image", "done")
    assert len(batch["files"]) == len(batch["records"]) == 3
    assert batch["generation_id"] == batch["records"][0]["id"]
    for number, (path, record) in enumerate(zip(batch["files"], batch["records"], strict=True)):
        with Image.open(path) as image:
            assert (image.format, image.size) == ("PNG", (64, 64))
        found = provenance.read(Path(path))
        assert found.id == record["id"]
        assert found.usage["seed"] == record["usage"]["seed"] == 7 + number
        assert found.output_sha256 == record["output_sha256"]
    assert len({record["output_sha256"] for record in batch["records"]}) == 3


def test_arguments_in_the_documented_order(client: Client, picture: Path) -> None:
    mask = picture.with_name("mask.png")
    Image.new("L", (90, 60), 255).save(mask)
    answer = client.predict(
        "a dog", "grey", "tiny-image", SMALL | {"count": 1, "strength": 0.5, "guidance": 3}, 5,
        handle_file(picture), handle_file(mask), api_name="/image",
    )  # fmt: skip
    (record,) = answer["records"]
    inputs = record["request"]["inputs"]
    assert (inputs["prompt"], inputs["negative"]) == ("a dog", "grey")
    assert len(inputs["image"]) == len(inputs["mask"]) == 64
    assert record["request"]["seed"] == answer["seed"] == 5
    assert record["request"]["options"]["guidance"] == 3
    again = client.predict(answer["generation_id"], api_name="/reproduce")
    assert again["identical"], again["verdict"]
    morph = client.predict("a dog", options=SMALL | {"count": 3}, to="a cat", api_name="/image")
    assert len(morph["files"]) == 3


def test_every_picture_of_a_batch_can_be_made_again(client: Client, batch: dict[str, Any]) -> None:
    for record in batch["records"]:
        again = client.predict(record["id"], api_name="/reproduce")
        assert (again["identical"], again["verdict"]) == (
            True, "Identical: every pixel came out the same again.",
        )  # fmt: skip


def test_a_grid_has_a_picture_for_each_cell(client: Client) -> None:
    grid = {"x": {"name": "steps", "values": [1, 2]}, "y": {"name": "seed", "values": [1, 2]}}
    answer = client.predict("a cat", options=SMALL | grid, api_name="/image")
    cells = [record["usage"]["cell"] for record in answer["records"]]
    assert cells == [{"steps": s, "seed": n} for n in (1, 2) for s in (1, 2)]


def test_the_best_is_stored_as_pairs(client: Client, server: Server, batch: dict[str, Any]) -> None:
    a, b, c = (record["id"] for record in batch["records"])
    first = client.predict(a, [b, c], api_name="/prefer")
    assert len(first["comparison_ids"]) == 2
    assert first["stored"]
    client.predict(b, f"{a}, {c}", reasons="fits, Clean lines", api_name="/prefer")
    store = Store.open(server.data)
    now = store.preferences()
    assert {(event.winner, event.loser) for event in now} == {(b, a), (b, c)}
    assert {event.reasons for event in now} == {("fits", "clean-lines")}
    client.predict(b, [a, c], withdrawn=True, api_name="/prefer")
    assert store.preferences() == []
    store.close()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"prompt": ""}, "Write what you want to see"),
        ({"prompt": 5}, "Prompt"),
        ({"prompt": "x" * 5000}, "Prompt"),
        ({"negative": 5}, "Negative"),
        ({"model": "heart"}, "not image"),
        ({"model": ["a"]}, "Model"),
        ({"model": "/etc/passwd"}, "choose one of"),
        ({"seed": -2}, "Seed"),
        ({"options": "many"}, "JSON object"),
        ({"options": {"count": 0}}, "Count"),
        ({"options": {"count": 10**40}}, "Count"),
        ({"options": {"colour": "red"}}, "not an option"),
        ({"options": {"width": 65}}, "Width"),
        ({"options": {"y": {"name": "steps", "values": [1]}}}, "grid needs its columns"),
        ({"image": "a file"}, "uploaded"),
        ({"image": {"path": "/etc/passwd"}}, "uploaded"),
        ({"image": {"path": "a\0b"}}, "uploaded"),
        ({"image": {"path": 5}}, "uploaded"),
        ({"to": 5}, "To"),
    ],
)
def test_image_refuses_in_one_sentence(client: Client, arguments: Any, word: str) -> None:
    assert word in refused(client, "/image", **{"prompt": "a cat"} | arguments)


def test_files_that_are_no_pictures_are_refused(
    client: Client, tmp_path: Path, picture: Path
) -> None:
    for name, content in (("text.png", b"hello"), ("none.png", b""), ("half.jpg", b"\xff\xd8\xff")):
        path = tmp_path / name
        path.write_bytes(content)
        message = refused(client, "/image", "a cat", image=handle_file(path))
        assert re.search(r"empty|not a picture|damaged", message), message
    message = refused(client, "/image", "a cat", mask=handle_file(picture))
    assert "mask needs the picture" in message


def test_a_forged_file_opens_nothing_of_the_server(server: Server) -> None:
    forged = '{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}'
    assert post(server.url, "/image", f'["a", "", "", {{}}, 1, {forged}, null, ""]') is None


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"others": []}, "1 to 12"),
        ({"others": None}, "1 to 12"),
        ({"others": 5}, "Others"),
        ({"others": ["a"]}, "no result with that id"),
        ({"others": ["f" * 32]}, "not here"),
        ({"others": [f"{n:032x}" for n in range(13)]}, "1 to 12"),
        ({"generation_id": "' OR 1=1 --"}, "no result with that id"),
        ({"context": "jury"}, "Context"),
        ({"context": 5}, "Context"),
        ({"reasons": ["!!"]}, "Reasons"),
    ],
)
def test_prefer_refuses_in_one_sentence(
    client: Client, batch: dict[str, Any], change: dict[str, Any], word: str
) -> None:
    a, b, _ = (record["id"] for record in batch["records"])
    assert word in refused(client, "/prefer", **{"generation_id": a, "others": [b]} | change)
    assert "itself" in refused(client, "/prefer", a, [b, a])


def test_the_documented_example_runs(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    example = re.findall(r"```python\n(.*?)```", DOC, re.S)[1]
    exec(compile(example.replace("http://127.0.0.1:7860", server.url), "docs/api.md", "exec"), {})
    shown = capsys.readouterr().out
    assert "2 pairs stored" in shown
    assert "True Identical" in shown
