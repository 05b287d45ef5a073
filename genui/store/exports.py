"""Ratings as files: JSON lines, Parquet, and the KTO and DPO rows that TRL reads.

Rows stream from one snapshot of the database to a temporary file that takes its name when it is
whole, so memory stays constant and a reader never sees half an export. No export holds sessions.
docs/store.md lists the columns.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator
from heapq import heappush, heappushpop
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, case, func, select

from genui.errors import BadInput, StorageFull
from genui.records import canonical_json
from genui.store import conversation
from genui.store.store import RATING_COLUMNS, Store, current_rows
from genui.store.tables import current_ratings, generations, ratings

PAGE = 200  # rows the database hands over at once
GROUP_BYTES = 4 << 20  # text of a Parquet row group, the most that is held in memory
GROUP_ROWS = 2048
PAIRED = 32  # replies on each side of a prompt that are paired: at most 1,024 DPO rows a prompt

Line = dict[str, Any]
Scope = list[ColumnElement[bool]]  # conditions on `generations` and `ratings`


def export(
    store: Store,
    fmt: str,
    out: Path,
    comments: bool = False,
    kind: str | None = None,
    owner: str | None = None,
    shared: bool = False,
) -> int:
    """Write `out` in one of `FORMATS` and return how many rows it has.

    `comments` includes what raters wrote; `kind` keeps one kind of generation, `owner` the
    results of one session, with `shared` also what was rated for the public data set. Raises
    `BadInput` for an unknown format or a folder that is not there, `StorageFull` when there is no
    room."""
    if fmt not in FORMATS:
        raise BadInput(f"“{fmt}” is not an export format; use one of: {', '.join(FORMATS)}.")
    if not out.parent.is_dir() or out.is_dir():
        raise BadInput(f"“{out}” cannot be written; name a file in a folder that exists.")
    scope: Scope = [] if kind is None else [generations.c.kind == kind]
    if owner is not None:
        own = generations.c.owner == owner
        scope.append(own | (ratings.c.sharing == "shared") if shared else own)
    draft = out.with_name(f".{out.name}.{secrets.token_hex(4)}.part")
    try:
        with store.database.read() as connection:
            written = FORMATS[fmt](connection, draft, comments, scope)
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.replace(out)
    except OSError as error:
        raise StorageFull.from_os(error) from error
    finally:
        draft.unlink(missing_ok=True)
    return written


# --- every event --------------------------------------------------------------------------------


def _jsonl(connection: Connection, out: Path, comments: bool, scope: Scope) -> int:
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
        for row in _stream(connection, query, scope):
            line = row._asdict()
            record, taken_back = line.pop("record"), line.pop("undone")
            if not comments or taken_back:  # who takes a rating back takes its words back
                del line["comment"]
            yield f'{canonical_json(line)[:-1]},"generation":{record}}}\n'

    return _write_lines(out, lines())


# --- current ratings as a table -----------------------------------------------------------------


def _parquet(connection: Connection, out: Path, comments: bool, scope: Scope) -> int:
    """One row for every current rating; the generation record as JSON text beside its most
    used fields, since records of different kinds have different fields."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    text, names = pa.string(), ("rating_id", "generation_id", "rater", "created", "thumb")
    fields = [(name, text) for name in names]
    fields += [("stars", pa.int8()), ("reasons", pa.list_(text)), ("sharing", text)]
    fields += [(name, text) for name in ("kind", "model", "prompt", "text", "generation")]
    fields += [("comment", text)] if comments else []
    schema = pa.schema(fields)
    query = current_rows(*RATING_COLUMNS, generations.c.record).order_by(current_ratings.c.event)
    written, size = 0, 0
    batch: list[Line] = []
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for row in _stream(connection, query, scope):
            record = json.loads(row.record)
            batch.append(
                row._asdict()
                | {
                    "rating_id": row.id,
                    "kind": record["request"]["kind"],
                    "model": record["model"]["id"],
                    "prompt": conversation.asked(record),
                    "text": record["text"],
                    "generation": row.record,
                }
            )
            size += len(row.record)
            if size >= GROUP_BYTES or len(batch) >= GROUP_ROWS:
                writer.write_table(pa.Table.from_pylist(batch, schema=schema))
                written, size, batch = written + len(batch), 0, []
        writer.write_table(pa.Table.from_pylist(batch, schema=schema))
    return written + len(batch)


# --- rows for TRL -------------------------------------------------------------------------------


def _kto(connection: Connection, out: Path, comments: bool, scope: Scope) -> int:
    """One row for every current thumb on a text generation: prompt, completion, label."""
    query = (
        current_rows(current_ratings.c.thumb, generations.c.record)
        .where(current_ratings.c.thumb.is_not(None), generations.c.reply_sha256.is_not(None))
        .order_by(current_ratings.c.event)
    )

    def rows() -> Iterator[Line]:
        for row in _stream(connection, query, scope):
            record = json.loads(row.record)
            yield {
                "prompt": conversation.prompt(record),
                "completion": conversation.reply(record),
                "label": row.thumb == "up",
            }

    return _write_lines(out, (json.dumps(row, ensure_ascii=False) + "\n" for row in rows()))


def _dpo(connection: Connection, out: Path, comments: bool, scope: Scope) -> int:
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
        for _, replies in groupby(_stream(connection, query, scope), attrgetter("prompt")):
            best: list[tuple[int, int]] = []
            worst: list[tuple[int, int]] = []
            for reply in replies:
                side = best if reply.score > 0 else worst
                keep = heappush if len(side) < PAIRED else heappushpop
                keep(side, (abs(reply.score), reply.seq))
            if best and worst:
                rejected = _records(connection, worst)
                for good in _records(connection, best):
                    for bad in rejected:
                        yield {
                            "prompt": conversation.prompt(good),
                            "chosen": conversation.reply(good),
                            "rejected": conversation.reply(bad),
                        }

    return _write_lines(out, (json.dumps(row, ensure_ascii=False) + "\n" for row in rows()))


def _records(connection: Connection, ranked: list[tuple[int, int]]) -> list[Line]:
    """The records of (votes, seq), most votes first."""
    seqs = [seq for _, seq in sorted(ranked, reverse=True)]
    query = select(generations.c.seq, generations.c.record).where(generations.c.seq.in_(seqs))
    found = {row.seq: row.record for row in connection.execute(query)}
    return [json.loads(found[seq]) for seq in seqs]


# --- shared -------------------------------------------------------------------------------------


def _stream(connection: Connection, query: Select[Any], scope: Scope) -> Iterator[Row[Any]]:
    """The rows of a query that lie in the scope, `PAGE` at a time."""
    with connection.execute(query.where(*scope), execution_options={"yield_per": PAGE}) as rows:
        yield from rows


def _write_lines(out: Path, lines: Iterator[str]) -> int:
    written = 0
    with out.open("w", encoding="utf-8", newline="\n") as file:
        for line in lines:
            file.write(line)
            written += 1
    return written


Writer = Callable[[Connection, Path, bool, Scope], int]
FORMATS: dict[str, Writer] = {"jsonl": _jsonl, "parquet": _parquet, "kto": _kto, "dpo": _dpo}
