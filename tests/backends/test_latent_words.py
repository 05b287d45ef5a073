"""The map of words: clusters stay together, later texts find their place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from genui.backends import latent_words
from genui.backends.latent_words import WordMap, read, tsne


def clusters(count: int) -> torch.Tensor:
    """Unit vectors (count, 16) around three centres, which take turns."""
    draw = torch.Generator().manual_seed(0)
    noise = 0.075 * torch.randn(count, 16, generator=draw)
    return torch.nn.functional.normalize(torch.eye(16)[torch.arange(count) % 3] + noise, dim=1)


def embed(texts: Sequence[str]) -> torch.Tensor:
    """A vector for each word of the list."""
    return clusters(len(texts))


@pytest.fixture(scope="module")
def words() -> WordMap:
    return WordMap.of_words(embed)


def test_the_list_has_hundreds_of_words_in_named_groups(tmp_path: Path) -> None:
    words, groups, of = read()
    assert len(words) == len(set(words)) == len(of) > 300
    assert set(of) == set(range(len(groups)))
    short = tmp_path / "words.txt"
    short.write_text("# One\na, b\n\n# Two\nc d,\n", encoding="utf-8")
    assert read(short) == (["a", "b", "c d"], ["One", "Two"], [0, 0, 1])


def test_neighbours_stay_neighbours_and_the_layout_repeats() -> None:
    vectors = clusters(90)
    at = tsne(vectors, vectors[:, :2])
    assert at.isfinite().all()
    assert torch.equal(at, tsne(vectors, vectors[:, :2]))
    gaps = torch.cdist(at, at).fill_diagonal_(torch.inf)
    label = torch.arange(90) % 3
    right = label[gaps.topk(5, largest=False).indices] == label[:, None]
    assert right.float().mean() > 0.98


def test_equal_vectors_are_no_trouble() -> None:
    same = torch.eye(8)[:1].repeat(20, 1)
    assert tsne(same, torch.randn(20, 2)).isfinite().all()


def test_both_maps_lie_on_the_unit_square_and_take_in_their_own_words(words: WordMap) -> None:
    for name in ("pca", "neighbours"):
        spots = getattr(words, name)
        assert spots.min() >= -1e-6
        assert spots.max() == pytest.approx(1)
        found = words.spots(words.vectors[7])[name]
        assert found == pytest.approx(spots[7].tolist(), abs=1e-4)
    assert 0 < words.explained < 1
    assert words.nearest(words.vectors[7], 1)[0][1] == pytest.approx(1)


def test_a_place_is_a_blend_of_the_words_around_it(words: WordMap) -> None:
    x, y = words.pca[7].tolist()
    assert words.blend((x, y), "pca") in [[(w, 1.0)] for w in words.words]
    # far off the rim all three count much alike, and still sum to one
    mix = words.blend((2.0, 2.0), "neighbours")
    assert 1 < len(mix) <= latent_words.BLENDED
    assert sum(share for _, share in mix) == pytest.approx(1)
    assert all(share >= latent_words.LEAST for _, share in mix)
