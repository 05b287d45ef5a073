"""Colours by name, and turning a picture's main colour into another one, in OKLCh: lightness,
chroma and hue as the eye takes them (Ottosson 2020, "A perceptual color space for image
processing"). Knows nothing of scenes or captions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

# what a background can be called, and its sRGB
BACKGROUNDS = {
    "white": "#ffffff", "black": "#101014", "gray": "#9a9ca3", "light gray": "#dcdee3",
    "dark gray": "#46484f", "red": "#e0353b", "dark red": "#8a1620", "orange": "#f58a2c",
    "yellow": "#fbd43a", "pale yellow": "#fdf3bf", "green": "#43b25a", "dark green": "#17613a",
    "pale green": "#cdeccf", "teal": "#1fa3a0", "blue": "#3478e5", "dark blue": "#17316f",
    "pale blue": "#cde4fa", "purple": "#8648cf", "pale purple": "#e4d6f7", "pink": "#f277ad",
    "pale pink": "#fbd9e5", "brown": "#84532f", "beige": "#eaddc4",
}  # fmt: skip
# what an object can be turned into
PAINTS = {
    "red": "#e0353b", "orange": "#f58a2c", "yellow": "#fbd43a", "green": "#43b25a",
    "teal": "#1fa3a0", "blue": "#3478e5", "purple": "#8648cf", "pink": "#f277ad",
    "brown": "#84532f",
}  # fmt: skip

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    np.float32,
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    np.float32,
)
_FROM_LMS = np.linalg.inv(_TO_LMS).astype(np.float32)
_FROM_LAB = np.linalg.inv(_TO_LAB).astype(np.float32)
COLOURLESS = 0.045  # chroma below which a pixel has no hue worth turning
WINDOW = 50.0  # degrees to each side of the main hue that belong to it


def rgb(hexcode: str) -> tuple[int, int, int]:
    """'#ff8000' → (255, 128, 0)."""
    return int(hexcode[1:3], 16), int(hexcode[3:5], 16), int(hexcode[5:7], 16)


def to_lch(pixels: NDArray[np.uint8]) -> Floats:
    """sRGB (..., 3) in 0–255 → OKLCh (..., 3): lightness 0–1, chroma 0–0.4, hue 0–360 degrees."""
    s = pixels.astype(np.float32) / 255
    linear = np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4).astype(np.float32)
    lab = np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) % 360
    return np.stack([lab[..., 0], np.hypot(lab[..., 1], lab[..., 2]), hue], -1).astype(np.float32)


def to_srgb(lch: Floats) -> NDArray[np.uint8]:
    """The way back; colours outside sRGB are clipped."""
    angle = np.radians(lch[..., 2])
    lab = np.stack([lch[..., 0], lch[..., 1] * np.cos(angle), lch[..., 1] * np.sin(angle)], -1)
    linear = np.clip((lab @ _FROM_LAB.T) ** 3 @ _FROM_LMS.T, 0, 1)
    s = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    shades: NDArray[np.uint8] = (s * 255 + 0.5).astype(np.uint8)
    return shades


def apart(hues: Floats, hue: float) -> Floats:
    """Degrees between hues and one hue, 0–180."""
    away: Floats = np.abs((hues - np.float32(hue) + 180) % 360 - 180)
    return away


def main_hue(picture: NDArray[np.uint8]) -> tuple[float, float]:
    """The main hue of an RGBA picture (h, w, 4) in degrees, and the share (0–1) of its opaque
    pixels that are of about that hue. Share 0 means that it has no colour."""
    solid = picture[..., 3] > 127
    lch = to_lch(picture[..., :3][solid])
    vivid = lch[:, 1] > COLOURLESS
    if not vivid.any():
        return 0.0, 0.0
    weights, edges = np.histogram(lch[vivid, 2], 72, (0, 360), weights=lch[vivid, 1])
    smooth = sum(np.roll(weights, shift) for shift in range(-4, 5))
    peak = float(edges[int(np.argmax(smooth))] + 2.5)
    near = vivid & (apart(lch[:, 2], peak) < WINDOW)
    turn = np.exp(1j * np.radians(lch[near, 2])) @ lch[near, 1]  # the mean on the circle
    hue = float(np.degrees(np.angle(turn)) % 360)
    near = vivid & (apart(lch[:, 2], hue) < WINDOW)
    return hue, float(near.mean())


def recolour(picture: NDArray[np.uint8], paint: str) -> NDArray[np.uint8]:
    """Paint the main-coloured part of an RGBA picture (h, w, 4) with a colour of PAINTS: its hue
    becomes that colour's, its mean lightness and chroma too, while shading stays. Fades out towards
    the edge of the hue window, so that gradients do not tear. Raises KeyError for an unknown
    paint."""
    light, chroma, hue = (float(value) for value in to_lch(np.array(rgb(PAINTS[paint]), np.uint8)))
    main, share = main_hue(picture)
    if share == 0:
        return picture
    lch = to_lch(picture[..., :3])
    offset = (lch[..., 2] - main + 180) % 360 - 180
    amount = np.clip((WINDOW + 15 - np.abs(offset)) / 15, 0, 1)
    amount *= np.clip((lch[..., 1] - COLOURLESS / 2) / COLOURLESS, 0, 1)
    weight = amount * (picture[..., 3] > 127)
    total = weight.sum() + 1e-6
    mean_light = float((lch[..., 0] * weight).sum() / total)
    mean_chroma = float((lch[..., 1] * weight).sum() / total)
    turned = np.stack(
        [
            np.clip(lch[..., 0] + light - mean_light, 0.08, 0.98),
            lch[..., 1] * (chroma / max(mean_chroma, 0.02)),
            hue + 0.25 * offset,
        ],
        -1,
    ).astype(np.float32)
    out = picture.copy()
    blend = amount[..., None]
    mixed = to_srgb(turned) * blend + picture[..., :3] * (1 - blend)
    out[..., :3] = (mixed + 0.5).astype(np.uint8)
    return out
