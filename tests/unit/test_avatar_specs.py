"""Avatars are balanced, told apart and changed as their specs say."""

from __future__ import annotations

from collections import Counter

import pytest

from genui.training.latent.specs import (
    CLASSES,
    CONTRASTS,
    NAMES,
    SKEWED,
    Contrast,
    Sampler,
    held_out,
)


def test_every_avatar_has_one_answer_for_each_head() -> None:
    for spec in Sampler(0).specs(300, held_out()):
        answers = spec.answers()
        assert set(answers) == set(CLASSES)
        assert all(answer in CLASSES[head] for head, answer in answers.items())


def test_skin_and_hair_are_balanced_and_the_skewed_set_is_not() -> None:
    even = [spec.answers() for spec in Sampler(1).specs(2000, held_out())]
    tones = Counter(one["skin"] for one in even)
    assert max(tones.values()) < 1.1 * min(tones.values())
    hair = Counter(one["hair_color"] for one in even if one["hair_color"] != "none")
    assert max(hair.values()) < 1.35 * min(hair.values())
    skewed = [spec.answers() for spec in Sampler(1, SKEWED).specs(2000, held_out())]
    light = sum(one["skin"] in ("light", "medium light") for one in skewed)
    assert 0.86 < light / 2000 < 0.94
    assert sum(one["glasses"] == "glasses" for one in skewed) / 2000 < 0.06


def test_held_out_combinations_are_kept_apart() -> None:
    held = held_out()
    assert {name.split("|")[0] for name in held} == set(NAMES)
    train = {spec.combination() for spec in Sampler(1).specs(2000, held)}
    wanted = [spec.combination() for spec in Sampler(3).specs(60, held, wanted=True)]
    assert not train & held
    assert set(wanted) <= held


@pytest.mark.parametrize("contrast", CONTRASTS, ids=lambda c: c.head)
def test_a_counterfactual_changes_one_attribute(contrast: Contrast) -> None:
    held = held_out()
    for before, after in Sampler(4).pairs(contrast, 12, held):
        one, other = before.answers(), after.answers()
        assert {head for head in CLASSES if one[head] != other[head]} == {contrast.head}
        assert (one[contrast.head], other[contrast.head]) == (contrast.low, contrast.high)
        assert not {before.combination(), after.combination()} & held


def test_nothing_is_left_to_chance_when_an_avatar_is_drawn() -> None:
    for spec in Sampler(5).specs(60, held_out()):
        options = spec.request()["options"]
        chances = {v for k, v in options.items() if k.endswith("Probability")}
        assert chances <= {0, 100}
        assert all(len(v) == 1 for v in options.values() if isinstance(v, list))
