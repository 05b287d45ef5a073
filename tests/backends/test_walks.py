"""Moving pictures as other programs read them: frames, pace, colours, loops."""

from __future__ import annotations

import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from genui.backends.latent import Format
from genui.backends.walks import WRITERS
from genui.errors import Unavailable

SIZE = (64, 48)


def frames(count: int) -> list[Image.Image]:
    """Flat colours that drift, with a square that moves."""
    made = []
    for number in range(count):
        image = Image.new("RGB", SIZE, (200, 40 + 5 * number, 90))
        image.paste((30, 60, 220), (number, 8, number + 16, 24))
        made.append(image)
    return made


def written(path: Path, form: Format, count: int, loop: bool = True, pace: int = 24) -> str:
    writer = WRITERS[form](path, pace, loop)
    for frame in frames(count):
        writer.add(frame)
    writer.finish()
    writer.abandon()
    return writer.content_hash


def seen(path: Path) -> tuple[list[np.ndarray], float]:
    """The frames as another reader decodes them, and how many seconds they are shown."""
    if path.suffix == ".mp4":
        with av.open(str(path)) as file:
            stream = file.streams.video[0]
            assert stream.codec_context.name == "h264"
            assert stream.duration is not None
            assert stream.time_base is not None
            decoded = [np.asarray(f.to_image()) for f in file.decode(stream)]
            return decoded, float(stream.duration * stream.time_base)
    with Image.open(path) as image:
        found, lasting = [], 0.0
        for number in range(image.n_frames):  # type: ignore[attr-defined]
            image.seek(number)
            found.append(np.asarray(image.convert("RGB")))
            lasting += image.info["duration"] / 1000
        return found, lasting


@pytest.mark.parametrize("form", ["webp", "gif", "mp4"])
def test_every_frame_comes_back_in_its_colours_and_time(tmp_path: Path, form: Format) -> None:
    path = tmp_path / f"walk.{form}"
    written(path, form, 25, pace=24)
    found, seconds = seen(path)
    assert len(found) == 25
    for image, decoded in zip(frames(25), found, strict=True):
        assert np.abs(np.asarray(image, float) - decoded).mean() < 4
    assert seconds == pytest.approx(25 / 24, abs=0.011)


@pytest.mark.parametrize("form", ["webp", "gif", "mp4"])
def test_the_same_frames_give_the_same_bytes(tmp_path: Path, form: Format) -> None:
    first, again, other = (tmp_path / name for name in "abc")
    hashes = [written(first, form, 3), written(again, form, 3), written(other, form, 4)]
    if form != "mp4":  # x264 does not promise it
        assert first.read_bytes() == again.read_bytes()
    assert hashes[0] == hashes[1] != hashes[2]
    assert hashes[0] == written(tmp_path / "d", "webp", 3)  # of the pixels, not of the file


@pytest.mark.parametrize(("form", "once"), [("webp", 1), ("gif", None)])
def test_a_loop_goes_on_for_ever_and_a_way_ends(
    tmp_path: Path, form: Format, once: int | None
) -> None:
    for loop, said in ((True, 0), (False, once)):
        written(tmp_path / "walk", form, 3, loop)
        with Image.open(tmp_path / "walk") as image:
            assert image.info.get("loop") == said


def test_no_frame_of_a_gif_is_so_short_that_browsers_slow_it_down(tmp_path: Path) -> None:
    written(tmp_path / "walk", "gif", 6, pace=60)
    with Image.open(tmp_path / "walk") as image:
        assert image.info["duration"] == 20


@pytest.mark.parametrize("form", ["webp", "gif", "mp4"])
def test_one_frame_is_enough_for_a_walk_that_was_stopped(tmp_path: Path, form: Format) -> None:
    written(tmp_path / f"walk.{form}", form, 1)
    if form == "mp4":
        assert len(seen(tmp_path / "walk.mp4")[0]) == 1
    else:
        with Image.open(tmp_path / f"walk.{form}") as image:
            assert image.size == SIZE


def test_a_walk_can_be_abandoned(tmp_path: Path) -> None:
    for count in (0, 2):
        writer = WRITERS["mp4"](tmp_path / "walk", 24, True)
        for frame in frames(count):
            writer.add(frame)
        writer.abandon()


def test_without_its_library_mp4_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(Unavailable, match="choose WebP or GIF"):
        WRITERS["mp4"](tmp_path / "walk", 24, True)
