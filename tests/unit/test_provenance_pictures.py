"""Records in pictures: pixels stay, the record comes back, hostile files are refused cheaply."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageSequence

from genui import provenance
from genui.errors import BadInput
from genui.provenance import AI_MADE, AI_PAINTED_IN, DAMAGED, NOT_OURS, RECORD_MAX, TOO_LARGE
from genui.records import Artifact, Generation, Request
from tests.unit.test_provenance import NASTY, made, refused

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def drawn(**changes: Any) -> Generation:
    request = Request(
        kind="image", model="stickers", inputs={"prompt": NASTY, "negative": "blurry, grey"},
        options={"steps": 4, "guidance": 2.5, "scheduler": "euler-a"}, seed=7,
    )  # fmt: skip
    return made(text="", kind="image", request=request, usage={"index": 0}).model_copy(
        update=changes
    )


def noise(mode: str = "RGBA", size: tuple[int, int] = (33, 17)) -> Image.Image:
    """A picture of noise; where it has alpha, its clear pixels have colours worth keeping."""
    shape = (size[1], size[0], 4)
    pixels = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    pixels[0, :4, 3] = 0
    return Image.fromarray(pixels).convert(mode)


def frames(path: Path) -> list[bytes]:
    with Image.open(path) as image:
        return [frame.convert("RGBA").tobytes() for frame in ImageSequence.Iterator(image)]


Save = tuple[str, str, dict[str, Any]]
KINDS: list[Save] = [
    ("png", "RGBA", {}),
    ("png", "RGB", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0", "dpi": (300, 300)}),
    ("png", "P", {}),
    ("png", "L", {}),
    ("png", "RGB", {"save_all": True, "append_images": [noise("RGB", (33, 17)).rotate(180)]}),
    ("webp", "RGB", {}),
    ("webp", "RGBA", {}),
    ("webp", "RGB", {"lossless": True}),
    ("webp", "RGBA", {"lossless": True, "exact": True}),
    ("webp", "RGB", {"lossless": True, "exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"}),
    ("webp", "RGBA", {"save_all": True, "append_images": [noise().rotate(180)]}),
]


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    def write(suffix: str = "png", mode: str = "RGBA", options: Any = None) -> Path:
        path = tmp_path / f"picture.{suffix}"
        noise(mode).save(path, **(options or {}))
        return path

    return write


# --- writing and reading ----------------------------------------------------------------------


@pytest.mark.parametrize(("suffix", "mode", "options"), KINDS)
def test_a_picture_keeps_its_pixels_and_gains_its_record(
    save: Callable[..., Path], suffix: str, mode: str, options: dict[str, Any]
) -> None:
    path = save(suffix, mode, options)
    before = frames(path)
    with Image.open(path) as image:
        info = {name: image.info.get(name) for name in ("exif", "dpi", "duration")}
    provenance.embed(path, drawn())
    once = path.read_bytes()
    assert frames(path) == before
    with Image.open(path) as image:
        assert {name: image.info.get(name) for name in info} == info
    assert provenance.read(path) == drawn()
    provenance.embed(path, drawn())
    assert path.read_bytes() == once  # the record is replaced, not added to
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_png_says_in_standard_places_how_it_was_made(save: Callable[..., Path]) -> None:
    path = save("png")
    provenance.embed(path, drawn())
    with Image.open(path) as image:  # an independent reader, before it has seen a pixel
        texts = dict(image.text)  # type: ignore[attr-defined]
    assert json.loads(texts["genui"])["generation"]["request"]["seed"] == 7
    assert f"DigitalSourceType>{AI_MADE}<" in texts["XML:com.adobe.xmp"]
    *prompt, negative, settings = texts["parameters"].split("\n")
    assert "\n".join(prompt) == NASTY.replace("\0", "")
    assert negative == "Negative prompt: blurry, grey"
    assert settings.startswith(
        "Steps: 4, Sampler: Euler a, CFG scale: 2.5, Seed: 7, Size: 33x17, "
        "Model hash: 1111111111, Model: heart, Version: genui "
    )


def test_a_webp_says_in_standard_places_how_it_was_made(save: Callable[..., Path]) -> None:
    path = save("webp")
    provenance.embed(path, drawn())
    with Image.open(path) as image:
        packet = image.info["xmp"].decode()
    assert f"DigitalSourceType>{AI_MADE}<" in packet
    assert "</script>" not in packet  # escaped: nothing in a prompt ends the packet
    assert struct.unpack("<I", path.read_bytes()[4:8])[0] == path.stat().st_size - 8


def test_what_was_painted_into_a_picture_is_called_a_composite(save: Callable[..., Path]) -> None:
    inputs = {"prompt": "a hat", "image": "a" * 64, "mask": "b" * 64}
    painted = drawn(request=drawn().request.model_copy(update={"inputs": inputs}))
    for suffix in ("png", "webp"):
        path = save(suffix)
        provenance.embed(path, painted)
        assert f">{AI_PAINTED_IN}<".encode() in path.read_bytes()
        assert provenance.read_envelope(path).digitalSourceType == AI_PAINTED_IN


def test_a_changed_copy_keeps_the_record_and_says_what_was_done(
    save: Callable[..., Path], tmp_path: Path
) -> None:
    path = save("png")
    picture = Artifact(name="picture", sha256="b" * 64, mime="image/png", size=1)
    provenance.embed(path, drawn(artifacts=(picture,)))
    larger, sheet = tmp_path / "larger.webp", tmp_path / "sheet.png"
    noise(size=(132, 68)).save(larger, lossless=True)
    provenance.copy_record(path, larger, "upscaled 4x")
    noise(size=(264, 68)).save(sheet)
    provenance.copy_record(larger, sheet, "put on a sheet of 2")
    assert provenance.read(larger) == provenance.read(sheet) == drawn()
    assert provenance.read_envelope(path).edits == ()
    assert provenance.read_envelope(larger).edits == ("upscaled 4x",)
    assert provenance.read_envelope(sheet).edits == ("upscaled 4x", "put on a sheet of 2")
    assert "edits" not in provenance.record_document(drawn())


@pytest.mark.parametrize(
    ("suffix", "prompt"),
    [
        ("png", "x" * RECORD_MAX),
        ("webp", "x" * RECORD_MAX),
        ("webp", "&" * (RECORD_MAX // 2)),  # grows when it is escaped
    ],
)
def test_a_record_that_could_not_be_read_back_is_not_written(
    save: Callable[..., Path], suffix: str, prompt: str
) -> None:
    path = save(suffix)
    before = path.read_bytes()
    long = drawn(request=drawn().request.model_copy(update={"inputs": {"prompt": prompt}}))
    with pytest.raises(BadInput, match="too long"):
        provenance.embed(path, long)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", ["png", "webp"])
def test_half_a_picture_is_never_given_a_record(save: Callable[..., Path], suffix: str) -> None:
    path = save(suffix)
    whole = path.read_bytes()
    for end in (12, 20, 40, len(whole) // 2, len(whole) - 2):
        path.write_bytes(whole[:end])
        with pytest.raises(ValueError, match=r"cut short|no end|no picture|no WAV|unpack"):
            provenance.embed(path, drawn())
        assert path.read_bytes() == whole[:end]
    assert [p.name for p in path.parent.iterdir()] == [path.name]


# --- hostile files ----------------------------------------------------------------------------


def png_chunk(name: bytes, body: bytes, crc: int | None = None) -> bytes:
    crc = zlib.crc32(name + body) if crc is None else crc
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", crc)


def png(*chunks: bytes) -> bytes:
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return SIGNATURE + head + b"".join(chunks) + png_chunk(b"IEND", b"")


def riff_chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def webp(*chunks: bytes) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def xmp(record: bytes) -> bytes:
    return riff_chunk(b"XMP ", b"<x><genui:record>" + record + b"</genui:record></x>")


HUGE = b"\xff\xff\xff\xff"


@pytest.mark.parametrize(
    "data",
    [
        SIGNATURE,
        SIGNATURE + b"\0\0\0",
        SIGNATURE + HUGE + b"IHDR",
        SIGNATURE + HUGE + b"tEXtgenui\0",
        SIGNATURE + b"\0" * 4096,
        png(),
        png(png_chunk(b"tEXt", b"")),
        png(png_chunk(b"tEXt", b"genui")[:-3]),
        png(png_chunk(b"tEXt", b"x" * 500)),
        png(*[png_chunk(b"IDAT", b"")] * 50_000),
        png(*[png_chunk(b"tEXt", b"Comment\0hi")] * 50_000),
        webp(),
        webp(b"VP8 "),
        webp(b"VP8 " + HUGE),
        webp(b"XMP \0\0\0\0"),
        webp(riff_chunk(b"XMP ", b"<genui:record>" * 100_000)),
        webp(*[riff_chunk(b"ANMF", b"")] * 50_000),
    ],
)
def test_pictures_made_elsewhere_say_so(tmp_path: Path, data: bytes) -> None:
    assert refused(tmp_path / "file", data) in (NOT_OURS, DAMAGED, TOO_LARGE)


@pytest.mark.parametrize(
    "record",
    [b"", b"{", b"{}", b"[]", b"5", b"null", b'"generation"', b'{"generation": 5}', b"\0",
     b'{"id": "\0"}', b"\xff\xfe", b'{"a":' * 50_000],
)  # fmt: skip
@pytest.mark.parametrize("frame", ["iTXt", "tEXt", "zTXt", "packed iTXt", "webp"])
def test_damaged_records_say_so(tmp_path: Path, record: bytes, frame: str) -> None:
    framed = {
        "iTXt": png(png_chunk(b"iTXt", b"genui\0\0\0\0\0" + record)),
        "tEXt": png(png_chunk(b"tEXt", b"genui\0" + record)),
        "zTXt": png(png_chunk(b"zTXt", b"genui\0\0" + zlib.compress(record))),
        "packed iTXt": png(png_chunk(b"iTXt", b"genui\0\1\0en\0genui\0" + zlib.compress(record))),
        "webp": webp(xmp(record)),
    }[frame]
    assert refused(tmp_path / "file", framed) == DAMAGED


def test_a_record_is_read_from_every_kind_of_text_chunk(tmp_path: Path) -> None:
    path, record = tmp_path / "a.png", provenance.record_document(drawn()).encode()
    for chunk in (
        png_chunk(b"tEXt", b"genui\0" + record),
        png_chunk(b"zTXt", b"genui\0\0" + zlib.compress(record)),
        png_chunk(b"iTXt", b"genui\0\1\0en\0genui\0" + zlib.compress(record)),
    ):  # as a program that packs texts anew would write them, even after the pixels
        path.write_bytes(png(png_chunk(b"IDAT", b"x"), chunk))
        assert provenance.read(path) == drawn()


def test_a_record_whose_bytes_were_changed_is_not_believed(
    save: Callable[..., Path], tmp_path: Path
) -> None:
    path = save("png")
    provenance.embed(path, drawn())
    changed = path.read_bytes().replace(b'"seed":7', b'"seed":8')
    assert refused(tmp_path / "file", changed) == DAMAGED
    wrong = png(png_chunk(b"tEXt", b"genui\0" + provenance.record_document(drawn()).encode(), 0))
    assert refused(tmp_path / "file", wrong) == DAMAGED
    broken = png(png_chunk(b"zTXt", b"genui\0\0" + b"not packed"))
    assert refused(tmp_path / "file", broken) == DAMAGED


@pytest.mark.parametrize("suffix", ["png", "webp"])
def test_every_truncation_of_a_picture_is_refused_or_whole(
    save: Callable[..., Path], tmp_path: Path, suffix: str
) -> None:
    path = save(suffix)
    provenance.embed(path, drawn())
    whole, part, messages = path.read_bytes(), tmp_path / "part", set()
    for end in range(0, len(whole), 13):
        part.write_bytes(whole[:end])
        try:
            found = provenance.read(part)
        except BadInput as error:
            messages.add(error.message)
        else:
            assert found == drawn()
    assert messages == {NOT_OURS, DAMAGED}


def test_bombs_and_lies_take_no_memory_and_one_sentence(tmp_path: Path) -> None:
    """A gigabyte of packed text, chunks that claim 4 GB, and 200 MB of pixels, read by a child
    process that may not grow by a tenth of it."""
    pack, packed = zlib.compressobj(9), []
    for _ in range(1024):
        packed.append(pack.compress(b" " * 2**20))
    bomb = b"".join(packed) + pack.flush()
    files = {
        "ztxt": png(png_chunk(b"zTXt", b"genui\0\0" + bomb)),
        "itxt": png(png_chunk(b"iTXt", b"genui\0\1\0\0\0" + bomb)),
        "other": png(png_chunk(b"zTXt", b"parameters\0\0" + bomb)),
        "claim": SIGNATURE + HUGE + b"iTXtgenui\0\0\0\0\0{",
        "webp": webp(b"VP8 \0\0\0\0", b"XMP " + HUGE),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    with (tmp_path / "pixels").open("wb") as file:
        file.write(png()[:-12])
        file.write(struct.pack(">I", 200 * 10**6) + b"IDAT")
        file.seek(200 * 10**6, 1)
        file.write(b"\0\0\0\0" + png_chunk(b"IEND", b""))
    script = (
        "import resource, sys; from pathlib import Path; from genui import provenance\n"
        "from genui.errors import BadInput\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak()\n"
        "for path in map(Path, sys.argv[1:]):\n"
        "    try: provenance.read(path)\n"
        "    except BadInput as error: print(path.name, '|', error.message)\n"
        "    assert provenance.read_parameters(path) is None\n"
        "print(peak() - before)"
    )
    names = [*files, "pixels"]
    done = subprocess.run(
        [sys.executable, "-c", script, *(tmp_path / name for name in names)],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    *said, grown = done.stdout.splitlines()
    assert dict(line.split(" | ") for line in said) == {
        "ztxt": TOO_LARGE, "itxt": TOO_LARGE, "claim": TOO_LARGE, "webp": TOO_LARGE,
        "other": NOT_OURS, "pixels": NOT_OURS,
    }  # fmt: skip
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(grown) * unit < 60e6


# --- verdicts ---------------------------------------------------------------------------------


def test_pictures_of_one_batch_are_compared_at_the_same_place() -> None:
    original = drawn(usage={"index": 2}, output_sha256="2" * 64)
    again = [drawn(usage={"index": n}, output_sha256=str(n) * 64) for n in range(4)]
    found = provenance.counterpart(original, again)
    assert found == again[2]
    assert provenance.verdict(original, found) == (
        True, "Identical: every pixel came out the same again.",
    )  # fmt: skip
    same, why = provenance.verdict(original, again[1])
    assert not same
    assert "different places" in why
    assert provenance.counterpart(drawn(usage={}), again) == again[-1]
    assert provenance.counterpart(original, []) is None
    same, why = provenance.verdict(original, drawn(usage={"index": 2}, output_sha256="f" * 64))
    assert not same
    assert "rounded differently" in why
