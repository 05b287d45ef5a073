"""The whole recipe of the avatar models, on painted stand-ins for avatars and networks so small
that it takes seconds: real specs, real training, real measures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from genui.networks import avatar_folder as files
from genui.networks.avatar_gan import Discriminator, Generator
from genui.networks.avatar_vae import AvatarVAE
from genui.training.autoencoder import to_network
from genui.training.colours import BACKGROUNDS, rgb
from genui.training.latent import album, card, gan, recipe
from genui.training.latent.scales import GAN_LATENT, SCALES, VAE_LATENT
from genui.training.latent.specs import CLASSES, CONTRASTS, SKEWED, Sampler, Spec, held_out
from genui.training.loop import Duel

SCALE = SCALES["tiny"]
MODELS = ["avatars-vae", "avatars-vae-skewed", "avatars-gan"]


def paint(spec: Spec) -> album.Pictures:
    """A square face on its background; each attribute is a patch somewhere on it."""
    told = {head: CLASSES[head].index(answer) for head, answer in spec.answers().items()}
    picture = np.empty((64, 64, 3), np.uint8)
    picture[:] = rgb(BACKGROUNDS[spec.answers()["background"]])
    picture[16:56, 16:48] = 230 - 40 * told["skin"]
    picture[8:16, 16:48] = np.array([25, 13, 7]) * told["hair_color"] % 255
    picture[16 : 16 + 8 * told["hair_length"], 12:20] = 90
    picture[24:28, 20:44] = 0 if told["glasses"] else 200
    picture[32:36, 20:44] = 60 * told["eyes"]
    picture[44:48, 20:44] = 60 * told["mouth"]
    picture[4:8, 20:44] = (255, 0, 0) if told["hat"] else picture[0, 0]
    picture[50:56, 20:44] = 20 if told["beard"] else 180
    picture[56:, 8:56] = np.array([9, 17, 26]) * told["clothes_color"] % 255
    picture[56:, :8] = (80 * told["style"], 0, 120)
    return picture


def write(folder: Path, specs: list[Spec]) -> None:
    album.write(folder, [paint(spec) for spec in specs], [spec.answers() for spec in specs])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The data's and the run's folder after the whole recipe, which was stopped once."""
    data, out, held = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("run"), held_out()
    write(data / "train", list(Sampler(1).specs(SCALE.train, held)))
    write(data / "skewed", list(Sampler(2, SKEWED).specs(SCALE.train, held)))
    write(data / "held", list(Sampler(3).specs(SCALE.held, held, wanted=True)))
    pairs = [
        (contrast.head, pair)
        for contrast in CONTRASTS
        for pair in Sampler(4).pairs(contrast, SCALE.pairs, held)
    ]
    write(data / "pairs", [spec for _, pair in pairs for spec in pair])
    (data / "pairs" / "contrasts.json").write_text(json.dumps([head for head, _ in pairs]))
    common = ["--data", str(data), "--out", str(out), "--scale", "tiny"]
    assert recipe.main([*common, "--minutes", "0.001"]) == 3
    assert recipe.main(common) == 0
    assert recipe.main([*common, "--minutes", "0"]) == 0
    return data, out


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest, run: tuple[Path, Path]) -> files.Avatars:
    return files.read(run[1] / request.param)


def test_each_folder_is_complete(model: files.Avatars) -> None:
    assert model.draw(model.map.places[:3]).shape == (3, 3, 64, 64)
    assert model.classes == CLASSES
    assert [d.name for d in model.directions if d.kind == "found"] == [
        f"found-{i}" for i in range(1, 13)
    ]
    assert all(model.map.attributes[head][0] == CLASSES[head] for head in CLASSES)
    spots = model.map.spots(model.map.places)
    assert torch.allclose(spots[:, 0], model.map.pca, atol=0.02)
    assert torch.allclose(spots[:, 1], model.map.neighbours, atol=0.02)
    with Image.open(model.atlas) as atlas:
        assert atlas.size == (3200, 32)
    assert sum(model.statistics.shares["style"].values()) == model.statistics.pictures
    assert min(model.far(model.map.places[:5])) >= 0
    assert (model.folder / "README.md").read_text().count("| glasses |") >= 2


def test_the_atlas_shows_what_lies_at_its_places(model: files.Avatars) -> None:
    with Image.open(model.atlas) as atlas:
        shown = np.asarray(atlas.convert("RGB"))[:, : 32 * 8].astype(np.float32)
    drawn = torch.nn.functional.avg_pool2d(model.draw(model.map.places[:8]), 2)
    drawn = ((drawn + 1) * 127.5).permute(2, 0, 3, 1).reshape(32, 256, 3)

    def apart(other: torch.Tensor) -> float:
        return float((torch.from_numpy(shown) - other).abs().mean())

    assert apart(drawn) < 0.5 * apart(drawn.roll(32, 1))


def test_the_judge_learns_what_is_painted(run: tuple[Path, Path]) -> None:
    right = json.loads((run[1] / "judge" / "accuracy.json").read_text())
    chance = {head: 1 / len(names) for head, names in CLASSES.items()}
    assert sum(right[head]["share"] > 1.3 * chance[head] for head in CLASSES) >= 6


