"""The engine's jobs on tiny folders of both kinds: real networks with random weights."""

from __future__ import annotations

import io
import shutil
from itertools import pairwise
from pathlib import Path
from threading import Event as Flag
from typing import Any

import numpy as np
import pytest
from PIL import Image

from genui import pictures
from genui.backends.base import Output, Placement
from genui.backends.latent_avatars import Avatars
from genui.backends.latent_search import Search
from genui.errors import BadInput
from genui.records import Preview, Progress, Request
from tests.backends.latent import look, made, pixels, samples
from tests.tiny_avatars import avatars

SHA = "a" * 64


# --- pictures ---------------------------------------------------------------------------------


def test_a_picture_is_the_same_alone_again_and_among_others(
    latent: Avatars, tmp_path: Path
) -> None:
    places = samples(latent, 3)
    _, many = made(latent, tmp_path, {"places": places}, scale=2)
    assert [(each.index, each.total) for each in many] == [(0, 3), (1, 3), (2, 3)]
    kept = [each.files[0].path.read_bytes() for each in many]
    assert len(set(kept)) == 3
    for each, data in zip(many, kept, strict=True):
        assert each.request
        again = latent.generate(each.request, Flag(), tmp_path)
        alone = [o for o in again if isinstance(o, Output)]
        assert alone[0].content_sha256 == each.content_sha256
        assert alone[0].files[0].path.read_bytes() == data
        with Image.open(io.BytesIO(data)) as image:
            assert image.size == (128, 128)
            assert pictures.content_hash(image) == each.content_sha256


def test_without_places_the_seed_decides(latent: Avatars, tmp_path: Path) -> None:
    hashes = {}
    for seed in (3, 3, 4):
        _, (output,) = made(latent, tmp_path, {}, seed=seed)
        place = output.usage["places"]
        hashes[seed] = output.content_sha256
        assert place == [{"at": samples(latent, 1, seed)[0]["at"]}]
        _, (again,) = made(latent, tmp_path, {"places": place})
        assert again.content_sha256 == hashes[seed]
    assert hashes[3] != hashes[4]


def test_a_sheet_shows_all_its_places(latent: Avatars, tmp_path: Path) -> None:
    _, (sheet,) = made(latent, tmp_path, {"task": "sheet", "places": samples(latent, 5)}, scale=1)
    assert len(sheet.usage["places"]) == 5  # type: ignore[arg-type]
    with Image.open(sheet.files[0].path) as image:
        assert image.size == (3 * 68 + 4, 2 * 68 + 4)
        assert np.asarray(image)[-40:, -40:].min() == 255  # the sixth stays empty


# --- walks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["webp", "gif"])
def test_a_walk_goes_through_its_places(latent: Avatars, tmp_path: Path, form: str) -> None:
    places = samples(latent, 2)
    inputs = {"task": "walk", "places": places}
    options = {"frames": 20, "format": form, "scale": 1, "path": "spherical", "per_second": 10}
    events, (walk,) = made(latent, tmp_path, inputs, **options)
    film, poster = walk.files
    assert (film.name, film.meta["frames"], poster.name) == (f"walk-{form}", 20, "picture")
    assert walk.usage["places"] == [
        {"at": places[0]["at"], "frame": 0}, {"at": places[1]["at"], "frame": 10},
    ]  # fmt: skip
    assert walk.usage["seconds"] == 2
    steps = [e.step for e in events if isinstance(e, Progress)]
    assert steps == [8, 16, 20]
    assert any(isinstance(e, Preview) for e in events)
    with Image.open(film.path) as image:
        seen = []
        for number in range(image.n_frames):  # type: ignore[attr-defined]
            image.seek(number)
            seen.append(np.asarray(image.convert("RGB"), float))
    assert len(seen) == 20
    there = pixels(look(latent, places[1], scale=1)[0]["picture"])
    away = [np.abs(frame - there).mean() for frame in seen]
    assert int(np.argmin(away)) == 10
    data = film.path.read_bytes()
    _, (again,) = made(latent, tmp_path, inputs, **options)
    assert (again.content_sha256, again.files[0].path.read_bytes()) == (walk.content_sha256, data)


def test_a_loop_ends_next_to_its_beginning(
    latent_models: dict[str, Avatars], tmp_path: Path
) -> None:
    latent = latent_models["vae"]
    inputs = {"task": "walk", "places": samples(latent, 3)}
    _, (walk,) = made(latent, tmp_path, inputs, frames=48, format="webp", scale=1)
    with Image.open(walk.files[0].path) as image:
        seen = []
        for number in range(48):
            image.seek(number)
            seen.append(np.asarray(image.convert("RGB"), float))
    steps = [np.abs(a - b).mean() for a, b in pairwise(seen)]
    assert np.abs(seen[-1] - seen[0]).mean() <= 1.5 * max(steps)


