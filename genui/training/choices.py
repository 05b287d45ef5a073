"""Which cutouts suit which layout, and how often each is chosen. Knows nothing of how they are
placed or what a caption says."""

from __future__ import annotations

import numpy as np

from genui.training.colours import BACKGROUNDS, rgb, to_lch
from genui.training.cutouts import HELD_OUT, Cutout, chance
from genui.training.words import is_bare, is_thing

# subgroups whose members stay themselves in another colour
PAINTABLE = frozenset(
    ("animal-mammal", "animal-bird", "animal-amphibian", "animal-reptile", "animal-marine",
     "animal-bug", "heart", "plant-flower", "plant-other", "food-fruit", "food-vegetable",
     "food-sweet", "drink", "dishware", "transport-ground", "transport-water", "transport-air",
     "clothing", "musical-instrument", "sport", "game", "event", "household", "tool", "lock",
     "book-paper", "sky-weather", "place-building", "cat-face", "monkey-face")
)  # fmt: skip
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


def withheld(layout: str, *parts: str) -> bool:
    """Whether this composition (concept and colour, concept and count, ...) is kept from training:
    5 % are, chosen by hash, so that evaluation can ask for what was never shown."""
    return chance("composition", layout, *sorted(parts)) < HELD_OUT


def paintable(cutout: Cutout) -> bool:
    """Whether the thing has one main colour and stays itself in another."""
    suits = cutout.subgroup in PAINTABLE and is_thing(cutout.concept)
    return suits and not cutout.skin_tone and cutout.hue_share >= MOSTLY_ONE


def countable(cutout: Cutout) -> bool:
    """Whether there can be several of the thing, or one beside another."""
    thing = is_thing(cutout.concept) and not is_bare(cutout.concept)
    return cutout.group in COUNTABLE and thing


def weight(cutout: Cutout) -> float:
    """How often the concept is drawn, against 1 for most."""
    return WEIGHTS.get(cutout.subgroup, 1.0) * (COMMON_WEIGHT if cutout.common else 1.0)


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
