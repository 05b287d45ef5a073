"""Pictures as files and pixels: reading what strangers send, cutting out, enlarging, sheets.

Knows Pillow and numpy; knows no model, no page and no record. An uploaded file is untrusted:
neither its name nor what it claims to be is believed, and its size is looked at before its pixels.
"""

from __future__ import annotations

import base64
import hashlib
import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from PIL import (
    Image,
    ImageChops,
    ImageDraw,
    ImageFilter,
    ImageFont,
    ImageOps,
    UnidentifiedImageError,
)

from genui.errors import BadInput

SIDE_MAX = 20_000  # pixels a side of a file that is opened at all
AREA_MAX = 64_000_000  # pixels of a file that is opened at all
SIDE_KEPT = 2048  # pixels of the longer side after reading
SIDE_MIN = 8
Pixels = np.ndarray[Any, np.dtype[Any]]
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "MPO", "PPM", "ICO")


def read(path: Path) -> Image.Image:
    """A stranger's picture as RGB or RGBA with at most 2048 pixels a side, upright.

    Raises `BadInput` with one sentence for whatever is no such picture."""
    if not path.stat().st_size:
        raise BadInput("That file is empty; choose another picture.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our limit is lower
            Image.init()  # or formats whose plugin is not loaded yet raise a KeyError
            known = [name for name in FORMATS if name in Image.OPEN]
            with Image.open(path, formats=known) as image:
                _check_size(image)
                image.draft("RGB", (SIDE_KEPT, SIDE_KEPT))  # a large JPEG is read smaller
                image.load()
                return normal(image)
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        if isinstance(error, Image.DecompressionBombError):
            raise BadInput(_too_large()) from None
        raise BadInput(
            "That file is not a picture this page can read; use PNG, JPEG, WebP or GIF."
        ) from None
    except BadInput:
        raise
    except Exception:  # each damaged format has its own exception type
        raise BadInput("That picture is damaged; open it elsewhere and save it again.") from None


def _too_large() -> str:
    return (
        f"That picture is too large; {SIDE_MAX:,} pixels a side and "
        f"{AREA_MAX // 1_000_000} megapixels are the limit."
    )


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if max(width, height) > SIDE_MAX or width * height > AREA_MAX:
        raise BadInput(_too_large())
    if min(width, height) < SIDE_MIN:
        raise BadInput(f"That picture is too small; it needs at least {SIDE_MIN} pixels a side.")


def normal(image: Image.Image) -> Image.Image:
    """The first frame, upright, as RGB or (where anything is see-through) RGBA, and not larger
    than 2048 pixels a side. Without metadata."""
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        values = np.asarray(image, dtype=np.float64)  # 16 bits as a rule
        top = 65535.0 if values.max(initial=0) > 255 else 255.0
        image = Image.fromarray((values.clip(0, top) / top * 255).round().astype(np.uint8), "L")
    clear = "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "RGBa", "La")
    image = image.convert("RGBA" if clear else "RGB")
    if clear and _range(image.getchannel("A"))[0] == 255:
        image = image.convert("RGB")
    if max(image.size) > SIDE_KEPT:
        image.thumbnail((SIDE_KEPT, SIDE_KEPT), Image.Resampling.LANCZOS)
    if min(image.size) < SIDE_MIN:
        raise BadInput("That picture is too narrow to be drawn from; cut it first.")
    plain = Image.new(image.mode, image.size)
    plain.paste(image)
    return plain


def on_white(image: Image.Image) -> Image.Image:
    """Without transparency, as RGB on white."""
    if image.mode != "RGBA":
        return image.convert("RGB")
    ground = Image.new("RGBA", image.size, "white")
    ground.alpha_composite(image)
    return ground.convert("RGB")


def fit(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Scaled and cut around its middle to exactly `size` (width, height)."""
    if image.size == size:
        return image
    return ImageOps.fit(image, size, Image.Resampling.LANCZOS)


def mask_for(mask: Image.Image, picture: Image.Image) -> Image.Image:
    """A mask (white or opaque: redraw) as grey pixels of the picture's size.

    Raises `BadInput` when it has another shape than the picture, or marks nothing."""
    (width, height), (wide, high) = mask.size, picture.size
    if abs(width * high - height * wide) > 0.02 * width * high:
        raise BadInput("The mask belongs to a picture of another shape; paint it again.")
    if mask.mode == "RGBA":
        white = mask.convert("L")
        marks = ImageChops.multiply(white, mask.getchannel("A"))
        # painted in any colour on nothing: what counts is where paint lies
        grey = marks if _range(marks)[1] > 127 else mask.getchannel("A")
    else:
        grey = mask.convert("L")
    grey = grey.resize(picture.size, Image.Resampling.BILINEAR)
    if _range(grey)[1] < 128:
        raise BadInput("Nothing is marked; brush over the part to draw again.")
    return grey


def _range(grey: Image.Image) -> tuple[int, int]:
    values = np.asarray(grey)
    return int(values.min()), int(values.max())


def keep_outside(made: Image.Image, source: Image.Image, mask: Image.Image) -> Image.Image:
    """`made` where the mask is white and `source`, pixel for pixel, where it is black; the edge
    is softened on the inside."""
    soft = ImageChops.darker(mask, mask.filter(ImageFilter.GaussianBlur(max(mask.size) / 128)))
    return Image.composite(made.convert("RGB"), source.convert("RGB"), soft)


def content_hash(image: Image.Image) -> str:
    """The sha256 of the pixels, whatever the file format: mode, size, then the raw bytes."""
    head = f"{image.mode} {image.width}x{image.height} ".encode()
    return hashlib.sha256(head + image.tobytes()).hexdigest()


def data_url(image: Image.Image) -> str:
    """The picture inside an address, for looking at in passing: JPEG with full colour is written
    in a tenth of the time of WebP, and colours next to each other stay apart. WebP where it is
    see-through."""
    buffer = io.BytesIO()
    form = "jpeg" if image.mode == "RGB" else "webp"
    image.save(buffer, form, quality=92, subsampling=0, method=0)
    return f"data:image/{form};base64," + base64.b64encode(buffer.getvalue()).decode()


def film_places(count: int, width: int) -> list[int]:
    """Which of `count` frames of that width go into a film: all, or evenly picked ones where a
    WebP (16,383 pixels at most) cannot hold them."""
    most = 16_383 // width
    if count <= most:
        return list(range(count))
    return [round(place * (count - 1) / (most - 1)) for place in range(most)]


def film(frames: list[Image.Image]) -> Image.Image:
    """Frames of one size side by side."""
    width, height = frames[0].size
    strip = Image.new("RGB", (width * len(frames), height))
    for number, frame in enumerate(frames):
        strip.paste(frame, (number * width, 0))
    return strip


# --- cutting out -----------------------------------------------------------------------------

NEAR = 5.0  # distance in CIE L*a*b* up to which a pixel counts as the background's colour
STAIN = 12.0  # distance up to which what touches the border may be a stain on the background
FLAT = 0.6  # share of the border that must be near its own middle colour


def cut_out(image: Image.Image) -> Image.Image:
    """The picture as RGBA with its flat background see-through; opaque where there is none.

    Only what touches the border goes, so a white eye stays. The pixels along the edge are mixtures
    of figure and ground, c = a·f + (1 - a)·g: `a` comes from the distances to the ground of the
    pixel and of the farthest pixel around it, and the figure's colour f replaces c."""
    rgb = np.asarray(image.convert("RGB"))
    result = np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])
    if (far := from_ground(rgb)) is None:
        return Image.fromarray(result, "RGBA")
    ground = outside(far < NEAR)
    colour = np.median(rgb[ground].reshape(-1, 3), axis=0) if ground.any() else rgb[0, 0]
    grown = Image.fromarray(ground.astype(np.uint8) * 255).filter(ImageFilter.MaxFilter(3))
    edge = (np.asarray(grown) > 0) & ~ground
    # edges are mixed in sRGB by whatever drew them, so the shares are measured there
    mixed = np.linalg.norm(rgb - colour, axis=2) / 442  # the longest way through the cube
    levels = Image.fromarray((mixed.clip(0, 1) * 255).round().astype(np.uint8))
    farthest = np.asarray(levels.filter(ImageFilter.MaxFilter(5))) / 255
    alpha = np.where(edge, (mixed / np.maximum(farthest, 0.01)).clip(0, 1), 1.0)
    alpha[ground] = 0.0
    share = np.maximum(alpha, 0.05)[..., None]
    figure = (rgb - (1 - share) * colour) / share
    result[..., :3] = np.where(edge[..., None], figure.clip(0, 255).round(), rgb)
    result[..., 3] = (alpha * 255).round()
    result[ground] = 0
    return Image.fromarray(result, "RGBA")


