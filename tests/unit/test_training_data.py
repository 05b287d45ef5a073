"""The sticker data: rendering, matching, balancing, splits, on shapes drawn here. Needs no npm
and no network."""

from __future__ import annotations

import io
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genui.training.avatars import BALD, SKINS, STYLES, attributes_of, combination
from genui.training.card import card
from genui.training.colours import PAINTS, apart, main_hue, recolour, rgb, to_lch, to_srgb
from genui.training.common import COMMON
from genui.training.cutouts import Cutouts, balance, cut, render, splits
from genui.training.sources import (
    EMOJI_SETS,
    RECIPE,
    TONES,
    Drawing,
    Emojibase,
    codes_of,
    concept_of,
    emoji_drawings,
)

DISC = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10">'
    '<circle cx="5" cy="5" r="5" fill="{}"/></svg>'
)


def drawing(key: str, set_: str = "noto", tone: str = "", colour: str = "#d22") -> Drawing:
    """A disc that stands for an emoji."""
    return Drawing(
        DISC.format(colour), f"{set_}/{key}/{tone}", "emoji", set_, "MIT", f"thing {key}", key,
        (f"thing {key}",), ("round",), "objects", "tool", {}, tone,
    )  # fmt: skip


def avatar(number: int, style: str, hair: str, colour: str) -> Drawing:
    said = {"hair": hair, "hair_color": colour}
    return Drawing(
        DISC.format("#d22"), f"{style}/{number}", "avatar", style, "CC-BY-4.0", attributes=said
    )


def test_a_drawing_is_rendered_with_a_margin_and_no_background() -> None:
    pixels = np.asarray(render(DISC.format("#ff0000"), 64, 0.1))
    assert pixels.shape == (64, 64, 4)
    rows = np.flatnonzero((pixels[..., 3] > 127).any(1))
    assert (rows[0], rows[-1]) == (6, 57)
    assert tuple(pixels[32, 32]) == (255, 0, 0, 255)
    assert pixels[0, 0, 3] == 0


def test_a_tall_drawing_is_centred() -> None:
    tall = DISC.replace("0 0 10 10", "0 0 10 20").format("#00ff00")
    pixels = np.asarray(render(tall, 64, 0))
    columns = np.flatnonzero((pixels[..., 3] > 127).any(0))
    assert columns[0] + columns[-1] == 63


def test_a_cutout_keeps_its_pixels_and_an_empty_one_is_dropped(tmp_path: Path) -> None:
    cutout = cut(drawing("A"), "train", 32)
    assert cutout is not None
    with Image.open(io.BytesIO(cutout.picture)) as picture:
        assert np.array_equal(np.asarray(picture), np.asarray(render(drawing("A").svg, 32)))
    assert cut(replace(drawing("B"), svg=DISC.format("none")), "train", 32) is None
    rare = replace(cutout, attributes={"hair": "short"}, keywords=("a", "b"), common=False)
    everyday = replace(rare, id="everyday", common=True)
    Cutouts([rare, everyday]).write(tmp_path / "c.parquet")
    assert list(Cutouts.read(tmp_path / "c.parquet")) == [rare, everyday]
    assert list(Cutouts.read(tmp_path / "c.parquet", [rare.set])) == [everyday]
    assert list(Cutouts.read(tmp_path / "c.parquet", ["another"])) == []


def many() -> list[Drawing]:
    """400 emoji in four sets, one of which has only the first 40."""
    return [
        drawing(f"{number:04X}", set_)
        for number in range(400)
        for set_ in ("fluent", "noto", "twemoji", "fxemoji")
        if set_ != "fxemoji" or number < 40
    ]


