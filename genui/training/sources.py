"""Where the art comes from: pinned npm packages, and which of their drawings shows which emoji.
Yields SVG text with names; it does not know how a drawing is rendered, split or captioned."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genui.errors import GenuiError

RECIPE = Path(__file__).with_name("npm")

# set -> (who drew it, licence (SPDX), where it is from)
EMOJI_SETS = {
    "fluent": ("Microsoft Corporation", "MIT", "https://github.com/microsoft/fluentui-emoji"),
    "fluent-flat": ("Microsoft Corporation", "MIT", "https://github.com/microsoft/fluentui-emoji"),
    "noto": ("Google Inc", "Apache-2.0", "https://github.com/googlefonts/noto-emoji"),
    # the package says Apache-2.0, which is the code's; the drawings are under CC BY 4.0
    "fxemoji": ("Mozilla", "CC-BY-4.0", "https://github.com/mozilla/fxemoji"),
    "twemoji": ("Twitter, Inc and other contributors", "CC-BY-4.0",
                "https://github.com/jdecked/twemoji"),
    "emojione": ("Emoji One", "CC-BY-4.0", "https://github.com/EmojiTwo/emojitwo"),
}  # fmt: skip
PACKAGES = {name: name for name in EMOJI_SETS} | {
    "fluent": "fluent-emoji",
    "fluent-flat": "fluent-emoji-flat",
}

# emojibase numbers: component and flag groups; keycaps and boxed letters
LEFT_OUT_GROUPS = (2, 9)
LEFT_OUT_SUBGROUPS = (94, 95)
TONES = ("light", "medium light", "medium", "medium dark", "dark")
VAGUE = frozenset(
    ("face", "person", "man", "woman", "button", "right", "not", "up", "open", "mark")
)
SHORTCODES = ("cldr", "github", "emojibase", "iamcal", "joypixels", "emojibase-legacy")


class ArtMissing(GenuiError):
    """The art could not be fetched."""


@dataclass(frozen=True)
class Drawing:
    """One SVG and what is known of it. `key` is an emojibase hexcode, empty for avatars; `names`
    are what one can call it, best first; `keywords` are looser words, the most telling first;
    `tone` is one of TONES or empty."""

    svg: str
    id: str
    kind: str
    set: str
    license: str
    concept: str = ""
    key: str = ""
    names: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    group: str = ""
    subgroup: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    tone: str = ""


@dataclass(frozen=True)
class Emoji:
    """One emojibase entry: a concept, without its skin tones."""

    key: str
    concept: str
    names: tuple[str, ...]
    keywords: tuple[str, ...]
    group: str
    subgroup: str


def install(folder: Path) -> Path:
    """Install exactly the packages of the lock file under `folder`; returns its node_modules.
    Nothing is fetched again if it already holds them. Raises ArtMissing without npm or a
    network."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (RECIPE / "package-lock.json").read_bytes()
    done = folder / "installed-lock.json"
    if not (done.exists() and done.read_bytes() == lock):
        for name in ("package.json", "package-lock.json"):
            shutil.copy(RECIPE / name, folder / name)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        try:
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
        except (FileNotFoundError, subprocess.CalledProcessError) as error:
            raise ArtMissing(
                "The art could not be fetched: install Node.js 18 or newer with npm, check the "
                "network, and run the command again."
            ) from error
        done.write_bytes(lock)
    shutil.copy(RECIPE / "avatars.mjs", folder / "avatars.mjs")
    return folder / "node_modules"


def plain(key: str) -> str:
    """A hexcode without variation selectors: sets disagree about them."""
    return key.upper().replace("-FE0F", "")


