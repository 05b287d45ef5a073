"""The whole recipe of the music models, on made-up tunes and networks so small that it takes
seconds."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genui.errors import BadInput, Unavailable
from genui.music import abc, grammar, tokens
from genui.music.shape import regular
from genui.music.tune import Tune
from genui.training.tunes import batches, clean, data, datacard, ngram, recipe, sources
from genui.training.tunes.scales import SCALES

BARS = ("G2BG dGBG", "A2cA eAcA", "gfed cBAG", "B2dB gdBd", "c2ec gcec", "AGFA G2BG", "dcBA GABc")


def made_up(rng: random.Random) -> str:
    """Eight bars that end on the tonic, the first two twice."""
    bars = [rng.choice(BARS) for _ in range(6)]
    bars = [*bars[:3], *bars[:2], *bars[3:5], "AGFA G4"]
    return f"X:1\nT:Made up\nR:reel\nM:4/4\nL:1/8\nK:G\n|:{'|'.join(bars)}:|\n"


def higher(tune: Tune, shift: int) -> Tune:
    """The tune so many semitones higher."""
    ids = tokens.transposed(tokens.encode(tune), shift)
    assert ids
    return replace(tokens.decode(ids), title=tune.title)


def tunes(n: int, seed: int = 0) -> list[Tune]:
    rng = random.Random(seed)
    return [higher(regular(abc.read(made_up(rng))), rng.choice((0, -5, 3))) for _ in range(n)]


def found(text: str, **of: str) -> sources.Found:
    fields = {"collection": "ryan", "number": "1", "title": "Nameless", "rhythm": ""} | of
    return sources.Found(tune=abc.read(text), **fields)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A folder after every step; the transformer was stopped once and went on."""
    folder = tmp_path_factory.mktemp("tunes")
    splits = ["train"] * 40 + ["validation"] * 4 + ["held"] * 4
    pieces = [
        data.Piece(f"Tune {i}", f"ryan/{i}", str(i), split, tuple(tokens.encode(tune)))
        for i, (split, tune) in enumerate(zip(splits, tunes(48), strict=True))
    ]
    (folder / "data").mkdir()
    data.write(folder / "data" / data.FILE, pieces)
    command = ["--data", str(folder / "data"), "--out", str(folder / "run"), "--scale", "tiny"]
    assert recipe.main([*command, "--minutes", "0.01"]) == 3
    assert recipe.main(command) == 0
    return folder


def test_both_models_learn_and_are_measured(run: Path) -> None:
    from genui.training.tunes import models
    from genui.training.tunes.train import surprise

    held = [piece.ids for piece in data.read(run / "data", "held")]
    for name in models.NAMES:
        before = sum(surprise(models.build(name, SCALES["tiny"]).eval(), held))
        after = sum(surprise(models.read(run / "run" / f"tunes-{name}"), held))
        assert after < 0.7 * before
        metrics = json.loads((run / "run" / f"tunes-{name}" / "metrics.json").read_text())
        bits = metrics["bits a note"]
        assert bits[name]["low"] <= bits[name]["mean"] <= bits[name]["high"]
        assert bits[name]["mean"] * metrics["held-out notes"] == pytest.approx(after, rel=1e-3)
        assert set(metrics["tunes"]) == {
            "held-out tunes", "transformer", "transformer, no grammar", "lstm", "lstm, no grammar",
        }  # fmt: skip
        assert metrics["tunes"][name]["bars that add up"]["share"] == 1
        assert metrics["tunes"]["held-out tunes"]["ends on the tonic"]["share"] == 1
    card = (run / "run" / "tunes-lstm" / "README.md").read_text("utf-8")
    assert f"| lstm | {bits['lstm']['mean']:.2f}" in card
    step = json.loads((run / "run" / "transformer" / "checkpoint" / "step.json").read_text())[
        "step"
    ]
    assert step == SCALES["tiny"].tunes[0] // SCALES["tiny"].batch


