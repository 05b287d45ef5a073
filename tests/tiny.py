"""Tiny pipelines with random weights, saved in the hub's layout: real classes, no download.

They draw noise-like colours, but a prompt, a seed and an option change them as in a large one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

WORDS = (  # noqa: SIM905
    "a an the of on with and red green blue yellow purple dark light cat dog apple star heart "
    "house tree face smiling happy sad two three big small flat sticker emoji avatar background"
).split()


def word_tokenizer(longest: int = 16) -> Any:
    """A tokenizer that knows `WORDS` and cuts at `longest` tokens, as BERT's does."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = {word: number for number, word in enumerate(special + WORDS)}
    made = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return BertTokenizerFast(tokenizer_object=made, model_max_length=longest)


def autoencoder(channels: int = 4, **more: Any) -> Any:
    """An f8 `AutoencoderKL` with 16 or fewer features a layer."""
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=(8, 8, 16, 16), norm_num_groups=4, latent_channels=channels,
        down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4,
        layers_per_block=1, sample_size=64, **more,
    )  # fmt: skip


def stickers(folder: Path, *, few_steps: bool = False, clip: bool = False) -> Path:
    """A `StableDiffusionPipeline` for 64×64 pictures like our own: f8, four latent channels,
    v-prediction to zero signal; with `few_steps` guidance is an embedding and the scheduler LCM's,
    with `clip` the text encoder is CLIP's instead of BERT's. Saved into `folder`."""
    import torch
    from diffusers import (
        DDIMScheduler,
        LCMScheduler,
        StableDiffusionPipeline,
        UNet2DConditionModel,
    )
    from transformers import BertConfig, BertModel, CLIPTextConfig, CLIPTextModel

    torch.manual_seed(0)
    tokenizer = word_tokenizer()
    if clip:
        text: Any = CLIPTextModel(
            CLIPTextConfig(
                vocab_size=64, hidden_size=32, intermediate_size=37, num_hidden_layers=2,
                num_attention_heads=4, max_position_embeddings=16,
                bos_token_id=2, eos_token_id=3, pad_token_id=0,
            )
        )  # fmt: skip
    else:
        text = BertModel(
            BertConfig(
                vocab_size=64, hidden_size=32, intermediate_size=37, num_hidden_layers=2,
                num_attention_heads=4, max_position_embeddings=16, use_attention_mask=True,
            )
        )  # fmt: skip
    unet = UNet2DConditionModel(
        sample_size=8, block_out_channels=(16, 32), layers_per_block=1, norm_num_groups=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32, attention_head_dim=4,
        time_cond_proj_dim=16 if few_steps else None,
    )  # fmt: skip
    with torch.no_grad():
        # an untrained network hardly hears the prompt; make it loud enough for a test to see
        for name, weight in unet.named_parameters():
            if "attn2" in name and name.endswith("weight"):
                weight.mul_(4)
    noise = {
        "beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012,
        "prediction_type": "v_prediction", "rescale_betas_zero_snr": True,
        "timestep_spacing": "trailing", "clip_sample": False, "set_alpha_to_one": True,
    }  # fmt: skip
    scheduler = (LCMScheduler if few_steps else DDIMScheduler)(**noise)
    StableDiffusionPipeline(
        vae=autoencoder(), text_encoder=text, tokenizer=tokenizer, unet=unet, scheduler=scheduler,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    ).save_pretrained(folder)  # fmt: skip
    return folder
