"""The whole recipe of the image model, on pictures and networks so small that it takes seconds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genui.training import autoencoder, diffusion, distill, latents, recipe
from genui.training.grow import grow
from genui.training.scales import SCALES, Scale
from tests.tiny import WORDS, word_tokenizer

TINY = Scale(
    vae=(8, 16, 16), unet=(16, 32), attention=(False, True), everyday=None, mixture=None,
    scenes=32, crop=32, vae_images=320, vae_batch=4, unet_images=320, unet_batch=8, unet_lr=5e-4,
    lcm_images=48, lcm_batch=8,
)  # fmt: skip
COLOURS = {"red": (220, 30, 30), "blue": (30, 60, 220)}


def write_pictures(folder: Path, n: int, seed: int) -> None:
    """Coloured squares on white, each with its caption."""
    rng = np.random.default_rng(seed)
    made, captions = np.full((n, 64, 64, 3), 255, np.uint8), []
    for picture in made:
        name = str(rng.choice(list(COLOURS)))
        x, y = rng.integers(4, 28, 2)
        picture[y : y + 32, x : x + 32] = COLOURS[name]
        captions.append(f"a {name} house")
    folder.mkdir(parents=True)
    np.save(folder / "pictures.npy", made)
    (folder / "captions.json").write_text(json.dumps(captions))


def write_sentence_encoder(folder: Path) -> None:
    """A random BERT in the files of the real sentence encoder."""
    from safetensors.torch import save_file
    from transformers import BertConfig, BertModel

    folder.mkdir()
    word_tokenizer().backend_tokenizer.save(str(folder / "tokenizer.json"))
    sizes = {
        "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4,
        "intermediate_size": 32,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(sizes))
    model = BertModel(BertConfig(vocab_size=len(WORDS) + 5, **sizes), add_pooling_layer=False)
    save_file(model.state_dict(), folder / "model.safetensors")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A run's folder after every step; the autoencoder was stopped once and went on."""
    out = tmp_path_factory.mktemp("run")
    write_pictures(out / "train", 32, 0)
    write_pictures(out / "held", 16, 1)
    write_sentence_encoder(out / "minilm")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SCALES, "tiny", TINY)
        common = ["--out", str(out), "--scale", "tiny"]
        assert autoencoder.main([*common, "--minutes", "0.0001"]) == 3
        assert autoencoder.main(common) == 0
        assert latents.main(["--out", str(out)]) == 0
        assert diffusion.main(common) == 0
        assert distill.main(common) == 0
    return out


def test_a_stopped_step_goes_on_where_it_was(run: Path) -> None:
    from diffusers import AutoencoderKL

    step = json.loads((run / "autoencoder" / "checkpoint" / "step.json").read_text())["step"]
    assert step == TINY.vae_images // TINY.vae_batch
    assert AutoencoderKL.from_pretrained(run / "vae").config.scaling_factor != 0.18215


def test_the_autoencoder_learns_to_repeat(run: Path) -> None:
    import torch
    from diffusers import AutoencoderKL

    pictures = autoencoder.to_network(np.load(run / "held" / "pictures.npy"))
    errors = []
    for network in (autoencoder.build(TINY), AutoencoderKL.from_pretrained(run / "vae")):
        with torch.no_grad():
            made = network.decode(network.encode(pictures).latent_dist.mode()).sample
        errors.append(float((made - pictures).abs().mean()))
    assert errors[1] < 0.7 * errors[0]


