"""Captions: what is true of a scene, in many phrasings. Knows nothing of pixels."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from genui.training.colours import BACKGROUNDS, PAINTS
from genui.training.scenes import Scene, Subject
from genui.training.words import is_bare, is_thing, plural, with_article

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
HAIR = {
    "bald": ("a bald head",),
    "balding": ("thinning {} hair", "{} hair, balding"),
    "nearly bald": ("only a little {} hair",),
    "bangs": ("{} hair with bangs", "{} bangs"),
    "two buns": ("two {} buns", "{} hair in two buns"),
    "a few hairs": ("a few {} hairs",),
} | {
    noun: (f"a {{}} {noun}", f"{{}} hair in {with_article(noun)}")
    for noun in ("bun", "afro bun", "ponytail", "bob", "bowl cut", "mohawk", "quiff", "mullet",
                 "flat top", "undercut")
}  # fmt: skip
EYES = {"winking": "a wink", "star": "star eyes", "closed": "closed eyes"}
MOST_SAID = 5  # attributes of an avatar: text encoders read few words
CUTE = ("smileys-emotion", "animals-nature", "food-drink")


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
            animal = thing.concept.removesuffix(" face") if thing.group == "animals-nature" else ""
            names = tuple(n for n in names if thing.concept.endswith(n) or n == animal)
        text = self.one(names)
        if colourless:
            rest = [word for word in text.split() if word not in COLOURS]
            text = " ".join(rest) or text
        return text

    def style(self, thing: Subject, chance: float = 0.55) -> str:
        return self.one(STYLE_WORDS[thing.set]) if self.often(chance) else ""

    def noun(self) -> str:
        return self.one(("sticker", "emoji", "icon", "emoji", "sticker"))

    def place(self, scene: Scene) -> str:
        """The words for the background; white is rarely worth a word."""
        name = scene.background
        if name == "white" and not self.often(0.06):
            return ""
        return self.one(
            (f"on {with_article(name)} background", f"{name} background", f"on {name}",
             f"on {with_article(name)} background")
        )  # fmt: skip

    def tone(self, thing: Subject) -> str:
        return f"{thing.skin_tone} skin" if thing.skin_tone and thing.kind == "emoji" else ""


def join(*parts: str) -> str:
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
    if style and form in ("plain", "noun") and p.often(0.3):
        text, style = f"{style} {text}", ""
    if tone:
        text += f" with {tone}" if " with " not in text and "," not in text else f", {tone}"
    return join(text, style, p.place(scene))


def _recolour(scene: Scene, p: Phrases) -> str:
    thing = scene.subjects[0]
    name = p.name(thing, colourless=True, sure=True)
    text = f"{scene.paint} {name}"
    text = p.one((text, with_article(text), f"{text} {p.noun()}", with_article(text)))
    if p.often(0.12):
        text = f"{with_article(name)} that {'are' if is_bare(name) else 'is'} {scene.paint}"
    return join(text, p.style(thing), p.place(scene))


def _count(scene: Scene, p: Phrases) -> str:
    thing = scene.subjects[0]
    number = p.one((NUMBERS[scene.count], NUMBERS[scene.count], str(scene.count)))
    text = f"{number} {plural(p.name(thing, sure=True))}"
    return join(text, p.tone(thing), p.style(thing), p.place(scene))


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
    return join(text, p.style(scene.subjects[0]) if same else "", p.place(scene))


def attribute_phrases(attributes: Mapping[str, str], rng: np.random.Generator) -> list[str]:
    """Each attribute of an avatar as a phrase that can follow 'a person with', in no order that
    matters. What it does not wear, and what looks as usual, is not said."""
    said: list[str] = []
    get = attributes.get
    if hair := get("hair"):
        choices = HAIR.get(hair, (f"{hair} {{}} hair", f"{{}} {hair} hair"))
        said.append(Phrases(rng).one(choices).format(get("hair_color", "")))
    if get("hat", "none") != "none":
        said.append(with_article(f"{get('hat_color', '')} {get('hat')}".strip()))
    eyes = get("eyes", "open")
    if eyes not in ("open", "round"):
        said.append(EYES.get(eyes, f"{eyes} eyes"))
    for part in ("mouth", "glasses", "beard", "extra"):
        worn = get(part, "none")
        if worn != "none":
            said.append(worn if worn == "stubble" else with_article(worn))
    if tone := get("skin"):
        said.append(f"{tone} skin")
    if colour := get("clothes_color"):
        said.append(with_article(f"{colour} {get('clothes', 'shirt')}"))
    return said


def sentence(attributes: Mapping[str, str], rng: np.random.Generator) -> str:
    """Two to five of an avatar's attributes as one phrase: 'a person with curly red hair, round
    glasses and a smile'. Says 'person': no style states more."""
    p = Phrases(rng)
    said = attribute_phrases(attributes, rng)
    said = [said[i] for i in rng.permutation(len(said))]
    most = min(MOST_SAID, len(said))
    said = said[: int(rng.integers(min(2, most), most + 1))]
    who = p.one(("a person", "a person", "person", "an avatar", "avatar of a person", "portrait"))
    if mood := attributes.get("mood"):
        who = p.one(
            (f"{with_article(mood)} person", f"{mood} person", f"{with_article(mood)} face")
        )
    if p.often(0.25):
        return ", ".join([who, *said])
    *first, last = said
    return f"{who} with {', '.join(first)}{' and ' if first else ''}{last}"


def _avatar(scene: Scene, p: Phrases) -> str:
    thing = scene.subjects[0]
    return join(sentence(thing.attributes, p.rng), p.place(scene), p.style(thing))


LAYOUTS: dict[str, Callable[[Scene, Phrases], str]] = {
    "single": _single, "background": _single, "recolour": _recolour, "count": _count,
    "pair": _pair, "avatar": _avatar,
}  # fmt: skip


def caption(scene: Scene, rng: np.random.Generator) -> str:
    """One sentence or phrase that is true of the scene, mostly in lower case."""
    text = LAYOUTS[scene.layout](scene, Phrases(rng))
    text = re.sub(r"\s+", " ", text).strip()
    return text[0].upper() + text[1:] if rng.random() < 0.04 else text
