"""What every export shares: which rows it may have, streams of them, files of lines or tables.

Memory stays constant: the database hands over a page of rows at a time, and a table keeps one row
group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, FromClause, Row, Select, and_

from genui.store.media import MediaStore
from genui.store.tables import generations

PAGE = 200  # rows the database hands over at once
GROUP_BYTES = 4 << 20  # contents of a Parquet row group, the most that is held in memory
GROUP_ROWS = 2048

Line = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """One export: from where, into which file, and which rows.

    `kind` keeps one kind of result, `owner` the results of one session, with `shared` also what
    was said for the public data set; `comments` includes what raters wrote. `tell` is given a
    sentence for what had to be left out."""

    connection: Connection
    media: MediaStore
    out: Path
    tell: Callable[[str], object]
    comments: bool = False
    kind: str | None = None
    owner: str | None = None
    shared: bool = False

    def stream(
        self, query: Select[Any], events: FromClause, made: Iterable[FromClause] = (generations,)
    ) -> Iterator[Row[Any]]:
        """The rows of a query that this export may have: `events` is the table of what was said
        in it, `made` the generations it was said of."""
        if self.kind is not None:
            query = query.where(*(each.c.kind == self.kind for each in made))
        if self.owner is not None:
            own = and_(*(each.c.owner == self.owner for each in made))
            query = query.where(own | (events.c.sharing == "shared") if self.shared else own)
        options = {"yield_per": PAGE}
        with self.connection.execute(query, execution_options=options) as rows:
            yield from rows


def write_lines(out: Path, lines: Iterable[str]) -> int:
    """Write a file of lines, each with its line break; returns how many."""
    written = 0
    with out.open("w", encoding="utf-8", newline="\n") as file:
        for line in lines:
            file.write(line)
            written += 1
    return written


def write_table(out: Path, schema: Any, rows: Iterable[tuple[Line, int]]) -> int:
    """Write a Parquet file of rows, each with its size in bytes, more or less; returns how many
    rows there were. `schema` is pyarrow's."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    written, size = 0, 0
    batch: list[Line] = []
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for row, weight in rows:
            batch.append(row)
            size += weight
            if size >= GROUP_BYTES or len(batch) >= GROUP_ROWS:
                writer.write_table(pa.Table.from_pylist(batch, schema=schema))
                written, size, batch = written + len(batch), 0, []
        if batch:
            writer.write_table(pa.Table.from_pylist(batch, schema=schema))
    return written + len(batch)
