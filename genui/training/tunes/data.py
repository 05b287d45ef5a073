"""`python -m genui.training tunes-data`: gather, clean and split the tunes that the music models
learn from.

Writes one file, `tunes.json.gz`: each tune as tokens in its own key, with title, source, cluster
and split. Settings of the same tune share a cluster, and a cluster is never split. Also writes the
data card. Knows nothing of networks."""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from genui.errors import BadInput
from genui.music import tokens
from genui.music.tune import Tune
from genui.training.tunes import sources
from genui.training.tunes.clean import clean, clusters
from genui.training.tunes.datacard import card

FILE = "tunes.json.gz"
CARD = Path("docs/data-tunes.md")
SPLITS = {"held": 0.08, "validation": 0.04}  # the rest is for training


@dataclass(frozen=True)
class Piece:
    """One tune of the data. ids: its tokens, from prefix to end. source: collection and number in
    it. cluster: the same for settings of one tune."""

    title: str
    source: str
    cluster: str
    split: str
    ids: tuple[int, ...]

    @property
    def tune(self) -> Tune:
        """The tune itself, without its title."""
        return tokens.decode(self.ids)


def split_of(cluster: str) -> str:
    """By hash, so that a tune keeps its place when others come or go."""
    place = int(hashlib.sha256(cluster.encode()).hexdigest()[:8], 16) / 16**8
    for name, share in SPLITS.items():
        if place < share:
            return name
        place -= share
    return "train"


def pieces(tunes: Sequence[Tune], names: Sequence[str]) -> list[Piece]:
    """Cluster and split tunes; near copies of an earlier tune are left out. names: source of
    each."""
    found, kept, seen = clusters(tunes), list[Piece](), set[tuple[int, ...]]()
    for i, tune in enumerate(tunes):
        ids = tuple(tokens.encode(tune))
        melody = ids[3:]  # the same in any key and under any name
        if i in found.copies or melody in seen:
            continue
        seen.add(melody)
        cluster = names[found.of[i]]
        kept.append(Piece(tune.title, names[i], cluster, split_of(cluster), ids))
    return kept


def write(file: Path, found: Sequence[Piece]) -> None:
    """Write the compact file; the same tunes give the same bytes."""
    rows = [
        {"title": p.title, "source": p.source, "cluster": p.cluster, "split": p.split,
         "ids": base64.b64encode(bytes(p.ids)).decode()}
        for p in found
    ]  # fmt: skip
    text = json.dumps({"format": 1, "tokens": tokens.TOKENS, "tunes": rows})
    with file.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed:
        packed.write(text.encode())


def read(folder: Path, split: str | None = None) -> list[Piece]:
    """The tunes that `main` wrote into `folder`, of one split or all. Raises FileNotFoundError when
    it did not, ValueError when they were made for other tokens."""
    with gzip.open(folder / FILE) as file:
        data = json.load(file)
    if data["tokens"] != list(tokens.TOKENS):
        raise ValueError("The tunes were made for another vocabulary; make them again.")
    return [
        Piece(row["title"], row["source"], row["cluster"], row["split"],
              tuple(base64.b64decode(row["ids"])))
        for row in data["tunes"] if split in (None, row["split"])
    ]  # fmt: skip


def main(arguments: list[str]) -> int:
    """Fetch, clean, cluster, split, write; returns 0."""
    parser = argparse.ArgumentParser(prog="python -m genui.training tunes-data",
                                     description=__doc__)  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path("data/tunes"), help="folder to fill")
    parser.add_argument("--card", type=Path, default=CARD, help="where to write the data card")
    chosen = parser.parse_args(arguments)
    chosen.out.mkdir(parents=True, exist_ok=True)
    tunes, names, why, read_of = list[Tune](), list[str](), Counter[str](), Counter[str]()
    for found in sources.read(sources.fetch(chosen.out)):
        read_of[found.collection] += 1
        try:
            tunes.append(clean(found))
            names.append(f"{found.collection}/{found.number}/{found.title[:40]}")
        except BadInput as error:
            why[error.message] += 1
    print(f"{len(tunes)} tunes of {read_of.total()} are clean; comparing them ...", flush=True)
    kept = pieces(tunes, names)
    write(chosen.out / FILE, kept)
    chosen.card.write_text(card(kept, read_of, Counter(n.split("/")[0] for n in names), why),
                           "utf-8")  # fmt: skip
    print(f"{len(kept)} tunes are in {chosen.out / FILE}; {chosen.card} describes them.")
    return 0
