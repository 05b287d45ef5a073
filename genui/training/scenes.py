"""Scenes: which cutouts go where on which background, sampled with facts that a judge can check, and
drawn. Knows nothing of sentences (captions.py) or of how cutouts came to be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from genui.training.colours import BACKGROUNDS, PAINTS, recolour, rgb, to_lch
from genui.training.cutouts import HELD_OUT, Cutout, Cutouts, chance

SIZE = 128
MIXTURE = {
    "single": 0.40, "background": 0.12, "recolour": 0.10, "count": 0.08, "pair": 0.12,
    "avatar": 0.18,
}  # fmt: skip
COMPOSED = ("background", "recolour", "count", "pair")
# subgroups whose members stay themselves in another colour
PAINTABLE = frozenset(
    "animal-mammal animal-bird animal-amphibian animal-reptile animal-marine animal-bug heart "
    "plant-flower plant-other food-fruit food-vegetable food-sweet drink dishware transport-ground "
    "transport-water transport-air clothing musical-instrument sport game event household tool "
    "lock book-paper sky-weather place-building cat-face monkey-face".split()
)
MOSTLY_ONE = 0.5  # share of the main hue that makes an object one-coloured
# things of which there can be several, or one beside another
COUNTABLE = frozenset(("smileys-emotion", "animals-nature", "food-drink", "travel-places",
                       "activities", "objects"))  # fmt: skip
# how often a subgroup is drawn, where it is not 1: there are hundreds of people and few cats
WEIGHTS = {
    "family": 0.05, "time": 0.2, "arrow": 0.2, "zodiac": 0.3, "religion": 0.3, "currency": 0.2,
    "av-symbol": 0.2, "other-symbol": 0.2, "transport-sign": 0.2, "warning": 0.3, "math": 0.2,
    "punctuation": 0.2, "gender": 0.1, "geometric": 0.4, "person-role": 0.25, "person": 0.3,
    "person-activity": 0.2, "person-sport": 0.25, "person-gesture": 0.25, "person-fantasy": 0.4,
    "person-resting": 0.3,
}  # fmt: skip
COMMON_WEIGHT = 3.0
COLOURED = tuple(name for name in BACKGROUNDS if name != "white")
# the hue in degrees of each background that is not pale or grey
VIVID = {
    name: float(lch[2])
    for name, code in BACKGROUNDS.items()
    if (lch := to_lch(np.array(rgb(code), np.uint8)))[1] > 0.09
}
# where equal things stand, as (x, y, scale) of each
COUNTS = {
    2: ((0.27, 0.5, 0.50), (0.73, 0.5, 0.50)),
    3: ((0.26, 0.73, 0.46), (0.74, 0.73, 0.46), (0.5, 0.26, 0.46)),
    4: ((0.27, 0.27, 0.45), (0.73, 0.27, 0.45), (0.27, 0.73, 0.45), (0.73, 0.73, 0.45)),
    5: ((0.2, 0.2, 0.36), (0.8, 0.2, 0.36), (0.5, 0.5, 0.36), (0.2, 0.8, 0.36), (0.8, 0.8, 0.36)),
}
NOUNS = frozenset(("building", "ring", "bed", "seed", "sled", "wing", "painting", "string"))
SIDES = {
    "beside": ((0.26, 0.5, 0.51), (0.74, 0.5, 0.51)),
    "above": ((0.5, 0.26, 0.51), (0.5, 0.74, 0.51)),
}
BUSTS = ("toon-head", "miniavs", "micah")  # cut at the lower edge: they stand on it


@dataclass(frozen=True)
class Placed:
    """A cutout in the picture: centre (0–1 from the left and top), scale of the picture's size, turn
    in degrees, and the paint it is coloured with, or ''."""

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
    'above' or ''; `paint` is the colour of the subject or ''; `background` is one of BACKGROUNDS."""

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


def withheld(layout: str, *parts: str) -> bool:
    """Whether this composition (concept and colour, concept and count, ...) is kept from training:
    5 % are, chosen by hash, so that evaluation can ask for what was never shown."""
    return chance("composition", layout, *sorted(parts)) < HELD_OUT


def is_thing(concept: str) -> bool:
    """Whether a concept's name names a thing: 'kite', not 'rolling on the floor laughing'."""
    last = concept.split(" with ")[0].split()[-1]
    return last in NOUNS or not last.endswith(("ing", "ed"))


def paintable(cutout: Cutout) -> bool:
    """Whether the thing has one main colour and stays itself in another."""
    return cutout.subgroup in PAINTABLE and not cutout.skin_tone and cutout.hue_share >= MOSTLY_ONE


def hides(background: str, cutout: Cutout) -> bool:
    """Whether a thing is lost on this background: it is mostly of the same hue, or it is an avatar
    with hair or clothes of that name."""
    if cutout.kind == "avatar":
        worn = [v for k, v in cutout.attributes.items() if k.endswith("_color")]
        return background in worn or (background == "brown" and "dark" in cutout.skin_tone)
    if background not in VIVID:
        return False
    away = abs((VIVID[background] - cutout.hue + 180) % 360 - 180)
    return cutout.hue_share > 0.4 and away < 25


