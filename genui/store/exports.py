"""Opinions as files: JSON lines, Parquet, the KTO and DPO rows that TRL reads, pairs of pictures.

Rows stream from one snapshot of the database to a temporary file that takes its name when it is
whole, so memory stays constant and a reader never sees half an export. No export holds sessions.
docs/store.md lists the columns.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
from collections.abc import Callable, Iterator
from heapq import heappush, heappushpop
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from sqlalchemy import Connection, case, func, select

from genui.errors import BadInput, StorageFull
from genui.records import canonical_json
from genui.store import conversation
from genui.store.image_pairs import write_pairs
from genui.store.store import RATING_COLUMNS, Store, current_rows
from genui.store.tables import current_ratings, generations, ratings
from genui.store.writing import Line, Task, write_lines, write_table

log = logging.getLogger(__name__)

PAIRED = 32  # replies on each side of a prompt that are paired: at most 1,024 DPO rows a prompt
MEDIA = ("picture", "audio")  # the artifacts that are the result itself


def export(
    store: Store,
    fmt: str,
    out: Path,
    comments: bool = False,
    kind: str | None = None,
    owner: str | None = None,
    shared: bool = False,
    tell: Callable[[str], object] = log.warning,
) -> int:
    """Write `out` in one of `FORMATS` and return how many rows it has.

    `comments` includes what raters wrote; `kind` keeps one kind of generation, `owner` the
    results of one session, with `shared` also what was rated for the public data set. `tell` is
    given a sentence for rows that had to be left out. Raises `BadInput` for an unknown format or
    a folder that is not there, `StorageFull` when there is no room."""
    if fmt not in FORMATS:
        raise BadInput(f"“{fmt}” is not an export format; use one of: {', '.join(FORMATS)}.")
    if not out.parent.is_dir() or out.is_dir():
        raise BadInput(f"“{out}” cannot be written; name a file in a folder that exists.")
    draft = out.with_name(f".{out.name}.{secrets.token_hex(4)}.part")
    try:
        with store.database.read() as connection:
            task = Task(connection, store.media, draft, tell, comments, kind, owner, shared)
            written = FORMATS[fmt](task)
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.replace(out)
    except OSError as error:
        raise StorageFull.from_os(error) from error
    finally:
        draft.unlink(missing_ok=True)
    return written


# --- every event --------------------------------------------------------------------------------


def _jsonl(task: Task) -> int:
    """One line for every rating event ever kept, with its whole generation record."""
    other = ratings.alias()
    of_same = (other.c.generation == ratings.c.generation) & (other.c.rater == ratings.c.rater)
    newest = select(func.max(other.c.seq)).where(of_same).scalar_subquery()
    undone = select(func.max(other.c.seq)).where(of_same, other.c.withdrawn).scalar_subquery()
    query = (
        select(
            *RATING_COLUMNS,
            generations.c.record,
            (ratings.c.seq < newest).label("superseded"),
            func.coalesce(ratings.c.seq <= undone, False).label("undone"),
        )
        .join(generations, generations.c.seq == ratings.c.generation)
        .order_by(ratings.c.seq)
    )

    def lines() -> Iterator[str]:
        for row in task.stream(query, ratings):
            line = row._asdict()
            record, taken_back = line.pop("record"), line.pop("undone")
            if not task.comments or taken_back:  # who takes a rating back takes its words back
                del line["comment"]
            yield f'{canonical_json(line)[:-1]},"generation":{record}}}\n'

    return write_lines(task.out, lines())


# --- current ratings as a table -----------------------------------------------------------------


def _parquet(task: Task) -> int:
    """One row for every current rating; the generation record as JSON text beside its most
    used fields, since records of different kinds have different fields."""
    import pyarrow as pa

    text, names = pa.string(), ("rating_id", "generation_id", "rater", "created", "thumb")
    fields = [(name, text) for name in names]
    fields += [("stars", pa.int8()), ("reasons", pa.list_(text)), ("sharing", text)]
    fields += [
        (name, text) for name in ("kind", "model", "prompt", "text", "media_sha256", "generation")
    ]
    fields += [("comment", text)] if task.comments else []
    query = current_rows(*RATING_COLUMNS, generations.c.record).order_by(current_ratings.c.event)

    def rows() -> Iterator[tuple[Line, int]]:
        for row in task.stream(query, ratings):
            record = json.loads(row.record)
            media = (a["sha256"] for a in record["artifacts"] if a["name"] in MEDIA)
            line = row._asdict() | {
                "rating_id": row.id,
                "kind": record["request"]["kind"],
                "model": record["model"]["id"],
                "prompt": conversation.asked(record),
                "text": record["text"],
                "media_sha256": next(media, None),
                "generation": row.record,
            }
            yield line, len(row.record)

    return write_table(task.out, pa.schema(fields), rows())


# --- rows for TRL -------------------------------------------------------------------------------


def _kto(task: Task) -> int:
    """One row for every current thumb on a text generation: prompt, completion, label."""
    query = (
        current_rows(current_ratings.c.thumb, generations.c.record)
        .where(current_ratings.c.thumb.is_not(None), generations.c.reply_sha256.is_not(None))
        .order_by(current_ratings.c.event)
    )

    def rows() -> Iterator[Line]:
        for row in task.stream(query, ratings):
            record = json.loads(row.record)
            yield {
                "prompt": conversation.prompt(record),
                "completion": conversation.reply(record),
                "label": row.thumb == "up",
            }

    return write_lines(task.out, (json.dumps(row, ensure_ascii=False) + "\n" for row in rows()))


def _dpo(task: Task) -> int:
    """Pairs of replies to one prompt that raters judged oppositely: prompt, chosen, rejected.

    Votes are summed over equal replies; ties pair with nothing. Of a much rated prompt the
    `PAIRED` clearest replies of each side are paired, the newest of equals first."""
    score = func.sum(case((current_ratings.c.thumb == "up", 1), else_=-1))
    query = (
        current_rows(
            generations.c.prompt_sha256.label("prompt"),
            score.label("score"),
            func.max(generations.c.seq).label("seq"),
        )
        .where(current_ratings.c.thumb.is_not(None), generations.c.reply_sha256.is_not(None))
        .group_by(generations.c.prompt_sha256, generations.c.reply_sha256)
        .having(score != 0)
        .order_by(generations.c.prompt_sha256)
    )

    def rows() -> Iterator[Line]:
        for _, replies in groupby(task.stream(query, ratings), attrgetter("prompt")):
            best: list[tuple[int, int]] = []
            worst: list[tuple[int, int]] = []
            for reply in replies:
                side = best if reply.score > 0 else worst
                keep = heappush if len(side) < PAIRED else heappushpop
                keep(side, (abs(reply.score), reply.seq))
            if best and worst:
                rejected = _records(task.connection, worst)
                for good in _records(task.connection, best):
                    for bad in rejected:
                        yield {
                            "prompt": conversation.prompt(good),
                            "chosen": conversation.reply(good),
                            "rejected": conversation.reply(bad),
                        }

    return write_lines(task.out, (json.dumps(row, ensure_ascii=False) + "\n" for row in rows()))


def _records(connection: Connection, ranked: list[tuple[int, int]]) -> list[Line]:
    """The records of (votes, seq), most votes first."""
    seqs = [seq for _, seq in sorted(ranked, reverse=True)]
    query = select(generations.c.seq, generations.c.record).where(generations.c.seq.in_(seqs))
    found = {row.seq: row.record for row in connection.execute(query)}
    return [json.loads(found[seq]) for seq in seqs]


FORMATS: dict[str, Callable[[Task], int]] = {
    "jsonl": _jsonl, "parquet": _parquet, "kto": _kto, "dpo": _dpo, "image-pairs": write_pairs,
}  # fmt: skip
