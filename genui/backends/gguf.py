"""Reads the head of a GGUF file: enough to refuse what is none and to foresee its memory.

Knows nothing of tensors' contents. Layout: the GGUF specification of ggml, versions 2 and 3.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

# value type -> struct format; 8 is a string, 9 an array
NUMBERS = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?",
    10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip
LONGEST = 64 * 2**20  # bytes of one value; real ones stay far below


class NotGguf(Exception):
    """The file is no GGUF model, or only the beginning of one."""


def metadata(path: Path) -> dict[str, object]:
    """The model's key-value pairs; arrays are given as their length. Raises `NotGguf`."""
    try:
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise NotGguf("wrong magic")
            version = _number(file, 4)
            if version not in (2, 3):
                raise NotGguf(f"version {version}")
            _tensors, pairs = _number(file, 10), _number(file, 10)
            if not 0 < pairs < 100_000:
                raise NotGguf(f"{pairs} metadata entries")
            return {_string(file): _value(file, int(_number(file, 4))) for _ in range(int(pairs))}
    except (struct.error, UnicodeDecodeError, KeyError) as error:
        raise NotGguf(str(error)) from error


def _number(file: BinaryIO, kind: int) -> float:
    layout = NUMBERS[kind]
    number: float = struct.unpack(layout, file.read(struct.calcsize(layout)))[0]
    return number


def _bytes(file: BinaryIO) -> bytes:
    length = int(_number(file, 10))
    if length > LONGEST:
        raise NotGguf("a value without end")
    return file.read(length)


def _string(file: BinaryIO) -> str:
    return _bytes(file).decode()


def _value(file: BinaryIO, kind: int) -> object:
    if kind == 8:
        return _string(file)
    if kind != 9:
        return _number(file, kind)
    item, count = int(_number(file, 4)), int(_number(file, 10))
    if item == 8:
        for _ in range(count):
            _bytes(file)
    else:
        file.seek(count * struct.calcsize(NUMBERS[item]), 1)
    return count
