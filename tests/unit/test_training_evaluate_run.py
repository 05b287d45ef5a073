"""Judge, evaluation and model card from end to end, on a toy world and pipelines of random
weights: every number is there, and what knows nothing scores like chance."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from genui.training import evaluate, judge, modelcard
from genui.training.data import CARD, FILE
from genui.training.pictures import read
from genui.training.scales import SCALES
from tests.tiny import stickers
from tests.unit.shapes import SHAPES, shapes

QUICK = 10
MODELS = ["base 3 steps", "fast 1 step", "fast 2 steps", "fast 4 steps"]


@pytest.fixture(scope="module", autouse=True)
def whole_world() -> Iterator[None]:
    """The toy world's sets are not those of the small scale: take every one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SCALES, "cpu", replace(SCALES["cpu"], everyday=None))
        patch.setitem(SCALES, "tiny", SCALES["cpu"])
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder with a trained judge; its data lies in `data`."""
    out = tmp_path_factory.mktemp("evaluated")
    shapes().write(out / "data" / FILE)
    (out / "data" / CARD).write_text("# Sticker data\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(judge.SIZES, "tiny", judge.Size(8, 512, 5760, 32))
        patch.setattr(judge, "HELD", 64)
        common = ["--data", str(out / "data"), "--out", str(out), "--scale", "tiny"]
        assert judge.main([*common, "--minutes", "0.0001"]) == 3
        assert judge.main(common) == 0
    return out


@pytest.fixture(scope="module")
def metrics(run: Path) -> dict[str, Any]:
    stickers(run / "base")
    stickers(run / "fast", few_steps=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluate, "BASE_STEPS", 3)
        patch.setattr(evaluate, "PROMPTS", evaluate.PROMPTS[:13])
        common = ["--data", str(run / "data"), "--out", str(run)]
        assert evaluate.main([*common, "--scale", "cpu", "--quick", str(QUICK)]) == 0
    found: dict[str, Any] = json.loads((run / "evaluation" / "metrics.json").read_text())
    return found


def test_the_judge_learns_what_it_never_saw(run: Path) -> None:
    found = json.loads((run / "judge" / "accuracy.json").read_text())
    assert found["pair"]["concept"]["share"] > 0.8
    assert found["combination"]["hair_color"]["share"] > 0.8
    assert found["combination"]["skin"]["share"] > 0.8


def test_the_judge_is_the_same_after_loading(run: Path) -> None:
    loaded = judge.load(run / "judge", torch.device("cpu"))
    assert loaded.classes["concept"] == sorted(name.upper() for name in SHAPES)
    drawn = read(run / "judge" / "pair")
    facts = json.loads((run / "judge" / "pair" / "facts.json").read_text())
    again = judge.accuracy(loaded, np.asarray(drawn.pictures), facts)
    assert again == json.loads((run / "judge" / "accuracy.json").read_text())["pair"]


def test_an_unknown_answer_ranks_behind_all(run: Path) -> None:
    loaded = judge.load(run / "judge", torch.device("cpu"))
    seen = loaded.look(np.asarray(read(run / "judge" / "pair").pictures[:3]))
    best = [loaded.classes["set"][int(i)] for i in seen.scores["set"].argmax(1)]
    assert loaded.ranks(seen, "set", best) == [1, 1, 1]
    assert loaded.ranks(seen, "set", ["unheard of"] * 3) == [len(loaded.classes["set"]) + 1] * 3


def test_the_stranger_is_always_the_same() -> None:
    torch.manual_seed(1)
    first = judge.stranger(torch.device("cpu")).network.state_dict()
    after = torch.rand(1)
    torch.manual_seed(1)
    assert torch.rand(1) == after  # and leaves the global generator alone
    second = judge.stranger(torch.device("cpu")).network.state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_every_model_gets_every_number(metrics: dict[str, Any]) -> None:
    assert list(metrics["models"]) == ["real drawings", *MODELS]
    for found in metrics["models"].values():
        for group in ("seen", "held_pairs"):
            assert set(found[group]) == {"concept_top1", "concept_top5", "style"}
            assert found[group]["concept_top1"]["n"] == QUICK
        assert {"hair", "hair_color", "skin", "style"} == set(found["avatars"])
        assert set(found["composition"]) == {"background", "colour", "count", "side"}
        assert set(found["skin_tones"]) == {"light", "dark"}
        for space in ("judge", "random"):
            assert set(found["distance"][space]) == {
                "kid", "fid", "density", "coverage", "clipped_density", "clipped_coverage",
            }  # fmt: skip
        assert found["diversity"] > 0
        assert set(found["copies"]) == {"seen", "held_pairs", "avatars"}
    assert metrics["autoencoder"]["psnr_db"] < 30
    assert set(metrics["pictures_per_second"]) == set(MODELS)


def test_real_drawings_are_right_and_random_weights_are_near_chance(
    metrics: dict[str, Any],
) -> None:
    real, *made = metrics["models"].values()
    assert real["held_pairs"]["concept_top1"]["share"] > 0.8
    for found in real["composition"].values():
        assert found["right"]["right"] == found["right"]["n"] > 0
    chance = metrics["chance"]["concept_top1"]
    assert chance == 1 / len(SHAPES)
    for found in made:
        right = found["held_pairs"]["concept_top1"]
        assert right["low"] <= 2 * chance
        assert right["share"] < real["held_pairs"]["concept_top1"]["low"]
        for name in ("density", "clipped_density", "clipped_coverage"):
            reachable = real["distance"]["random"][name]
            assert found["distance"]["random"][name] < reachable / 2
        floor = real["distance"]["random"]["kid"]
        assert found["distance"]["random"]["kid"]["mean"] > floor["mean"] + 3 * floor["deviation"]
        side = found["composition"]["side"]["right"]
        assert side["right"] < side["n"]


def test_sheets_are_there_to_look_at(run: Path, metrics: dict[str, Any]) -> None:
    for name in MODELS:
        file = name.replace(" ", "-")
        with Image.open(run / "evaluation" / f"grid-{file}.png") as grid:
            assert grid.size == (12 * 64, 2 * (64 + evaluate.LABEL))
        with Image.open(run / "evaluation" / f"copies-{file}.png") as copies:
            assert copies.width == 8 * 64


def test_the_card_says_what_was_measured(run: Path, metrics: dict[str, Any]) -> None:
    arguments = ["--data", str(run / "data"), "--out", str(run), "--model", str(run / "fast")]
    assert modelcard.main(arguments) == 0
    first = (run / "fast" / "README.md").read_text("utf-8")
    assert modelcard.main(arguments) == 0
    assert (run / "fast" / "README.md").read_text("utf-8") == first
    right = metrics["models"]["fast 4 steps"]["seen"]["concept_top1"]
    assert f"{right['share']:.0%} ({right['low']:.0%}–{right['high']:.0%}, n {right['n']})" in first
    for name in MODELS:
        assert name in first
    assert "CC-BY-4.0" in first
    assert "python -m genui.training evaluate" in first
    assert str(run) not in first
