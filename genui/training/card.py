"""The data card: what the cutouts are, where from, under which licence, how balanced and split, and
what is missing. The same cutouts give the same words. Knows nothing of how they are drawn."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from genui.training.avatars import OPTIONAL, STYLES
from genui.training.cutouts import HELD_OUT, SPLITS, Cutouts
from genui.training.sources import EMOJI_SETS, RECIPE, TONES, Drawing

HEAD = """# Sticker data

What the sticker model learns from: emoji of six open sets and avatars with known attributes,
rendered from SVG to small transparent cutouts. The command below writes this page too.

```
pip install -r requirements-train.txt     # and Node.js 18 or newer, for npm
python -m genui.training data --out data/stickers
```

It installs the pinned packages from `genui/training/npm/package-lock.json` (checked by hash), draws
everything, and writes `cutouts.parquet`: {count} rows of {size} × {size} pixels, lossless WebP with
transparency. Scenes (one sticker, a background, another colour, several, two things, an avatar) and
their captions are made from it by `genui/training/scenes.py` and `captions.py`, the same for the
same seed.
"""

LIMITS = """## Left out

- Drawings that match no emojibase entry by code, name or alias, flags, keycaps and boxed letters,
  skin-tone and hair components, couples of two different tones, mirrored copies.
- Of FXEmoji: foxes in the place of cat smileys, a broken blue heart, a grey star, a fog that cannot
  be seen, a real gun. FXEmoji and Emojione are older sets and cover fewer emoji than the others.
- DiceBear styles whose licence is not CC0 or CC BY, whose hair or skin colour cannot be chosen, or
  whose parts have numbers for names.

## Good to know

- Emojione and FXEmoji draw some older, gendered readings of people. Captions use emojibase's words.
  FXEmoji has no tones: its hands and many of its people are light.
- Avatars say "a person": no style states a gender. Their tones and colours are ours, not the
  designers': five skin tones in turn, nine hair colours and eight clothes colours by chance.
- Of the emoji that have tones, one picture in three is the yellow one. A caption says the tone
  where there is one; a picture of a person whose caption says none is mostly yellow.
- "fluent" and "fluent-flat" share their shapes: a pair held out of one is the easier for the other.
- "fluent" is the coloured version with gradients; captions call it 3d.
"""


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


def versions() -> dict[str, str]:
    """Package → pinned version."""
    pinned: dict[str, str] = json.loads((RECIPE / "package.json").read_text("utf-8"))[
        "dependencies"
    ]
    return pinned


def _sources(cutouts: Cutouts, icons: dict[str, int], drawn: Sequence[Drawing]) -> str:
    kept = Counter(cutout.set for cutout in cutouts)
    matched = Counter(drawing.set for drawing in drawn)
    concepts = {
        name: len({c.key for c in cutouts if c.set == name and c.key}) for name in EMOJI_SETS
    }
    emoji = [
        (name, author, license, source, icons[name], matched[name], concepts[name], kept[name])
        for name, (author, license, source) in EMOJI_SETS.items()
    ]
    avatars = [(name, s.author, "CC-BY-4.0", s.source, kept[name]) for name, s in STYLES.items()]
    return (
        "## Sources\n\n"
        + table(
            ("emoji set", "by", "licence", "from", "icons", "matched", "emoji", "cutouts"), emoji
        )
        + "\n"
        + table(("avatar style", "by", "licence", "from", "cutouts"), avatars)
        + "\nPinned: "
        + ", ".join(f"{name} {version}" for name, version in versions().items())
        + ".\n"
    )


def _tones(cutouts: Cutouts, drawn: Sequence[Drawing]) -> str:
    before = Counter(d.tone for d in drawn if d.kind == "emoji")
    after = Counter(c.skin_tone for c in cutouts if c.kind == "emoji")
    avatars = Counter(c.skin_tone for c in cutouts if c.kind == "avatar")
    rows = [(tone, before[tone], after[tone], avatars[tone]) for tone in TONES]
    rows.append(("none", before[""], after[""], avatars[""]))
    return (
        "## Skin tones\n\n"
        + table(("tone", "emoji before", "emoji after", "avatars"), rows)
        + """
Most emoji of people come in five tones and without one. Of each emoji in each set the drawing
without a tone stays, and two of the five, taking turns over sets and emoji: tones stay equally
frequent, and a concept has at most three pictures in a set. Scenes choose a concept first, then a
set, then a tone, so variants make nothing more frequent.
"""
    )


def _splits(cutouts: Cutouts) -> str:
    means = {
        "train": "everything else",
        "pair": "the emoji in this set; at least two other sets show it in training",
        "concept": "the emoji in every set",
        "combination": "avatars of this style, hair (or hat) and hair colour",
    }
    kinds = Counter((cutout.split, cutout.kind) for cutout in cutouts)
    rows = [(name, means[name], kinds[name, "emoji"], kinds[name, "avatar"]) for name in SPLITS]
    return (
        "## Splits\n\n"
        + table(("split", "held out", "emoji", "avatars"), rows)
        + f"""
By hash, {HELD_OUT:.0%} each. Of compositions (emoji and colour, count or background, two emoji
together) another {HELD_OUT:.0%} never appear in training scenes: the split `composition` draws
only those.
"""
    )


def _content(cutouts: Cutouts) -> str:
    groups = Counter(c.group for c in cutouts if c.kind == "emoji")
    licenses = Counter(c.license for c in cutouts)
    values: dict[str, Counter[str]] = {}
    for cutout in cutouts:
        for name, value in cutout.attributes.items():
            if not (name in OPTIONAL and value == "none"):
                values.setdefault(name, Counter())[value] += 1
    everyday = {c.key for c in cutouts if c.common}
    return (
        "## Content\n\n"
        + table(("emoji group", "cutouts"), sorted(groups.items()))
        + "\n"
        + table(("licence", "cutouts"), sorted(licenses.items()))
        + f"""
{len({c.key for c in cutouts if c.key})} emoji, of which {len(everyday)} everyday ones are marked
`common`: in a few sets, and with the avatars, they are what a CPU can learn.

"""
        + table(
            ("avatar attribute", "values"),
            (
                (name, ", ".join(f"{value} {n}" for value, n in sorted(counts.items())))
                for name, counts in sorted(values.items())
            ),
        )
    )


def card(cutouts: Cutouts, icons: dict[str, int], drawn: Sequence[Drawing], size: int) -> str:
    """The whole card as Markdown. `icons` counts the drawings that each set holds; `drawn` are
    those that were matched, before balancing."""
    parts = [
        HEAD.format(count=len(cutouts), size=size),
        _sources(cutouts, icons, drawn),
        _content(cutouts),
        _tones(cutouts, drawn),
        _splits(cutouts),
        LIMITS,
    ]
    return "\n".join(parts)
