"""Which avatars are drawn: their parts, what each part says of the avatar, and how often.

Every part is chosen here, none by DiceBear, so that two avatars can differ in exactly one
attribute. Knows nothing of pixels or of networks.

Faces look to one side in two of the three styles: they are never mirrored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from genui.training.avatars import CLOTHES, HAIR, SKINS, STYLES, combination
from genui.training.colours import BACKGROUNDS
from genui.training.cutouts import splits
from genui.training.sources import TONES, Drawing

NAMES = ("big-smile", "toon-head", "micah")
ABSENT = ""  # the value of a part that is not drawn
# head → its answers; every avatar has one for each head
CLASSES: dict[str, list[str]] = {
    "style": list(NAMES),
    "skin": list(TONES),
    "hair_color": [*HAIR.values(), "none"],
    "hair_length": ["short", "long", "tied", "bald"],
    "glasses": ["none", "glasses"],
    "hat": ["none", "hat"],
    "beard": ["none", "beard"],
    "mouth": ["smile", "frown", "straight", "open"],
    "eyes": ["open", "closed", "winking", "hidden"],
    "background": ["white", "pale blue", "yellow", "pink", "green", "dark blue"],
    "clothes_color": [*CLOTHES.values(), "none"],
}
# of styles that cannot draw the thing at all
DEFAULTS = dict.fromkeys(("glasses", "hat", "beard", "clothes_color"), "none")
# head → how often each answer is drawn where the style can; heads not here are even
WEIGHTS: dict[str, dict[str, float]] = {
    "mouth": {"smile": 0.5, "frown": 0.3, "straight": 0.1, "open": 0.1},
    "eyes": {"open": 0.6, "closed": 0.3, "winking": 0.1},
    "hair_length": {"short": 0.42, "long": 0.42, "tied": 0.08, "bald": 0.08},
    "glasses": {"none": 0.6, "glasses": 0.4},
    "beard": {"none": 0.7, "beard": 0.3},
    "background": {"white": 0.4} | dict.fromkeys(CLASSES["background"][1:], 0.12),
}
# the same avatars, told by somebody who mostly looked at people like themselves
SKEWED = WEIGHTS | {
    "skin": dict(zip(TONES, (0.55, 0.35, 0.06, 0.03, 0.01), strict=True)),
    "hair_color": {"black": 0.04, "brown": 0.36, "blond": 0.5} | dict.fromkeys(
        list(HAIR.values())[3:], 0.1 / 6
    ),
    "glasses": {"none": 0.95, "glasses": 0.05},
}  # fmt: skip
# style → part → (head, answer) → values. A part without a head varies freely; the accessory of
# big-smile is glasses, a hat or a mustache, never two of them
PARTS: dict[str, dict[str, dict[tuple[str, str], Sequence[str]]]] = {
    "big-smile": {
        "hair": {
            ("hair_length", "short"): ("shortHair", "bowlCutHair", "shavedHead", "curlyShortHair"),
            ("hair_length", "long"): ("wavyBob", "curlyBob", "straightHair", "bangs"),
            ("hair_length", "tied"): ("bunHair", "froBun"),
        },
        "eyes": {
            ("eyes", "open"): ("normal", "cheery"),
            ("eyes", "closed"): ("sleepy",),
            ("eyes", "winking"): ("winking",),
        },
        "mouth": {
            ("mouth", "smile"): ("openedSmile", "gapSmile", "teethSmile", "kawaii"),
            ("mouth", "frown"): ("openSad",),
            ("mouth", "straight"): ("unimpressed",),
        },
        "accessories": {
            ("", ""): (ABSENT,),
            ("glasses", "glasses"): ("glasses", "sunglasses"),
            ("hat", "hat"): ("catEars", "sailormoonCrown"),
            ("beard", "beard"): ("mustache",),
        },
    },
    "toon-head": {
        "hair": {("", ""): ("sideComed", "undercut", "spiky")},
        "rearHair": {
            ("hair_length", "short"): (ABSENT,),
            ("hair_length", "long"): ("longStraight", "longWavy", "shoulderHigh"),
        },
        "eyes": {
            ("eyes", "open"): ("happy", "wide"),
            ("eyes", "closed"): ("humble", "bow"),
            ("eyes", "winking"): ("wink",),
        },
        "eyebrows": {("", ""): ("neutral", "raised")},
        "mouth": {
            ("mouth", "smile"): ("laugh",),
            ("mouth", "frown"): ("sad", "angry"),
            ("mouth", "open"): ("agape",),
        },
        "beard": {
            ("beard", "none"): (ABSENT,),
            ("beard", "beard"): ("moustacheTwirl", "fullBeard", "longBeard"),
        },
        "clothes": {("", ""): ("turtleNeck", "shirt", "tShirt")},
    },
    "micah": {
        "hair": {
            ("hair_length", "short"): ("fonze", "mrT"),
            ("hair_length", "long"): ("full", "pixie", "dannyPhantom"),
            ("hair_length", "bald"): ("mrClean",),
        },
        "eyes": {("eyes", "open"): ("eyes", "round"), ("eyes", "closed"): ("smiling",)},
        "eyebrows": {("", ""): ("up", "down")},
        "nose": {("", ""): ("curve", "pointed", "tound")},
        "ears": {("", ""): ("attached",)},
        "mouth": {
            ("mouth", "smile"): ("laughing", "smile"),
            ("mouth", "frown"): ("sad", "frown"),
            ("mouth", "open"): ("surprised",),
        },
        "glasses": {("glasses", "none"): (ABSENT,), ("glasses", "glasses"): ("round", "square")},
        "facialHair": {("beard", "none"): (ABSENT,), ("beard", "beard"): ("beard", "scruff")},
        "earrings": {("", ""): (ABSENT,)},
        "shirt": {("", ""): ("crew", "collared")},
    },
}
ALSO = ("accessories", "rearHair", "beard", "glasses", "facialHair", "earrings")  # may be absent
ACCESSORY = {"": 0.4, "glasses": 0.22, "hat": 0.2, "beard": 0.18}


@dataclass(frozen=True)
class Contrast:
    """Two answers of a head, `low` and `high`, that a direction shall lead from and to."""

    head: str
    title: str
    low: str
    high: str


CONTRASTS = (
    Contrast("skin", "Skin tone", "light", "dark"),
    Contrast("hair_color", "Hair colour", "black", "blond"),
    Contrast("hair_length", "Hair length", "short", "long"),
    Contrast("glasses", "Glasses", "none", "glasses"),
    Contrast("hat", "Cat ears and tiaras", "none", "hat"),
    Contrast("beard", "Beard", "none", "beard"),
    Contrast("mouth", "Mouth", "frown", "smile"),
    Contrast("eyes", "Eyes", "closed", "open"),
    Contrast("background", "Background", "white", "dark blue"),
    Contrast("clothes_color", "Clothes", "yellow", "blue"),
)


@dataclass(frozen=True)
class Spec:
    """One avatar: style, part → value (ABSENT: not drawn), and the answers of colour heads."""

    style: str
    parts: Mapping[str, str]
    colours: Mapping[str, str]

    def answers(self) -> dict[str, str]:
        """Head → answer: what can be seen, so the hair of a bald head has no colour."""
        found = {"style": self.style, **DEFAULTS, **self.colours}
        for part, value in self.parts.items():
            for (head, answer), values in PARTS[self.style][part].items():
                if head and value in values:
                    found[head] = answer
        if found["hair_length"] == "bald":
            found["hair_color"] = "none"
        if "sunglasses" in self.parts.values():
            found["eyes"] = "hidden"
        return found

    def request(self) -> dict[str, Any]:
        """What `avatars.draw` needs to draw it."""
        style = STYLES[self.style]
        options: dict[str, Any] = dict(style.options)
        for part, value in self.parts.items():
            if value != ABSENT:
                options[part] = [value]
            if part in ALSO:
                options[f"{part}Probability"] = 100 if value != ABSENT else 0
        names = {"skin": (style.skin, SKINS), "hair_color": ("hairColor", HAIR)}
        if style.clothes:
            names["clothes_color"] = (style.clothes, CLOTHES)
        for head, (option, table) in names.items():
            hexes = {word: code for code, word in table.items()}
            options[option] = [hexes[self.colours[head]]]
        options["backgroundColor"] = [BACKGROUNDS[self.colours["background"]].lstrip("#")]
        return {"style": self.style, "count": 1, "skins": {}, "options": options}

    def combination(self) -> str:
        """The combination by which it may be held out: style, hair and hair colour."""
        hair = self.parts.get("rearHair") or self.parts["hair"]
        return combination(self.style, {"hair": hair, "hair_color": self.colours["hair_color"]})


def held_out() -> frozenset[str]:
    """The combinations that training never shows: a twentieth of each style's, by hash."""
    drawings = []
    for style in NAMES:
        parts = PARTS[style]
        hair = [
            v for part in ("hair", "rearHair") for vs in parts.get(part, {}).values() for v in vs
        ]
        drawings += [
            Drawing("", "", "avatar", style, "CC-BY-4.0",
                    attributes={"hair": value, "hair_color": colour})
            for value in hair if value != ABSENT for colour in HAIR.values()
        ]  # fmt: skip
    kept = zip(drawings, splits(drawings), strict=True)
    return frozenset(combination(d.set, d.attributes) for d, split in kept if split != "train")


