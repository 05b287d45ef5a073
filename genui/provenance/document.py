"""The record as it stands in a file: an envelope of JSON, and the sentences when there is none.

Knows no file format; the modules beside it put the envelope into theirs. What comes in is
untrusted: what it claims is validated like any request, and nothing in it names a path.
"""

from __future__ import annotations

import json
from typing import Annotated, BinaryIO, Literal
from xml.sax.saxutils import escape, unescape

from pydantic import Field
from pydantic_core import from_json

from genui.errors import BadInput
from genui.records import Generation, Record

# How IPTC calls what a trained model made alone, and what it painted into another picture.
IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype"
AI_MADE = f"{IPTC}/trainedAlgorithmicMedia"
AI_PAINTED_IN = f"{IPTC}/compositeWithTrainedAlgorithmicMedia"
RECORD_MAX = 8 * 2**20  # bytes; a record is a request and a text, a few kB as a rule

NOT_OURS = "This file carries no record; drop a file that a genui playground made."
DAMAGED = "The record in this file is damaged; drop the original file instead."
TOO_LARGE = "The record in this file is too large to read; drop the original file instead."
TOO_LONG = "This request is too long to be written into a file; make it shorter."

Edit = Annotated[str, Field(min_length=1, max_length=200)]  # "upscaled 4x"


class Envelope(Record):
    """What stands in a file: the record without its artifacts (a file cannot hold its own
    hash), the statement that a machine made it, and what was done to it afterwards ("upscaled
    4x", "converted to WebP"), oldest first."""

    format: Literal["genui-record-1"] = "genui-record-1"
    digitalSourceType: str = AI_MADE  # the name IPTC gives it
    generation: Generation
    edits: tuple[Edit, ...] = Field(default=(), max_length=50)


def source_type(generation: Generation) -> str:
    """The IPTC term for a generation: with a mask it is a composite, otherwise made whole."""
    return AI_PAINTED_IN if generation.request.inputs.get("mask") else AI_MADE


def record_document(generation: Generation, edits: tuple[str, ...] = ()) -> str:
    """The record as one line of JSON: what every file carries, and a file of its own (.json)."""
    envelope = Envelope(
        digitalSourceType=source_type(generation),
        generation=generation.model_copy(update={"artifacts": ()}),
        edits=edits,
    )
    # files without edits stay readable for a genui that knows none
    plain = envelope.model_dump(mode="json", exclude=None if edits else {"edits"})
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    if len(text) > RECORD_MAX:
        raise BadInput(TOO_LONG)
    return text


def text_document(generation: Generation) -> str:
    """A Markdown file: JSON front matter with the record, then the text as it is.

    The front matter is one line, so nothing in the text can end it or start another."""
    return f"---\n{record_document(generation)}\n---\n\n{generation.text or ''}\n"


def xmp(generation: Generation, record: str = "") -> bytes:
    """An XMP packet (where IPTC puts its term) that says how a file was made.

    `record` goes with it for files that have no better place for it."""
    own = f"\n<genui:record>{escape(record)}</genui:record>" if record else ""
    packet = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmlns:genui="urn:genui:record#">
<Iptc4xmpExt:DigitalSourceType>{source_type(generation)}</Iptc4xmpExt:DigitalSourceType>{own}
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>
""".encode()
    if len(packet) > RECORD_MAX:
        raise BadInput(TOO_LONG)
    return packet


def from_xmp(packet: bytes) -> bytes:
    """The JSON of the record in an XMP packet; raises `BadInput` where there is none."""
    _, begun, rest = packet.partition(b"<genui:record>")
    record, ended, _ = rest.partition(b"</genui:record>")
    if not begun or not ended:
        raise BadInput(NOT_OURS)
    text: str = unescape(record.decode("utf-8", "replace"))
    return text.encode()


def parsed(record: bytes) -> Envelope:
    """The envelope in JSON from a file; raises `BadInput`. A bare record, as the API gives it,
    is read too, and one that stands in another object under "record"."""
    try:
        found = from_json(record, allow_inf_nan=False)
        found = found.get("record", found)
        if "generation" in found:
            return Envelope.model_validate(found)
        return Envelope(generation=Generation.model_validate(found))
    except (
        AttributeError,
        TypeError,
        ValueError,
    ):  # of JSON that is no object, of JSON and of pydantic
        raise BadInput(DAMAGED) from None


def take(file: BinaryIO, size: int) -> bytes:
    """Exactly `size` bytes, or the sentence that says why not."""
    if size > RECORD_MAX:
        raise BadInput(TOO_LARGE)
    if len(found := file.read(size)) < size:
        raise BadInput(DAMAGED)
    return found


def from_text(file: BinaryIO) -> bytes:
    """The JSON of a record in a Markdown or JSON file."""
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
