"""Records in moving pictures: frames stay, the record comes back, hostile files are refused."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageSequence

from genui import provenance
from genui.errors import BadInput
from genui.provenance import AI_MADE, DAMAGED, NOT_OURS, RECORD_MAX, TOO_LARGE
from genui.provenance.gif import TRAILER
from genui.provenance.gif import XMP as IN_GIF
from genui.provenance.mp4 import XMP as IN_MP4
from genui.records import Generation, Request
from tests.unit.test_provenance import NASTY, made, refused
from tests.unit.test_provenance_pictures import noise

GIF_HEAD = b"GIF89a" + struct.pack("<HHBBB", 8, 8, 0, 0, 0)


def walked() -> Generation:
    inputs: dict[str, Any] = {"task": "walk", "places": [{"at": [0.5, -1.25]}, {"at": [1.0, 2.0]}]}
    request = Request(kind="latent", model="avatars", inputs=inputs, seed=7)
    return made(text="", kind="latent", request=request, usage={"note": NASTY})


def box(name: bytes, body: bytes, claim: int | None = None) -> bytes:
    return struct.pack(">I", 8 + len(body) if claim is None else claim) + name + body


def gif(path: Path, **more: Any) -> Path:
    frames = [noise("RGB").quantize(32), noise("RGB").rotate(90).quantize(32)]
    frames[0].save(path, "GIF", save_all=True, append_images=frames[1:], duration=40, **more)
    return path


FTYP = box(b"ftyp", b"isom\0\0\2\0isomiso2")


def mp4(path: Path, *boxes: bytes) -> Path:
    path.write_bytes(b"".join((FTYP, box(b"moov", b"x" * 30), box(b"mdat", b"y" * 999), *boxes)))
    return path


def shown(path: Path) -> tuple[list[bytes], dict[str, Any]]:
    """The frames of a GIF as an independent reader sees them, and what it says of them."""
    with Image.open(path) as image:
        info = {name: image.info.get(name) for name in ("loop", "duration", "comment")}
        return [f.convert("RGBA").tobytes() for f in ImageSequence.Iterator(image)], info


@pytest.mark.parametrize("more", [{"loop": 0}, {}, {"loop": 2, "comment": b"made by hand " * 40}])
def test_a_gif_keeps_its_frames_and_gains_its_record(tmp_path: Path, more: dict[str, Any]) -> None:
    path = gif(tmp_path / "a.gif", **more)
    before = shown(path)
    provenance.embed(path, walked())
    once = path.read_bytes()
    assert shown(path) == before
    assert provenance.read(path) == walked()
    provenance.embed(path, walked())
    assert path.read_bytes() == once
    with Image.open(path) as image:  # a reader that is not ours names it and goes on behind it
        name, at = image.info["extension"]
    assert name == b"XMP DataXMP"
    assert once[at : at + 2000].count(f"DigitalSourceType>{AI_MADE}<".encode()) == 1


def test_a_gif_of_the_old_version_and_with_one_frame_carries_a_record(tmp_path: Path) -> None:
    path = tmp_path / "still.gif"
    noise("L").save(path)
    path.write_bytes(b"GIF87a" + path.read_bytes()[6:])
    before = shown(path)
    provenance.embed(path, walked())
    assert path.read_bytes()[:6] == b"GIF89a"
    assert (shown(path), provenance.read(path)) == (before, walked())


def test_an_mp4_keeps_its_boxes_where_they_are(tmp_path: Path) -> None:
    path = mp4(tmp_path / "a.mp4")
    before = path.read_bytes()
    provenance.embed(path, walked())
    once = path.read_bytes()
    assert once.startswith(before)
    assert once[len(before) + 4 : len(before) + 24] == b"uuid" + IN_MP4
    assert f"DigitalSourceType>{AI_MADE}<".encode() in once
    assert provenance.read(path) == walked()
    provenance.embed(path, walked())
    assert path.read_bytes() == once


def test_a_box_may_be_long_or_go_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    long = struct.pack(">I", 1) + b"mdat" + struct.pack(">Q", 16 + 5) + b"12345"
    path.write_bytes(FTYP + long)
    provenance.embed(path, walked())
    assert provenance.read(path) == walked()
    path.write_bytes(FTYP + box(b"mdat", b"until the end", 0))
    with path.open("rb") as file:
        assert file.read(4) != b"\0\0\0\0"
    assert refused(path, path.read_bytes()) == NOT_OURS


def test_what_cannot_carry_a_record_is_left_as_it_is(tmp_path: Path) -> None:
    whole, cut = gif(tmp_path / "a.gif").read_bytes(), tmp_path / "cut.gif"
    packet_first = FTYP + box(b"uuid", IN_MP4 + b"x") + box(b"mdat", b"y")
    for data in (whole[:-1], whole[:9], FTYP[:-3], FTYP + box(b"mdat", b"y", 99), packet_first):
        cut.write_bytes(data)
        with pytest.raises(ValueError, match=r"cut|packet|no "):
            provenance.embed(cut, walked())
        assert cut.read_bytes() == data
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.gif", "cut.gif"]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"GIF89a", DAMAGED),
        (b"GIF89a" + b"\xff" * 7, NOT_OURS),
        (GIF_HEAD + b"\x3b", NOT_OURS),
        (GIF_HEAD + b"\x21\xfe\xff", DAMAGED),
        (GIF_HEAD + (b"\x21\xfe" + b"\1x" * 100 + b"\0") * 5000, NOT_OURS),
        (GIF_HEAD + b"\x21\xfe" + b"\1x" * 10**6, DAMAGED),
        (GIF_HEAD + IN_GIF, DAMAGED),
        (GIF_HEAD + IN_GIF + b"<genui:record>" + TRAILER, NOT_OURS),
        (GIF_HEAD + IN_GIF + b"<genui:record>{}</genui:record>" + TRAILER, DAMAGED),
        (GIF_HEAD + IN_GIF + b" " * (RECORD_MAX + 9999), TOO_LARGE),
        (FTYP[:9], DAMAGED),
        (FTYP, NOT_OURS),
        (FTYP + b"\0\0\0\7uuid", NOT_OURS),
        (FTYP + box(b"uuid", IN_MP4, 2**32 - 1), DAMAGED),
        (FTYP + struct.pack(">I", 1) + b"mdat" + b"\xff" * 16, DAMAGED),
        (FTYP + box(b"uuid", IN_MP4 + b"{"), NOT_OURS),
        (FTYP + box(b"uuid", IN_MP4 + b"<genui:record>[]</genui:record>"), DAMAGED),
        (FTYP + box(b"uuid", IN_MP4 + b" " * (RECORD_MAX + 1)), TOO_LARGE),
        (FTYP + box(b"free", b"") * 50_000 + box(b"uuid", IN_MP4 + b"{"), NOT_OURS),
    ],
)
def test_hostile_files_are_one_sentence(tmp_path: Path, data: bytes, sentence: str) -> None:
    assert refused(tmp_path / "file", data) == sentence


@pytest.mark.parametrize("suffix", ["gif", "mp4"])
def test_every_truncation_of_a_walk_is_refused_or_whole(tmp_path: Path, suffix: str) -> None:
    path = {"gif": gif, "mp4": mp4}[suffix](tmp_path / f"a.{suffix}")
    provenance.embed(path, walked())
    whole, part, messages = path.read_bytes(), tmp_path / "part", set()
    for end in range(0, len(whole), 29):
        part.write_bytes(whole[:end])
        try:
            found = provenance.read(part)
        except BadInput as error:
            messages.add(error.message)
        else:
            assert found == walked()
    assert messages == {NOT_OURS, DAMAGED}
