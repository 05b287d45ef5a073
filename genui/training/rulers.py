"""What can be measured in a picture without any network: the colour of its background and of what
stands on it, how many things stand there, and its two halves. Knows nothing of prompts or models.

Pictures are RGB (H, W, 3) uint8, drawn on one plain background as all scenes are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from genui.training.colours import (
    BACKGROUNDS,
    COLOURLESS,
    PAINTS,
    WINDOW,
    Floats,
    apart,
    main_hue,
    rgb,
    to_lch,
)

Picture = NDArray[np.uint8]
FRAME = 3  # pixels from the edge that are background
DIFFERENT = 0.06  # distance in OKLab from which a pixel is not background
SMALL = 0.2  # of the largest thing's area: smaller ones are crumbs
SPOTS = {"beside": ((0.255, 0.5), (0.745, 0.5)), "above": ((0.5, 0.255), (0.5, 0.745))}


def to_lab(pixels: Picture) -> Floats:
    """sRGB (..., 3) → OKLab (..., 3): lightness, green–red, blue–yellow."""
    light, chroma, hue = np.moveaxis(to_lch(pixels), -1, 0)
    angle = np.radians(hue)
    return np.stack([light, chroma * np.cos(angle), chroma * np.sin(angle)], -1).astype(np.float32)


def named(lab: Floats, colours: Mapping[str, str]) -> str:
    """The name of the nearest of `colours` (name → '#rrggbb') to one OKLab colour (3,)."""
    names = list(colours)
    known = to_lab(np.array([rgb(colours[name]) for name in names], np.uint8))
    return names[int(np.square(known - lab).sum(-1).argmin())]


def ground(picture: Picture) -> Floats:
    """The background's colour in OKLab (3,): the median of the picture's frame, without the lower
    edge, on which busts stand."""
    sides = [picture[:FRAME], picture[:, :FRAME], picture[:, -FRAME:]]
    frame = np.concatenate([side.reshape(-1, 3) for side in sides])
    found: Floats = np.median(to_lab(frame), 0)
    return found


def background(picture: Picture) -> str:
    """The name in BACKGROUNDS nearest to the background's colour."""
    return named(ground(picture), BACKGROUNDS)


def things(picture: Picture) -> NDArray[np.bool_]:
    """Where the picture is not background (H, W)."""
    away = np.sqrt(np.square(to_lab(picture) - ground(picture)).sum(-1))
    found: NDArray[np.bool_] = away > DIFFERENT
    return found


def paint(picture: Picture) -> str:
    """The name in PAINTS nearest to the main colour of what stands on the background; '' if
    nothing coloured does."""
    mask = things(picture)
    hue, share = main_hue(np.dstack([picture, mask.astype(np.uint8) * 255]))
    if share == 0:
        return ""
    lch = to_lch(picture)
    of_it = mask & (lch[..., 1] > COLOURLESS) & (apart(lch[..., 2], hue) < WINDOW)
    return named(to_lab(picture[of_it]).mean(0), PAINTS)


def _along(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give every unbroken run of a row (H, W) its largest number; 0 separates runs."""
    flat = np.pad(numbers, ((0, 0), (0, 1))).ravel()
    inside = flat > 0
    starts = np.flatnonzero(np.diff(inside, prepend=not inside[0]))
    largest = np.repeat(np.maximum.reduceat(flat, starts), np.diff(starts, append=flat.size))
    found: NDArray[np.int64] = largest.reshape(numbers.shape[0], -1)[:, :-1]
    return found


def components(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Number the connected parts (8 neighbours) of a mask (H, W): equal numbers belong together, 0
    is outside. Every pixel takes the largest number of its neighbours, its row's and its column's
    run until nothing changes."""
    numbers = np.arange(1, mask.size + 1).reshape(mask.shape) * mask
    while True:
        padded = np.pad(numbers, 1)
        rows = np.maximum(np.maximum(padded[:-2], padded[1:-1]), padded[2:])
        around = np.maximum(np.maximum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:]) * mask
        spread = _along(_along(around).T).T
        if (spread == numbers).all():
            return spread
        numbers = spread


def count(picture: Picture) -> int:
    """How many separate things stand on the background, crumbs left out."""
    numbers = components(things(picture))
    areas = np.unique(numbers[numbers > 0], return_counts=True)[1]
    return int((areas >= SMALL * areas.max()).sum()) if len(areas) else 0


def halves(picture: Picture, side: str) -> tuple[Picture, Picture]:
    """The two squares of half the side around where two things stand: left and right for 'beside',
    upper and lower for 'above'."""
    size = picture.shape[0]
    half = size // 2

    def square(x: float, y: float) -> Picture:
        left, top = (min(max(0, round(at * size) - half // 2), size - half) for at in (x, y))
        return picture[top : top + half, left : left + half]

    first, second = SPOTS[side]
    return square(*first), square(*second)
