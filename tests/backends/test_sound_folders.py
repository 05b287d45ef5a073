"""Folders of models for sound that are broken, foreign or unsafe: one sentence each."""

from __future__ import annotations

import inspect
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from genui.backends.base import Placement
from genui.backends.pipeline_folder import LENGTHS
from genui.backends.sound_diffusers import DiffusedSound
from genui.backends.sound_transformers import MusicGen
from genui.catalog import SOUND_PIPELINES, operator_model
from genui.errors import Unavailable
from tests import tiny_sounds

WEIGHTS = "model.safetensors"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_sounds.musicgen(tmp_path_factory.mktemp("musicgen"))


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy of the tiny MusicGen, to be damaged."""
    return Path(shutil.copytree(whole, tmp_path / "model"))


def refused(folder: Path) -> str:
    with pytest.raises(Unavailable) as caught:
        MusicGen(folder, Placement(threads=1)).load()
    message = caught.value.message
    assert message.endswith(".")
    assert "\n" not in message
    assert str(folder) not in message
    return message


@pytest.mark.parametrize("text", ["", "{", "[]", "{}"])
def test_a_broken_config(folder: Path, text: str) -> None:
    (folder / "config.json").write_text(text)
    assert "config.json" in refused(folder)


def test_a_model_of_another_kind(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps({"model_type": "llama"}))
    assert "another kind" in refused(folder)


def test_pickles_are_refused(folder: Path) -> None:
    (folder / WEIGHTS).rename(folder / "pytorch_model.bin")
    assert "pickled" in refused(folder)


@pytest.mark.parametrize("size", [0, 4, 100, -1])
def test_half_a_file_is_noticed(folder: Path, size: int) -> None:
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:size])
    assert "broke off" in refused(folder)


def test_a_missing_shard_is_noticed(folder: Path) -> None:
    listing = {"metadata": {}, "weight_map": {"a": "model-00002-of-00002.safetensors"}}
    (folder / f"{WEIGHTS}.index.json").write_text(json.dumps(listing))
    assert "missing" in refused(folder)


def test_foreign_code_is_not_run(folder: Path) -> None:
    (folder / "mine.py").write_text("raise SystemExit('ran')")
    config = json.loads((folder / "processor_config.json").read_text())
    config |= {"auto_map": {"AutoProcessor": "mine.Mine"}, "processor_class": "Mine"}
    (folder / "processor_config.json").write_text(json.dumps(config))
    assert "foreign code" in refused(folder)


def test_weights_of_another_shape_are_refused(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["decoder"]["ffn_dim"] = 48
    (folder / "config.json").write_text(json.dumps(config))
    assert "damaged" in refused(folder)


def test_a_pipeline_for_pictures_is_refused(pipeline_folder: Callable[[str], Path]) -> None:
    with pytest.raises(Unavailable, match="no sound from words"):
        DiffusedSound(pipeline_folder("stickers"), Placement(threads=1)).load()


@pytest.mark.parametrize(
    ("name", "config", "found"),
    [
        ("config.json", {"model_type": "musicgen"}, ("sound", "musicgen")),
        ("config.json", {"model_type": "musicgen_melody"}, ("sound", "musicgen-melody")),
        ("config.json", {"model_type": "vibevoice"}, ("speech", "vibevoice")),
        ("config.json", {"model_type": "llama"}, ("text", "transformers")),
        ("config.json", ["musicgen"], ("text", "transformers")),
        ("model_index.json", {"_class_name": "AceStepPipeline"}, ("sound", "sound-diffusers")),
        ("model_index.json", {"_class_name": "FluxPipeline"}, ("image", "diffusers")),
    ],
)
def test_the_operators_folder_finds_its_engine(
    tmp_path: Path, name: str, config: object, found: tuple[str, str]
) -> None:
    (tmp_path / name).write_text(json.dumps(config))
    model = operator_model(str(tmp_path))
    assert (model.kind, model.backend) == found


def test_every_sound_pipeline_of_the_catalog_is_opened_as_one() -> None:
    import diffusers

    for name in SOUND_PIPELINES:
        takes = inspect.signature(getattr(diffusers, name).__call__).parameters
        assert set(LENGTHS) & set(takes), name
