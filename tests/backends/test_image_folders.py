"""Folders of pipelines that are broken, foreign or unsafe: one sentence each, before any load."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from genui.backends.base import Placement
from genui.backends.image_diffusers import Diffusers
from genui.backends.pipeline_folder import read_index
from genui.errors import Unavailable

UNET = "unet/diffusion_pytorch_model.safetensors"


@pytest.fixture
def folder(pipeline_folder: Callable[[str], Path], tmp_path: Path) -> Path:
    """A copy of the tiny stickers pipeline, to be damaged."""
    return Path(shutil.copytree(pipeline_folder("stickers"), tmp_path / "model"))


def refused(folder: Path) -> str:
    with pytest.raises(Unavailable) as caught:
        Diffusers(folder, Placement(threads=1)).load()
    message = caught.value.message
    assert message.endswith(".")
    assert "\n" not in message
    assert str(folder) not in message
    return message


def change(path: Path, **values: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_a_whole_folder_is_read(folder: Path) -> None:
    assert read_index(folder)["_class_name"] == "StableDiffusionPipeline"


def test_no_index(folder: Path) -> None:
    (folder / "model_index.json").unlink()
    assert "model_index.json" in refused(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"_class_name": 7}'])
def test_a_broken_index(folder: Path, text: str) -> None:
    (folder / "model_index.json").write_text(text)
    refused(folder)


@pytest.mark.parametrize("part", ["unet", "tokenizer", "scheduler", "vae"])
def test_a_missing_part_is_named(folder: Path, part: str) -> None:
    shutil.rmtree(folder / part)
    assert f"“{part}”" in refused(folder)


def test_missing_weights_are_named(folder: Path) -> None:
    (folder / UNET).unlink()
    assert "“unet” are missing" in refused(folder)


def test_a_missing_shard_is_noticed(folder: Path) -> None:
    listing = {"metadata": {}, "weight_map": {"a": "other-00002-of-00002.safetensors"}}
    (folder / f"{UNET}.index.json").write_text(json.dumps(listing))
    assert "“unet” are missing" in refused(folder)


@pytest.mark.parametrize("size", [0, 4, 100, -1, -1000])
def test_half_a_file_is_noticed(folder: Path, size: int) -> None:
    whole = (folder / UNET).read_bytes()
    (folder / UNET).write_bytes(whole[:size])
    assert "broke off" in refused(folder)


def test_a_huge_header_is_not_believed(folder: Path) -> None:
    whole = (folder / UNET).read_bytes()
    (folder / UNET).write_bytes((2**60).to_bytes(8, "little") + whole[8:])
    assert "broke off" in refused(folder)


def test_pickles_are_refused(folder: Path) -> None:
    (folder / UNET).rename(folder / "unet/diffusion_pytorch_model.bin")
    assert "pickled" in refused(folder)


def test_foreign_code_is_refused(folder: Path) -> None:
    (folder / "unet/my_unet.py").write_text("raise SystemExit('ran')")
    change(folder / "model_index.json", unet=["my_unet", "MyUNet"])
    assert "code of its own" in refused(folder)


@pytest.mark.parametrize("name", ["MyPipeline", "UNet2DModel", "os"])
def test_an_unknown_class_is_refused(folder: Path, name: str) -> None:
    change(folder / "model_index.json", _class_name=name)
    assert "code of its own" in refused(folder)


def test_a_class_that_reads_no_words_is_refused(folder: Path) -> None:
    change(folder / "model_index.json", _class_name="DDPMPipeline")
    assert "no pictures from words" in refused(folder)


def test_weights_of_another_shape_are_refused(folder: Path) -> None:
    change(folder / "unet/config.json", block_out_channels=[24, 48])
    assert "damaged" in refused(folder)


def test_a_safety_checker_that_was_left_out_is_not_missed(folder: Path) -> None:
    change(folder / "model_index.json", safety_checker=["stable_diffusion", "Checker"])
    backend = Diffusers(folder, Placement(threads=1))
    backend.load()
    backend.unload()
