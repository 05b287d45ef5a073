"""Cutouts of plain shapes with faces that can be told apart, drawn here: a toy world in which every
layout is possible and a small judge learns within seconds."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

from genui.training.cutouts import Cutout, Cutouts

# name -> (colour, its hue in OKLCh, corners; none: a disc)
SHAPES = {
    "apple": ("#d02a2a", 27, 0), "kite": ("#2f6fe0", 260, 4), "tent": ("#2fa84f", 150, 3),
    "plum": ("#8a3fd0", 300, 0), "tile": ("#e08a1e", 65, 4), "leaf": ("#1fa0a0", 195, 3),
    "coin": ("#f0c828", 95, 5), "gem": ("#e060a8", 350, 6),
}  # fmt: skip
SETS = ("fluent", "noto", "twemoji")
HAIR = {"black": "#202020", "red": "#c4501e", "blue": "#4a6fd8"}
SKINS = {"light": "#ffdbc4", "dark": "#6b4230"}


def webp(image: Image.Image) -> bytes:
    data = io.BytesIO()
    image.save(data, "WEBP", lossless=True)
    return data.getvalue()


def shape(colour: str, corners: int, set_: str) -> bytes:
    """A disc or polygon; each set has its own mark in the middle."""
    image = Image.new("RGBA", (128, 128))
    pen = ImageDraw.Draw(image)
    if corners:
        pen.regular_polygon((64, 64, 56), corners, fill=colour)
    else:
        pen.ellipse((8, 8, 119, 119), fill=colour)
    marks = {"noto": (52, 58, 76, 70), "twemoji": (58, 50, 70, 80)}
    if set_ in marks:
        pen.ellipse(marks[set_], fill="#303030")
    return webp(image)


def head(hair: str, skin: str) -> bytes:
    """A face under hair, cut off below."""
    image = Image.new("RGBA", (128, 128))
    pen = ImageDraw.Draw(image)
    pen.ellipse((24, 12, 104, 92), fill=HAIR[hair])
    pen.ellipse((34, 36, 94, 112), fill=SKINS[skin])
    return webp(image)


def shapes() -> Cutouts:
    """All shapes in all sets, some pairs held out; 24 avatars with two attributes and a beard that
    none wears."""
    made = []
    for number, (name, (colour, hue, corners)) in enumerate(SHAPES.items()):
        for i, set_ in enumerate(SETS):
            split = "pair" if number % 3 == 0 and i == 1 else "train"
            made.append(
                Cutout(
                    f"{set_}/{name}", shape(colour, corners, set_), "emoji", name, name.upper(),
                    set_, (name,), ("toy",), "objects", "tool", {}, "", "MIT", split, True,
                    float(hue), 0.95,
                )
            )  # fmt: skip
    for number in range(24):
        hair, skin = list(HAIR)[number % 3], list(SKINS)[number // 3 % 2]
        attributes = {"hair": "short", "hair_color": hair, "skin": skin, "beard": "none"}
        split = "combination" if number % 4 == 0 else "train"
        made.append(
            Cutout(
                f"dylan/{number}", head(hair, skin), "avatar", "", "", "dylan", (), (), "", "",
                attributes, skin, "CC-BY-4.0", split, False, 30.0, 0.9,
            )
        )  # fmt: skip
    return Cutouts(made)