class Sampler:
    """Draws scenes from cutouts of one split: first a concept, then a set, then a tone, so that
    neither the six sets nor the tones make a concept more frequent."""

    def __init__(self, cutouts: Sequence[Cutout], rng: np.random.Generator, composed: bool) -> None:
        self.rng = rng
        self.composed = composed
        self.avatars = [c for c in cutouts if c.kind == "avatar"]
        emoji = [c for c in cutouts if c.kind == "emoji"]
        self.every = self._index(emoji)
        self.paintable = self._index([c for c in emoji if paintable(c)])
        self.countable = self._index(
            [c for c in emoji if c.group in COUNTABLE and is_thing(c.concept)]
        )

    def _index(
        self, emoji: Sequence[Cutout]
    ) -> tuple[list[dict[str, list[Cutout]]], NDArray[np.float64]]:
        by_key: dict[str, dict[str, list[Cutout]]] = defaultdict(lambda: defaultdict(list))
        weights: dict[str, float] = {}
        for c in emoji:
            by_key[c.key][c.set].append(c)
            weights[c.key] = WEIGHTS.get(c.subgroup, 1.0) * (COMMON_WEIGHT if c.common else 1.0)
        total = np.cumsum([weights[key] for key in by_key])
        return [dict(sets) for sets in by_key.values()], total / max(total[-1:].sum(), 1e-9)

    def _pick(
        self, index: tuple[list[dict[str, list[Cutout]]], NDArray[np.float64]], set_: str = ""
    ) -> Cutout:
        """A cutout by concept, set and tone; of `set_` if the concept has it."""
        concepts, total = index
        sets = concepts[min(int(np.searchsorted(total, self.rng.random())), len(concepts) - 1)]
        name = set_ if set_ in sets else str(self.rng.choice(sorted(sets)))
        choices = sets[name]
        return choices[int(self.rng.integers(len(choices)))]

    def _near(self, spread: float) -> float:
        return float(self.rng.uniform(-spread, spread))

    def _background(self, plain: float, *cutouts: Cutout) -> str:
        """White with chance `plain`, else a named colour on which the cutouts can be seen."""
        if self.rng.random() < plain:
            return "white"
        clear = [name for name in COLOURED if not any(hides(name, c) for c in cutouts)]
        return str(self.rng.choice(clear))

    def _one(self, cutout: Cutout, paint: str = "") -> Placed:
        scale = float(self.rng.uniform(0.84, 1.0))
        spread = (1 - scale) / 2 + 0.01
        x, y, turn = 0.5 + self._near(spread), 0.5 + self._near(spread), self._near(4)
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
        """One scene of a layout. Compositions that are withheld come only if asked for."""
        while True:
            made, parts = getattr(self, f"_{layout}_layout")()
            if layout not in COMPOSED or withheld(layout, *parts) == self.composed:
                return made

    def _single_layout(self) -> tuple[Scene, tuple[str, ...]]:
        c = self._pick(self.every)
        return Scene("single", (self._one(c),), (subject(c),)), ()

    def _background_layout(self) -> tuple[Scene, tuple[str, ...]]:
        c = self._pick(self.every)
        name = self._background(0, c)
        return Scene("background", (self._one(c),), (subject(c),), name), (c.key, name)

    def _recolour_layout(self) -> tuple[Scene, tuple[str, ...]]:
        c, paint = self._pick(self.paintable), str(self.rng.choice(list(PAINTS)))
        name = self._background(0.85)
        name = "white" if paint in name else name
        made = Scene("recolour", (self._one(c, paint),), (subject(c),), name, paint)
        return made, (c.key, paint)

    def _count_layout(self) -> tuple[Scene, tuple[str, ...]]:
        c = self._pick(self.countable)
        count = int(self.rng.choice([2, 3, 4, 5], p=[0.35, 0.35, 0.2, 0.1]))
        placed = self._spots([c] * count, COUNTS[count])
        made = Scene("count", placed, (subject(c),), self._background(0.8, c), count=count)
        return made, (c.key, str(count))

    def _pair_layout(self) -> tuple[Scene, tuple[str, ...]]:
        a = self._pick(self.countable)
        b = self._pick(self.countable, a.set)
        while b.key == a.key:
            b = self._pick(self.countable, a.set)
        side = "beside" if self.rng.random() < 0.75 else "above"
        placed = self._spots([a, b], SIDES[side])
        made = Scene(
            "pair", placed, (subject(a), subject(b)), self._background(0.8, a, b), count=2, side=side
        )
        return made, (a.key, b.key)

    def _avatar_layout(self) -> tuple[Scene, tuple[str, ...]]:
        c = self.avatars[int(self.rng.integers(len(self.avatars)))]
        return Scene("avatar", (self._one(c),), (subject(c),), self._background(0.4, c)), ()

    def layouts(self) -> set[str]:
        """The layouts that these cutouts allow."""
        able = {"avatar"} if self.avatars else set()
        if self.every[0]:
            able |= {"single", "background"}
        if self.paintable[0]:
            able.add("recolour")
        if self.countable[0]:
            able.add("count")
        if len(self.countable[0]) > 1:
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