def from_ground(rgb: Pixels) -> Pixels | None:
    """How far each pixel is, in L*a*b*, from the middle colour of the border; None where the
    border has no such colour."""
    lab = cielab(rgb)
    border = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
    middle = np.median(border, axis=0)
    if (np.linalg.norm(border - middle, axis=1) < NEAR).mean() < FLAT:
        return None
    return np.asarray(np.linalg.norm(lab - middle, axis=2))


def clean_ground(image: Image.Image) -> Image.Image:
    """The picture as RGB with its flat background all in one colour, white where it was nearly
    white; unchanged where there is no flat background.

    Few steps leave faint stains there. Only what touches the border is cleaned: wholly up to a
    distance of `NEAR`, then less and less up to `STAIN`, so that no new edge appears."""
    rgb = np.asarray(image.convert("RGB"))
    if (far := from_ground(rgb)) is None:
        return image.convert("RGB")
    reached = outside(far < STAIN)
    core = rgb[reached & (far < NEAR)]
    if not core.size:
        return image.convert("RGB")
    colour = np.median(core, axis=0)
    if np.linalg.norm(cielab(colour[None].astype(np.uint8))[0] - (100, 0, 0)) < NEAR:
        colour = np.full(3, 255.0)
    kept = np.where(reached, ((far - NEAR) / (STAIN - NEAR)).clip(0, 1), 1.0)[..., None]
    return Image.fromarray((colour + kept * (rgb - colour)).round().astype(np.uint8), "RGB")