def test_a_finished_run_does_nothing(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--data", str(run / "data"), "--out", str(run / "run"), "--scale", "tiny"]
    assert recipe.main([*command, "--minutes", "0"]) == 0
    assert capsys.readouterr().out == ""


def test_the_transformer_is_a_standard_folder(run: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    folder = run / "run" / "tunes-transformer"
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    asked = torch.tensor([tokens.encode(tunes(1)[0])[:6]])
    made = model.generate(asked, max_new_tokens=4, do_sample=False)
    assert made.shape == (1, 10)


@pytest.mark.parametrize("name", ["transformer", "lstm"])
def test_saying_a_tune_at_once_or_token_by_token_is_the_same(run: Path, name: str) -> None:
    import torch

    from genui.networks import tune_folder
    from genui.training.tunes import models

    model = models.read(run / "run" / f"tunes-{name}")
    ids = torch.tensor([tokens.encode(tunes(1)[0])[:40]])
    with torch.no_grad():
        whole, _ = tune_folder.forward(model, ids)
        memory, parts = None, []
        for at in range(ids.shape[1]):
            scores, memory = tune_folder.forward(model, ids[:, at : at + 1], memory)
            parts.append(scores)
    assert torch.allclose(torch.cat(parts, 1), whole, atol=1e-4)


def test_a_model_of_another_vocabulary_is_refused(run: Path, tmp_path: Path) -> None:
    import shutil

    from genui.training.tunes import models

    folder = shutil.copytree(run / "run" / "tunes-lstm", tmp_path / "old")
    (folder / tokens.FILE).write_text(json.dumps({"format": 1, "tokens": ["pad"]}))
    with pytest.raises(Unavailable):
        models.read(folder)


def test_the_two_full_models_are_as_large() -> None:
    import torch

    from genui.training.tunes import models

    with torch.device("meta"):
        sizes = [models.parameters(models.build(name, SCALES["cpu"])) for name in models.NAMES]
    assert all(5e6 < size < 7e6 for size in sizes)
    assert abs(sizes[0] / sizes[1] - 1) < 0.05


def test_every_showing_of_a_tune_is_one() -> None:
    rng = random.Random(0)
    tune = regular(abc.read(
        "X:1\nR:jig\nM:6/8\nL:1/8\nK:G\n|:GBd gdB|cBA G3|ABc def|gdB G3:|"
        "|:gfe dcB|cBA G3|ABc def|gdB G3:|g6|f6|e6|G6|]\n"
    ))  # fmt: skip
    ids = tuple(tokens.encode(tune))
    keys, kinds, sizes, gaps = set(), set(), set(), 0
    for _ in range(300):
        shown = batches.varied(ids, rng)
        keys.add(shown[2])
        kinds.add(tokens.TOKENS[shown[0]])
        if tokens.HOLE in shown:
            gaps += 1
            hole, fill = shown.index(tokens.HOLE), shown.index(tokens.FILL)
            count = sum(i in tokens.LEFT for i in shown[fill:])
            state = grammar.filling(shown[:hole], count)
            assert grammar.follow(shown[fill + 1 :], state).ended
        else:
            assert grammar.follow(shown).ended
            sizes.add(tokens.TOKENS[shown[4]])
    assert len(keys) == 12
    assert kinds == {"kind:jig", "kind:tune"}
    assert sizes == {"bars:12", "bars:8", "bars:4"}
    assert 20 < gaps < 80


def test_padding_and_gaps_are_not_learned() -> None:
    rows = [[9, 8, 7], [9, tokens.HOLE, 6, tokens.FILL, 5]]
    inputs, labels = batches.stacked(rows)
    assert inputs.tolist() == [[9, 8, 0, 0], [9, tokens.HOLE, 6, tokens.FILL]]
    assert labels.tolist() == [[8, 7, -100, -100], [-100, 6, -100, 5]]


def test_the_kind_comes_from_the_file_the_title_or_the_book() -> None:
    text = made_up(random.Random(0))
    assert clean.kind_of(found(text, rhythm="double jig")) == "jig"
    assert clean.kind_of(found(text, title="Miss Gunning's Minuet")) == "tune"
    assert clean.kind_of(found(text, title="New -- STRATHSPEY")) == "strathspey"
    assert clean.kind_of(found(text, collection="oneill", number="1200")) == "reel"
    assert clean.kind_of(found(text, collection="oneill", number="0")) == "tune"
    assert clean.kind_of(found(text)) == "tune"


def test_reels_in_two_four_are_written_in_four_four() -> None:
    fast = made_up(random.Random(0)).replace("M:4/4", "M:2/4").replace("L:1/8", "L:1/16")
    slow = clean.clean(found(made_up(random.Random(0)), rhythm="reel"))
    assert clean.clean(found(fast, rhythm="reel")) == slow


def test_what_cannot_be_learned_from_is_left_out() -> None:
    text = made_up(random.Random(0))
    with pytest.raises(BadInput, match="mode"):
        clean.clean(found(text.replace("K:G", "K:G lyd")))
    with pytest.raises(BadInput, match="short"):
        clean.clean(found("X:1\nM:4/4\nL:1/8\nK:G\nG8|\n"))
    assert clean.clean(found(text.replace("M:4/4", "M:C|"), rhythm="slip jig")).kind == "tune"


def test_settings_of_one_tune_never_cross_the_split() -> None:
    rng = random.Random(1)
    steps = "GABcdefg"

    def melody() -> list[str]:
        return ["".join(rng.choice(steps) for _ in range(8)) for _ in range(16)]

    def tune(bars: list[str], title: str, shift: int = 0) -> Tune:
        text = f"X:1\nT:{title}\nM:4/4\nL:1/8\nK:G\n{'|'.join(bars)}|\n"
        return higher(regular(abc.read(text)), shift)

    one, two = melody(), melody()
    setting = [*one[:10], *melody()[:6]]
    found = [
        tune(one, "The First"), tune(two, "Second", 2), tune(setting, "Third", -3),
        tune(one, "Fourth", 5), tune(one, "First, The"),
    ]  # fmt: skip
    pieces = data.pieces(found, [f"ryan/{i}" for i in range(5)])
    assert [p.source for p in pieces] == ["ryan/0", "ryan/1", "ryan/2"]
    first, second, third = pieces
    assert first.cluster == third.cluster != second.cluster
    assert first.split == third.split


def test_the_file_says_its_tunes_again(tmp_path: Path) -> None:
    pieces = data.pieces(tunes(6), [f"aird/{i}" for i in range(6)])
    data.write(tmp_path / data.FILE, pieces)
    assert data.read(tmp_path) == pieces
    assert {p.split for p in data.read(tmp_path, "train")} <= {"train"}
    assert grammar.follow(pieces[0].ids).ended
    first = (tmp_path / data.FILE).read_bytes()
    data.write(tmp_path / data.FILE, pieces)
    assert (tmp_path / data.FILE).read_bytes() == first


def test_splits_are_as_large_as_said() -> None:
    from collections import Counter

    counts = Counter(data.split_of(f"cluster {i}") for i in range(4000))
    assert counts["held"] / 4000 == pytest.approx(data.SPLITS["held"], abs=0.015)
    assert counts["validation"] / 4000 == pytest.approx(data.SPLITS["validation"], abs=0.015)


def test_the_data_card_counts() -> None:
    from collections import Counter

    pieces = data.pieces(tunes(6), [f"aird/{i}" for i in range(6)])
    read = Counter({"aird": 9})
    why = Counter({"The last bar of part 2 does not add up.": 2,
                   "The last bar of part 1 does not add up.": 1})  # fmt: skip
    text = datacard.card(pieces, read, Counter({"aird": 6}), why)
    assert f"| Jack Campin | 9 | 6 | {len(pieces)} |" in text
    assert "| The last bar of part n does not add up | 3 |" in text


def test_the_baseline_is_a_distribution_that_counts() -> None:
    rng = random.Random(0)
    rows = [[rng.choice((1, 2)), 3, 1, 2, 3, 1, 2, rng.choice((0, 4))] for _ in range(50)]
    for order in (1, 2, 4):
        model = ngram.KneserNey(order, 6, rows)
        for before in ([], [1], [3, 1], [5, 5], [2, 3, 1, 2]):
            assert sum(model.chance(before, i) for i in range(6)) == pytest.approx(1)
    model = ngram.KneserNey(3, 6, rows)
    assert model.chance([3, 1], 2) > 0.9
    assert model.chance([3, 1], 5) < 0.05
    assert model.surprise(rows[0], 6) == pytest.approx(
        -math.log2(model.chance(rows[0][4:6], 2))
        - math.log2(model.chance(rows[0][5:7], rows[0][7]))
    )