def test_splits_hold_out_pairs_and_concepts_without_orphans() -> None:
    drawings = many()
    split = splits(drawings)
    assert split == splits(drawings)
    counts = Counter(split)
    assert 0.02 < counts["pair"] / len(drawings) < 0.08
    assert 0.02 < counts["concept"] / len(drawings) < 0.08
    found: dict[str, Counter[str]] = {}
    for d, s in zip(drawings, split, strict=True):
        found.setdefault(d.key, Counter())[s] += 1
    for key, kinds in found.items():
        if kinds["concept"]:
            assert set(kinds) == {"concept"}, key
        if kinds["pair"]:
            assert kinds["train"] >= 2, key


def test_splits_do_not_depend_on_order_or_company() -> None:
    drawings = many()
    known = dict(zip([d.id for d in drawings], splits(drawings), strict=True))
    turned = drawings[::-1]
    assert {d.id: s for d, s in zip(turned, splits(turned), strict=True)} == known
    part = drawings[:200]
    assert splits(part) == [known[d.id] for d in part]


def test_tones_of_one_pair_stay_in_one_split() -> None:
    drawings = [replace(d, tone=t, id=d.id + t) for d in many() for t in ("", *TONES)]
    by_pair: dict[tuple[str, str], set[str]] = {}
    for d, s in zip(drawings, splits(drawings), strict=True):
        by_pair.setdefault((d.key, d.set), set()).add(s)
    assert all(len(found) == 1 for found in by_pair.values())


def test_every_avatar_style_has_held_out_combinations() -> None:
    drawings = [
        avatar(number, style, f"hair {number % 7}", f"colour {number % 5}")
        for style in ("micah", "dylan")
        for number in range(350)
    ]
    split = splits(drawings)
    found: dict[str, set[str]] = {"train": set(), "combination": set()}
    for d, s in zip(drawings, split, strict=True):
        found[s].add(combination(d.set, d.attributes))
    kept, held = found["train"], found["combination"]
    assert not held & kept
    assert {name.split("|")[0] for name in held} == {"micah", "dylan"}
    assert len(held) == 4  # 5 % of 35 each, rounded


def test_balancing_keeps_two_tones_each_and_all_equally_often() -> None:
    keys = [f"{number:04X}" for number in range(30)]
    drawings = [
        drawing(key, set_, tone)
        for key in keys
        for set_ in ("noto", "twemoji", "emojione")
        for tone in ("", *TONES)
    ]
    kept = balance(drawings)
    tones = Counter(d.tone for d in kept)
    assert tones[""] == 90
    assert sum(tones.values()) == 270
    assert max(tones[t] for t in TONES) - min(tones[t] for t in TONES) <= 2
    for key in keys:
        assert {d.tone for d in kept if d.key == key} == {"", *TONES}


@pytest.mark.parametrize("paint", PAINTS)
def test_recolouring_lands_on_the_named_hue(paint: str) -> None:
    picture = np.asarray(render(DISC.format("#cc2222"), 48))
    painted = recolour(picture, paint)
    target = to_lch(np.array(rgb(PAINTS[paint]), np.uint8))
    inside = to_lch(painted[20:28, 20:28, :3])
    assert apart(inside[..., 2], float(target[2])).max() < 8
    assert abs(inside[..., 0].mean() - target[0]) < 0.06
    assert np.array_equal(painted[..., 3], picture[..., 3])


def test_recolouring_leaves_other_colours_alone() -> None:
    svg = DISC.format("#cc2222").replace("</svg>", '<rect x="3" width="4" y="4" height="2"/></svg>')
    painted = recolour(np.asarray(render(svg, 64)), "green")
    assert painted[32, 32, :3].max() < 30  # black stays
    grey = np.asarray(render(DISC.format("#808080"), 32))
    assert np.array_equal(recolour(grey, "green"), grey)
    with pytest.raises(KeyError):
        recolour(grey, "octarine")


def test_colours_go_there_and_back() -> None:
    shades = np.random.default_rng(0).integers(0, 256, (64, 3), np.uint8)
    assert np.abs(to_srgb(to_lch(shades)).astype(int) - shades).max() <= 1
    hue, share = main_hue(np.asarray(render(DISC.format("#3366dd"), 32)))
    assert share > 0.95
    assert abs(hue - float(to_lch(np.array([0x33, 0x66, 0xDD], np.uint8))[2])) < 6


