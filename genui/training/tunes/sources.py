"""Where the tunes come from: printed collections that are out of copyright, as ABC inside the
music21 wheel.

pip fetches the wheel, checked by its hash; it is never installed or imported, and only the folders
named here are unpacked. The wheel's other collections are left out: see `LEFT_OUT`."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from genui.errors import BadInput
from genui.music import abc
from genui.music.tune import Tune
from genui.training import wheels

WHEEL = "music21==10.5.1"
SHA256 = "dc3309498c4c95cebdf8d4f20c868deb6b63bce1d929cad4f51a7ccc982987b1"


@dataclass(frozen=True)
class Collection:
    """members: what its files' names in the wheel begin with. book, year: what was printed.
    encoded: who typed it in."""

    name: str
    members: str
    book: str
    year: str
    encoded: str


COLLECTIONS = (
    Collection(
        "oneill", "music21/corpus/oneills1850/", "Francis O'Neill, O'Neill's Music of Ireland",
        "1903", "volunteers of the O'Neill's project around John Chambers and John Walsh",
    ),
    Collection(
        "ryan", "music21/corpus/ryansMammoth/", "William Bradbury Ryan, Ryan's Mammoth Collection",
        "1883", "Ray Davies, Bob Puckette, John Walsh, John Chambers and others",
    ),
    Collection(
        "aird", "music21/corpus/airdsAirs/",
        "James Aird, A Selection of Scotch, English, Irish and Foreign Airs, six volumes",
        "1778–1801", "Jack Campin",
    ),
    Collection(
        "northumbrian", "music21/corpus/miscFolk/northumbrianminstrelsyopus.abc",
        "J. Collingwood Bruce and John Stokoe, Northumbrian Minstrelsy", "1882", "Jack Campin",
    ),
)  # fmt: skip
LEFT_OUT = {
    "essenFolksong": "its own licence file says that use is non-commercial",
    "miscFolk/americanfifeopus.abc": "its editor no longer knows where the file came from",
    "nottingham-dataset": "two tunes only in the wheel, from a database without a stated licence",
    "others": "composers' works, and music in several voices",
}


def fetch(folder: Path) -> Path:
    """The folder with the collections' files, fetched into `folder` unless they are there. Raises
    `CalledProcessError` when pip cannot get the wheel."""
    target = folder / "music21"
    if (target / "done").exists():
        return target
    wheel = wheels.fetch(WHEEL, SHA256, target)
    with zipfile.ZipFile(wheel) as archive:
        for collection in COLLECTIONS:
            for name in archive.namelist():
                if name.startswith(collection.members) and name.endswith(".abc"):
                    place = target / collection.name / Path(name).name
                    place.parent.mkdir(exist_ok=True)
                    place.write_bytes(archive.read(name))
    wheel.unlink()
    (target / "done").touch()
    return target


@dataclass(frozen=True)
class Found:
    """One tune of a collection as it stands in its file, or why it cannot be read. number: its X:
    field. title: all its T: fields."""

    collection: str
    number: str
    title: str
    rhythm: str
    tune: Tune | BadInput


def read(folder: Path) -> Iterator[Found]:
    """Every tune of every collection. Traces of mail in the files ("=" at a line's end) go."""
    for collection in COLLECTIONS:
        for file in sorted((folder / collection.name).glob("*.abc")):
            text = file.read_text("latin-1").replace("\r", "")
            text = text.replace("=\n", "").replace("=20", "").replace("=0D", "")
            parts = [part for part in re.split(r"(?m)^(?=X:)", text) if part.startswith("X:")]
            for part, tune in zip(parts, abc.read_all(text), strict=True):
                yield Found(
                    collection.name,
                    _field(part, "X"),
                    " / ".join(re.findall(r"(?m)^T:\s*(.*?)\s*$", part)),
                    _field(part, "R").lower(),
                    tune,
                )


def _field(part: str, letter: str) -> str:
    found = re.search(rf"(?m)^{letter}:\s*([^%\n]*)", part)
    return found[1].strip() if found else ""
