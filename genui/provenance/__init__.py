"""What is written into each file, how it is read back, and whether a repeat came out the same.

Every file carries the record of the generation that made it, in an envelope that says that a
machine made it (the IPTC digital source type). Knows WAV, FLAC, Ogg Vorbis, MP3, PNG, WebP, GIF,
MP4, MIDI, ABC, MusicXML, JSON and Markdown, told apart by their content, never by their names;
knows no page, no store and no engine. A file that comes in is untrusted: sizes in it are never
believed, nothing in it names a path, and what it claims is validated like any request.
"""

from __future__ import annotations

from pathlib import Path

from genui.provenance.document import (
    AI_MADE,
    AI_PAINTED_IN,
    DAMAGED,
    NOT_OURS,
    RECORD_MAX,
    TOO_LARGE,
    Envelope,
    from_text,
    parsed,
    record_document,
    text_document,
)
from genui.provenance.foreign import read_parameters
from genui.provenance.gif import SIGNATURES as GIF
from genui.provenance.gif import embed_gif, from_gif
from genui.provenance.id3 import embed_mp3, from_mp3, is_mp3
from genui.provenance.mp4 import embed_mp4, from_mp4, is_mp4
from genui.provenance.notes import (
    ABC,
    MIDI,
    XML,
    embed_abc,
    embed_json,
    embed_midi,
    embed_musicxml,
    from_abc,
    from_midi,
    from_musicxml,
)
from genui.provenance.png import SIGNATURE as PNG
from genui.provenance.png import embed_png, from_png
from genui.provenance.sound import embed_wav, from_flac, from_ogg, from_wav, to_flac, to_mp3, to_ogg
from genui.provenance.verdict import counterpart, verdict
from genui.provenance.webp import embed_webp, from_webp
from genui.records import Generation

__all__ = [
    "AI_MADE", "AI_PAINTED_IN", "DAMAGED", "NOT_OURS", "RECORD_MAX", "TOO_LARGE", "Envelope",
    "copy_record", "counterpart", "embed", "read", "read_envelope", "read_parameters",
    "record_document", "text_document", "to_flac", "to_mp3", "to_ogg", "verdict",
]  # fmt: skip


def embed(path: Path, generation: Generation) -> None:
    """Write the record into the file at `path`: WAV, MP3, PNG, WebP, GIF, MP4, MIDI, ABC, MusicXML
    or a JSON object. Its sound, pixels or notes stay the same to the byte. Raises `ValueError` for
    any other file."""
    with path.open("rb") as file:
        head = file.read(12)
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        embed_wav(path, generation)
    elif head[:8] == PNG:
        embed_png(path, generation)
    elif head[:4] == b"RIFF" and head[8:] == b"WEBP":
        embed_webp(path, generation)
    elif head[:6] in GIF:
        embed_gif(path, generation)
    elif is_mp4(head):
        embed_mp4(path, generation)
    elif is_mp3(head):
        embed_mp3(path, generation)
    elif head[:4] == MIDI:
        embed_midi(path, generation)
    elif head.startswith(ABC):
        embed_abc(path, generation)
    elif head[:5] == XML:
        embed_musicxml(path, generation)
    elif head[:1] == b"{":
        embed_json(path, generation)
    else:
        raise ValueError(f"{path.name} is no file that can carry a record")


def copy_record(source: Path, target: Path, edit: str) -> None:
    """Give the picture at `target` (PNG or WebP), made from the one at `source`, the same
    record, and say what was done to it: `edit`, such as "upscaled 4x".

    Raises `BadInput` as `read` does, `ValueError` when the target is no such picture."""
    envelope = read_envelope(source)
    with target.open("rb") as file:
        write = embed_png if file.read(8) == PNG else embed_webp
    write(target, envelope.generation, (*envelope.edits, edit))


def read(path: Path) -> Generation:
    """The record in a file of any of the kinds named above.

    Raises `BadInput` with one sentence: no record in it, damaged, or too large. Takes memory
    for the record only, however large the file is or claims to be."""
    return read_envelope(path).generation


def read_envelope(path: Path) -> Envelope:
    """As `read`, with what stands around the record."""
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] == b"RIFF" and head[8:] == b"WAVE":
            record = from_wav(file)
        elif head[:4] == b"RIFF" and head[8:] == b"WEBP":
            record = from_webp(file)
        elif head[:8] == PNG:
            record = from_png(file)
        elif head[:6] in GIF:
            record = from_gif(file)
        elif is_mp4(head):
            record = from_mp4(file)
        elif head[:4] == b"fLaC":
            record = from_flac(file)
        elif head[:4] == b"OggS":
            record = from_ogg(file)
        elif is_mp3(head):
            record = from_mp3(file)
        elif head[:4] == MIDI:
            record = from_midi(file)
        elif head.startswith(ABC):
            record = from_abc(file)
        elif head[:5] == XML:
            record = from_musicxml(file)
        else:
            record = from_text(file)
    return parsed(record)
