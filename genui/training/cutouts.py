"""Cutouts: drawings rendered to small transparent pictures, balanced, split, and kept in one
Parquet file. Knows nothing of npm, scenes or captions."""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from genui.training.avatars import combination
from genui.training.colours import main_hue
from genui.training.common import COMMON
from genui.training.sources import TONES, Drawing

SIZE = 128
MARGIN = 0.035  # of the size, around an emoji; avatars are cut at the picture's edge on purpose
HELD_OUT = 0.05
SPLITS = ("train", "pair", "concept", "combination")


@dataclass(frozen=True)
class Cutout:
    """One rendered drawing. `picture` is lossless WebP, RGBA; `hue` (degrees) is its main hue and
    `hue_share` (0–1) how much of it has that hue; `common` marks everyday concepts. The rest is as
    in Drawing; `skin_tone` is one of TONES or empty, `split` one of SPLITS."""

    id: str
    picture: bytes
    kind: str
    concept: str
    key: str
    set: str
    names: tuple[str, ...]
    keywords: tuple[str, ...]
    group: str
    subgroup: str
    attributes: dict[str, str]
    skin_tone: str
    license: str
    split: str
    common: bool
    hue: float
    hue_share: float


def chance(*parts: str) -> float:
    """A number in [0, 1) that depends on nothing but the words: the same on every machine."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def splits(drawings: Sequence[Drawing]) -> list[str]:
    """The split of each drawing. `concept`: its concept is held out in all sets. `pair`: its
    (concept, set) is held out and at least two other sets show the concept in training.
    `combination`: avatars with this style, hair and hair colour are held out. Else `train`."""
    sets: dict[str, set[str]] = defaultdict(set)
    for drawing in drawings:
        sets[drawing.key].add(drawing.set)
    withheld: dict[str, set[str]] = defaultdict(set)
    for key, names in sets.items():
        for name in sorted(names):
            enough = len(names - withheld[key]) > 2
            if enough and chance("pair", key, name) < HELD_OUT:
                withheld[key].add(name)

    worn: dict[str, set[str]] = defaultdict(set)
    for drawing in drawings:
        if drawing.kind == "avatar":
            worn[drawing.set].add(combination(drawing.set, drawing.attributes))
    unworn: set[str] = set()
    for combinations in worn.values():  # of every style, so that each can be judged
        order = sorted(combinations, key=lambda c: chance("combination", c))
        unworn.update(order[: max(1, round(len(order) * HELD_OUT))])

    def split(drawing: Drawing) -> str:
        if drawing.kind == "avatar":
            kept = combination(drawing.set, drawing.attributes) not in unworn
            return "train" if kept else "combination"
        if chance("concept", drawing.key) < HELD_OUT:
            return "concept"
        return "pair" if drawing.set in withheld[drawing.key] else "train"

    return [split(drawing) for drawing in drawings]


def balance(drawings: Iterable[Drawing]) -> list[Drawing]:
    """Keep, of each (emoji, set), the drawing without a tone and two of the five tones, taking
    turns over the sets and emoji: a concept has at most three pictures in a set, and no tone is
    more frequent than another by more than a few."""
    kept: list[Drawing] = []
    toned: dict[tuple[str, str], dict[str, Drawing]] = defaultdict(dict)
    for drawing in drawings:
        if drawing.kind == "emoji" and drawing.tone:
            toned[drawing.set, drawing.key][drawing.tone] = drawing
        else:
            kept.append(drawing)
    used: Counter[str] = Counter()
    shown: Counter[tuple[str, str]] = Counter()
    for (_, key), choices in sorted(toned.items()):
        # tones this emoji has not shown yet in an earlier set first, then the rarest
        order = sorted(choices, key=lambda t: (shown[key, t], used[t], TONES.index(t)))
        for tone in order[:2]:
            used[tone] += 1
            shown[key, tone] += 1
            kept.append(choices[tone])
    return sorted(kept, key=lambda drawing: (drawing.kind, drawing.set, drawing.id))


def render(svg: str, size: int = SIZE, margin: float = MARGIN) -> Image.Image:
    """An SVG as an RGBA picture of size × size with `margin` (a share of the size) kept free around
    it; what is not square is centred."""
    import resvg_py

    inner = size - 2 * round(size * margin)
    png = resvg_py.svg_to_bytes(svg_string=svg, width=inner, skip_system_fonts=True)
    drawn = Image.open(io.BytesIO(bytes(png))).convert("RGBA")
    if drawn.height > inner:
        drawn = drawn.resize((max(1, round(drawn.width * inner / drawn.height)), inner))
    canvas = Image.new("RGBA", (size, size))
    canvas.paste(drawn, ((size - drawn.width) // 2, (size - drawn.height) // 2))
    return canvas


def cut(drawing: Drawing, split: str, size: int = SIZE) -> Cutout | None:
    """Render one drawing; None if nothing is on it."""
    picture = render(drawing.svg, size, MARGIN if drawing.kind == "emoji" else 0)
    pixels = np.asarray(picture)
    if (pixels[..., 3] > 127).mean() < 0.01:
        return None
    hue, share = main_hue(pixels)
    webp = io.BytesIO()
    picture.save(webp, "WEBP", lossless=True, method=1)
    return Cutout(
        drawing.id, webp.getvalue(), drawing.kind, drawing.concept, drawing.key, drawing.set,
        drawing.names, drawing.keywords, drawing.group, drawing.subgroup, drawing.attributes,
        drawing.tone, drawing.license, split, drawing.key in COMMON, round(hue, 1), round(share, 3),
    )  # fmt: skip


class Cutouts:
    """A collection of cutouts, found by id."""

    def __init__(self, cutouts: Iterable[Cutout]) -> None:
        self.all = tuple(cutouts)
        self.by_id = {cutout.id: cutout for cutout in self.all}

    def __len__(self) -> int:
        return len(self.all)

    def __iter__(self) -> Iterator[Cutout]:
        return iter(self.all)

    def __getitem__(self, id: str) -> Cutout:
        return self.by_id[id]

    def pixels(self, id: str) -> NDArray[np.uint8]:
        """The picture of a cutout, RGBA (size, size, 4). Raises KeyError for an unknown id."""
        with Image.open(io.BytesIO(self.by_id[id].picture)) as picture:
            return np.asarray(picture.convert("RGBA"))

    def write(self, path: Path) -> None:
        """Write all as Parquet; attributes become JSON text."""
        import pyarrow
        import pyarrow.parquet

        rows = [asdict(c) | {"attributes": json.dumps(c.attributes)} for c in self.all]
        path.parent.mkdir(parents=True, exist_ok=True)
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)

    @classmethod
    def read(cls, path: Path, everyday: Collection[str] | None = None) -> Cutouts:
        """Read what `write` wrote; with `everyday`, only avatars and everyday emoji of these
        sets."""
        import pyarrow.parquet

        rows = pyarrow.parquet.read_table(path).to_pylist()
        every = (
            Cutout(
                **row
                | {
                    "attributes": json.loads(row["attributes"]),
                    "names": tuple(row["names"]),
                    "keywords": tuple(row["keywords"]),
                }
            )
            for row in rows
        )
        if everyday is None:
            return cls(every)
        return cls(c for c in every if c.set in everyday and (c.common or c.kind == "avatar"))


def _cut(task: tuple[Drawing, str, int]) -> Cutout | None:
    return cut(*task)


def cut_all(drawings: Sequence[Drawing], size: int = SIZE) -> Iterator[Cutout]:
    """Render balanced drawings with their splits, on every core; empty ones are left out."""
    tasks = [(d, split, size) for d, split in zip(drawings, splits(drawings), strict=True)]
    with ProcessPoolExecutor() as pool:
        for cutout in pool.map(_cut, tasks, chunksize=32):
            if cutout:
                yield cutout
