"""Scenes and captions, on discs and squares drawn here: what is held out stays out, what a caption
says can be seen in the picture."""

from __future__ import annotations

import io
import re
from collections import Counter, deque

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from genui.catalog import Catalog
from genui.training.captions import (
    NUMBERS,
    STYLE_WORDS,
    attribute_phrases,
    caption,
    sentence,
)
from genui.training.choices import withheld
from genui.training.colours import BACKGROUNDS, PAINTS, apart, main_hue, rgb, to_lch
from genui.training.cutouts import Cutout, Cutouts
from genui.training.scales import SCALES
from genui.training.scenes import MIXTURE, Scene, draw, sample_scenes
from genui.training.words import is_thing, plural, with_article

NAMES = ("kite", "apple", "owl", "ox", "berry", "box", "umbrella", "unicorn", "cat face", "key")


def picture(colour: str) -> bytes:
    image = Image.new("RGBA", (128, 128))
    ImageDraw.Draw(image).ellipse((6, 6, 121, 121), fill=colour)
    data = io.BytesIO()
    image.save(data, "WEBP", lossless=True)
    return data.getvalue()


RED, BLUE = picture("#cc2222"), picture("#2244cc")
ATTRIBUTES = {
    "skin": "dark", "hair": "curly", "hair_color": "red", "glasses": "round glasses",
    "hat": "none", "mouth": "smile", "eyes": "open", "clothes": "shirt", "clothes_color": "blue",
}  # fmt: skip


def cutout(number: int, set_: str, split: str) -> Cutout:
    name = NAMES[number % len(NAMES)]
    concept = name if number < len(NAMES) else f"spare {name}"
    even = number % 2 == 0
    return Cutout(
        f"{set_}/{number}", RED if even else BLUE, "emoji", concept, str(number), set_, (concept,),
        ("toy",), "objects", "tool", {}, "", "MIT", split, number < 5, 26.0 if even else 264.0, 1.0,
    )  # fmt: skip


def avatar(number: int, split: str) -> Cutout:
    return Cutout(
        f"micah/{number}", RED, "avatar", "", "", "micah", (), (), "", "", ATTRIBUTES, "dark",
        "CC-BY-4.0", split, False, 26.0, 1.0,
    )  # fmt: skip


def split_of(number: int, set_: str) -> str:
    if number % 7 == 3:
        return "concept"
    return "pair" if number % 5 == 1 and set_ == "noto" else "train"


@pytest.fixture(scope="module")
def cutouts() -> Cutouts:
    emoji = [
        cutout(number, set_, split_of(number, set_))
        for number in range(30)
        for set_ in ("fluent", "noto", "twemoji")
    ]
    people = [avatar(n, "combination" if n % 4 == 0 else "train") for n in range(12)]
    return Cutouts([*emoji, *people])


def only(cutouts: Cutouts, layout: str, n: int = 40, seed: int = 5) -> list[Scene]:
    return sample_scenes(cutouts, seed, n, mixture={layout: 1.0})


def blobs(image: NDArray[np.uint8], background: str) -> list[tuple[float, float]]:
    """Centres (x, y) of the connected things in a picture, of 20 pixels or more."""
    ground = np.array(rgb(BACKGROUNDS[background]))
    free = np.abs(image.astype(int) - ground).sum(-1) > 60
    found = []
    for y, x in np.argwhere(free):
        if not free[y, x]:
            continue
        free[y, x] = False
        queue, members = deque([(y, x)]), []
        while queue:
            row, column = queue.popleft()
            members.append((column, row))
            for r, c in (
                (row + 1, column),
                (row - 1, column),
                (row, column + 1),
                (row, column - 1),
            ):
                if 0 <= r < free.shape[0] and 0 <= c < free.shape[1] and free[r, c]:
                    free[r, c] = False
                    queue.append((r, c))
        if len(members) >= 20:
            found.append(tuple(np.mean(members, 0)))
    return found


def test_the_same_seed_gives_the_same_scenes(cutouts: Cutouts) -> None:
    assert sample_scenes(cutouts, 1, 60) == sample_scenes(cutouts, 1, 60)
    assert sample_scenes(cutouts, 1, 60) != sample_scenes(cutouts, 2, 60)
    scene = sample_scenes(cutouts, 1, 1)[0]
    assert np.array_equal(draw(scene, cutouts), draw(scene, cutouts))
    said = [caption(scene, np.random.default_rng(3)) for _ in range(2)]
    assert said[0] == said[1]


def test_the_mixture_is_kept(cutouts: Cutouts) -> None:
    counts = Counter(scene.layout for scene in sample_scenes(cutouts, 0, 2000))
    for layout, share in MIXTURE.items():
        assert abs(counts[layout] / 2000 - share) < 0.04, layout


