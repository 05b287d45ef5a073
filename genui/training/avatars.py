"""DiceBear avatars: which styles, which colours they may use, and what each choice is called in
plain English. The drawing itself happens in npm/avatars.mjs; captions are made elsewhere."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genui.training.sources import TONES, ArtMissing, Drawing

SKINS = dict(zip(("ffdbc4", "edb98a", "c98c5c", "8d5a35", "6b4230"), TONES, strict=True))
HAIR = {
    "2c2422": "black", "7a4a2b": "brown", "e8c15a": "blond", "c4501e": "red", "a3a3a3": "gray",
    "f28cb8": "pink", "4a6fd8": "blue", "3fa66b": "green", "8a55b8": "purple",
}  # fmt: skip
CLOTHES = {
    "d8353b": "red", "f08a2c": "orange", "f3c93a": "yellow", "43b25a": "green",
    "3478e5": "blue", "8648cf": "purple", "f277ad": "pink", "33343a": "black",
}  # fmt: skip
BALD = "bald"
# what an avatar may wear or not: says "none" where a style could have drawn it
OPTIONAL = ("glasses", "hat", "beard", "extra")


@dataclass(frozen=True)
class Style:
    """A DiceBear style: its author and source, which of its options are skin, hair and clothes
    colours, fixed options, and what its parts are called. `words` maps part → value → attributes;
    a part that is missing there, or a value, says nothing."""

    author: str
    source: str
    skin: str
    clothes: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    words: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)


def attribute(name: str, **values: str) -> dict[str, dict[str, str]]:
    """Word table for a part that sets one attribute."""
    return {value: {name: word} for value, word in values.items()}


STYLES = {
    "big-smile": Style(
        "Ashley Seo", "https://www.figma.com/community/file/881358461963645496", "skinColor",
        options={"accessoriesProbability": 60, "scale": 88, "translateY": 5},
        words={
            "hair": attribute(
                "hair", shortHair="short", mohawk="mohawk", wavyBob="wavy", bowlCutHair="bowl cut",
                curlyBob="curly", straightHair="long straight", braids="braided",
                shavedHead="shaved", bunHair="bun", froBun="afro bun", bangs="bangs",
                halfShavedHead="half shaved", curlyShortHair="short curly",
            ),
            "eyes": attribute(
                "eyes", cheery="happy", normal="open", confused="confused", starstruck="star",
                winking="winking", sleepy="sleepy", sad="sad", angry="angry",
            ),
            "mouth": attribute(
                "mouth", openedSmile="open smile", unimpressed="straight mouth",
                gapSmile="gap-toothed smile", openSad="open frown", teethSmile="big smile",
                awkwardSmile="awkward smile", braces="smile with braces", kawaii="small smile",
            ),
            "accessories": {
                "catEars": {"hat": "cat ears"}, "glasses": {"glasses": "glasses"},
                "sailormoonCrown": {"hat": "tiara"}, "clownNose": {"extra": "clown nose"},
                "sleepMask": {"extra": "sleep mask", "eyes": ""},
                "sunglasses": {"glasses": "sunglasses", "eyes": ""},
                "faceMask": {"extra": "face mask", "mouth": ""}, "mustache": {"beard": "mustache"},
            },
        },
    ),
    "toon-head": Style(
        "Johan Melin", "https://www.figma.com/community/file/1589627891082866389", "skinColor",
        "clothesColor", {"beardProbability": 20, "rearHairProbability": 45},
        {
            "hair": attribute("hair", sideComed="side-parted", undercut="undercut", spiky="spiky",
                              bun="bun"),
            "rearHair": attribute("hair", longStraight="long straight", longWavy="long wavy",
                                  shoulderHigh="shoulder-length", neckHigh="chin-length"),
            "eyes": attribute("eyes", happy="open", wide="wide", bow="closed", humble="half-closed",
                              wink="winking"),
            "mouth": attribute("mouth", laugh="laugh", angry="angry mouth", agape="open mouth",
                               smile="smile", sad="frown"),
            "beard": attribute("beard", moustacheTwirl="twirled mustache", fullBeard="full beard",
                               chin="chin beard", chinMoustache="goatee", longBeard="long beard"),
            "clothes": attribute("clothes", turtleNeck="turtleneck", openJacket="jacket",
                                 dress="dress", shirt="shirt", tShirt="t-shirt"),
        },
    ),
    "miniavs": Style(
        "Webpixels", "https://www.figma.com/community/file/923211396597067458", "skinColor",
        "bodyColor", {"glassesProbability": 35, "mustacheProbability": 25},
        {
            "hair": attribute(
                "hair", balndess="nearly bald", slaughter="balding", ponyTail="ponytail",
                long="long straight", curly="curly", stylish="side-swept", elvis="quiff",
                classic02="short", classic01="side-parted",
            ),
            "eyes": attribute("eyes", normal="open", confident="half-closed", happy="happy"),
            "mouth": attribute("mouth", default="open smile", missingTooth="gap-toothed smile"),
            "glasses": attribute("glasses", normal="glasses"),
            "mustache": attribute("beard", pencilThinBeard="mustache and chin beard",
                                  pencilThin="thin mustache", horshoe="horseshoe mustache",
                                  freddy="mustache"),
            "body": attribute("clothes", tShirt="t-shirt", golf="turtleneck"),
        },
    ),
    "micah": Style(
        "Micah Lanier", "https://www.figma.com/community/file/829741575478342595", "baseColor",
        "shirtColor",
        {"glassesProbability": 35, "facialHairProbability": 20, "earringsProbability": 20,
         "glassesColor": ["000000"], "earringColor": ["f4d150"]},
        {
            "hair": attribute("hair", fonze="quiff", mrT="mohawk", dougFunny="a few hairs",
                              mrClean=BALD, dannyPhantom="mullet", full="long wavy",
                              pixie="chin-length") | {"turban": {"hat": "turban"}},
            "eyes": attribute("eyes", eyes="open", round="round", eyesShadow="open",
                              smiling="happy", smilingShadow="happy"),
            "mouth": attribute("mouth", surprised="open mouth", laughing="laugh",
                               nervous="nervous grin", smile="smile", sad="frown",
                               pucker="kissing mouth", frown="frown", smirk="smirk"),
            "glasses": attribute("glasses", round="round glasses", square="square glasses"),
            "facialHair": attribute("beard", beard="black beard", scruff="stubble"),
            "earrings": attribute("extra", hoop="hoop earrings", stud="stud earrings"),
            "shirt": attribute("clothes", open="shirt", crew="sweater", collared="shirt"),
        },
    ),
    "dylan": Style(
        "Natalia Spivak", "https://www.figma.com/community/file/1356575240759683500", "skinColor",
        options={"backgroundColor": ["transparent"]},
        words={
            "hair": attribute("hair", plain="short", wavy="wavy", shortCurls="short curly",
                              parting="center-parted", spiky="spiky", roundBob="bob",
                              longCurls="long curly", buns="two buns", bangs="bangs",
                              fluffy="fluffy", flatTop="flat top", shaggy="shaggy"),
            "mood": attribute("mood", happy="happy", angry="angry", neutral="neutral",
                              superHappy="very happy", sad="sad", hopeful="hopeful",
                              confused="confused"),
            "facialHair": attribute("beard", default="stubble"),
        },
    ),
}  # fmt: skip


def attributes_of(style: Style, drawn: dict[str, Any]) -> dict[str, str]:
    """What DiceBear drew, in plain English: skin, hair, hair_color, hat_color, eyes, mouth, mood,
    glasses, hat, beard, extra, clothes, clothes_color; 'none' where a style could draw it and did
    not. Attributes that a style cannot draw, or that something else covers, are absent."""
    said: dict[str, str] = {}
    for table in style.words.values():
        for attributes in table.values():
            said |= {name: "none" for name in attributes if name in OPTIONAL}
    for part, table in style.words.items():  # later parts win: rear hair over front hair
        said |= table.get(str(drawn.get(part)), {})
    said["skin"] = SKINS[drawn[style.skin].lstrip("#")]
    colour = HAIR[drawn["hairColor"].lstrip("#")]
    if said.get("hat") == "turban":  # drawn in place of hair, in its colour
        said["hat_color"] = colour
    elif said.get("hair") != BALD:
        said["hair_color"] = colour
    if style.clothes:
        said["clothes_color"] = CLOTHES[drawn[style.clothes].lstrip("#")]
    return {name: value for name, value in said.items() if value}


def combination(style: str, attributes: dict[str, str]) -> str:
    """The combination by which avatars are held out: style, hair or hat, and hair colour."""
    worn = attributes.get("hair", attributes.get("hat", ""))
    colour = attributes.get("hair_color", attributes.get("hat_color", ""))
    return f"{style}|{worn}|{colour}"


def draw(folder: Path, requests: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Let Node.js draw in `folder`, where the packages are installed: what npm/avatars.mjs answers
    to these requests, row by row. Raises ArtMissing where Node.js does not run."""
    try:
        done = subprocess.run(
            ["node", "avatars.mjs"],
            cwd=folder,
            check=True,
            capture_output=True,
            input=json.dumps(requests).encode(),
        )
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        raise ArtMissing(
            "The avatars could not be drawn: install Node.js 18 or newer and run the command again."
        ) from error
    for line in done.stdout.decode().splitlines():
        yield json.loads(line)


def avatar_drawings(folder: Path, count: int) -> Iterator[Drawing]:
    """`count` avatars of each style, drawn by `draw`."""
    requests = [
        {
            "style": name,
            "count": count,
            "skins": {style.skin: list(SKINS)},
            "options": {
                "hairColor": list(HAIR),
                **({style.clothes: list(CLOTHES)} if style.clothes else {}),
                **style.options,
            },
        }
        for name, style in STYLES.items()
    ]
    for row in draw(folder, requests):
        said = attributes_of(STYLES[row["style"]], row["drawn"])
        yield Drawing(
            row["svg"], f"{row['style']}/{row['seed']}", "avatar", row["style"], "CC-BY-4.0",
            attributes=said, tone=said["skin"],
        )  # fmt: skip