class Sampler:
    """Draws specs by chance, always the same from a seed. Skin tones and hair colours that
    `weights` leaves even take turns, so that each combination of them is equally frequent."""

    def __init__(self, seed: int, weights: Mapping[str, Mapping[str, float]] = WEIGHTS) -> None:
        self.rng, self.weights = np.random.default_rng(seed), weights
        self.turns: dict[str, list[tuple[str, str]]] = {name: [] for name in NAMES}

    def _one(self, choices: Sequence[str], weights: Mapping[str, float] | None = None) -> str:
        if not weights:
            return choices[int(self.rng.integers(len(choices)))]
        chances = np.array([weights.get(choice, 0.0) for choice in choices])
        return choices[int(self.rng.choice(len(choices), p=chances / chances.sum()))]

    def _turn(self, style: str) -> tuple[str, str]:
        if not self.turns[style]:
            every = [(tone, hair) for tone in TONES for hair in HAIR.values()]
            self.turns[style] = [every[i] for i in self.rng.permutation(len(every))]
        skin, hair = self.turns[style].pop()
        told = self.weights
        return (
            self._one(list(TONES), told["skin"]) if "skin" in told else skin,
            self._one(list(HAIR.values()), told["hair_color"]) if "hair_color" in told else hair,
        )

    def _value(self, part: str, choices: Mapping[tuple[str, str], Sequence[str]]) -> str:
        keys = list(choices)
        if part == "accessories":
            # where glasses are rarer, they are rarer among accessories as well
            rarer = self.weights["glasses"]["glasses"] / WEIGHTS["glasses"]["glasses"]
            told = ACCESSORY | {"glasses": ACCESSORY["glasses"] * rarer}
            head = self._one([head for head, _ in keys], told)
            return self._one(next(vs for (h, _), vs in choices.items() if h == head))
        answer = self._one([a for _, a in keys], self.weights.get(keys[0][0]))
        return self._one(next(vs for (_, a), vs in choices.items() if a == answer))

    def spec(self, style: str) -> Spec:
        """An avatar of this style."""
        parts = {part: self._value(part, choices) for part, choices in PARTS[style].items()}
        skin, hair = self._turn(style)
        colours = {"skin": skin, "hair_color": hair}
        colours["background"] = self._one(CLASSES["background"], self.weights["background"])
        if STYLES[style].clothes:
            colours["clothes_color"] = self._one(list(CLOTHES.values()))
        return Spec(style, parts, colours)

    def specs(self, count: int, held: frozenset[str], wanted: bool = False) -> Iterator[Spec]:
        """`count` avatars, styles in turn, whose combination is held out (`wanted`) or not."""
        found = 0
        while found < count:
            spec = self.spec(NAMES[found % len(NAMES)])
            if (spec.combination() in held) == wanted:
                found += 1
                yield spec

    def counterfactual(self, spec: Spec, contrast: Contrast) -> Spec | None:
        """The same avatar with the contrast's `high` in place of its `low` and every other answer
        as it was; None if it is not `low`, or if no single part or colour does that."""
        before = spec.answers()
        if before[contrast.head] != contrast.low:
            return None
        wanted = before | {contrast.head: contrast.high}
        found = [
            replace(spec, parts={**spec.parts, part: value})
            for part, choices in PARTS[spec.style].items()
            for values in choices.values()
            for value in values
        ]
        if contrast.head in spec.colours:
            changed = {**spec.colours, contrast.head: contrast.high}
            found.append(replace(spec, colours=changed))
        right = [other for other in found if other.answers() == wanted]
        return right[int(self.rng.integers(len(right)))] if right else None

    def pairs(
        self, contrast: Contrast, count: int, held: frozenset[str]
    ) -> Iterator[tuple[Spec, Spec]]:
        """`count` avatars of training combinations with their counterfactuals, styles that can
        draw the contrast in turn."""
        able = [
            name for name in NAMES
            if any(self.counterfactual(self.spec(name), contrast) for _ in range(200))
        ]  # fmt: skip
        found = 0
        while found < count:
            spec = self.spec(able[found % len(able)])
            other = self.counterfactual(spec, contrast)
            if other and not {spec.combination(), other.combination()} & held:
                found += 1
                yield spec, other