@pytest.mark.parametrize("layout", MIXTURE)
def test_training_scenes_show_nothing_held_out(cutouts: Cutouts, layout: str) -> None:
    for scene in only(cutouts, layout, 300):
        for placed in scene.placed:
            assert cutouts[placed.id].split == "train"
        assert {s.id for s in scene.subjects} == {p.id for p in scene.placed}


@pytest.mark.parametrize("split", ["pair", "concept", "combination"])
def test_other_splits_show_only_what_is_held_out(cutouts: Cutouts, split: str) -> None:
    scenes = sample_scenes(cutouts, 0, 200, split)
    assert {cutouts[p.id].split for scene in scenes for p in scene.placed} == {split}


def parts(scene: Scene) -> tuple[str, ...]:
    keys = [s.key for s in scene.subjects]
    return {
        "background": (*keys, scene.background), "recolour": (*keys, scene.paint),
        "count": (*keys, str(scene.count)), "pair": tuple(keys),
    }[scene.layout]  # fmt: skip


def test_compositions_held_out_of_training_are_what_evaluation_asks_for(cutouts: Cutouts) -> None:
    composed = ("background", "recolour", "count", "pair")
    mixture = dict.fromkeys(composed, 1.0)
    for scene in sample_scenes(cutouts, 0, 1000, mixture=mixture):
        assert not withheld(scene.layout, *parts(scene))
    asked = sample_scenes(cutouts, 0, 100, "composition")
    assert {scene.layout for scene in asked} <= set(composed)
    for scene in asked:
        assert withheld(scene.layout, *parts(scene))
        assert all(cutouts[p.id].split == "train" for p in scene.placed)


def test_a_split_that_allows_nothing_says_so(cutouts: Cutouts) -> None:
    with pytest.raises(ValueError, match="combination"):
        sample_scenes(cutouts, 0, 1, "combination", {"pair": 1.0})


def test_the_background_is_the_named_colour(cutouts: Cutouts) -> None:
    for scene in only(cutouts, "background"):
        assert scene.background != "white"
        assert tuple(draw(scene, cutouts)[0, 0]) == rgb(BACKGROUNDS[scene.background])
    backgrounds = {scene.background for scene in only(cutouts, "background", 600)}
    assert backgrounds == set(BACKGROUNDS) - {"white"}


def test_a_thing_is_not_put_on_its_own_colour(cutouts: Cutouts) -> None:
    for scene in only(cutouts, "background", 400):
        own = "red" if int(scene.subjects[0].key) % 2 == 0 else "blue"
        assert own not in scene.background.split()[-1] or scene.background.startswith("pale")


def test_a_painted_thing_has_the_named_colour(cutouts: Cutouts) -> None:
    assert {scene.paint for scene in only(cutouts, "recolour", 200)} == set(PAINTS)
    for scene in only(cutouts, "recolour", 20):
        drawn = draw(scene, cutouts)
        middle = np.dstack([drawn, np.full(drawn.shape[:2], 255, np.uint8)])[44:84, 44:84]
        hue, _ = main_hue(middle)
        target = to_lch(np.array(rgb(PAINTS[scene.paint]), np.uint8))[2]
        assert float(apart(target, hue)) < 12, scene.paint


def test_equal_things_can_be_counted(cutouts: Cutouts) -> None:
    scenes = only(cutouts, "count", 60)
    assert {scene.count for scene in scenes} == {2, 3, 4, 5}
    for scene in scenes:
        assert len(blobs(draw(scene, cutouts, 64), scene.background)) == scene.count
        assert len({p.id for p in scene.placed}) == 1


def test_of_two_things_the_first_is_left_or_above(cutouts: Cutouts) -> None:
    scenes = only(cutouts, "pair", 40)
    assert {scene.side for scene in scenes} == {"beside", "above"}
    for scene in scenes:
        image = draw(scene, cutouts, 64)
        found = sorted(blobs(image, scene.background), key=lambda b: b[scene.side == "above"])
        assert len(found) == 2
        for (x, y), subject in zip(found, scene.subjects, strict=True):
            red, _, blue = image[round(y), round(x)].astype(int)
            assert (red > blue) == (int(subject.key) % 2 == 0)


def test_captions_state_the_facts(cutouts: Cutouts) -> None:
    rng = np.random.default_rng(0)
    for scene in sample_scenes(cutouts, 3, 1500):
        text = caption(scene, rng).lower()
        if scene.background != "white":
            assert re.search(rf"(on|,)( an?)? {scene.background}( background)?(,|$)", text), text
        if scene.paint:
            assert scene.paint in text
        if scene.layout == "count":
            assert text.startswith((NUMBERS[scene.count], str(scene.count)))
            assert plural(scene.subjects[0].names[0]) in text
        if scene.layout == "pair":
            first, second = (with_article(s.concept) for s in scene.subjects)
            left = rf"{first}( on the left and | to the left of | left, | above | on top, ){second}"
            right = rf"{second}( to the right of | below ){first}"
            assert re.match(f"({left}|{right})", text), text


