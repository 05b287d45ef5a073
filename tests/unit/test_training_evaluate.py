"""The rulers and distances of the evaluation, on drawings and vectors whose answer is known."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import torch

from genui.training import questions, rulers
from genui.training.captions import COLOURS
from genui.training.colours import BACKGROUNDS
from genui.training.cutouts import Cutouts
from genui.training.metrics import (
    Bank,
    Ruler,
    alignment,
    copies,
    fid,
    kid,
    nearest,
    neighbourhoods,
    rate,
    spread,
)
from genui.training.pictures import facts
from genui.training.prompts import PROMPTS
from genui.training.scenes import draw, sample_scenes
from tests.unit.shapes import shapes


@pytest.fixture(scope="module")
def cutouts() -> Cutouts:
    return shapes()


def normal(n: int, seed: int, shift: float = 0.0) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(n, 6, generator=rng, dtype=torch.float64) + shift


def test_a_rate_has_its_interval() -> None:
    assert rate(0, 0) == {"share": 0.0, "right": 0, "n": 0, "low": 0.0, "high": 1.0}
    found = rate(81, 263)  # Newcombe 1998, table I
    assert (found["low"], found["high"]) == (0.2553, 0.3662)


def test_kernel_distance_tells_a_shift_from_chance() -> None:
    same, moved = kid(normal(400, 0), normal(400, 1)), kid(normal(400, 0), normal(400, 2, 0.5))
    assert abs(same["mean"]) < 2 * same["deviation"]
    assert moved["mean"] > same["mean"] + 3 * moved["deviation"]


def test_frechet_distance_is_the_closed_form() -> None:
    x = normal(200, 0)
    x = x - x.mean(0)
    x = x @ torch.linalg.inv(torch.linalg.cholesky(torch.cov(x.T))).T  # unit covariance, exactly
    assert fid(x, x) == pytest.approx(0, abs=1e-6)
    # means 3 apart in 6 dimensions, deviations 1 and 2: 6 × 3² + 6 × (2 - 1)²
    assert fid(x, 2 * x + 3) == pytest.approx(60, abs=1e-3)


def test_coverage_counts_modes_and_density_ignores_outliers() -> None:
    left, right = normal(100, 0), normal(100, 1, 50.0)
    real = torch.cat([left, right])
    half = neighbourhoods(real, normal(200, 2))
    assert half["coverage"] == pytest.approx(0.5, abs=0.05)
    whole = neighbourhoods(real, torch.cat([normal(100, 3), normal(100, 4, 50.0)]))
    assert whole["coverage"] > 0.9
    assert whole["clipped_coverage"] > half["clipped_coverage"] + 0.2

    lonely = torch.cat([left, torch.full((1, 6), 200.0, dtype=torch.float64)])
    far = neighbourhoods(lonely, normal(100, 5, 60.0))  # only the lonely one's huge ball holds them
    assert far["density"] > 0.1
    assert far["clipped_density"] == 0


def test_spread_is_the_mean_distance_within_groups() -> None:
    corner = torch.tensor([[0.0, 0.0], [3.0, 4.0]])
    assert spread([corner, torch.zeros(2, 2)]) == 2.5


def test_a_ruler_does_not_blow_up_what_hardly_moves() -> None:
    reference = torch.randn(100, 3, generator=torch.Generator().manual_seed(0))
    reference[:, 2] *= 1e-6
    ruler = Ruler.of(reference)
    measured = ruler(reference)
    assert torch.allclose(measured[:, :2].std(0), torch.ones(2, dtype=torch.float64))
    assert float(ruler(torch.tensor([[0.0, 0.0, 0.1]]))[0, 2]) < 2


def test_copies_are_found_by_features_and_edges() -> None:
    rng = torch.Generator().manual_seed(0)
    pictures = torch.rand(40, 3, 64, 64, generator=rng)
    features = torch.randn(40, 8, generator=rng, dtype=torch.float64)
    train = Bank(features[:20], pictures[:20], [str(n) for n in range(20)])
    held = Bank(features[20:], pictures[20:], [str(n) for n in range(20, 40)])
    calm = nearest(held.features, held.pictures, train, held, held.ids)
    assert int(calm.ratio.isfinite().sum()) == 20
    stolen = nearest(train.features[:5] + 0.01, train.pictures[:5].roll(3, -1), train, held)
    assert stolen.row.tolist() == [0, 1, 2, 3, 4]
    assert float(stolen.fit.min()) > 0.9
    assert copies(stolen, calm)["copied"]["right"] == 5  # type: ignore[index]
    near = nearest(held.features + 0.01, held.pictures, train, held)
    assert copies(near, calm)["copied"]["right"] == 0  # type: ignore[index]


def test_edges_fit_after_a_small_move_only() -> None:
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert float(alignment(picture, picture.roll((5, -4), (2, 3)))) > 0.9
    assert float(alignment(picture, picture.roll((20, 0), (2, 3)))) < 0.5


@pytest.mark.parametrize("layout", ["background", "recolour", "count"])
def test_rulers_read_real_scenes(cutouts: Cutouts, layout: str) -> None:
    for scene in sample_scenes(cutouts, 1, 40, "composition", {layout: 1}):
        picture = draw(scene, cutouts)
        assert rulers.background(picture) == scene.background
        if layout == "recolour":
            assert rulers.paint(picture) == scene.paint
        if layout == "count":
            assert rulers.count(picture) == scene.count


def test_rulers_say_so_when_there_is_nothing() -> None:
    white = np.full((64, 64, 3), 255, np.uint8)
    assert rulers.count(white) == 0
    assert rulers.paint(white) == ""


def test_halves_hold_one_thing_each(cutouts: Cutouts) -> None:
    for scene in sample_scenes(cutouts, 2, 30, "composition", {"pair": 1}):
        for half in rulers.halves(draw(scene, cutouts), scene.side):
            assert half.shape == (64, 64, 3)
            assert rulers.count(half) == 1


def test_parts_touch_at_corners_and_crumbs_are_left_out() -> None:
    mask = np.zeros((6, 9), bool)
    mask[1:3, 1:3] = mask[3:5, 3:5] = mask[1:5, 7] = True
    assert len(np.unique(rulers.components(mask))) == 3  # outside and two parts
    picture = np.full((64, 64, 3), 255, np.uint8)
    picture[10:30, 10:30] = picture[40:44, 40:44] = (200, 0, 0)
    assert rulers.count(picture) == 1


def test_facts_are_what_was_drawn(cutouts: Cutouts) -> None:
    for scene in sample_scenes(cutouts, 3, 60):
        said = json.loads(json.dumps(facts(scene)))
        assert said["background"] in BACKGROUNDS
        assert len(said["keys"]) == (2 if said["layout"] == "pair" else 1)
        assert bool(said["attributes"]) == (said["layout"] == "avatar")
        assert bool(said["paint"]) == (said["layout"] == "recolour")
        assert bool(said["side"]) == (said["layout"] == "pair")


def test_questions_say_what_is_marked(cutouts: Cutouts) -> None:
    for question in questions.emoji(cutouts, "pair", 20, 0):
        thing = question.scene.subjects[0]
        assert cutouts[thing.id].split == "pair"
        assert question.said == {"concept": thing.key, "set": thing.set}
        assert question.prompt.startswith(thing.concept)
    for question in questions.avatars(cutouts, "combination", 20, 0):
        assert cutouts[question.scene.placed[0].id].split == "combination"
        for head, answer in question.said.items():
            assert head == "set" or answer in question.prompt
    asked = questions.compositions(cutouts, 20, 0)
    assert set(asked) == {"background", "recolour", "count", "pair"}
    for question in asked["recolour"]:
        assert question.scene.background == "white"
        assert set(question.prompt.split()) & COLOURS == {question.scene.paint}
    for same in questions.repeats(cutouts, 0, 3):
        assert len({q.prompt for q in same}) == 1
        assert len(same) == questions.PICTURES


def test_free_prompts_are_many_and_no_captions(cutouts: Cutouts) -> None:
    assert len(set(PROMPTS)) == len(PROMPTS) >= 100
    assert all(re.fullmatch(r"\S(.*\S)?", prompt) for prompt in PROMPTS)