def cielab(rgb: Pixels) -> Pixels:
    """sRGB bytes (…, 3) as CIE L*a*b* (D65), in which a distance of 1 is about what an eye sees."""
    part = rgb.astype(np.float32) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    white = np.array([0.95047, 1.0, 1.08883], np.float32)
    cones = linear @ np.array(
        [[0.4124, 0.2126, 0.0193], [0.3576, 0.7152, 0.1192], [0.1805, 0.0722, 0.9505]], np.float32
    )
    x, y, z = np.moveaxis(cones / white, -1, 0)
    x, y, z = (np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116) for t in (x, y, z))
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def outside(passable: Pixels) -> Pixels:
    """Which True places of a plane can be reached from its border over True places, side by side.

    Whole runs along rows, then along columns, are reached at once, so that the rounds count the
    turns of a path and not its length."""
    reached: Pixels = np.zeros_like(passable)
    reached[[0, -1]] = passable[[0, -1]]
    reached[:, [0, -1]] = passable[:, [0, -1]]
    while True:
        before = int(reached.sum())
        reached = _along_rows(reached, passable)
        reached = _along_rows(reached.T, passable.T).T
        if int(reached.sum()) == before:
            return reached


def _along_rows(reached: Pixels, passable: Pixels) -> Pixels:
    walls = np.pad(~passable, ((0, 0), (0, 1)), constant_values=True)  # rows end in a wall
    run = np.cumsum(walls.ravel()).reshape(walls.shape)[:, :-1]
    found = np.bincount(run[reached], minlength=int(run.max()) + 1) > 0
    return np.asarray(found[run] & passable)


# --- for a download ----------------------------------------------------------------------------

SIDE_OUT = 4096  # pixels a side of what is enlarged or put together


def upscale(image: Image.Image, factor: int) -> Image.Image:
    """The picture `factor` (1 to 8) times as large: Lanczos, then its edges sharpened as much as
    they were widened, within the colours that stood around each place before, so that no halo
    appears; this suits flat art. At most 4096 pixels a side (`BadInput`)."""
    if not 1 <= factor <= 8 or max(image.size) * factor > SIDE_OUT:
        raise BadInput(f"Pictures can grow to {SIDE_OUT:,} pixels a side; choose a smaller size.")
    if factor == 1:
        return image
    size = (image.width * factor, image.height * factor)
    large = image.resize(size, Image.Resampling.LANCZOS)
    sharp = large.convert("RGB").filter(ImageFilter.UnsharpMask(0.6 * factor, 160, 2))
    plain = image.convert("RGB")
    least, most = (
        plain.filter(around).resize(size, Image.Resampling.BILINEAR)
        for around in (ImageFilter.MinFilter(3), ImageFilter.MaxFilter(3))
    )
    sharp = ImageChops.darker(ImageChops.lighter(sharp, least), most)
    if large.mode == "RGBA":
        sharp.putalpha(large.getchannel("A"))
    return sharp


def sheet(
    pictures: list[Image.Image], columns: list[str], rows: list[str] | None = None
) -> Image.Image:
    """Pictures in a table on white, row by row, each column and row with its label.

    `columns` and `rows` are the labels; without rows the pictures wrap at the columns' number.
    Missing pictures leave their place empty. At most 4096 pixels a side: larger ones shrink."""
    count = max(1, len(columns))
    lines = len(rows) if rows else -(-len(pictures) // count)
    side = min(max(max(p.size) for p in pictures), (SIDE_OUT - 200) // max(count, lines))
    gap, size = max(4, side // 32), max(11, side // 10)
    font = ImageFont.load_default(size)
    left = min(side, max((round(font.getlength(r)) for r in rows or [""]), default=0))
    left += gap if rows else 0
    top = size + gap if any(columns) else 0
    width = left + count * (side + gap) + gap
    whole = Image.new("RGB", (width, top + lines * (side + gap) + gap), "white")
    pen = ImageDraw.Draw(whole)
    for place, label in enumerate(columns):
        middle = left + gap + place * (side + gap) + side // 2
        pen.text((middle, gap), short(label, font, side), "#222", font, anchor="mt")
    for place, label in enumerate(rows or []):
        middle = top + gap + place * (side + gap) + side // 2
        pen.text((left, middle), short(label, font, left - gap), "#222", font, anchor="rm")
    for number, picture in enumerate(pictures[: count * lines]):
        shown = on_white(picture)
        shown = ImageOps.contain(shown, (side, side), Image.Resampling.LANCZOS)
        x = left + gap + number % count * (side + gap) + (side - shown.width) // 2
        y = top + gap + number // count * (side + gap) + (side - shown.height) // 2
        whole.paste(shown, (x, y))
    return whole


def short(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """`text` on one line, cut to at most `width` pixels."""
    text = " ".join(text.split())
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text + "…"
