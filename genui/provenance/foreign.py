"""What files of other programs say about how their picture was made.

Looks for the common parameter text in PNG text and in the EXIF comment of JPEG and WebP, and for
the graph that ComfyUI writes. Takes memory for that text only, and believes no size.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, BinaryIO, Literal

from pydantic_core import from_json

from genui.errors import BadInput
from genui.provenance import parameters
from genui.provenance.document import take
from genui.provenance.png import SIGNATURE, text_of
from genui.provenance.webp import chunk_of

SEGMENTS_MAX = 200  # of a JPEG, before its pixels
EXIF_IFD, USER_COMMENT = 0x8769, 0x9286  # tags (Exif 2.32, 4.6.3 and 4.6.5)
SIZES = {1: 1, 2: 1, 7: 1}  # bytes of the types a comment may have

Inputs = dict[str, Any]  # of one node of a graph


def read_parameters(path: Path) -> dict[str, Any] | None:
    """A partial request (see `parameters.understood`) for the picture in a file of another
    program; None where the file says nothing that is understood."""
    with path.open("rb") as file:
        head = file.read(12)
        try:
            if head[:8] == SIGNATURE:
                texts = text_of(file, (b"parameters", b"prompt"))
                if said := texts.get(b"parameters"):
                    return parameters.understood(said.decode("utf-8", "replace"))
                return _graph(texts.get(b"prompt", b""))
            if head[:4] == b"RIFF" and head[8:] == b"WEBP":
                exif = chunk_of(file, b"EXIF")
            elif head[:3] == b"\xff\xd8\xff":
                exif = _jpeg_exif(file)
            else:
                return None
        except BadInput:  # damaged or too large: nothing to understand
            return None
    return parameters.understood(_user_comment(exif.removeprefix(b"Exif\0\0")))


def _jpeg_exif(file: BinaryIO) -> bytes:
    """The body of the APP1 segment with EXIF, empty where there is none."""
    file.seek(2)
    for _ in range(SEGMENTS_MAX):
        mark, size = take(file, 2), int.from_bytes(take(file, 2), "big")
        if mark[0] != 0xFF or mark[1] == 0xDA or size < 2:  # the pixels begin, or nonsense
            break
        start = file.tell()
        if mark[1] == 0xE1 and file.read(6) == b"Exif\0\0":
            return take(file, max(0, size - 8))
        file.seek(start + size - 2)
    return b""


def _user_comment(exif: bytes) -> str:
    """The UserComment of a TIFF structure, "" where there is none."""
    order: Literal["<", ">"] = ">" if exif[:2] == b"MM" else "<"
    try:
        (first,) = struct.unpack_from(f"{order}I", exif, 4)
        _, at, _ = _entry(exif, order, first, EXIF_IFD)
        kind, at, count = _entry(exif, order, at, USER_COMMENT)
    except (struct.error, LookupError):
        return ""
    body = exif[at : at + count * SIZES.get(kind, 0)]
    code, text = body[:8], body[8:]
    if code != b"UNICODE\0":
        return text.decode("utf-8", "replace").strip("\0 ")
    # the order of these bytes is left open by the standard: Latin letters have a high byte of 0
    big = text[::2].count(0) >= text[1::2].count(0)
    return text.decode("utf-16-be" if big else "utf-16-le", "replace")


def _entry(exif: bytes, order: str, at: int, tag: int) -> tuple[int, int, int]:
    """(type, value or offset, count) of a tag in the directory at `at`; raises `LookupError`."""
    (count,) = struct.unpack_from(f"{order}H", exif, at)
    for number in range(min(count, 500)):
        found, kind, length, value = struct.unpack_from(f"{order}HHII", exif, at + 2 + 12 * number)
        if found == tag:
            return kind, value, length
    raise LookupError(tag)


def _graph(text: bytes) -> dict[str, Any] | None:
    """What a ComfyUI graph ("prompt") asks of its first sampler."""
    try:
        nodes = from_json(text)
    except ValueError:
        return None
    found = _inputs(nodes)
    seeded = (i for i in found if "positive" in i and ("seed" in i or "noise_seed" in i))
    sampler = next(seeded, Inputs())
    size = next((i for i in found if isinstance(i.get("width"), int)), Inputs())
    options = {
        "steps": sampler.get("steps"), "guidance": sampler.get("cfg"),
        "width": size.get("width"), "height": size.get("height"),
    }  # fmt: skip
    seed = sampler.get("seed", sampler.get("noise_seed"))
    return parameters.request(
        _words(nodes, sampler.get("positive")), _words(nodes, sampler.get("negative")),
        {n: v for n, v in options.items() if isinstance(v, int | float) and 0 <= v < 1e5},
        seed if isinstance(seed, int) and seed >= 0 else None,
    )  # fmt: skip


def _inputs(nodes: Any) -> list[Inputs]:
    """What each node of a graph is given."""
    known = nodes.values() if isinstance(nodes, dict) else ()
    found = (node.get("inputs") for node in known if isinstance(node, dict))
    return [inputs for inputs in found if isinstance(inputs, dict)]


def _words(nodes: Any, link: Any) -> str:
    """The text at the end of a link (node id, slot), followed over a few nodes between."""
    for _ in range(8):
        node = nodes.get(link[0]) if isinstance(link, list) and link else None
        inputs = node.get("inputs") if isinstance(node, dict) else None
        if not isinstance(inputs, dict):
            return ""
        if isinstance(text := inputs.get("text"), str):
            return text[: parameters.TEXT_MAX]
        link = inputs.get("text", inputs.get("conditioning"))
    return ""