def test_a_stopped_walk_keeps_its_frames(latent_models: dict[str, Avatars], tmp_path: Path) -> None:
    latent, cancel, outputs = latent_models["gan"], Flag(), []
    asked = Request(
        kind="latent", model="m", inputs={"task": "walk", "places": samples(latent, 2)},
        options={"frames": 480, "format": "mp4", "scale": 1}, seed=1,
    )  # fmt: skip
    for told in latent.generate(asked, cancel, tmp_path):
        if isinstance(told, Progress):
            cancel.set()
        if isinstance(told, Output):
            outputs.append(told)
    (walk,) = outputs
    assert walk.usage["frames"] == 8
    assert len(walk.usage["places"]) == 1  # type: ignore[arg-type]
    assert walk.files[0].path.read_bytes()[4:8] == b"ftyp"


@pytest.mark.parametrize(
    "inputs", [{"task": "walk"}, {"task": "picture"}, {"task": "sheet"}, {"task": "invert"}]
)
def test_what_was_stopped_at_once_leaves_nothing(
    latent: Avatars, tmp_path: Path, inputs: dict[str, Any]
) -> None:
    stopped = Flag()
    stopped.set()
    inputs |= {"places": samples(latent, 2)}
    if inputs["task"] == "invert":
        inputs |= {"picture": SHA, "places": []}
        Image.new("RGB", (64, 64), "teal").save(tmp_path / SHA, "PNG")
    assert made(latent, tmp_path, inputs, stopped) == ([], [])


def test_a_walk_to_nowhere_is_refused(latent: Avatars, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="move one of them"):
        made(latent, tmp_path, {"task": "walk", "places": samples(latent, 1) * 3})


# --- a visitor's picture ------------------------------------------------------------------------


def test_a_search_comes_nearer_and_says_how_far_it_got(latent: Avatars, tmp_path: Path) -> None:
    # a picture that the model can draw, reached from another start
    goal = samples(latent, 1, seed=5)
    _, (target,) = made(latent, tmp_path, {"places": goal}, scale=4)
    shutil.copy(target.files[0].path, tmp_path / SHA)
    inputs = {"task": "invert", "picture": SHA, "places": samples(latent, 1, seed=6)}
    events, (found,) = made(latent, tmp_path, inputs, steps=30)
    distances = found.usage["distances"]
    assert isinstance(distances, list)
    assert len(distances) == 30
    assert found.usage["distance"] == pytest.approx(distances[-1], abs=0.005)
    assert distances == sorted(distances, reverse=True)  # type: ignore[type-var]
    assert distances[-1] < 0.8 * distances[0]  # type: ignore[operator]
    assert [e.step for e in events if isinstance(e, Progress)] == list(range(1, 31))
    assert 5 <= sum(isinstance(e, Preview) for e in events) <= 12
    place = found.usage["places"]
    _, (again,) = made(latent, tmp_path, {"places": place})
    assert again.content_sha256 == found.content_sha256


def test_rows_of_a_search_do_not_touch_each_other(latent: Avatars) -> None:
    space = latent._space
    starts, goals = space.prior(2, 1), space.prior(3, 2)[1:]
    targets = space.model.draw(goals)
    both = Search(space, targets, starts, 6)
    alone = [Search(space, targets[i : i + 1], starts[i : i + 1], 6) for i in range(2)]
    for search in (both, *alone):
        for _ in range(6):
            search.step()
    for row, search in enumerate(alone):
        assert float(both.distance[row]) == pytest.approx(float(search.distance[0]), abs=1e-3)
        assert both.best[row].tolist() == pytest.approx(search.best[0].tolist(), abs=0.02)


def test_encoding_shows_what_the_model_makes_of_a_picture(
    latent_models: dict[str, Avatars], tmp_path: Path
) -> None:
    path = tmp_path / "photo.jpg"
    Image.new("RGB", (300, 200), "teal").save(path)
    for kind, exact in (("vae", True), ("gan", False)):
        found = latent_models[kind].explore({"ask": "encode"}, path)
        assert found["exact"] is exact
        assert pixels(found["original"]).shape == pixels(found["picture"]).shape == (64, 64, 3)
        gap = np.abs(pixels(found["original"]) - pixels(found["picture"])).mean() / 127.5
        assert found["distance"] == pytest.approx(gap, abs=0.05)
        assert (found["far"] == 1.0) if exact else (found["far"] is None)
        look(latent_models[kind], found["place"])
    with pytest.raises(BadInput, match="Add a picture"):
        latent_models["vae"].explore({"ask": "encode"})
    path.write_bytes(b"no picture")
    with pytest.raises(BadInput, match="not a picture"):
        latent_models["vae"].explore({"ask": "encode"}, path)


def test_a_gan_starts_from_the_most_similar_thumbnail(tmp_path: Path) -> None:
    folder = avatars(tmp_path / "gan", "gan")
    with Image.open(folder / "atlas.webp") as atlas:
        pale = Image.new("RGB", atlas.size, "white")
    pale.paste((10, 200, 60), (17 * 32, 0, 18 * 32, 32))
    pale.save(folder / "atlas.webp")
    model = Avatars(folder, Placement(threads=1))
    model.load()
    Image.new("RGB", (80, 80), (12, 196, 62)).save(tmp_path / "green.png")
    found = model.explore({"ask": "encode"}, tmp_path / "green.png")
    assert found["place"] == model.explore({"ask": "place", "index": 17})["place"]
    model.unload()
