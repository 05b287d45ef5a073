"""Captions: what is true of a scene, in many phrasings. Knows nothing of pixels."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from genui.training.colours import BACKGROUNDS, PAINTS
from genui.training.scenes import Scene, Subject, is_thing

# (what the page shows, what it appends to the prompt)
STYLES = (
    ("3D", "3d style"), ("Flat", "flat style"), ("Noto", "noto style"),
    ("Twemoji", "twemoji style"), ("Emojione", "emojione style"), ("FX", "fx style"),
    ("Big smile", "big smile style"), ("Toon", "toon style"), ("Mini", "mini style"),
    ("Micah", "micah style"), ("Dylan", "dylan style"),
)  # fmt: skip
STYLE_WORDS = {
    "fluent": ("3d style", "3d style", "3d", "glossy 3d"),
    "fluent-flat": ("flat style", "flat style", "flat", "flat design"),
    "noto": ("noto style", "noto"),
    "twemoji": ("twemoji style", "twemoji"),
    "emojione": ("emojione style", "emojione"),
    "fxemoji": ("fx style", "fx emoji style"),
    "big-smile": ("big smile style",),
    "toon-head": ("toon style", "toon avatar style"),
    "miniavs": ("mini style", "mini avatar style"),
    "micah": ("micah style",),
    "dylan": ("dylan style",),
}
NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five"}
COLOURS = frozenset([*PAINTS, *BACKGROUNDS, "golden", "blond"])
CUTE = ("smileys-emotion", "animals-nature", "food-drink")
IRREGULAR = {
    "die": "dice",    "mouse": "mice", "goose": "geese", "foot": "feet", "tooth": "teeth", "leaf": "leaves",
    "knife": "knives", "wolf": "wolves", "man": "men", "woman": "women", "person": "people",
    "child": "children", "fish": "fish", "sheep": "sheep", "deer": "deer", "scarf": "scarves",
    "loaf": "loaves", "ox": "oxen", "dress": "dresses", "bus": "buses", "cactus": "cacti",
}  # fmt: skip
# names of one thing that already look like several, or of stuff: no article, no plural
NO_ARTICLE = frozenset(
    "glasses sunglasses jeans shorts scissors cherries grapes blueberries french fries pancakes "
    "sushi bread bacon popcorn rice honey milk butter salt ice rain snow fog fire money sparkles "
    "footprints eyes books chains dango beans roots olives noodles spaghetti goggles gloves "
    "socks briefs chopsticks droplets clothes poo cooking lipstick ramen mate".split()
)


def with_article(text: str) -> str:
    """'apple' → 'an apple'; plurals and stuff stay bare."""
    words = text.split()
    bare = (
        words[-1] in NO_ARTICLE
        or (words[-1].endswith("s") and not words[-1].endswith(("ss", "us", "is")))
        or " with " in f" {text} "
        and words[0] in NO_ARTICLE
    )
    if bare or words[0] in ("a", "an", "the", "two", "three") or words[0][0].isdigit():
        return text
    vowel = re.match(r"[aeiou]", words[0]) and not re.match(r"(uni|one|eu|ut|us[ea])", words[0])
    vowel = vowel or re.match(r"(hour|x-)", words[0])
    return f"{'an' if vowel else 'a'} {text}"


def plural(text: str) -> str:
    """'red apple' → 'red apples', 'face with tongue' → 'faces with tongue'."""
    head, joint, tail = re.match(
        r"(.*?)( with | of | in | holding | on | showing |$)(.*)", text
    ).groups()  # type: ignore[union-attr]
    words = head.split()
    last = words[-1]
    if last in IRREGULAR:
        last = IRREGULAR[last]
    elif last in NO_ARTICLE or (last.endswith("s") and not last.endswith("ss")):
        pass
    elif re.search(r"(s|x|z|ch|sh)$", last):
        last += "es"
    elif re.search(r"[^aeiou]y$", last):
        last = last[:-1] + "ies"
    elif last.endswith(("ato", "ero", "ango")):
        last += "es"
    else:
        last += "s"
    return " ".join([*words[:-1], last]) + joint + tail


class Phrases:
    """Chooses words for one caption."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def one(self, choices: Sequence[str]) -> str:
        return choices[int(self.rng.integers(len(choices)))]

    def often(self, chance: float) -> bool:
        return bool(self.rng.random() < chance)

    def name(self, thing: Subject, colourless: bool = False, sure: bool = False) -> str:
        """What to call a thing: mostly its own name, sometimes another one; without its own colour
        if it is painted. `sure` leaves out names that may not be nouns."""
        names = thing.names if self.often(0.35) else thing.names[:1]
        if sure:
            names = tuple(n for n in names if n in thing.names[0])
        text = self.one(names)
        if colourless:
            rest = [word for word in text.split() if word not in COLOURS]
            text = " ".join(rest) or text
        return text

    def style(self, thing: Subject, chance: float = 0.55) -> str:
        return self.one(STYLE_WORDS[thing.set]) if self.often(chance) else ""

    def noun(self) -> str:
        return self.one(("sticker", "emoji", "icon", "emoji", "sticker"))

    def place(self, scene: Scene, chance: float) -> str:
        """The words for the background; a white one is rarely worth a word."""
        name = scene.background
        if name == "white":
            chance = 0.06
        if not self.often(chance):
            return ""
        return self.one(
            (f"on {with_article(name)} background", f"{name} background", f"on {name}",
             f"on {with_article(name)} background")
        )  # fmt: skip

    def tone(self, thing: Subject) -> str:
        return f"{thing.skin_tone} skin" if thing.skin_tone and thing.kind == "emoji" else ""