def compact(name: str) -> str:
    """Letters and digits only, so that names of different sets compare."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def concept_of(label: str) -> str:
    """An emojibase label as one would say it: 'person: red hair' → 'person with red hair'."""
    text = label.lower().replace("“", "").replace("”", "").replace("’", "'")
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    text = re.sub(r"^(man|woman|person): (.* hair|beard)$", r"\1 with \2", text)
    text = re.sub(r"^(man|woman|person): (bald)$", r"\2 \1", text)
    text = re.sub(r"^(family|kiss|couple with heart): ", r"\1 of ", text)
    return re.sub(r"\s+", " ", re.sub(r"[:()]", "", text)).strip()


def spoken_names(concept: str, group: str, codes: list[str], tags: list[str]) -> tuple[str, ...]:
    """What one can call a concept. A short code counts as a name if the tags know its words, which
    leaves out jokes and abbreviations; the animal is also called by its name without 'face'."""
    known = {word for text in (concept, *tags) for word in re.split(r"[ -]", text)}
    names = [concept]
    if group == "animals-nature" and concept.endswith(" face"):
        names.append(concept.removesuffix(" face"))
    for code in codes:
        words = re.split(r"[_\- ]+", code.lower())
        if all(word in known for word in words) and len(code) > 2:
            names.append(" ".join(words))
    return tuple(dict.fromkeys(names))


def useful(tag: str) -> bool:
    """Whether a keyword says something in a prompt: not '143', '*' or what most faces have."""
    return tag.isascii() and len(tag) > 2 and not tag[0].isdigit() and tag not in VAGUE


class Emojibase:
    """The emojibase package: entries by hexcode, found by the names that sets use."""

    def __init__(self, package: Path) -> None:
        groups = json.loads((package / "meta/groups.json").read_text("utf-8"))
        rows = json.loads((package / "en/data.json").read_text("utf-8"))
        codes: dict[str, list[str]] = {}
        self.by_name: dict[str, str] = {}
        for name in SHORTCODES:
            table = json.loads((package / f"en/shortcodes/{name}.json").read_text("utf-8"))
            for key, value in table.items():
                for code in [value] if isinstance(value, str) else value:
                    codes.setdefault(plain(key), []).append(code)
                    self.by_name.setdefault(compact(code), plain(key))
        spread = Counter(tag.lower() for row in rows for tag in row.get("tags", []))
        self.entries: dict[str, Emoji] = {}
        self.toned: dict[str, tuple[str, str]] = {}
        for row in rows:
            if row.get("group") is None or row["group"] in LEFT_OUT_GROUPS:
                continue
            if row["subgroup"] in LEFT_OUT_SUBGROUPS:
                continue
            key, concept = plain(row["hexcode"]), concept_of(row["label"])
            group = groups["groups"][str(row["group"])]
            tags = sorted(
                (tag.lower() for tag in row.get("tags", [])), key=lambda t: (spread[t], t)
            )
            names = spoken_names(concept, group, codes.get(key, []), tags)
            self.entries[key] = Emoji(
                key, concept, names, tuple(tag for tag in tags if tag not in names and useful(tag)),
                group, groups["subgroups"][str(row["subgroup"])],
            )  # fmt: skip
            self.by_name[compact(row["label"])] = key
            for skin in row.get("skins", []):
                if isinstance(skin["tone"], int):  # mixed couples have a list of two
                    self.toned[plain(skin["hexcode"])] = (key, TONES[skin["tone"] - 1])
                    self.by_name[compact(skin["label"])] = plain(skin["hexcode"])

    def find(self, codes: Sequence[str], names: Sequence[str]) -> tuple[str, str] | None:
        """(hexcode of the concept, tone or '') for a drawing with one of these hexcodes, or with
        one of these names where its set gives no code; None for what is left out or unknown."""
        keys = codes or [self.by_name.get(compact(name), "") for name in names]
        for key in keys:
            if key in self.entries:
                return key, ""
            if key in self.toned:
                return self.toned[key]
        return None


def codes_of(package: Path, name: str) -> dict[str, list[str]]:
    """Icon name → hexcodes, as far as the set or our table of FXEmoji's own names says."""
    if name == "fxemoji":
        table = json.loads((RECIPE / "fxemoji.json").read_text("utf-8"))
        return {icon: [code or "none"] for icon, code in table.items()}
    # fluent and fluent-flat share their icon names; only one of them tells the codes
    source = package.with_name("fluent-emoji-flat") if name == "fluent" else package
    if name == "emojione":
        return {}
    found: dict[str, list[str]] = {}
    for code, icon in json.loads((source / "chars.json").read_text("utf-8")).items():
        found.setdefault(icon, []).append(plain(code))
    return found


def svg_of(icons: dict[str, Any], icon: dict[str, Any]) -> str:
    """A whole SVG document from Iconify's parts; sizes default to the set's, then to 16."""
    width = icon.get("width", icons.get("width", 16))
    height = icon.get("height", icons.get("height", 16))
    left, top = icon.get("left", 0), icon.get("top", 0)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{left} {top} {width} {height}">{icon["body"]}</svg>'
    )


def icon_counts(modules: Path) -> dict[str, int]:
    """How many drawings each emoji set holds, matched or not."""
    counts: dict[str, int] = {}
    for name in EMOJI_SETS:
        text = (modules / "@iconify-json" / PACKAGES[name] / "icons.json").read_text("utf-8")
        counts[name] = len(json.loads(text)["icons"])
    return counts


def emoji_drawings(modules: Path) -> Iterator[Drawing]:
    """Every drawing of the six sets that shows a known emoji, each (emoji, tone, set) once."""
    base = Emojibase(modules / "emojibase-data")
    for name, (_, license, _) in EMOJI_SETS.items():
        package = modules / "@iconify-json" / PACKAGES[name]
        icons = json.loads((package / "icons.json").read_text("utf-8"))
        codes = codes_of(package, name)
        also: dict[str, list[str]] = {}
        for alias, of in icons.get("aliases", {}).items():
            if set(of) == {"parent"}:  # the others are mirrored or turned
                also.setdefault(of["parent"], []).append(alias)
        seen: set[tuple[str, str]] = set()
        # the set's own code first: several icons may be called alike
        for icon in sorted(icons["icons"], key=lambda icon: (icon not in codes, icon)):
            known = codes.get(icon, []) + [c for a in also.get(icon, []) for c in codes.get(a, [])]
            found = base.find(known, [icon, *also.get(icon, [])])
            if found is None or found in seen:
                continue
            seen.add(found)
            key, tone = found
            entry = base.entries[key]
            yield Drawing(
                svg_of(icons, icons["icons"][icon]),
                f"{name}/{key}{'/' + tone.replace(' ', '-') if tone else ''}",
                "emoji", name, license, entry.concept, key, entry.names, entry.keywords,
                entry.group, entry.subgroup, {}, tone,
            )  # fmt: skip
