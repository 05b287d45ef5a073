"""Pictures of other programs: what their files say of prompt and settings, and what is left out."""

from __future__ import annotations

import json
import random
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from genui import provenance
from genui.provenance import parameters
from genui.records import Request
from tests.unit.test_provenance import made
from tests.unit.test_provenance_pictures import png, png_chunk, riff_chunk, webp

TEXT = (
    "a red fox, (ink:1.2),\nin the snow\nNegative prompt: blurry,\nlow quality\n"
    "Steps: 28, Sampler: DPM++ 2M Karras, CFG scale: 7.5, Seed: 1234567890, Size: 512x768, "
    'Model hash: abcdef1234, Model: some model, Denoising strength: 0.55, Note: "a, b: c", '
    "Version: v1.9.3"
)
WANTED = {
    "inputs": {"prompt": "a red fox, (ink:1.2),\nin the snow", "negative": "blurry,\nlow quality"},
    "options": {
        "steps": 28, "guidance": 7.5, "scheduler": "dpm++", "strength": 0.55, "width": 512,
        "height": 768,
    },
    "seed": 1234567890,
}  # fmt: skip


def exif(text: bytes, order: str = ">") -> bytes:
    """A TIFF structure whose EXIF directory holds one UserComment."""
    mark = b"MM" if order == ">" else b"II"
    return (
        mark + struct.pack(f"{order}HI", 42, 8)
        + struct.pack(f"{order}HHHIII", 1, 0x8769, 4, 1, 26, 0)
        + struct.pack(f"{order}HHHIII", 1, 0x9286, 7, len(text), 44, 0) + text
    )  # fmt: skip


def files() -> dict[str, bytes]:
    wide = b"UNICODE\0" + TEXT.encode("utf-16-be")
    little = b"UNICODE\0" + TEXT.encode("utf-16-le")
    ascii_ = b"ASCII\0\0\0" + TEXT.encode()
    segment = b"Exif\0\0" + exif(wide)
    jpeg = b"\xff\xd8\xff\xe0\0\x04JF\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment
    packed = zlib.compress(TEXT.encode())
    return {
        "tEXt": png(png_chunk(b"tEXt", b"parameters\0" + TEXT.encode())),
        "zTXt": png(png_chunk(b"zTXt", b"parameters\0\0" + packed)),
        "iTXt": png(png_chunk(b"iTXt", b"parameters\0\1\0\0\0" + packed)),
        "webp": webp(riff_chunk(b"VP8 ", b"x"), riff_chunk(b"EXIF", exif(wide))),
        "webp II": webp(riff_chunk(b"EXIF", b"Exif\0\0" + exif(little, "<"))),
        "jpeg": jpeg,
        "ascii": webp(riff_chunk(b"EXIF", exif(ascii_))),
    }