def join(phrases: Phrases, *parts: str) -> str:
    """Parts of a caption, with commas, or without where the next part starts with 'on'."""
    said = [part for part in parts if part]
    text = said[0]
    for part in said[1:]:
        text += f" {part}" if part.startswith(("on ", "in ")) else f", {part}"
    return text


def _single(scene: Scene, p: Phrases) -> str:
    thing = scene.subjects[0]
    name, style = p.name(thing), p.style(thing)
    tone = p.tone(thing)
    words = thing.keywords
    form = p.one(("plain", "plain", "article", "article", "noun", "cute", "keywords", "loose"))
    if form == "loose" and words and not tone:
        word = p.one(words[:4])  # the most telling ones
        text = f"{word} {p.noun()}" if p.often(0.6) else word
    elif form == "keywords" and words:
        some = p.rng.permutation(len(words))[: int(p.rng.integers(1, 3))]
        text = ", ".join([name, *(words[i] for i in some)])
    elif form == "noun":
        text = f"{name} {p.noun()}"
    elif form == "cute" and thing.group in CUTE and is_thing(name):
        text = f"a cute {name}"
    elif form == "article" and is_thing(name):
        text = with_article(name)
    else:
        text = name
    if tone:
        text += f" with {tone}" if " with " not in text and "," not in text else f", {tone}"
    return join(p, text, style, p.place(scene, 0.95))


def _recolour(scene: Scene, p: Phrases) -> str:
    thing = scene.subjects[0]
    name = p.name(thing, colourless=True)
    text = f"{scene.paint} {name}"
    text = p.one((text, with_article(text), f"{text} {p.noun()}", with_article(text)))
    if p.often(0.12):
        called = with_article(name)
        text = f"{called} that {'are' if called == name else 'is'} {scene.paint}"
    return join(p, text, p.style(thing), p.place(scene, 0.9))


def _count(scene: Scene, p: Phrases) -> str:
    thing = scene.subjects[0]
    number = p.one((NUMBERS[scene.count], NUMBERS[scene.count], str(scene.count)))
    text = f"{number} {plural(p.name(thing, sure=True))}"
    return join(p, text, p.tone(thing), p.style(thing), p.place(scene, 0.9))


