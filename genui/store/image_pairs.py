"""Pairs of pictures of which one was preferred, as preference training of diffusion models reads
them: a Parquet file with the pictures inside, in the form that `datasets` opens as images.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from genui.errors import NotFound
from genui.records import canonical_json
from genui.store.media import MediaStore
from genui.store.preferences import current, first, second
from genui.store.tables import comparisons
from genui.store.writing import Line, Task, write_table

TEST_SHARE = 26  # of 256: a tenth of the prompts
SIDES = ("chosen", "rejected")
LEFT_OUT = {
    "gone": "{} left out because a picture is no longer kept here.",
    "unlike": "{} left out because the two pictures answer different prompts.",
}


def write_pairs(task: Task) -> int:
    """One row for every pair of pictures of the same prompt of which one is preferred now."""
    left: Counter[str] = Counter()
    written = write_table(task.out, _schema(), _rows(task, left))
    for why, number in left.items():
        task.tell(LEFT_OUT[why].format("1 pair was" if number == 1 else f"{number} pairs were"))
    return written


def _schema() -> Any:
    """The columns; the two pictures are marked as `datasets` marks its Image feature."""
    import pyarrow as pa

    text, picture = pa.string(), pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    columns = [("prompt", text), ("negative", text), *((side, picture) for side in SIDES)]
    for name in ("sha256", "id", "model", "revision", "weights_sha256", "license"):
        columns += [(f"{side}_{name}", text) for side in SIDES]
    columns += [(f"{side}_seed", pa.int64()) for side in SIDES]
    columns += [(f"{side}_options", text) for side in SIDES]
    columns += [
        (name, text)
        for name in ("source_sha256", "comparison_id", "rater", "created", "context", "sharing")
    ]
    columns += [("reasons", pa.list_(text)), ("split", text)]
    images = {"info": {"features": {side: {"_type": "Image"} for side in SIDES}}}
    return pa.schema(columns, metadata={"huggingface": json.dumps(images)})


def _rows(task: Task, left: Counter[str]) -> Iterator[tuple[Line, int]]:
    query = (
        current(first.c.record.label("first_record"), second.c.record.label("second_record"))
        .where(first.c.kind == "image", comparisons.c.outcome.in_(("first", "second")))
        .order_by(comparisons.c.seq)
    )
    for row in task.stream(query, comparisons, (first, second)):
        records = [json.loads(row.first_record), json.loads(row.second_record)]
        if row.outcome == "second":
            records.reverse()
        inputs, other = (record["request"]["inputs"] for record in records)
        if inputs != other or inputs.get("to"):  # pictures of a morph stand between two prompts
            left["unlike"] += 1
            continue
        try:
            sides = [_side(record, task.media) for record in records]
        except NotFound:
            left["gone"] += 1
            continue
        prompt = inputs.get("prompt", "")
        line = {
            "prompt": prompt,
            "negative": inputs.get("negative", ""),
            "source_sha256": inputs.get("image", ""),
            "comparison_id": row.id,
            "split": split(prompt),
            **{name: getattr(row, name) for name in ("rater", "created", "context", "sharing")},
            "reasons": row.reasons,
        }
        for name, side in zip(SIDES, sides, strict=True):
            line[name] = side.pop("picture")
            line |= {f"{name}_{key}": value for key, value in side.items()}
        yield line, sum(len(line[name]["bytes"]) for name in SIDES)


def split(prompt: str) -> str:
    """ "test" for a tenth of the prompts, "train" for the rest; a prompt is never in both."""
    first_byte = hashlib.sha256(prompt.encode()).digest()[0]
    return "test" if first_byte < TEST_SHARE else "train"


def _side(record: dict[str, Any], media: MediaStore) -> Line:
    """What a row says of one of its pictures; raises `NotFound` when the file is gone, or is no
    longer what it was."""
    kept = next((a for a in record["artifacts"] if a["name"] == "picture"), None)
    if kept is None:
        raise NotFound("This result has no picture.")
    content = media.path(kept["sha256"]).read_bytes()
    if hashlib.sha256(content).hexdigest() != kept["sha256"]:
        raise NotFound("This picture was changed.")
    return {
        "picture": {"bytes": content, "path": f"{kept['sha256']}.png"},
        "sha256": kept["sha256"],
        "id": record["id"],
        "model": record["model"]["id"],
        "revision": record["model"]["revision"],
        "weights_sha256": record["model"]["sha256"],
        "license": record["model"]["license"],
        "seed": record["usage"].get("seed", record["request"]["seed"]),
        "options": canonical_json(record["request"]["options"]),
    }