def test_the_decoder_alone_learns_and_latents_stay(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diffusers import AutoencoderKL

    monkeypatch.setitem(SCALES, "tiny", TINY)
    for split in ("train", "held"):
        (tmp_path / split).symlink_to(run / split)
    start = ["--start", str(run / "vae"), "--decoder"]
    assert autoencoder.main(["--out", str(tmp_path), "--scale", "tiny", *start]) == 0
    before = AutoencoderKL.from_pretrained(run / "vae")
    after = AutoencoderKL.from_pretrained(tmp_path / "vae")
    assert after.config.scaling_factor == before.config.scaling_factor
    for name, old in before.state_dict().items():
        kept = name.startswith(("encoder.", "quant_conv."))
        assert after.state_dict()[name].equal(old) == kept, name


def test_the_decoder_alone_needs_an_encoder_that_has_learned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        autoencoder.main(["--decoder", "--out", str(tmp_path)])
    assert "name them with --start" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_denoiser_learns_on_pictures_it_never_saw(run: Path) -> None:
    import torch
    from diffusers import UNet2DConditionModel

    trained = UNet2DConditionModel.from_pretrained(run / "base" / "unet", torch_dtype=torch.float32)
    untrained = diffusion.build(TINY, 16, 32)
    denoising = diffusion.Denoising(torch.device("cpu"))
    pairs = diffusion.Pairs(
        run / "held" / "latents.safetensors", torch.zeros(32, 32), torch.device("cpu")
    )
    batch = next(pairs.batches(16, 0, dropped=0))
    torch.manual_seed(0)
    steps, noise = torch.randint(1000, (16,)), torch.randn(batch.latents.shape)
    with torch.no_grad():
        before = float(denoising.of(untrained, batch, steps, noise))
        after = float(denoising.of(trained, batch, steps, noise))
    assert after < 0.8 * before


def test_a_denoiser_grows_a_finer_resolution_and_keeps_what_it_knew() -> None:
    import torch

    small = diffusion.build(TINY, 16, 32)
    large = diffusion.build(
        replace(TINY, unet=(16, 16, 32), attention=(False, False, True)), 32, 32
    )
    grow(small, large)
    old, new = small.state_dict(), large.state_dict()
    inner = "resnets.0.conv2.weight"
    assert new[f"down_blocks.2.{inner}"].equal(old[f"down_blocks.1.{inner}"])
    assert new[f"mid_block.{inner}"].equal(old[f"mid_block.{inner}"])
    assert new[f"up_blocks.0.{inner}"].equal(old[f"up_blocks.0.{inner}"])
    steps = torch.arange(0, 1000, 10)
    with torch.no_grad():
        times = [each.time_embedding(each.time_proj(steps)) for each in (small, large)]
    assert float((times[0] - times[1]).norm() / times[0].norm()) < 0.3
    assert float(large.time_embedding.linear_1.weight.detach().abs().max()) < 10


@pytest.mark.parametrize("name", ["base", "fast"])
def test_a_saved_model_names_no_folder_of_the_machine(run: Path, name: str) -> None:
    configs = list((run / name).rglob("*.json"))
    assert len(configs) > 5
    assert not [file for file in configs if str(run) in file.read_text("utf-8")]


@pytest.mark.parametrize("name", ["base", "fast"])
def test_the_folder_loads_in_the_standard_pipelines(run: Path, name: str) -> None:
    import torch
    from diffusers import (
        AutoPipelineForImage2Image,
        AutoPipelineForInpainting,
        AutoPipelineForText2Image,
    )

    draw = AutoPipelineForText2Image.from_pretrained(run / name, torch_dtype=torch.float32)
    draw.set_progress_bar_config(disable=True)
    common = {"num_inference_steps": 4, "guidance_scale": 2.0}
    seed = torch.Generator().manual_seed(0)
    picture = draw("a red house", generator=seed, **common).images[0]
    assert picture.size == (64, 64)
    again = AutoPipelineForImage2Image.from_pipe(draw)
    assert again("a blue house", image=picture, **common).images[0].size == (64, 64)
    part = AutoPipelineForInpainting.from_pipe(draw)
    mask = picture.convert("L").point(lambda _: 255)
    assert part("a cat", image=picture, mask_image=mask, **common).images[0].size == (64, 64)


def test_the_student_hears_its_guidance(run: Path) -> None:
    import torch
    from diffusers import UNet2DConditionModel

    student = UNet2DConditionModel.from_pretrained(run / "fast" / "unet", torch_dtype=torch.float32)
    assert student.config.time_cond_proj_dim == distill.WIDTH
    assert float(student.time_embedding.cond_proj.weight.detach().abs().max()) > 0


def test_the_guidance_embedding_is_the_pipelines() -> None:
    import torch
    from diffusers import StableDiffusionPipeline

    w = torch.tensor([0.0, 1.5, 6.0])
    its = StableDiffusionPipeline.get_guidance_scale_embedding(None, w, embedding_dim=256)
    assert torch.allclose(distill.guidance_embedding(w), its, atol=1e-4)


def test_the_whole_recipe_passes_over_what_is_done(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(SCALES, "tiny", TINY)
    for result, _, _ in recipe.steps(tmp_path, run, "tiny"):
        if not result.exists():
            result.parent.mkdir(exist_ok=True)
            result.touch()
    (run / "held" / "latents.safetensors").unlink()
    command = ["--data", str(tmp_path), "--out", str(run), "--scale", "tiny"]
    assert recipe.main([*command, "--minutes", "0"]) == 3
    capsys.readouterr()
    assert recipe.main(command) == 0
    assert capsys.readouterr().out.split("\n")[0] == "— latents held"
    assert (run / "held" / "latents.safetensors").exists()
    assert recipe.main([*command, "--minutes", "0"]) == 0
