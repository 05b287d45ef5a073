"""What people thought, for the Ratings tab: sums, the rows a visitor may see, files to take away.

Sums are for everybody. A result, and what was said of it, is for the session that made it, and
for everybody only where the rater was told so: when the rating "joins a public data set".
Knows neither the page nor SQL.
"""

from __future__ import annotations

import re
import secrets
import shutil
import time
from pathlib import Path
from threading import Lock
from typing import Any

from pydantic import Field

from genui.catalog import Catalog
from genui.errors import BadInput, StorageFull
from genui.identity import Identity
from genui.ranking import wilson
from genui.records import Generation, Rating, Reason, Record, Thumb
from genui.settings import Settings
from genui.store import Store, conversation
from genui.store.exports import export
from genui.store.tally import Tally

PAGE = 20  # rows shown at once
SHOWN = 8000  # characters of an output that a row carries
KEPT = 600.0  # seconds that a prepared file waits for its download
NAMES = {
    "jsonl": "genui-ratings.jsonl", "parquet": "genui-ratings.parquet",
    "kto": "genui-kto.jsonl", "dpo": "genui-dpo.jsonl", "image-pairs": "genui-pairs.parquet",
}  # fmt: skip
NOTHING = {
    "kto": "There is no rated text to export yet; give an answer a thumb first.",
    "dpo": "There is no pair yet: rate two answers to the same prompt, one up and one down.",
    "image-pairs": "There is no pair yet: pick the best of several pictures first.",
}


class Filters(Record):
    """Which rows of the table are wanted. `mine`: only what this visitor rated."""

    kind: str | None = Field(default=None, max_length=20)
    model: str | None = Field(default=None, max_length=200)
    thumb: Thumb | None = None
    reason: Reason | None = None
    mine: bool = False
    page: int = Field(default=0, ge=0, le=100_000)


class Ratings:
    """The questions of the Ratings tab over one store."""

    def __init__(
        self, store: Store, identity: Identity, catalog: Catalog, settings: Settings
    ) -> None:
        self.store = store
        self.identity = identity
        self.catalog = catalog
        self.settings = settings
        self.files = settings.data_dir / "exports"
        self._counting = Lock()
        self._counted: dict[str, Any] = {}
        self._event = -1
        self._again = 0.0

    @property
    def shared(self) -> bool:
        """True where ratings, with what they rate, go to a public data set."""
        return self.settings.feedback == "shared"

    def summary(self) -> dict[str, Any]:
        """The sums in all ("ratings", "raters", "results", "pairs" of which one was preferred)
        and per model ("models"), with the share of thumbs up and its 95 % Wilson interval, all in
        0..1.

        Many pages ask every few seconds: counted anew only after an opinion came, and on a large
        store so seldom that counting takes at most a tenth of the time."""
        with self._counting:
            event, began = self.store.newest_event(), time.monotonic()
            if event != self._event and began >= self._again:
                found = self.store.summary()
                self._counted = {
                    "ratings": found.total.ratings,
                    "raters": found.total.raters,
                    "results": found.total.generations,
                    "pairs": self.store.pairs(),
                    "models": [self._bar(tally) for tally in found.models],
                }
                self._event = event
                self._again = time.monotonic() + 9 * (time.monotonic() - began)
            return self._counted

    def _bar(self, tally: Tally) -> dict[str, Any]:
        votes = tally.up + tally.down
        low, high = wilson(tally.up, votes)
        return {
            "kind": tally.kind, "model": tally.model, "title": self._title(tally.model),
            "up": tally.up, "votes": votes, "share": tally.up / votes if votes else None,
            "low": low, "high": high, "stars": tally.stars_mean, "stars_n": tally.stars_n,
            "ratings": tally.ratings,
        }  # fmt: skip

    def _title(self, model: str) -> str:
        known = self.catalog.models.get(model)
        return known.title if known else model

    def table(self, session: str, filters: Filters) -> dict[str, Any]:
        """One page of the rated results this session may see, newest first: {"rows", "more"}."""
        rater = self.identity.rater(session)
        found = self.store.table(
            filters.kind, filters.model, filters.thumb, reason=filters.reason,
            rater=rater if filters.mine else None, limit=PAGE + 1, offset=PAGE * filters.page,
            **self._scope(session),
        )  # fmt: skip
        rows = [self._row(made, rating, rater) for made, rating in found[:PAGE]]
        return {"rows": rows, "more": len(found) > PAGE}

    def _scope(self, session: str) -> dict[str, Any]:
        return {"owner": session, "shared": self.shared}

    def _row(self, generation: Generation, rating: Rating, me: str) -> dict[str, Any]:
        """A row as JSON: no rater, and a comment only for the one who wrote it."""
        mine = rating.rater == me
        text = generation.text or ""
        fields = {"thumb", "stars", "reasons", "created"} | ({"comment"} if mine else set())
        return {
            "generation": generation.id,
            "kind": generation.request.kind,
            "title": generation.model.title,
            "asked": conversation.asked(generation.model_dump(mode="json"))[:SHOWN],
            "text": text[:SHOWN] + ("…" if len(text) > SHOWN else ""),
            **{name: self._file(generation, name) for name in ("audio", "picture")},
            "mine": mine,
            "rating": rating.model_dump(mode="json", include=fields),
        }  # fmt: skip

    def _file(self, generation: Generation, name: str) -> dict[str, str] | None:
        """What the page needs to fetch a kept file; None where the generation has none."""
        if (file := generation.artifact(name)) is None:
            return None
        token = self.identity.media_token(file.sha256, name)
        return {"name": name, "sha256": file.sha256, "token": token}

    def export(
        self,
        session: str,
        form: str,
        comments: bool = False,
        everything: bool = False,
    ) -> tuple[Path, int, list[str]]:
        """Write what this session may take away (`everything`: all there is) to a file, and say
        how many rows it has and, in sentences, what had to be left out. `form` is one of `NAMES`.
        Whoever knows the path's last folder, a random name, may fetch the file.

        Raises `BadInput` where there is nothing to export, `StorageFull`."""
        if form not in NAMES:
            raise BadInput(f"“{form}” is not an export format; use one of: {', '.join(NAMES)}.")
        self._sweep()
        folder = self.files / secrets.token_hex(16)
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise StorageFull.from_os(error) from error
        path = folder / NAMES[form]
        scope = {} if everything else self._scope(session)
        left_out: list[str] = []
        try:
            rows = export(self.store, form, path, comments, tell=left_out.append, **scope)
            if not rows:
                nothing = NOTHING.get(form, "There is nothing to export yet; rate a result.")
                raise BadInput(" ".join(left_out) or nothing)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return path, rows, left_out

    def prepared(self, folder: str, name: str) -> Path | None:
        """The file that `export` put there; None once it is gone."""
        known = re.fullmatch(r"[0-9a-f]{32}", folder) and name in NAMES.values()
        path = self.files / folder / name
        return path if known and path.is_file() else None

    def _sweep(self) -> None:
        for folder in self.files.glob("*"):
            if time.time() - folder.stat().st_mtime > KEPT:
                shutil.rmtree(folder, ignore_errors=True)