def _pair(scene: Scene, p: Phrases) -> str:
    first, second = (with_article(p.name(thing, sure=True)) for thing in scene.subjects)
    if scene.side == "beside":
        text = p.one(
            (f"{first} on the left and {second} on the right",
             f"{first} to the left of {second}",
             f"{second} to the right of {first}",
             f"{first} left, {second} right")
        )  # fmt: skip
    else:
        text = p.one((f"{first} above {second}", f"{second} below {first}",
                      f"{first} on top, {second} at the bottom"))  # fmt: skip
    same = scene.subjects[0].set == scene.subjects[1].set
    return join(p, text, p.style(scene.subjects[0]) if same else "", p.place(scene, 0.9))


def attribute_phrases(attributes: dict[str, str], rng: np.random.Generator) -> list[str]:
    """Each attribute of an avatar as a phrase that can follow 'a person with'."""
    p = Phrases(rng)
    said: list[str] = []
    get = attributes.get
    hair, colour = get("hair"), get("hair_color", "")
    if hair == "bald":
        said.append("a bald head")
    elif hair in ("balding", "nearly bald"):
        said.append(f"{hair} {colour} hair".replace("balding", "thinning"))
    elif hair in (
        "mohawk",
        "bun",
        "afro bun",
        "bob",
        "quiff",
        "mullet",
        "ponytail",
        "flat top",
        "undercut",
        "bowl cut",
    ):
        said.append(
            p.one(
                (f"a {colour} {hair}", f"{colour} hair in a {hair}")
                if hair in ("bun", "afro bun", "ponytail")
                else (f"a {colour} {hair}",)
            )
        )
    elif hair in ("bangs", "two buns"):
        said.append(f"{colour} hair with {hair}" if hair == "bangs" else f"two {colour} buns")
    elif hair == "a few hairs":
        said.append(f"a few {colour} hairs")
    elif hair:
        said.append(p.one((f"{hair} {colour} hair", f"{colour} {hair} hair")))
    if hat := get("hat"):
        said += [] if hat == "none" else [with_article(f"{get('hat_color', '')} {hat}".strip())]
    eyes = get("eyes")
    if eyes and eyes not in ("open", "round"):
        said.append(
            {"winking": "a wink", "star": "star eyes", "closed": "closed eyes"}.get(
                eyes, f"{eyes} eyes"
            )
        )
    if mouth := get("mouth"):
        said.append(mouth if mouth == "red lips" else with_article(mouth))
    for name in ("glasses", "beard", "extra"):
        worn = get(name, "none")
        if worn != "none":
            said.append(worn if worn == "stubble" else with_article(worn))
    if tone := get("skin"):
        said.append(f"{tone} skin")
    if clothes := get("clothes_color"):
        said.append(with_article(f"{clothes} {get('clothes', 'shirt')}"))
    return said


def _avatar(scene: Scene, p: Phrases) -> str:
    thing = scene.subjects[0]
    attributes = dict(thing.attributes)
    said = attribute_phrases(attributes, p.rng)
    said = [said[i] for i in p.rng.permutation(len(said))]
    said = said[: int(p.rng.integers(2, len(said) + 1))]
    who = p.one(("a person", "a person", "person", "an avatar", "avatar of a person", "portrait"))
    if mood := attributes.get("mood"):
        who = p.one((f"a {mood} person", f"{mood} person", f"{with_article(mood)} face"))
        who = who.replace("a angry", "an angry")
    listed = ", ".join(said[:-1]) + (" and " if len(said) > 1 else "") + said[-1]
    text = f"{who} with {listed}" if p.often(0.75) else f"{who}, {', '.join(said)}"
    return join(p, text, p.place(scene, 0.9), p.style(thing, 0.6))


LAYOUTS: dict[str, Callable[[Scene, Phrases], str]] = {
    "single": _single, "background": _single, "recolour": _recolour, "count": _count,
    "pair": _pair, "avatar": _avatar,
}  # fmt: skip


def caption(scene: Scene, rng: np.random.Generator) -> str:
    """One sentence or phrase that is true of the scene, mostly in lower case."""
    text = LAYOUTS[scene.layout](scene, Phrases(rng))
    text = re.sub(r"\s+", " ", text).strip()
    return text[0].upper() + text[1:] if rng.random() < 0.04 else text
