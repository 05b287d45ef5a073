"""A latent model through the studio: asked, kept, walked, stopped, refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from genui import provenance
from genui.catalog import Catalog, operator_model
from genui.errors import BadInput, Busy, NotFound
from genui.records import Finished, Generation, Made, Request
from genui.settings import Settings
from genui.studio import SLOW_AT_ONCE, Studio
from tests.tiny_avatars import avatars

ME = "a" * 32


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder = avatars(tmp_path_factory.mktemp("models") / "tiny", "vae")
    words = operator_model("owner/words")
    data = tmp_path_factory.mktemp("latent")
    catalog = Catalog([operator_model(str(folder)), words])
    made = Studio(Settings(data_dir=data, warm=False, threads=1), catalog)
    yield made
    made.engines.close()


def make(studio: Studio, inputs: dict[str, Any], **options: Any) -> list[Generation]:
    """The stored generations of a job, in order."""
    request = Request(kind="latent", model="tiny", inputs=inputs, options=options, seed=7)
    events = list(studio.submit(ME, request).follow())
    assert isinstance(events[-1], Finished), events[-1]
    shown = [event.generation for event in events if isinstance(event, Made)]
    return [studio.generation(one["id"]) for one in shown or [events[-1].generation]]


def samples(studio: Studio, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = studio.explore("tiny", {"ask": "sample", "count": count})[
        "places"
    ]
    return found


def test_an_operators_folder_is_a_latent_model(studio: Studio) -> None:
    (shown,) = studio.models("latent")
    assert (shown["id"], shown["here"], shown["why_not"]) == ("tiny", True, None)
    assert shown["size"] > 1000
    assert studio.catalog.get("tiny").backend == "avatars"


def test_describing_brings_the_atlas_to_the_visitor(studio: Studio) -> None:
    atlas = studio.explore("tiny", {"ask": "describe"})["atlas"]
    assert atlas["token"] == studio.identity.media_token(atlas["sha256"], "atlas")
    with Image.open(studio.store.media.path(atlas["sha256"])) as image:
        assert image.width == 3200
    assert studio.explore("tiny", {"ask": "describe"})["atlas"] == atlas


def test_a_walk_is_kept_with_its_record(studio: Studio, tmp_path: Path) -> None:
    places = samples(studio, 2)
    for form in ("webp", "gif", "mp4"):
        (made,) = make(
            studio, {"task": "walk", "places": places}, frames=6, format=form, scale=1
        )  # fmt: skip
        film = made.artifact(f"walk-{form}")
        assert film
        found = provenance.read(studio.store.media.path(film.sha256))
        assert found == made.model_copy(update={"artifacts": ()})
        assert [stop["at"] for stop in found.usage["places"]] == [p["at"] for p in places]  # type: ignore[union-attr, index, call-overload]
        again = studio.reproduce(ME, found).last(60)
        assert isinstance(again, Finished)
        assert again.generation["output_sha256"] == made.output_sha256


def test_each_picture_can_be_made_again_alone(studio: Studio) -> None:
    made = make(studio, {"places": samples(studio, 3)})
    assert len({one.output_sha256 for one in made}) == 3
    again = studio.reproduce(ME, made[1]).last(60)
    assert isinstance(again, Finished)
    assert again.generation["output_sha256"] == made[1].output_sha256


def test_only_its_owner_may_ask_about_a_picture(studio: Studio, tmp_path: Path) -> None:
    path = tmp_path / "me.png"
    Image.new("RGB", (90, 60), "teal").save(path)
    sha256 = studio.keeping.picture(path).sha256
    token = studio.identity.media_token(sha256, "picture")
    found = studio.explore("tiny", {"ask": "encode", "picture": sha256, "token": token})
    assert len(found["place"]["at"]) == 48
    for wrong in ({}, {"token": "x"}, {"token": "é"}, {"picture": None, "token": None}):
        with pytest.raises(NotFound, match="add it again"):
            studio.explore("tiny", {"ask": "encode", "picture": sha256, **wrong})
    request = Request(
        kind="latent", model="tiny", inputs={"task": "invert", "picture": sha256},
        options={"steps": 2}, seed=1,
    )  # fmt: skip
    with pytest.raises(NotFound):
        studio.submit(ME, request)
    last = studio.submit(ME, request, {sha256: token}).last(60)
    assert isinstance(last, Finished)
    assert last.generation["usage"]["distance"] > 0


def test_bad_questions_are_one_sentence(studio: Studio) -> None:
    for model, question, sentence in (
        ("tiny", {}, "Ask one of"),
        ("tiny", {"ask": "sample", "count": 0}, "Count"),
        ("words", {"ask": "mean"}, "has no latent space"),
    ):
        with pytest.raises(BadInput, match=sentence):
            studio.explore(model, question)
    with pytest.raises(NotFound, match="no model with that name"):
        studio.explore("nothing", {"ask": "mean"})


def test_slow_questions_leave_room_for_others(studio: Studio) -> None:
    for _ in range(SLOW_AT_ONCE):
        assert studio._slow.acquire(blocking=False)
    try:
        with pytest.raises(Busy, match="in a moment"):
            studio.explore("tiny", {"ask": "shares", "count": 1})
        studio.explore("tiny", {"ask": "mean"})
    finally:
        for _ in range(SLOW_AT_ONCE):
            studio._slow.release()
    for _ in range(2 * SLOW_AT_ONCE):  # what failed and what was answered gave its turn back
        with pytest.raises(BadInput):
            studio.explore("tiny", {"ask": "shares", "count": 0})
    assert studio.explore("tiny", {"ask": "shares", "count": 1})["count"] == 1
