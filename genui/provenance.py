"""What is written into each file, how it is read back, and whether a repeat came out the same.

Every file carries the record of the generation that made it, in an envelope that says that a
machine made it (the IPTC digital source type). Knows WAV, FLAC and text; knows no page, no
store and no engine. A file that comes in is untrusted: sizes in it are never believed, nothing
in it names a path, and what it claims is validated like any request.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal

from pydantic_core import from_json

import genui
from genui.errors import BadInput
from genui.records import Generation, Record

AI_MADE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
RECORD_MAX = 8 * 2**20  # bytes; a record is a request and a text, a few kB as a rule
CHUNKS_MAX = 1000  # chunks or comments looked at before a file counts as nonsense

# XMP is where IPTC puts the term; "_PMX" is its chunk in a RIFF file (XMP part 3, 1.1.3)
XMP = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
<Iptc4xmpExt:DigitalSourceType>{AI_MADE}</Iptc4xmpExt:DigitalSourceType>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>
"""

NOT_OURS = "This file carries no record; drop a file that a genui playground made."
DAMAGED = "The record in this file is damaged; drop the original file instead."
TOO_LARGE = "The record in this file is too large to read; drop the original file instead."


class Envelope(Record):
    """What stands in a file: the record without its artifacts (a file cannot hold its own
    hash), and the statement that a machine made it."""

    format: Literal["genui-record-1"] = "genui-record-1"
    digitalSourceType: str = AI_MADE  # the name IPTC gives it
    generation: Generation


def record_document(generation: Generation) -> str:
    """The record as one line of JSON: what every file carries, and a file of its own (.json)."""
    envelope = Envelope(generation=generation.model_copy(update={"artifacts": ()}))
    text = json.dumps(envelope.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    if len(text) > RECORD_MAX:
        raise BadInput("This request is too long to be written into a file; make it shorter.")
    return text


def text_document(generation: Generation) -> str:
    """A Markdown file: JSON front matter with the record, then the text as it is.

    The front matter is one line, so nothing in the text can end it or start another."""
    return f"---\n{record_document(generation)}\n---\n\n{generation.text or ''}\n"


def embed(path: Path, generation: Generation) -> None:
    """Write the record into the WAV file at `path`; its sound stays the same to the byte.

    Appends a LIST/INFO chunk (ISFT, ICRD, ICMT = the record) and an XMP chunk and corrects the
    RIFF size. Raises `ValueError` for anything that is not a WAV file."""
    info = b"INFO" + b"".join(
        _chunk(name, text.encode("ascii") + b"\0")
        for name, text in (
            (b"ISFT", f"genui {genui.__version__}"),
            (b"ICRD", generation.created[:10]),
            (b"ICMT", record_document(generation)),
        )
    )
    with path.open("r+b") as file:
        if (head := file.read(12))[:4] != b"RIFF" or head[8:] != b"WAVE":
            raise ValueError(f"{path.name} is no WAV file")
        end = file.seek(0, os.SEEK_END)
        file.write(b"\0" * (end % 2) + _chunk(b"LIST", info) + _chunk(b"_PMX", XMP.encode()))
        size = file.tell() - 8
        file.seek(4)
        file.write(struct.pack("<I", size))


def _chunk(name: bytes, body: bytes) -> bytes:
    """A RIFF chunk, padded to an even length."""
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def to_flac(wav: Path, out: Path) -> None:
    """Convert a WAV file that carries a record into a FLAC file with the same sound and record.

    Works block by block. Raises `BadInput` as `read` does."""
    import soundfile  # loads a shared library

    generation = read(wav)
    with (
        soundfile.SoundFile(wav) as source,
        soundfile.SoundFile(
            out, "w", source.samplerate, source.channels, subtype=source.subtype, format="FLAC"
        ) as target,
    ):
        target.software = f"genui {genui.__version__}"
        target.date = generation.created[:10]
        target.comment = record_document(generation)
        dtype = "int16" if source.subtype == "PCM_16" else "int32"
        for block in source.blocks(65536, dtype=dtype):
            target.write(block)


# --- reading back -----------------------------------------------------------------------------


def read(path: Path) -> Generation:
    """The record in a WAV, FLAC, Markdown or JSON file, told apart by their content.

    Raises `BadInput` with one sentence: no record in it, damaged, or too large. Takes memory
    for the record only, however large the file is or claims to be."""
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] == b"RIFF" and head[8:] == b"WAVE":
            record = _from_wav(file)
        elif head[:4] == b"fLaC":
            record = _from_flac(file)
        else:
            record = _from_text(file)
    try:
        found = from_json(record, allow_inf_nan=False)
        if "generation" in found:
            return Envelope.model_validate(found).generation
        return Generation.model_validate(found)
    except ValueError:  # of JSON and of pydantic
        raise BadInput(DAMAGED) from None


