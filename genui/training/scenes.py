"""Scenes: which cutouts go where on which background, sampled with facts that a judge can check,
and drawn. Knows nothing of sentences (captions.py) or of how cutouts came to be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from genui.training.choices import COLOURED, countable, hides, paintable, weight, withheld
from genui.training.colours import BACKGROUNDS, PAINTS, recolour, rgb
from genui.training.cutouts import Cutout, Cutouts

SIZE = 128
MIXTURE = {
    "single": 0.40, "background": 0.12, "recolour": 0.10, "count": 0.08, "pair": 0.12,
    "avatar": 0.18,
}  # fmt: skip
TRIES = 5000
COMPOSED = ("background", "recolour", "count", "pair")
# where equal things stand, as (x, y, scale) of each
COUNTS = {
    2: ((0.26, 0.5, 0.47), (0.74, 0.5, 0.47)),
    3: ((0.26, 0.74, 0.46), (0.74, 0.74, 0.46), (0.5, 0.26, 0.46)),
    4: ((0.26, 0.26, 0.46), (0.74, 0.26, 0.46), (0.26, 0.74, 0.46), (0.74, 0.74, 0.46)),
    5: ((0.18, 0.18, 0.34), (0.82, 0.18, 0.34), (0.5, 0.5, 0.34), (0.18, 0.82, 0.34),
        (0.82, 0.82, 0.34)),
}  # fmt: skip
SIDES = {
    "beside": ((0.255, 0.5, 0.49), (0.745, 0.5, 0.49)),
    "above": ((0.5, 0.255, 0.49), (0.5, 0.745, 0.49)),
}
BUSTS = ("toon-head", "miniavs", "micah")  # cut at the lower edge: they stand on it


@dataclass(frozen=True)
class Placed:
    """A cutout in the picture: centre (0–1 from the left and top), scale of the picture's size,
    turn in degrees, and the paint it is coloured with, or ''."""

    id: str
    x: float
    y: float
    scale: float
    turn: float = 0.0
    paint: str = ""


@dataclass(frozen=True)
class Subject:
    """What a caption may say of one thing in the picture."""

    id: str
    kind: str
    key: str
    set: str
    concept: str
    names: tuple[str, ...]
    keywords: tuple[str, ...]
    group: str
    skin_tone: str
    attributes: Mapping[str, str]


@dataclass(frozen=True)
class Scene:
    """One picture to draw and what is true of it. `subjects` are the different things in it, for
    'pair' the left or upper one first; `count` is how many things stand there; `side` is 'beside',
    'above' or ''; `paint` is the colour of the subject or ''; `background` is one of
    BACKGROUNDS."""

    layout: str
    placed: tuple[Placed, ...]
    subjects: tuple[Subject, ...]
    background: str = "white"
    paint: str = ""
    count: int = 1
    side: str = ""


def subject(cutout: Cutout) -> Subject:
    """The part of a cutout that a caption needs."""
    return Subject(
        cutout.id, cutout.kind, cutout.key, cutout.set, cutout.concept, cutout.names,
        cutout.keywords, cutout.group, cutout.skin_tone, cutout.attributes,
    )  # fmt: skip


class Index:
    """Cutouts by concept and set, drawn by concept first, then set, then tone."""

    def __init__(self, emoji: Iterable[Cutout]) -> None:
        self.concepts: dict[str, dict[str, list[Cutout]]] = {}
        weights: dict[str, float] = {}
        for c in emoji:
            self.concepts.setdefault(c.key, {}).setdefault(c.set, []).append(c)
            weights[c.key] = weight(c)
        self.keys = list(self.concepts)
        self.reach = np.cumsum([weights[key] for key in self.keys])

    def __len__(self) -> int:
        return len(self.keys)

    def pick(self, rng: np.random.Generator, prefer: str = "") -> Cutout:
        """A cutout; of the set `prefer` if the concept has it."""
        at = int(np.searchsorted(self.reach, rng.random() * self.reach[-1]))
        sets = self.concepts[self.keys[min(at, len(self.keys) - 1)]]
        choices = sets[prefer if prefer in sets else str(rng.choice(sorted(sets)))]
        return choices[int(rng.integers(len(choices)))]


class Sampler:
    """Makes scenes of cutouts of one split. Neither the number of sets nor of tones makes a
    concept more frequent. `composed` asks for the compositions that training never shows."""

    def __init__(self, cutouts: Sequence[Cutout], rng: np.random.Generator, composed: bool) -> None:
        self.rng = rng
        self.composed = composed
        self.avatars = [c for c in cutouts if c.kind == "avatar"]
        emoji = [c for c in cutouts if c.kind == "emoji"]
        self.every = Index(emoji)
        self.paintable = Index(c for c in emoji if paintable(c))
        self.countable = Index(c for c in emoji if countable(c))
        self.makers: dict[str, Callable[[], tuple[Scene, tuple[str, ...]]]] = {
            "single": self._single, "background": self._on_background, "recolour": self._painted,
            "count": self._several, "pair": self._pair, "avatar": self._avatar,
        }  # fmt: skip

    def _near(self, spread: float) -> float:
        return float(self.rng.uniform(-spread, spread))

    def _background(self, plain: float, *cutouts: Cutout) -> str:
        """White with chance `plain`, else a named colour on which the cutouts can be seen."""
        if self.rng.random() < plain:
            return "white"
        clear = [name for name in COLOURED if not any(hides(name, c) for c in cutouts)]
        return str(self.rng.choice(clear))

    def _one(self, cutout: Cutout, paint: str = "") -> Placed:
        scale = float(self.rng.uniform(0.88, 0.96))
        x, y, turn = 0.5 + self._near(0.02), 0.5 + self._near(0.02), self._near(2)
        if cutout.kind == "avatar":
            turn = 0.0
            if cutout.set in BUSTS:
                y = 1 - scale / 2
        return Placed(cutout.id, x, y, scale, turn, paint)

    def _spots(
        self, cutouts: Sequence[Cutout], spots: Sequence[tuple[float, float, float]]
    ) -> tuple[Placed, ...]:
        size = float(self.rng.uniform(0.9, 1.0))
        return tuple(
            Placed(c.id, x + self._near(0.012), y + self._near(0.012), s * size, self._near(4))
            for c, (x, y, s) in zip(cutouts, spots, strict=True)
        )

    def scene(self, layout: str) -> Scene:
        """One scene of a layout. Raises ValueError if the cutouts are too few for a composition
        that may be shown."""
        for _ in range(TRIES):
            made, parts = self.makers[layout]()
            if layout not in COMPOSED or withheld(layout, *parts) == self.composed:
                return made
        raise ValueError(f"too few cutouts for the layout {layout!r}")

    def _single(self) -> tuple[Scene, tuple[str, ...]]:
        c = self.every.pick(self.rng)
        return Scene("single", (self._one(c),), (subject(c),)), ()

    def _on_background(self) -> tuple[Scene, tuple[str, ...]]:
        c = self.every.pick(self.rng)
        name = self._background(0, c)
        return Scene("background", (self._one(c),), (subject(c),), name), (c.key, name)

    def _painted(self) -> tuple[Scene, tuple[str, ...]]:
        c, paint = self.paintable.pick(self.rng), str(self.rng.choice(list(PAINTS)))
        name = self._background(0.85)
        name = "white" if paint in name else name
        made = Scene("recolour", (self._one(c, paint),), (subject(c),), name, paint)
        return made, (c.key, paint)

    def _several(self) -> tuple[Scene, tuple[str, ...]]:
        c = self.countable.pick(self.rng)
        count = int(self.rng.choice([2, 3, 4, 5], p=[0.35, 0.35, 0.2, 0.1]))
        placed = self._spots([c] * count, COUNTS[count])
        made = Scene("count", placed, (subject(c),), self._background(0.8, c), count=count)
        return made, (c.key, str(count))

    def _pair(self) -> tuple[Scene, tuple[str, ...]]:
        a = self.countable.pick(self.rng)
        b = self.countable.pick(self.rng, a.set)
        while b.key == a.key:
            b = self.countable.pick(self.rng, a.set)
        side = "beside" if self.rng.random() < 0.75 else "above"
        placed = self._spots([a, b], SIDES[side])
        made = Scene(
            "pair",
            placed,
            (subject(a), subject(b)),
            self._background(0.8, a, b),
            count=2,
            side=side,
        )
        return made, (a.key, b.key)

    def _avatar(self) -> tuple[Scene, tuple[str, ...]]:
        c = self.avatars[int(self.rng.integers(len(self.avatars)))]
        return Scene("avatar", (self._one(c),), (subject(c),), self._background(0.4, c)), ()

    def layouts(self) -> set[str]:
        """The layouts that these cutouts allow."""
        able = {"avatar"} if self.avatars else set()
        if self.every:
            able |= {"single", "background"}
        if self.paintable:
            able.add("recolour")
        if self.countable:
            able.add("count")
        if len(self.countable) > 1:
            able.add("pair")
        return able & set(COMPOSED) if self.composed else able


def sample_scenes(
    cutouts: Cutouts,
    seed: int,
    n: int,
    split: str = "train",
    mixture: Mapping[str, float] = MIXTURE,
) -> list[Scene]:
    """`n` scenes of the layouts in `mixture` (weights, any sum), the same for the same seed. Split
    'composition' uses training cutouts in compositions that training never shows; any other split
    uses only its own cutouts. Raises ValueError if the cutouts allow none of the layouts."""
    composed = split == "composition"
    chosen = [c for c in cutouts if c.split == ("train" if composed else split)]
    rng = np.random.default_rng(seed)
    sampler = Sampler(chosen, rng, composed)
    able = sampler.layouts()
    names = [name for name in mixture if name in able and mixture[name] > 0]
    if not names:
        raise ValueError(f"no cutouts of split {split!r} allow any of {', '.join(mixture)}")
    weights = np.array([mixture[name] for name in names])
    picks = rng.choice(len(names), n, p=weights / weights.sum())
    return [sampler.scene(names[int(pick)]) for pick in picks]


def draw(scene: Scene, cutouts: Cutouts, size: int = SIZE) -> NDArray[np.uint8]:
    """The picture of a scene: RGB (size, size, 3)."""
    canvas = Image.new("RGB", (size, size), rgb(BACKGROUNDS[scene.background]))
    for placed in scene.placed:
        pixels = cutouts.pixels(placed.id)
        if placed.paint:
            pixels = recolour(pixels, placed.paint)
        side = max(1, round(placed.scale * size))
        thing = Image.fromarray(pixels).resize((side, side), Image.Resampling.LANCZOS)
        if placed.turn:
            thing = thing.rotate(placed.turn, Image.Resampling.BICUBIC)
        corner = (round(placed.x * size - side / 2), round(placed.y * size - side / 2))
        canvas.paste(thing, corner, thing)
    return np.asarray(canvas)