def test_styles_in_captions_are_the_pictures_own(cutouts: Cutouts) -> None:
    rng = np.random.default_rng(0)
    scenes = [*only(cutouts, "single", 600), *only(cutouts, "avatar", 100)]
    named = Counter[str]()
    for scene in scenes:
        text = caption(scene, rng).lower()
        for set_, words in STYLE_WORDS.items():
            if any(re.search(rf"\b{word}\b", text) for word in words):
                named[set_] += 1
                assert set_ == scene.subjects[0].set, text
    assert set(named) == {"fluent", "noto", "twemoji", "micah"}
    assert 0.35 < named.total() / len(scenes) < 0.75


def test_every_chip_of_our_models_names_one_style_that_they_learned() -> None:
    models = [m for m in Catalog.read().of_kind("image") if m.id.startswith("stickers")]
    assert len(models) == 2
    for model in models:
        named = [
            [name for name, known in STYLE_WORDS.items() if words in known]
            for _, words in model.styles
        ]
        assert [len(names) for names in named] == [1] * len(model.styles)
        assert {names[0] for names in named} == set(SCALES["cpu"].everyday or ())


def test_captions_vary(cutouts: Cutouts) -> None:
    scene = only(cutouts, "single", 1)[0]
    rng = np.random.default_rng(0)
    assert len({caption(scene, rng) for _ in range(200)}) > 20


def test_avatars_are_described_by_what_they_have() -> None:
    rng = np.random.default_rng(0)
    phrases = attribute_phrases(ATTRIBUTES, rng)
    assert {"round glasses", "dark skin", "a smile", "a blue shirt"} < set(phrases)
    assert phrases[0] in ("curly red hair", "red curly hair")
    assert not any("none" in phrase or "hat" in phrase for phrase in phrases)
    for _ in range(50):
        text = sentence(ATTRIBUTES, rng)
        said = sum(phrase in text for phrase in [*phrases, "curly red hair", "red curly hair"])
        assert said >= 2
        assert "person" in text or "avatar" in text or "portrait" in text
    assert "a bald head" in attribute_phrases({"hair": "bald"}, rng)
    assert "an angry mouth" in attribute_phrases({"mouth": "angry mouth"}, rng)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("apple", "an apple"), ("unicorn", "a unicorn"), ("umbrella", "an umbrella"),
        ("unicorn with horn", "a unicorn with horn"), ("x-ray", "an x-ray"),
        ("hourglass done", "an hourglass done"), ("one-piece swimsuit", "a one-piece swimsuit"),
        ("grapes", "grapes"), ("glass of milk", "a glass of milk"), ("octopus", "an octopus"),
        ("clapping hands", "clapping hands"), ("ear of corn", "an ear of corn"),
        ("t-rex", "a t-rex"), ("bread", "bread"), ("unlit candle", "an unlit candle"),
        ("man's shoe", "a man's shoe"),
    ],
)  # fmt: skip
def test_articles(name: str, expected: str) -> None:
    assert with_article(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("red apple", "red apples"), ("face with tongue", "faces with tongue"), ("box", "boxes"),
        ("strawberry", "strawberries"), ("turkey", "turkeys"), ("mouse", "mice"),
        ("ear of corn", "ears of corn"), ("game die", "game dice"), ("wolf", "wolves"),
        ("cactus", "cacti"), ("tomato", "tomatoes"), ("man's shoe", "men's shoes"),
        ("sun behind small cloud", "suns behind small cloud"), ("bus", "buses"),
    ],
)  # fmt: skip
def test_plurals(name: str, expected: str) -> None:
    assert plural(name) == expected


def test_gestures_and_hours_are_no_things() -> None:
    for name in ("kite", "bed", "office building", "wedding ring", "red apple", "feather"):
        assert is_thing(name), name
    for name in ("unlocked", "rolling on the floor laughing", "eleven-thirty", "man running"):
        assert not is_thing(name), name


def test_too_few_cutouts_for_a_composition_are_refused() -> None:
    counts = [withheld("count", "0", str(n)) for n in (2, 3, 4, 5)]
    assert not any(counts)
    with pytest.raises(ValueError, match="too few"):
        sample_scenes(Cutouts([cutout(0, "noto", "train")]), 0, 1, "composition", {"count": 1.0})
