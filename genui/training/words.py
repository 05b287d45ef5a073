"""A little English: articles, plurals, and whether a name names a thing. Knows nothing of
pictures."""

from __future__ import annotations

import re

IRREGULAR = {
    "child": "children", "cactus": "cacti", "deer": "deer", "die": "dice", "fish": "fish",
    "foot": "feet", "goose": "geese", "knife": "knives", "leaf": "leaves", "loaf": "loaves",
    "man": "men", "man's": "men's", "mouse": "mice", "ox": "oxen", "person": "people",
    "scarf": "scarves", "sheep": "sheep", "tooth": "teeth", "wolf": "wolves", "woman": "women",
    "woman's": "women's",
}  # fmt: skip
# stuff, and names that already look like several: they take no article
BARE = frozenset(
    ("bacon", "bread", "butter", "clothes", "cooking", "feet", "fire", "fog", "foggy", "honey",
     "ice", "milk", "money", "people", "poo", "popcorn", "rain", "ramen", "rice", "salt", "snow",
     "spaghetti", "sushi", "teeth", "tokyo tower", "mount fuji", "statue of liberty")
)  # fmt: skip
# nouns that look like verbs
NOUNS = frozenset(
    ("bed", "building", "painting", "ring", "seed", "sled", "string", "swing", "wing")
)
JOINTS = r" (?:with|without|of|in|on|behind|tilted|holding|wearing|showing|blowing) "


def head_of(name: str) -> list[str]:
    """The words of a name up to 'with', 'of', ...: 'face with tongue' → ['face']."""
    return re.split(JOINTS, name, maxsplit=1)[0].split()


def is_thing(name: str) -> bool:
    """Whether a name names a thing: 'kite', not 'rolling on the floor laughing' or 'unlocked'."""
    last = name.split()[-1] if " on the " in name else head_of(name)[-1]
    timed = re.search(r"(-thirty|o'clock)$", name)
    return last in NOUNS or not (timed or re.search(r"(ing|[^aeiou]ed)$", last))


def is_bare(name: str) -> bool:
    """Whether a name takes no article: stuff, plurals, and the names of places."""
    last = head_of(name)[-1]
    several = last.endswith("s") and not last.endswith(("ss", "us", "is", "'s"))
    return last in BARE or name in BARE or several


def with_article(name: str) -> str:
    """'apple' → 'an apple', 'unicorn' → 'a unicorn'; what takes none stays as it is."""
    first = name.split()[0]
    if is_bare(name) or first in ("a", "an", "the") or first[0].isdigit():
        return name
    vowel = re.match(r"[aeiou]|hour|x-", first)
    sounds_like_you = re.match(r"(uni(?!n)|one\b|one-|eu|ut|us[ea])", first)
    return f"{'an' if vowel and not sounds_like_you else 'a'} {name}"


def plural(name: str) -> str:
    """'red apple' → 'red apples', 'face with tongue' → 'faces with tongue'."""
    words = head_of(name)
    tail = name[len(" ".join(words)) :]
    last = words[-1]
    if last in IRREGULAR:
        last = IRREGULAR[last]
    elif re.search(r"(s|x|z|ch|sh|ato|ero|ango)$", last):
        last += "es"
    elif re.search(r"[^aeiou]y$", last):
        last = last[:-1] + "ies"
    else:
        last += "s"
    owners = [IRREGULAR.get(word, word) if "'" in word else word for word in words[:-1]]
    return " ".join([*owners, last]) + tail