def write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), "utf-8")


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    """A node_modules folder with two emoji, tones, an alias, a flag, in the packages' own form."""
    base = tmp_path / "emojibase-data"
    wave = {"label": "waving hand", "hexcode": "1F44B", "group": 1, "subgroup": 16, "tags": ["hi"]}
    skins = [
        {
            "label": f"waving hand: {t.replace(' ', '-')} skin tone",
            "hexcode": f"1F44B-{i}",
            "tone": i,
        }
        for i, t in enumerate(TONES, 1)
    ]
    heart = {"label": "red heart", "hexcode": "2764-FE0F", "group": 0, "subgroup": 14, "tags": []}
    flag = {"label": "flag: Chad", "hexcode": "1F1F9", "group": 9, "subgroup": 98}
    write(base / "en/data.json", [wave | {"skins": skins}, heart, flag])
    write(
        base / "meta/groups.json",
        {"groups": {"0": "smileys-emotion", "1": "people-body"},
         "subgroups": {"14": "heart", "16": "hand-fingers-open"}},
    )  # fmt: skip
    for name in ("cldr", "github", "emojibase", "iamcal", "joypixels", "emojibase-legacy"):
        write(base / f"en/shortcodes/{name}.json", {"2764-FE0F": ["heart", "love_it"]})
    icon = {"body": "<path/>"}
    coded = {
        "icons": dict.fromkeys(("waving-hand", "wave-5", "red-heart", "chad", "left-hand"), icon),
        "aliases": {"right-hand": {"parent": "left-hand", "hFlip": True}},
    }
    codes = {"1f44b": "waving-hand", "1f44b-5": "wave-5", "2764": "red-heart", "1f1f9": "chad"}
    for package in ("fluent-emoji", "fluent-emoji-flat", "noto", "twemoji"):
        write(tmp_path / "@iconify-json" / package / "icons.json", coded)
        write(tmp_path / "@iconify-json" / package / "chars.json", codes)
    named = {
        "icons": {"hand-old": icon, "waving-hand-dark-skin-tone": icon, "mystery": icon},
        "aliases": {"waving-hand": {"parent": "hand-old"}},
    }
    write(tmp_path / "@iconify-json/emojione/icons.json", named)
    write(tmp_path / "@iconify-json/emojione/chars.json", {})
    write(
        tmp_path / "@iconify-json/fxemoji/icons.json", {"icons": {"heart": icon, "catside": icon}}
    )
    return tmp_path


def test_drawings_find_their_emoji_by_code_alias_and_name(modules: Path) -> None:
    found = list(emoji_drawings(modules))
    assert Counter(d.set for d in found) == {
        "fluent": 3, "fluent-flat": 3, "noto": 3, "twemoji": 3, "emojione": 2, "fxemoji": 1,
    }  # fmt: skip
    dark = next(d for d in found if d.id == "emojione/1F44B/dark")
    assert (dark.concept, dark.key, dark.tone) == ("waving hand", "1F44B", "dark")
    heart = next(d for d in found if d.set == "fxemoji")
    assert (heart.key, heart.names) == ("2764", ("red heart", "heart"))
    assert all(d.license == EMOJI_SETS[d.set][1] for d in found)


def test_our_table_of_fxemoji_names_wins_over_look_alikes(modules: Path) -> None:
    codes = codes_of(modules / "@iconify-json/fxemoji", "fxemoji")
    assert codes["catside"] == ["1F408"]
    base = Emojibase(modules / "emojibase-data")
    assert base.find(codes["foxheart"], ["heart"]) is None


