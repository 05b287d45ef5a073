"""The safetensors weights in a folder, looked at before anything is loaded. Knows no library."""

from __future__ import annotations

import json
from pathlib import Path

from genui.errors import Unavailable

HEADER_MAX = 100_000_000  # bytes; what the safetensors library allows


def check(folder: Path, of: str) -> None:
    """Raise `Unavailable`, with one sentence that says what is wrong, unless `folder` holds whole
    safetensors weights with every shard that it lists. `of`: whose they are, as a visitor reads
    it ("this model")."""
    weights = sorted(folder.glob("*.safetensors"))
    if not weights and any(file.suffix in (".bin", ".ckpt", ".pt") for file in folder.iterdir()):
        raise Unavailable(
            f"The weights of {of} are pickled, and pickled files can run code, so they are not "
            "loaded here; ask the operator for a model with safetensors."
        )
    named = {
        file
        for listing in folder.glob("*.safetensors.index.json")
        for file in json.loads(listing.read_text(encoding="utf-8"))["weight_map"].values()
    }
    if not weights or named - {file.name for file in weights}:
        raise Unavailable(
            f"Weights of {of} are missing; ask the operator to fetch the model again."
        )
    if not all(whole(file) for file in weights):
        raise Unavailable(
            f"The weights of {of} broke off on the way here; ask the operator to fetch the model "
            "again."
        )


def whole(file: Path) -> bool:
    """True when a safetensors file is as long as its header says."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if not 2 <= length <= min(size - 8, HEADER_MAX):
            return False
        try:
            header = json.loads(stream.read(length))
            ends = [v["data_offsets"][1] for k, v in header.items() if k != "__metadata__"]
        except (ValueError, KeyError, TypeError, AttributeError):
            return False
    return 8 + length + max(ends, default=0) == size
