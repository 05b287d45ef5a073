"""Pictures through the studio: made, kept each with its own request, started from, refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from genui import pictures
from genui.catalog import Catalog, operator_model
from genui.errors import BadInput, NotFound
from genui.records import Finished, Generation, Made, Preview, Request
from genui.settings import Settings
from genui.studio import Studio
from tests import tiny

ME = "a" * 32


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio with the tiny sticker pipeline, which brings defaults."""
    folder = tiny.stickers(tmp_path_factory.mktemp("tiny-stickers"))
    model = operator_model(str(folder)).model_copy(
        update={"id": "tiny", "defaults": {"steps": 2, "width": 64, "height": 64, "count": 1}}
    )
    data = tmp_path_factory.mktemp("pictures")
    made = Studio(Settings(data_dir=data, warm=False, threads=1), Catalog([model]))
    yield made
    made.engines.close()


def ask(inputs: dict[str, Any], seed: int = 7, **options: Any) -> Request:
    return Request(kind="image", model="tiny", inputs=inputs, options=options, seed=seed)


def make(studio: Studio, request: Request, **more: Any) -> list[Generation]:
    """The stored generations of a job, in order."""
    events = list(studio.submit(ME, request, **more).follow())
    assert isinstance(events[-1], Finished), events[-1]
    assert any(isinstance(event, Preview) for event in events)
    shown = [event.generation for event in events if isinstance(event, Made)]
    return [studio.generation(one["id"]) for one in shown or [events[-1].generation]]


def test_a_model_brings_its_defaults(studio: Studio) -> None:
    (made,) = make(studio, ask({"prompt": "a red cat"}, guidance=2.0))
    assert made.request.options == {
        "steps": 2, "width": 64, "height": 64, "count": 1, "guidance": 2.0, "variation_seed": 0,
    }  # fmt: skip
    assert made.usage["steps"] == 2
    (shown,) = studio.models("image")
    assert shown["defaults"]["steps"] == 2
    assert (shown["here"], shown["why_not"], shown["few_steps"]) == (True, None, False)


def test_each_picture_of_a_batch_can_be_made_again_alone(studio: Studio) -> None:
    made = make(studio, ask({"prompt": "a red cat"}, count=3))
    assert [one.request.seed for one in made] == [7, 8, 9]
    assert len({one.output_sha256 for one in made}) == 3
    for one in made:
        assert {artifact.name for artifact in one.artifacts} == {"picture", "film"}
    again = studio.reproduce(ME, made[1]).last(60)
    assert isinstance(again, Finished)
    assert again.generation["output_sha256"] == made[1].output_sha256


def test_a_visitors_picture_is_kept_plain_and_drawn_from(studio: Studio, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[0x0112] = 8
    exif[0x010F] = "a camera"
    Image.new("RGB", (90, 60), "teal").save(path, exif=exif)
    kept = studio.keeping.picture(path)
    assert (kept.name, kept.mime, kept.meta) == (
        "picture", "image/png", {"width": 60, "height": 90},
    )  # fmt: skip
    assert b"camera" not in studio.store.media.path(kept.sha256).read_bytes()
    token = studio.identity.media_token(kept.sha256, "picture")
    request = ask({"prompt": "a red cat", "image": kept.sha256}, strength=1.0)
    (made,) = make(studio, request, tokens={kept.sha256: token})
    assert made.request.inputs["image"] == kept.sha256
    with pytest.raises(NotFound):
        studio.submit(ME, request)
    assert not list(studio.scratch.glob("*.png"))


def test_what_is_no_picture_is_not_kept(studio: Studio, tmp_path: Path) -> None:
    path = tmp_path / "evil.png"
    path.write_bytes(b"<svg onload=alert(1)>")
    with pytest.raises(BadInput, match="not a picture"):
        studio.keeping.picture(path)
    assert not list(studio.scratch.glob("*.png"))


def test_the_stored_picture_has_the_pixels_that_were_hashed(studio: Studio) -> None:
    (made,) = make(studio, ask({"prompt": "a blue dog"}, transparent=True))
    found = made.artifact("picture")
    assert found
    with Image.open(studio.store.media.path(found.sha256)) as image:
        assert pictures.content_hash(image) == made.output_sha256
        assert image.mode == "RGBA"
