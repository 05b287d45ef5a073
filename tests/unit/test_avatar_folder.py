"""What is written into an avatar model's folder comes back, and its measures mean what they say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from genui.networks import avatar_folder as files
from genui.networks.avatar_gan import Generator
from genui.networks.avatar_vae import AvatarVAE
from tests.tiny_avatars import CLASSES, PLACES, avatars


@pytest.fixture(scope="module", params=["vae", "gan"])
def tiny(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> files.Avatars:
    return files.read(avatars(tmp_path_factory.mktemp("model"), request.param))


def test_a_folder_gives_everything_back(tiny: files.Avatars) -> None:
    assert isinstance(tiny.network, AvatarVAE if tiny.config.kind == "vae" else Generator)
    assert (tiny.discriminator is None) == (tiny.config.kind == "vae")
    assert tiny.classes == CLASSES
    assert [d.name for d in tiny.directions] == ["glasses", "skin", "found-1", "found-2"]
    assert tiny.directions[2].accuracy is None
    assert tiny.map.places.shape == (PLACES, tiny.config.latent)
    assert tiny.statistics.shares["glasses"] == {"none": 500, "glasses": 500}
    assert tiny.atlas.exists()
    assert sum(f.stat().st_size for f in tiny.folder.iterdir()) < 4_000_000


def test_every_direction_moves_every_picture(tiny: files.Avatars) -> None:
    places = tiny.map.places[:4]
    for direction in tiny.directions:
        moved = (tiny.draw(places + direction.vector) - tiny.draw(places)).abs()
        assert float(moved.mean((1, 2, 3)).min()) > 0.001


def test_stored_places_have_their_own_spots(tiny: files.Avatars) -> None:
    spots = tiny.map.spots(tiny.map.places)
    assert torch.allclose(spots[:, 0], tiny.map.pca, atol=0.01)
    assert torch.allclose(spots[:, 1], tiny.map.neighbours, atol=0.01)
    for name in ("pca", "neighbours"):
        back = tiny.map.place(getattr(tiny.map, name), name)
        assert torch.allclose(back, tiny.map.places, atol=0.05)


def test_what_is_near_the_data_is_not_far(tiny: files.Avatars) -> None:
    assert max(tiny.far(tiny.map.places)) < 0.01
    assert min(tiny.far(tiny.map.places * 50)) == 1


def test_each_layer_of_the_generator_hears_its_own_place(tmp_path: Path) -> None:
    tiny = files.read(avatars(tmp_path, "gan"))
    assert isinstance(tiny.network, Generator)
    one, other = tiny.map.places[:1], tiny.map.places[1:2]
    ws = one[:, None].repeat(1, tiny.config.layers, 1)
    whole = tiny.draw(ws)
    assert torch.allclose(whole, tiny.draw(one))
    for layer in range(tiny.config.layers):
        mixed = ws.clone()
        mixed[:, layer] = other
        assert not torch.allclose(tiny.draw(mixed), whole, atol=1e-3)


def test_quantiles_say_shares() -> None:
    known = files.Quantiles.measure(torch.linspace(0, 10, 1001))
    assert known.share(-1) == 0
    assert known.share(11) == 1
    assert known.share(2.5) == pytest.approx(0.25, abs=0.001)


def test_another_format_is_refused(tmp_path: Path) -> None:
    folder = avatars(tmp_path, "vae")
    said = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(said | {"format": 2}))
    with pytest.raises(ValueError, match="format 2"):
        files.read(folder)
