"""Records in sound files: WAV, and what a WAV is turned into: FLAC, Ogg Vorbis, MP3."""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path
from typing import Any, BinaryIO

import genui
from genui.errors import BadInput
from genui.provenance.document import (
    DAMAGED,
    NOT_OURS,
    RECORD_MAX,
    TOO_LARGE,
    parsed,
    record_document,
    take,
    xmp,
)
from genui.provenance.id3 import embed_mp3
from genui.provenance.riff import CHUNKS_MAX, chunk, chunks
from genui.records import Generation

BLOCK = 65_536  # samples converted at once
QUALITY = 0.6  # of Vorbis and MP3, 0 to 1
PAGES_MAX = 1000  # of Ogg: more than a record of the largest size fills


def embed_wav(path: Path, generation: Generation) -> None:
    """Write the record into the WAV file at `path`; its sound stays the same to the byte.

    Appends a LIST/INFO chunk (ISFT, ICRD, ICMT = the record) and an XMP chunk ("_PMX" in a WAV
    file, XMP part 3, 1.1.3) and corrects the RIFF size."""
    info = b"INFO" + b"".join(
        chunk(name, text.encode("ascii") + b"\0")
        for name, text in (
            (b"ISFT", f"genui {genui.__version__}"),
            (b"ICRD", generation.created[:10]),
            (b"ICMT", record_document(generation)),
        )
    )
    with path.open("r+b") as file:
        end = file.seek(0, os.SEEK_END)
        file.write(b"\0" * (end % 2) + chunk(b"LIST", info) + chunk(b"_PMX", xmp(generation)))
        size = file.tell() - 8
        file.seek(4)
        file.write(struct.pack("<I", size))


def to_flac(wav: Path, out: Path) -> None:
    """Convert a WAV file that carries a record into a FLAC file with the same sound and record.

    Works block by block. Raises `BadInput` as `provenance.read` does."""
    _converted(wav, out, "FLAC")


def to_ogg(wav: Path, out: Path) -> None:
    """As `to_flac`, as Ogg Vorbis; the sound is nearly the same."""
    _converted(wav, out, "OGG", subtype="VORBIS", compression_level=1 - QUALITY)


def to_mp3(wav: Path, out: Path) -> None:
    """As `to_flac`, as an MP3 of varying bit rate; the sound is nearly the same."""
    generation = _converted(
        wav, out, "MP3", subtype="MPEG_LAYER_III", compression_level=1 - QUALITY,
        bitrate_mode="VARIABLE",
    )  # fmt: skip
    embed_mp3(out, generation)


def _converted(wav: Path, out: Path, form: str, **how: Any) -> Generation:
    import soundfile  # loads a shared library

    with wav.open("rb") as file:
        file.seek(12)
        generation = parsed(from_wav(file)).generation
    with (
        soundfile.SoundFile(wav) as source,
        soundfile.SoundFile(
            out, "w", source.samplerate, source.channels, format=form,
            **{"subtype": source.subtype} | how,
        ) as target,
    ):  # fmt: skip
        if form != "MP3":  # its tag is ours
            target.software = f"genui {genui.__version__}"
            target.date = generation.created[:10]
            target.comment = record_document(generation)
        # libsndfile (1.2.2) writes whole numbers as MP3 at twice their loudness
        dtype = "float32" if how else "int16" if source.subtype == "PCM_16" else "int32"
        for block in source.blocks(BLOCK, dtype=dtype):
            target.write(block)
    return generation


def from_wav(file: BinaryIO) -> bytes:
    """The JSON of the record in a WAV file whose position is behind its head."""
    end = os.fstat(file.fileno()).st_size
    for name, start, size in chunks(file, end):
        if name == b"LIST" and file.read(4) == b"INFO":
            for part, _, length in chunks(file, min(start + size, end)):
                if part == b"ICMT":
                    return take(file, length).rstrip(b"\0")
    raise BadInput(NOT_OURS)


def from_flac(file: BinaryIO) -> bytes:
    """The COMMENT of the VORBIS_COMMENT block (FLAC format, RFC 9639, 8.6)."""
    file.seek(4)
    for _ in range(CHUNKS_MAX):
        head = file.read(4)
        if len(head) < 4:
            break
        size = int.from_bytes(head[1:], "big")
        if head[0] & 0x7F == 4:
            return _comment(file)
        if head[0] & 0x80:
            break
        file.seek(size, os.SEEK_CUR)
    raise BadInput(NOT_OURS)


def from_ogg(file: BinaryIO) -> bytes:
    """The COMMENT of the second packet of a stream of Ogg Vorbis (Vorbis I, 5; RFC 3533)."""
    file.seek(0)
    packets, packet = 0, bytearray()
    for _ in range(PAGES_MAX):
        head = file.read(27)
        if len(head) < 27 or head[:4] != b"OggS":
            break
        for size in take(file, head[26]):
            packet += take(file, size)
            if len(packet) > RECORD_MAX:
                raise BadInput(TOO_LARGE)
            if size == 255:
                continue  # the packet goes on
            packets += 1
            if packets == 2 and packet.startswith(b"\3vorbis"):
                return _comment(io.BytesIO(packet[7:]))
            packet = bytearray()
        if packets >= 2:
            raise BadInput(NOT_OURS)
    raise BadInput(DAMAGED if packets else NOT_OURS)


def _comment(file: BinaryIO) -> bytes:
    """The text named COMMENT among those that Vorbis and FLAC share."""
    file.seek(_length(file), os.SEEK_CUR)  # who wrote the file
    for _ in range(min(_length(file), CHUNKS_MAX)):
        length = _length(file)
        name = file.read(min(length, 8))
        if name.upper() == b"COMMENT=":
            return take(file, length - 8)
        file.seek(length - len(name), os.SEEK_CUR)
    raise BadInput(NOT_OURS)


def _length(file: BinaryIO) -> int:
    return int.from_bytes(take(file, 4), "little")