@pytest.mark.parametrize(
    ("label", "concept"),
    [
        ("person: red hair", "person with red hair"),
        ("woman: bald", "bald woman"),
        ("Piñata", "pinata"),
        ("family: man, boy", "family of man, boy"),
        ("Japanese “here” button", "japanese here button"),
    ],
)
def test_labels_become_words(label: str, concept: str) -> None:
    assert concept_of(label) == concept


def test_an_avatar_is_said_in_words() -> None:
    skin = next(iter(SKINS))
    drawn = {
        "hair": "bun", "rearHair": "longWavy", "hairColor": "#c4501e", "skinColor": f"#{skin}",
        "eyes": "wink", "mouth": "laugh", "clothes": "dress", "clothesColor": "#3478e5",
    }  # fmt: skip
    said = attributes_of(STYLES["toon-head"], drawn)
    assert said == {
        "hair": "long wavy", "hair_color": "red", "skin": SKINS[skin], "eyes": "winking",
        "mouth": "laugh", "beard": "none", "clothes": "dress", "clothes_color": "blue",
    }  # fmt: skip
    micah = {"hair": "mrClean", "hairColor": "#c4501e", "baseColor": f"#{skin}",
             "shirtColor": "#3478e5"}  # fmt: skip
    assert attributes_of(STYLES["micah"], micah)["hair"] == BALD
    assert "hair_color" not in attributes_of(STYLES["micah"], micah)
    turban = attributes_of(STYLES["micah"], micah | {"hair": "turban"})
    assert (turban["hat"], turban["hat_color"]) == ("turban", "red")
    assert "hair" not in turban


def test_what_covers_a_part_takes_it_out_of_the_words() -> None:
    drawn = {"hair": "bangs", "hairColor": "#a3a3a3", "skinColor": "#c98c5c", "eyes": "sad",
             "mouth": "kawaii", "accessories": "faceMask"}  # fmt: skip
    said = attributes_of(STYLES["big-smile"], drawn)
    assert "mouth" not in said
    assert (said["extra"], said["eyes"], said["glasses"]) == ("face mask", "sad", "none")


def test_the_recipe_is_pinned_by_hash_and_names_no_host() -> None:
    wanted = json.loads((RECIPE / "package.json").read_text("utf-8"))["dependencies"]
    lock = json.loads((RECIPE / "package-lock.json").read_text("utf-8"))["packages"]
    for name, version in wanted.items():
        assert lock[f"node_modules/{name}"]["version"] == version
    for name, entry in lock.items():
        assert not name or entry["integrity"].startswith("sha512-"), name
        assert "resolved" not in entry
    assert {f"@dicebear/{style}" for style in STYLES} < set(wanted)


def test_everyday_emoji_are_hexcodes() -> None:
    assert {"1F431", "1F34E", "2764"} < COMMON
    assert all(int(part, 16) for key in COMMON for part in key.split("-"))


def test_the_card_counts_what_is_there() -> None:
    drawn = [drawing(d.key, d.set, t) for d in many()[:40] for t in ("", *TONES)]
    kept = balance(drawn)
    cutouts = Cutouts(
        c for d, s in zip(kept, splits(kept), strict=True) if (c := cut(d, s, 16)) is not None
    )
    text = card(cutouts, dict.fromkeys(EMOJI_SETS, 77), drawn, 16)
    assert text == card(cutouts, dict.fromkeys(EMOJI_SETS, 77), drawn, 16)
    assert f"`cutouts.parquet`: {len(kept)} rows of 16 × 16" in text
    assert "| none | 40 | 40 | 0 |" in text
    train = sum(c.split == "train" for c in cutouts)
    assert f"| train | everything else | {train} | 0 |" in text


def test_every_source_is_attributed() -> None:
    text = (Path(__file__).parents[2] / "ATTRIBUTION.md").read_text("utf-8")
    for author, _, link in EMOJI_SETS.values():
        assert link in text
        assert author.split()[0] in text
    for name, style in STYLES.items():
        assert f'"{name}"' in text
        assert style.author in text
        assert style.source in text