def _chunks(file: BinaryIO, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(name, start, size) of the RIFF chunks from the file's position to `end`."""
    for _ in range(CHUNKS_MAX):
        head = file.read(8)
        start = file.tell()
        if len(head) < 8 or start > end:
            return
        name, size = head[:4], struct.unpack("<I", head[4:])[0]
        yield name, start, size
        file.seek(start + size + size % 2)


def _take(file: BinaryIO, size: int) -> bytes:
    """Exactly `size` bytes, or the sentence that says why not."""
    if size > RECORD_MAX:
        raise BadInput(TOO_LARGE)
    if len(found := file.read(size)) < size:
        raise BadInput(DAMAGED)
    return found


def _from_wav(file: BinaryIO) -> bytes:
    end = os.fstat(file.fileno()).st_size
    for name, start, size in _chunks(file, end):
        if name == b"LIST" and file.read(4) == b"INFO":
            for part, _, length in _chunks(file, min(start + size, end)):
                if part == b"ICMT":
                    return _take(file, length).rstrip(b"\0")
    raise BadInput(NOT_OURS)


def _from_flac(file: BinaryIO) -> bytes:
    """The COMMENT of the VORBIS_COMMENT block (FLAC format, RFC 9639, 8.6)."""
    file.seek(4)
    for _ in range(CHUNKS_MAX):
        head = file.read(4)
        if len(head) < 4:
            break
        size = int.from_bytes(head[1:], "big")
        if head[0] & 0x7F == 4:
            file.seek(_length(file), os.SEEK_CUR)  # who wrote the file
            for _ in range(min(_length(file), CHUNKS_MAX)):
                length = _length(file)
                name = file.read(min(length, 8))
                if name.upper() == b"COMMENT=":
                    return _take(file, length - 8)
                file.seek(length - len(name), os.SEEK_CUR)
            break
        if head[0] & 0x80:
            break
        file.seek(size, os.SEEK_CUR)
    raise BadInput(NOT_OURS)


def _length(file: BinaryIO) -> int:
    return int.from_bytes(_take(file, 4), "little")


def _from_text(file: BinaryIO) -> bytes:
    file.seek(0)
    most = RECORD_MAX + 1
    found = file.readline(most).removeprefix(b"\xef\xbb\xbf")
    if found.strip() == b"---":
        found = file.readline(most)
    elif found[:1] == b"{":
        found += file.read(most)  # JSON may be spread over lines
    if found[:1] != b"{":
        raise BadInput(NOT_OURS)
    if len(found) > RECORD_MAX:
        raise BadInput(TOO_LARGE)
    return found


# --- repeating --------------------------------------------------------------------------------


def verdict(original: Generation, again: Generation) -> tuple[bool, str]:
    """Whether a repeat gave the same bytes, and one sentence that says so or why not.

    An original that was stopped early counts as repeated when the repeat begins with it."""
    before, after = original.request, again.request
    if (before.model, before.inputs, before.options, before.seed) != (
        after.model, after.inputs, after.options, after.seed
    ):  # fmt: skip
        return False, "Not comparable: the two were asked for different things."
    if original.output_sha256 == again.output_sha256:
        return True, "Identical: every byte came out the same again."
    if (
        original.status == "stopped"
        and original.text
        and (again.text or "").startswith(original.text)
        and again.request.kind == "text"
    ):
        return True, "Identical as far as the first one got; it was stopped early."
    if None not in (old := original.model.sha256, new := again.model.sha256) and old != new:
        return False, f"Different: the weights of {again.model.title} have changed since."
    if original.device != again.device:
        return False, f"Different: made on {original.device}, repeated on {again.device}."
    names = sorted(original.versions.keys() | again.versions.keys())
    changed = [
        f"{name} {original.versions.get(name, 'none')} → {again.versions.get(name, 'none')}"
        for name in names
        if original.versions.get(name) != again.versions.get(name)
    ]
    if changed:
        return False, f"Different: other versions here ({', '.join(changed)})."
    if "stopped" in (original.status, again.status):
        return False, "Different: one of the two was stopped early; let both run to the end."
    return False, (
        "Different: same model, device and versions, so another processor, or other requests "
        "computed together with this one, rounded differently."
    )
