"""Ways between places and along them, checked against what is known of circles and lines."""

from __future__ import annotations

import pytest
import torch

from genui.backends.latent_geometry import Trail, blend, linear, orthogonal, spherical
from genui.errors import BadInput

CENTRE = torch.zeros(3)
X, Y = torch.tensor([2.0, 0, 0]), torch.tensor([0, 2.0, 0])


def test_a_round_way_keeps_its_distance_and_its_pace() -> None:
    centre = torch.tensor([5.0, 5, 5])
    seen = torch.stack([spherical(X + centre, Y + centre, t / 8, centre) for t in range(9)])
    assert torch.allclose((seen - centre).norm(dim=1), torch.full((9,), 2.0), atol=1e-5)
    steps = (seen[1:] - seen[:-1]).norm(dim=1)
    assert torch.allclose(steps, steps[:1].expand(8), atol=1e-5)
    assert torch.allclose(seen[0], X + centre)
    assert torch.allclose(seen[8], Y + centre, atol=1e-6)


@pytest.mark.parametrize("other", [X, -X, 3 * X, CENTRE])
def test_without_an_angle_the_round_way_is_straight(other: torch.Tensor) -> None:
    assert torch.allclose(spherical(X, other, 0.25, CENTRE), linear(X, other, 0.25), atol=1e-5)


def test_blends_meet_their_ends_and_stay_on_the_sphere() -> None:
    z = torch.tensor([0, 0, 2.0])
    assert torch.allclose(blend([X, Y, z], [0, 5, 0], CENTRE), Y, atol=1e-6)
    assert torch.allclose(blend([X, Y, z], [1, 1, 1]), (X + Y + z) / 3)
    assert float(blend([X, Y, z], [1, 1, 1], CENTRE).norm()) == pytest.approx(2, abs=1e-5)
    even = spherical(X, Y, 0.5, CENTRE)
    assert torch.allclose(blend([X, Y], [3, 3], CENTRE), even)
    assert torch.allclose(blend([X, Y, z], [1, 1, 0], CENTRE), even, atol=1e-5)
    assert torch.allclose(blend([X, -X, Y, -Y], [1, 1, 1, 1], CENTRE), CENTRE)


def test_what_is_orthogonal_moves_no_other() -> None:
    torch.manual_seed(0)
    vectors = list(torch.randn(4, 16))
    left = orthogonal(vectors[0], vectors[1:])
    assert all(abs(float(left @ other)) < 1e-5 for other in vectors[1:])
    assert float(left @ vectors[0]) > 0
    assert torch.equal(orthogonal(vectors[0], []), vectors[0])
    assert float(orthogonal(vectors[0], [2 * vectors[0]]).norm()) < 1e-5


@pytest.mark.parametrize("centre", [None, CENTRE])
def test_a_loop_closes_without_a_jump(centre: torch.Tensor | None) -> None:
    trail = Trail(torch.stack([X, Y, torch.tensor([0, 0, 2.0])]), True, centre)
    seen = torch.stack([trail.at(k, 60) for k in range(60)])
    steps = (torch.roll(seen, -1, 0) - seen).norm(dim=1)  # the last frame to the first among them
    assert float(steps.max()) < 1.2 * float(steps.min())
    assert torch.equal(seen[0], X)
    assert trail.marks(60) == [0, 20, 40]
    assert torch.allclose(seen[20], Y, atol=1e-5)


def test_a_way_ends_where_it_should_at_a_steady_pace() -> None:
    stops = torch.tensor([[0.0], [1.0], [1.0], [4.0]])
    trail = Trail(stops, False)
    seen = [float(trail.at(k, 9)) for k in range(9)]
    assert seen == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]
    assert trail.marks(9) == [0, 2, 2, 8]
    assert [float(Trail(stops, True).at(k, 2)) for k in range(2)] == [0, 4]


def test_a_way_that_goes_nowhere_is_refused() -> None:
    for loop in (True, False):
        with pytest.raises(BadInput, match="the same"):
            Trail(torch.ones(3, 2), loop)