@pytest.mark.parametrize("name", files())
def test_the_common_text_is_understood(tmp_path: Path, name: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(files()[name])
    assert provenance.read_parameters(path) == WANTED


def test_files_of_an_independent_writer_are_understood(tmp_path: Path) -> None:
    image, path = Image.new("RGB", (8, 8)), tmp_path / "a"
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", TEXT)
    image.save(path, "PNG", pnginfo=info)
    assert provenance.read_parameters(path) == WANTED
    comment = Image.Exif()
    comment.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + TEXT.encode("utf-16-be")
    for form in ("JPEG", "WEBP"):
        image.save(path, form, exif=comment)
        assert provenance.read_parameters(path) == WANTED, form


def test_our_own_text_is_understood() -> None:
    request = Request(
        kind="image", model="m: a, b", inputs={"prompt": "one\ntwo, Steps: 3", "negative": "x"},
        options={"steps": 4, "guidance": 2.5, "scheduler": "euler-a"}, seed=7,
    )  # fmt: skip
    text = parameters.written(made(kind="image", request=request), 64, 96)
    assert parameters.understood(text) == {
        "inputs": request.inputs, "options": request.options | {"width": 64, "height": 96},
        "seed": 7,
    }  # fmt: skip
    assert parameters.written(made(), 1, 1) == ""  # speech has none


def asks(prompt: str = "x", seed: int | None = None, **options: Any) -> dict[str, Any]:
    return {"inputs": {"prompt": prompt}, "options": options} | ({"seed": seed} if seed else {})


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", None),
        ("a cat", asks("a cat")),
        ("a cat, Style: flat, Mood: merry", asks("a cat, Style: flat, Mood: merry")),
        ("x\nNegative prompt:\nSteps: 3, Seed: 1", asks(seed=1, steps=3)),
        ("x\nSteps: many, CFG scale: NaN, Seed: -1, Size: 1x, Sampler: Own", asks()),
        ("x\nSteps: 99999999999, CFG scale: 1e9, Seed: 9999999999, Size: 512x512x512", asks()),
        ('x\nSteps: 5, Seed: 2, Model: "unclosed', asks(seed=2, steps=5)),
    ],
)
def test_what_does_not_look_right_is_left_out(text: str, wanted: Any) -> None:
    assert parameters.understood(text) == wanted


def test_a_comfyui_graph_gives_what_its_sampler_was_asked(tmp_path: Path) -> None:
    graph = {
        "3": {"class_type": "KSampler", "inputs": {
            "seed": 5, "steps": 20, "cfg": 8.0, "positive": ["6", 0], "negative": ["9", 0]}},
        "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 640, "height": 448}},
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a boat", "clip": ["4", 1]}},
        "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "people"}},
        "9": {"class_type": "ConditioningZeroOut", "inputs": {"conditioning": ["7", 0]}},
    }  # fmt: skip
    path = tmp_path / "file"

    def read(text: str) -> Any:
        path.write_bytes(png(png_chunk(b"tEXt", b"prompt\0" + text.encode())))
        return provenance.read_parameters(path)

    assert read(json.dumps(graph)) == {
        "inputs": {"prompt": "a boat", "negative": "people"},
        "options": {"steps": 20, "guidance": 8.0, "width": 640, "height": 448}, "seed": 5,
    }  # fmt: skip
    graph["6"]["inputs"] = {"conditioning": ["6", 0]}  # a circle
    assert read(json.dumps(graph))["inputs"] == {"negative": "people"}
    for nonsense in (
        "",
        "{",
        "5",
        "[[]]",
        '{"1": 5}',
        '{"1": {"inputs": {"positive": 5, "seed": 1}}}',
    ):
        assert read(nonsense) in (None, {"inputs": {}, "options": {}, "seed": 1})


@pytest.mark.parametrize("name", files())
def test_broken_files_tell_nothing_or_the_truth(tmp_path: Path, name: str) -> None:
    """Every truncation, and 300 copies with a few bytes changed, of each file."""
    whole, path = files()[name], tmp_path / "file"
    changed = [whole[:end] for end in range(0, len(whole), 7)]
    draw = random.Random(0)
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(3):
            data[draw.randrange(len(data))] = draw.randrange(256)
        changed.append(bytes(data))
    for data in changed:
        path.write_bytes(data)
        found = provenance.read_parameters(path)
        assert found is None or found.keys() <= {"inputs", "options", "seed"}


def test_hostile_text_is_read_in_no_time(tmp_path: Path) -> None:
    for text in ("a" * 10**6, "Steps: 1, " * 10**5, '"' * 10**5, 'a: "' * 10**5, " " * 10**6 + ":"):
        found = parameters.understood(text)
        assert found is None or len(json.dumps(found)) < 3 * parameters.TEXT_MAX
    for ending in (b"\0" * 100, b"\xff" * 100):
        path = tmp_path / "file"
        path.write_bytes(webp(riff_chunk(b"EXIF", exif(b"")[:20] + ending)))
        assert provenance.read_parameters(path) is None
