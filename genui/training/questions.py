"""What the image model is asked in its evaluation: prompts with the scene that would answer them
and what must then be true. Knows nothing of networks or of how answers are marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from genui.training.captions import COLOURS, NUMBERS, STYLE_WORDS, attribute_phrases
from genui.training.cutouts import Cutout, Cutouts, chance
from genui.training.scenes import COMPOSED, Placed, Scene, Subject, sample_scenes, subject
from genui.training.words import plural, with_article

ORDINARY = ("open", "round")  # eyes that no caption mentions
MENTIONED = 3  # attributes said besides the hair
PICTURES = 8  # of one prompt, to see how they differ
PROMPTS = 16  # that are drawn so often


@dataclass(frozen=True)
class Question:
    """A prompt, the scene that it describes, and what the judge must find: head → answer."""

    prompt: str
    scene: Scene
    said: Mapping[str, str] = field(default_factory=dict)


def _style(set_: str) -> str:
    return STYLE_WORDS[set_][0]


def _emoji(scene: Scene) -> Question:
    thing = scene.subjects[0]
    tone = f" with {thing.skin_tone} skin" if thing.skin_tone else ""
    said = {"concept": thing.key, "set": thing.set}
    return Question(f"{thing.concept}{tone}, {_style(thing.set)}", scene, said)


def mentioned(attributes: Mapping[str, str], rng: np.random.Generator) -> dict[str, str]:
    """Attributes to ask for: hair or hat with its colour, and up to three others that a caption
    would mention."""
    chosen = {k: v for k, v in attributes.items() if k in ("hair", "hair_color")}
    if attributes.get("hat", "none") != "none":
        chosen |= {k: v for k, v in attributes.items() if k in ("hat", "hat_color")}
    others = [
        name
        for name in ("skin", "mouth", "mood", "glasses", "beard", "extra", "eyes", "clothes")
        if attributes.get(name, "none") != "none"
        and not (name == "eyes" and attributes[name] in ORDINARY)
    ]
    for name in rng.permutation(others)[:MENTIONED]:
        chosen[str(name)] = attributes[str(name)]
    if "clothes" in chosen:
        chosen["clothes_color"] = attributes["clothes_color"]
    return chosen


def _avatar(scene: Scene, rng: np.random.Generator) -> Question:
    thing = scene.subjects[0]
    said = mentioned(thing.attributes, rng)
    *most, last = attribute_phrases(said, rng)
    who = with_article(f"{said['mood']} person") if "mood" in said else "a person"
    words = f"{', '.join(most)}{' and ' if most else ''}{last}"
    plain = replace(scene, background="white")
    return Question(f"{who} with {words}, {_style(thing.set)}", plain, said | {"set": thing.set})


def _colourless(thing: Subject) -> str:
    return " ".join(w for w in thing.concept.split() if w not in COLOURS) or thing.concept


def _composition(scene: Scene) -> Question:
    first, last = scene.subjects[0], scene.subjects[-1]
    if scene.layout == "background":
        words = f"{with_article(first.concept)} on {with_article(scene.background)} background"
        return Question(words, scene, {"concept": first.key})
    scene = replace(scene, background="white")
    if scene.layout == "recolour":
        words = with_article(f"{scene.paint} {_colourless(first)}")
        return Question(words, scene, {"concept": first.key})
    if scene.layout == "count":
        return Question(f"{NUMBERS[scene.count]} {plural(first.concept)}", scene)
    a, b = with_article(first.concept), with_article(last.concept)
    beside = f"{a} on the left and {b} on the right"
    return Question(beside if scene.side == "beside" else f"{a} above {b}", scene)


def emoji(cutouts: Cutouts, split: str, n: int, seed: int) -> list[Question]:
    """`n` times "name, style" for emoji of a split: 'train' (seen) or 'pair' (held out)."""
    return [_emoji(s) for s in sample_scenes(cutouts, seed, n, split, {"single": 1})]


def avatars(cutouts: Cutouts, split: str, n: int, seed: int) -> list[Question]:
    """`n` avatars described by some of their attributes, of 'combination' (held out) or
    'train'."""
    rng = np.random.default_rng(seed)
    return [_avatar(s, rng) for s in sample_scenes(cutouts, seed, n, split, {"avatar": 1})]


def compositions(cutouts: Cutouts, n: int, seed: int) -> dict[str, list[Question]]:
    """`n` questions of each composed layout, on compositions that training never shows; layouts
    that these cutouts do not allow are absent."""
    found = {}
    for layout in COMPOSED:
        try:
            scenes = sample_scenes(cutouts, seed, n, "composition", {layout: 1})
        except ValueError:
            continue
        found[layout] = [_composition(scene) for scene in scenes]
    return found


def repeats(cutouts: Cutouts, seed: int, prompts: int = PROMPTS) -> list[list[Question]]:
    """Some concepts without a style, each asked for several times: lists of equal prompts, with
    real scenes of the concept in its different sets."""
    sets: dict[str, set[str]] = {}
    for cutout in cutouts:
        if cutout.kind == "emoji" and cutout.split == "train":
            sets.setdefault(cutout.key, set()).add(cutout.set)
    order = sorted(sets, key=lambda key: (-len(sets[key]), chance("repeat", key)))
    found = []
    for key in order[:prompts]:
        only = Cutouts(c for c in cutouts if c.key == key)
        scenes = sample_scenes(only, seed, PICTURES, "train", {"single": 1})
        found.append([Question(s.subjects[0].concept, s) for s in scenes])
    return found


def portrait(cutout: Cutout) -> Scene:
    """A cutout alone on white, as it is compared with samples."""
    scale = 1.0 if cutout.kind == "avatar" else 0.92
    placed = (Placed(cutout.id, 0.5, 0.5, scale),)
    return Scene("single" if cutout.kind == "emoji" else "avatar", placed, (subject(cutout),))


def portraits(cutouts: Cutouts, splits: Sequence[str]) -> list[Scene]:
    """A portrait of every cutout of these splits."""
    return [portrait(cutout) for cutout in cutouts if cutout.split in splits]
