"""Pictures from strangers, cutting out, enlarging, sheets: on files made here."""

from __future__ import annotations

import io
import struct
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from genui import pictures
from genui.errors import BadInput


def drawn(mode: str = "RGB", size: tuple[int, int] = (60, 40)) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, *size))
    return image.convert(mode)


def saved(tmp_path: Path, image: Image.Image, name: str = "in.png", **how: Any) -> Path:
    path = tmp_path / name
    image.save(path, **how)
    return path


def refused(path: Path) -> str:
    with pytest.raises(BadInput) as caught:
        pictures.read(path)
    message = caught.value.message
    assert message.endswith(".")
    assert "\n" not in message
    assert str(path) not in message
    return message


# --- reading --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "form"),
    [
        ("RGB", "PNG"), ("L", "PNG"), ("1", "PNG"), ("P", "PNG"), ("RGB", "JPEG"),
        ("CMYK", "JPEG"), ("L", "JPEG"), ("RGB", "WEBP"), ("P", "GIF"), ("RGB", "BMP"),
        ("CMYK", "TIFF"), ("LAB", "TIFF"), ("I;16", "PNG"), ("I", "TIFF"), ("F", "TIFF"),
    ],
)  # fmt: skip
def test_every_kind_becomes_plain_rgb(tmp_path: Path, mode: str, form: str) -> None:
    if mode in ("I;16", "I", "F"):
        ramp = np.linspace(0, 65535, 60 * 40).reshape(40, 60)
        kind = {"I;16": np.uint16, "I": np.int32, "F": np.float32}[mode]
        image = Image.fromarray(ramp.astype(kind))
    else:
        image = drawn().convert("L").convert(mode) if mode == "1" else drawn(mode)
        if mode == "LAB":
            image = Image.new("LAB", (60, 40), (128, 0, 0))
    found = pictures.read(saved(tmp_path, image, f"in.{form.lower()}", format=form))
    assert (found.mode, found.size) == ("RGB", (60, 40))
    assert not found.info
    if mode in ("I;16", "I", "F"):
        assert found.getpixel((0, 0)) == (0, 0, 0)
        assert found.getpixel((59, 39)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_transparency_is_kept_where_there_is_any(tmp_path: Path, mode: str) -> None:
    image = drawn("RGBA")
    image.putalpha(Image.linear_gradient("L").resize((60, 40)))
    path = saved(tmp_path, image.convert(mode) if mode != "PA" else image, "in.png")
    assert pictures.read(path).mode == "RGBA"
    assert pictures.read(saved(tmp_path, drawn("RGBA"))).mode == "RGB"


def test_a_palette_with_a_see_through_colour(tmp_path: Path) -> None:
    image = drawn("P")
    found = pictures.read(saved(tmp_path, image, transparency=image.getpixel((0, 0))))
    assert found.getpixel((5, 5))[3] == 0
    assert found.getpixel((50, 5))[3] == 255


def test_a_photo_on_its_side_is_turned(tmp_path: Path) -> None:
    image = drawn()
    exif = Image.Exif()
    exif[0x0112] = 6
    found = pictures.read(saved(tmp_path, image, "in.jpg", exif=exif))
    assert found.size == (40, 60)
    assert found.getpixel((20, 5))[0] > 200  # what was left is on top now
    assert not found.getexif()


def test_the_first_frame_of_a_film(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "green", "blue")]
    for form in ("GIF", "WEBP", "PNG"):
        path = saved(
            tmp_path, frames[0], f"in.{form}", save_all=True, append_images=frames[1:]
        )  # fmt: skip
        assert pictures.read(path).getpixel((9, 9))[0] > 200


def test_the_name_does_not_matter(tmp_path: Path) -> None:
    path = saved(tmp_path, drawn(), "in.webp", format="PNG")
    assert pictures.read(path.rename(tmp_path / "in.txt")).size == (60, 40)


def test_large_ones_shrink(tmp_path: Path) -> None:
    path = saved(tmp_path, Image.new("RGB", (6000, 3000), "teal"), "in.jpg")
    assert pictures.read(path).size == (2048, 1024)


def png_claiming(width: int, height: int) -> bytes:
    """A PNG whose header claims a size, with hardly any pixels behind it."""

    def chunk(name: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(20_001, 10), (9000, 9000), (60_000, 60_000), (2**31 - 1, 8)])
def test_bombs_are_refused_by_their_header(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_claiming(*size))
    began = time.monotonic()
    assert "too large" in refused(path)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("size", [(1, 1), (7, 100), (100, 7)])
def test_tiny_ones_are_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    assert "too small" in refused(saved(tmp_path, Image.new("RGB", size)))