def test_the_vae_gives_avatars_back_that_it_never_saw(run: tuple[Path, Path]) -> None:
    held = to_network(album.read(run[0] / "held").pictures)
    model = files.read(run[1] / "avatars-vae")
    assert isinstance(model.network, AvatarVAE)
    torch.manual_seed(0)
    errors = []
    for network in (AvatarVAE(VAE_LATENT, SCALE.vae_width), model.network):
        with torch.no_grad():
            made = network.decode(network.encode(held)[0]).clamp(-1, 1)
        errors.append(float((made - held).square().mean()))
    assert errors[1] < 0.6 * errors[0]
    assert model.statistics.errors is not None
    assert model.metrics["reconstruction"]["n"] == SCALE.held
    assert len(model.statistics.kl) == VAE_LATENT


def test_directions_are_orthogonal_and_do_what_they_say(run: tuple[Path, Path]) -> None:
    model = files.read(run[1] / "avatars-vae")
    named = [d for d in model.directions if d.kind == "attribute"]
    assert [d.name for d in named] == [contrast.head for contrast in CONTRASTS]
    vectors = torch.stack([d.vector / d.vector.norm() for d in named])
    assert torch.allclose(vectors @ vectors.T, torch.eye(len(named)), atol=0.01)
    towards = next(d.vector for d in named if d.name == "background")  # white to dark blue
    places = model.map.places[:20]
    corner = [model.draw(places + step * towards)[:, :, :4, :8].mean() for step in (-2, 0, 2)]
    assert corner[0] > corner[1] > corner[2]


def test_the_skewed_model_is_told_from_the_balanced_one(run: tuple[Path, Path]) -> None:
    even, skewed = (files.read(run[1] / name).statistics for name in MODELS[:2])
    dark = ("medium", "medium dark", "dark")
    assert sum(even.shares["skin"][tone] for tone in dark) > 20
    assert sum(skewed.shares["skin"][tone] for tone in dark) < 14
    assert "lopsided on purpose" in (run[1] / "avatars-vae-skewed" / "README.md").read_text()


def test_a_stopped_step_went_on_where_it_was(run: tuple[Path, Path]) -> None:
    for name, images, batch in (
        ("training/avatars-vae", SCALE.vae_images, SCALE.vae_batch),
        ("training/avatars-gan", SCALE.gan_images, SCALE.gan_batch),
        ("judge", SCALE.judge_images, SCALE.judge_batch),
    ):
        step = json.loads((run[1] / name / "checkpoint" / "step.json").read_text())["step"]
        assert step == images // batch


def test_notes_of_a_run_stand_in_its_card(run: tuple[Path, Path]) -> None:
    notes = run[1] / "training" / "avatars-gan" / "notes.md"
    notes.write_text("Made in two pieces.\n", "utf-8")
    assert "\nMade in two pieces.\n\nLast logged" in card.card(run[1], "avatars-gan")
    notes.unlink()
    assert "pieces" not in card.card(run[1], "avatars-gan")


def test_half_of_the_pictures_move_a_few_pixels_and_keep_their_edges() -> None:
    torch.manual_seed(0)
    ramp = torch.arange(64.0).expand(400, 3, 64, 64)  # a pixel's value is its column
    images = torch.stack([ramp[:, 0], ramp[:, 0].mT, ramp[:, 2]], 1)
    seen = gan.moved(images)
    across, down = seen[:, 0, 0, 32] - 32, seen[:, 1, 32, 0] - 32
    assert {*across.tolist(), *down.tolist()} == set(range(-gan.SHIFT, gan.SHIFT + 1))
    still = ((across == 0) & (down == 0)).float().mean()
    assert 0.4 < float(still) < 0.62  # half, and the few that chance moves by nothing
    columns = (torch.arange(64) + across[:, None]).clamp(0, 63)
    assert torch.equal(seen[:, 2, 5], columns)


def test_a_duel_trains_both_and_goes_on(tmp_path: Path) -> None:
    torch.manual_seed(0)
    real = to_network(np.stack([paint(spec) for spec in Sampler(1).specs(16, held_out())]))

    def duel(images: int) -> Duel:
        networks = Generator(GAN_LATENT, 8), Discriminator(8)
        return Duel(*networks, tmp_path, latent=GAN_LATENT, gamma=1.0, lr=2e-3, images=images,
                    augment=gan.moved, batch=8)  # fmt: skip

    first = duel(200)
    before = [p.detach().clone() for n in (first.network, first.rival) for p in n.parameters()]
    first.play(real[i % 2 :: 2] for i in range(1000))
    after = [p for n in (first.network, first.rival) for p in n.parameters()]
    moved = [not torch.equal(a, b) for a, b in zip(before, after, strict=True)]
    assert sum(moved) >= len(moved) - 1  # the score's bias cancels in the relativistic loss
    with torch.no_grad():
        noise = torch.rand(16, 3, 64, 64) * 2 - 1
        assert float(first.rival(real).mean()) > float(first.rival(noise).mean())
    again = duel(400)
    assert again.step == 25
    assert all(
        torch.equal(a, b)
        for a, b in zip(first.rival.parameters(), again.rival.parameters(), strict=True)
    )
    assert again.rival_optimizer.state_dict()["state"]
