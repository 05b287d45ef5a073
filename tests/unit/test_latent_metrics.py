"""The measures of latent spaces say on made-up spaces what they must."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from genui.networks.avatar_gan import Discriminator, Generator
from genui.training.latent import embedding, linear
from genui.training.latent.directions import orthogonal, unit
from genui.training.latent.disentangle import dci, mig, separability
from genui.training.metrics import precision_recall

SIZES = {"a": 3, "b": 3}


def clean_space() -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Two attributes of three answers, each told by one of four dimensions."""
    torch.manual_seed(0)
    columns = {head: torch.randint(3, (1200,)) for head in SIZES}
    places = torch.randn(1200, 4)
    for i, column in enumerate(columns.values()):
        places[:, i] = column + 0.1 * torch.randn(1200)
    return places, columns


def turned(places: torch.Tensor) -> torch.Tensor:
    """The same with the first two dimensions mixed evenly."""
    half = math.sqrt(0.5)
    mixed = places.clone()
    mixed[:, :2] = places[:, :2] @ torch.tensor([[half, -half], [half, half]])
    return mixed


def test_one_dimension_for_each_attribute_is_disentangled() -> None:
    places, columns = clean_space()
    assert mig(places, columns, SIZES)["mean"] > 0.9
    assert mig(turned(places), columns, SIZES)["mean"] < 0.2
    clean, mixed = dci(places, columns, SIZES), dci(turned(places), columns, SIZES)
    assert clean["disentanglement"] > 0.7 > 0.4 > mixed["disentanglement"]
    assert clean["completeness"] > mixed["completeness"] + 0.2
    assert min(clean["informativeness"], mixed["informativeness"]) > 0.95


def test_separability_is_one_when_a_line_tells_answers_apart() -> None:
    places, columns = clean_space()
    assert separability(places, columns, SIZES)["all"] < 1.2
    blind = separability(torch.randn(1200, 4), columns, SIZES)
    assert blind["all"] > 0.9 * blind["unknown"]
    assert blind["unknown"] == pytest.approx(9, rel=0.02)


def test_logistic_regression_finds_the_normal() -> None:
    torch.manual_seed(0)
    x = torch.randn(800, 5) * torch.tensor([1.0, 5.0, 1.0, 1.0, 1.0])
    right = (x @ torch.tensor([1.0, 0.2, 0.0, 0.0, 0.0]) > 0).long()
    normal = unit(linear.fit(x, right, 2).normal(0, 1))
    assert float(normal @ unit(torch.tensor([1.0, 0.2, 0.0, 0.0, 0.0]))) > 0.98


def test_orthogonal_directions_are_the_nearest_ones() -> None:
    torch.manual_seed(0)
    skew = unit(torch.eye(4, 10) + 0.2 * torch.randn(4, 10))
    straight = orthogonal(skew)
    assert torch.allclose(straight @ straight.T, torch.eye(4), atol=1e-5)
    assert float((straight * skew).sum(1).min()) > 0.9
    swapped = orthogonal(skew.flip(0)).flip(0)
    assert torch.allclose(swapped, straight, atol=1e-5)


def test_precision_falls_with_strange_samples_and_recall_with_missing_ones() -> None:
    torch.manual_seed(0)
    real = torch.cat([torch.randn(200, 3), torch.randn(200, 3) + 20])
    same = torch.cat([torch.randn(200, 3), torch.randn(200, 3) + 20])
    half, strange = torch.randn(400, 3), torch.randn(400, 3) - 50
    assert min(precision_recall(real, same).values()) > 0.9
    assert precision_recall(real, half)["recall"] < 0.6
    assert precision_recall(real, half)["precision"] > 0.9
    assert precision_recall(real, strange) == {"precision": 0, "recall": 0}


def test_the_map_keeps_neighbours_and_places_new_points_with_their_own() -> None:
    torch.manual_seed(0)
    centres = torch.randn(5, 12) * 4
    which = torch.arange(200) % 5
    places = centres[which] + torch.randn(200, 12) * 0.3
    network = embedding.train(places, 120)
    spots = network(places)
    assert float(spots.min()) >= -1e-5
    assert float(spots.max()) <= 1 + 1e-5
    chance = embedding.kept(places, torch.rand(200, 2), 10)
    assert embedding.kept(places, spots, 10) > 0.85 > chance
    new = network(centres[which[:50]] + torch.randn(50, 12) * 0.3)
    nearest = torch.cdist(new, spots).argmin(1)
    assert float((which[nearest] == which[:50]).float().mean()) > 0.95


def test_one_pass_of_the_discriminator_teaches_both() -> None:
    """The gradient that `Duel` hands to the generator is that of the generator's own loss."""
    torch.manual_seed(0)
    generator, rival = Generator(16, 8), Discriminator(8)
    real, z = torch.randn(3, 3, 64, 64), torch.randn(3, 16)
    r, f = rival(torch.cat([real, generator(z)])).chunk(2)
    wanted = torch.autograd.grad(F.softplus(r - f).mean(), list(generator.parameters()))
    made = generator(z)
    shown = made.detach().requires_grad_()
    r, f = rival(torch.cat([real, shown])).chunk(2)
    F.softplus(f - r).mean().backward()
    assert shown.grad is not None
    made.backward(shown.grad * -(r - f).detach().exp()[:, None, None, None])
    for parameter, gradient in zip(generator.parameters(), wanted, strict=True):
        assert parameter.grad is not None
        assert torch.allclose(parameter.grad, gradient, rtol=1e-3, atol=1e-7)