def test_a_thread_is_refused(tmp_path: Path) -> None:
    assert "narrow" in refused(saved(tmp_path, Image.new("L", (19_000, 9)), "in.png"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"hello, I am a picture", "not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "not a picture"),
        (b"%PDF-1.7\n", "not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n", "not a picture"),
        (bytes(4096), "not a picture"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "picture"),
    ],
)
def test_what_is_no_picture(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "in.png"
    path.write_bytes(content)
    assert says in refused(path)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "TIFF"])
def test_half_a_picture(tmp_path: Path, form: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (80, 80, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, form)
    path = tmp_path / "in"
    path.write_bytes(buffer.getvalue()[: len(buffer.getvalue()) // 2])
    refused(path)


# --- masks ----------------------------------------------------------------------------------


def test_masks_of_another_size_are_fitted_and_of_another_shape_refused() -> None:
    picture = Image.new("RGB", (64, 32))
    mask = Image.new("L", (128, 64))
    mask.paste(255, (0, 0, 64, 64))
    fitted = pictures.mask_for(mask, picture)
    assert fitted.size == (64, 32)
    assert (fitted.getpixel((10, 10)), fitted.getpixel((50, 10))) == (255, 0)
    with pytest.raises(BadInput, match="another shape"):
        pictures.mask_for(mask, Image.new("RGB", (32, 64)))
    with pytest.raises(BadInput, match="Nothing is marked"):
        pictures.mask_for(Image.new("L", (64, 32)), picture)


def test_paint_of_any_colour_marks() -> None:
    layer = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    layer.paste((10, 0, 30, 255), (0, 0, 16, 32))
    mask = pictures.mask_for(layer, Image.new("RGB", (32, 32)))
    assert (mask.getpixel((4, 4)), mask.getpixel((28, 4))) == (255, 0)


# --- cutting out ------------------------------------------------------------------------------


def sticker(ground: str, size: int = 256) -> tuple[Image.Image, np.ndarray]:
    """A ring with an eye in the ground's colour, soft edges; and its true alpha."""
    big = Image.new("L", (size * 4, size * 4))
    pen = ImageDraw.Draw(big)
    pen.ellipse((size * 0.8, size * 0.8, size * 3.2, size * 3.2), fill=255)
    alpha = big.resize((size, size), Image.Resampling.LANCZOS)
    image = Image.new("RGB", (size, size), ground)
    image.paste("darkorange", (0, 0), alpha)
    ImageDraw.Draw(image).ellipse((110, 110, 140, 140), fill=ground)
    return image, np.asarray(alpha) / 255


@pytest.mark.parametrize("ground", ["white", "black", "#336699", "#eeeeee"])
def test_a_flat_ground_goes_and_an_eye_stays(ground: str) -> None:
    image, alpha = sticker(ground)
    found = np.asarray(pictures.cut_out(image))
    assert np.abs(found[..., 3] / 255 - alpha).mean() < 0.005
    assert found[2, 2, 3] == 0
    assert found[125, 125, 3] == 255  # the eye
    edge = (alpha > 0.3) & (alpha < 0.7)
    error = np.abs(found[..., :3][edge].astype(int) - (255, 140, 0)).mean()
    before = np.abs(np.asarray(image)[edge].astype(int) - (255, 140, 0)).mean()
    assert error < before / 2  # the ground's colour is out of the edge


def test_a_little_noise_in_the_ground_goes_too() -> None:
    image, alpha = sticker("white")
    noise = np.random.default_rng(0).integers(-6, 7, (256, 256, 3))
    dirty = Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))
    found = np.asarray(pictures.cut_out(dirty))[..., 3] / 255
    assert (found[alpha == 0] < 0.05).mean() > 0.99
    assert found[alpha == 1].mean() > 0.99


def test_stains_on_the_ground_go_and_the_figure_stays() -> None:
    image, alpha = sticker("#fdfdfc")
    dirty = image.copy()
    stain = Image.radial_gradient("L").resize((60, 60)).point(lambda v: (255 - v) // 20)
    dirty.paste("darkred", (0, 190), stain)
    clean = np.asarray(pictures.clean_ground(dirty), int)
    assert (clean[alpha == 0] == 255).all()
    inside = alpha == 1
    assert (clean[inside] == np.asarray(image, int)[inside]).all()
    coloured = np.asarray(pictures.clean_ground(sticker("#336699")[0]))
    assert (coloured[alpha == 0] == (0x33, 0x66, 0x99)).all()
    noise = Image.effect_noise((64, 64), 90).convert("RGB")
    assert pictures.clean_ground(noise).tobytes() == noise.tobytes()


def test_a_picture_without_a_flat_ground_stays_whole() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    found = np.asarray(pictures.cut_out(Image.fromarray(noise)))
    assert (found[..., 3] == 255).all()
    assert (found[..., :3] == noise).all()


def test_an_empty_picture_is_all_see_through() -> None:
    assert np.asarray(pictures.cut_out(Image.new("RGB", (32, 32), "white")))[..., 3].max() == 0


def test_outside_follows_every_turn() -> None:
    """A spiral: reachable from the border, and longer than any straight way."""
    path = np.zeros((41, 41), bool)
    x, y, dx, dy, length = 0, 0, 1, 0, 40
    path[0, 0] = True
    while length > 0:
        for _ in range(length):
            x, y = x + dx, y + dy
            path[y, x] = True
        dx, dy = -dy, dx
        length -= 1 if dx == 0 else 2
    seen = np.zeros_like(path)
    todo = [(r, c) for r, c in np.argwhere(path) if r in (0, 40) or c in (0, 40)]
    while todo:
        r, c = todo.pop()
        if 0 <= r < 41 and 0 <= c < 41 and path[r, c] and not seen[r, c]:
            seen[r, c] = True
            todo += [(r + 1, c), (r - 1, c), (r, c + 1), (r, c - 1)]
    assert (pictures.outside(path) == seen).all()
    inner = np.zeros((9, 9), bool)
    inner[3:6, 3:6] = True
    assert not pictures.outside(inner).any()


def test_cielab_knows_black_white_and_red() -> None:
    colours = np.array([[0, 0, 0], [255, 255, 255], [255, 0, 0]], np.uint8)
    wanted = np.array([[0, 0, 0], [100, 0, 0], [53.24, 80.09, 67.2]])
    assert pictures.cielab(colours) == pytest.approx(wanted, abs=0.1)


# --- for a download ---------------------------------------------------------------------------


def test_enlarged_edges_are_as_sharp_as_before_and_colours_stay() -> None:
    large = pictures.upscale(drawn(size=(64, 64)), 4)
    assert large.size == (256, 256)
    row = np.asarray(large, dtype=int)[128]
    assert tuple(row[20]) == (255, 0, 0)
    assert tuple(row[236]) == (0, 0, 255)
    plain = np.asarray(drawn(size=(64, 64)).resize((256, 256), Image.Resampling.LANCZOS), int)[128]
    assert np.abs(np.diff(row[:, 0])).max() > np.abs(np.diff(plain[:, 0])).max()
    step = Image.new("L", (64, 64), 60)
    step.paste(180, (32, 0, 64, 64))
    assert pictures.upscale(step.convert("RGB"), 8).getextrema() == ((60, 180),) * 3  # no halo
    cut = pictures.upscale(drawn("RGBA", (64, 64)), 2)
    assert (cut.mode, cut.size) == ("RGBA", (128, 128))
    with pytest.raises(BadInput, match="4,096"):
        pictures.upscale(Image.new("RGB", (1024, 64)), 8)


def test_a_sheet_has_every_picture_in_its_place() -> None:
    colours = ["red", "green", "blue", "gold", "teal", "pink"]
    made = [Image.new("RGB", (64, 64), colour) for colour in colours]
    table = pictures.sheet(made, ["one", "two", "three"], ["up", "down"])
    found = np.asarray(table.filter(ImageFilter.ModeFilter(3)))
    where = []
    for image in made:
        spots = np.argwhere((found == image.getpixel((0, 0))).all(axis=2))
        assert len(spots) > 60 * 60
        where.append(spots.mean(axis=0))
    rows, columns = np.array(where).T
    assert rows[0] == rows[1] == rows[2] < rows[3]
    assert columns[0] == columns[3] < columns[1] < columns[2]
    assert (found[: int(rows[0]) - 33] < 128).any()  # labels


def test_a_sheet_of_many_large_pictures_stays_small() -> None:
    made = [Image.new("RGBA", (512, 300), (200, 0, 0, 100))] * 36
    table = pictures.sheet(made, ["a very long label that does not fit"] * 12, ["x"] * 3)
    assert max(table.size) <= 4200


def test_a_film_fits_into_a_webp() -> None:
    frames = [Image.new("RGB", (128, 128), (i, i, i)) for i in range(150)]
    strip = pictures.film([frames[i] for i in pictures.film_places(150, 128)])
    assert strip.width <= 16_383
    assert pictures.film_places(4, 128) == [0, 1, 2, 3]
    assert strip.getpixel((0, 0)) == (0, 0, 0)
    assert strip.getpixel((strip.width - 1, 0)) == (149, 149, 149)


def test_the_content_hash_is_of_pixels(tmp_path: Path) -> None:
    image = drawn()
    again = Image.open(saved(tmp_path, image, compress_level=9))
    assert pictures.content_hash(image) == pictures.content_hash(again)
    assert pictures.content_hash(image) != pictures.content_hash(image.resize((40, 60)))
