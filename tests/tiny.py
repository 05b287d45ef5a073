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


def autoencoder(channels: int = 4, factor: int = 8, **more: Any) -> Any:
    """An `AutoencoderKL` with 16 or fewer features a layer; a latent is `factor` pixels wide."""
    from diffusers import AutoencoderKL

    blocks = factor.bit_length()  # each but the first one halves the sides
    return AutoencoderKL(
        block_out_channels=(8, 8, 16, 16)[-blocks:], norm_num_groups=4, latent_channels=channels,
        down_block_types=["DownEncoderBlock2D"] * blocks,
        up_block_types=["UpDecoderBlock2D"] * blocks,
        layers_per_block=1, sample_size=64, **more,
    )  # fmt: skip


def stickers(folder: Path, *, few_steps: bool = False, clip: bool = False, factor: int = 8) -> Path:
    """A `StableDiffusionPipeline` for 64×64 pictures like our own: four latent channels, each
    latent `factor` pixels wide, v-prediction to zero signal; with `few_steps` guidance is an
    embedding and the scheduler LCM's, with `clip` the text encoder is CLIP's instead of BERT's.
    Saved into `folder`."""
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
        sample_size=64 // factor, block_out_channels=(16, 32), layers_per_block=1,
        norm_num_groups=4, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
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
        "steps_offset": 1,
    }  # fmt: skip
    scheduler = (LCMScheduler if few_steps else DDIMScheduler)(**noise)
    StableDiffusionPipeline(
        vae=autoencoder(factor=factor), text_encoder=text, tokenizer=tokenizer, unet=unet,
        scheduler=scheduler,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    ).save_pretrained(folder)  # fmt: skip
    return folder


def sdxl(folder: Path) -> Path:
    """A `StableDiffusionXLPipeline` for 64×64 pictures, with two CLIP text encoders."""
    import torch
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    torch.manual_seed(0)
    config = CLIPTextConfig(
        vocab_size=64, hidden_size=32, intermediate_size=37, num_hidden_layers=2,
        num_attention_heads=4, max_position_embeddings=16, projection_dim=32,
        bos_token_id=2, eos_token_id=3, pad_token_id=0,
    )  # fmt: skip
    unet = UNet2DConditionModel(
        sample_size=8, block_out_channels=(16, 32), layers_per_block=1, norm_num_groups=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=64, attention_head_dim=(2, 4), use_linear_projection=True,
        addition_embed_type="text_time", addition_time_embed_dim=8,
        transformer_layers_per_block=(1, 2),
        projection_class_embeddings_input_dim=6 * 8 + 32,
    )  # fmt: skip
    scheduler = EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
    )
    StableDiffusionXLPipeline(
        vae=autoencoder(), text_encoder=CLIPTextModel(config), tokenizer=word_tokenizer(),
        text_encoder_2=CLIPTextModelWithProjection(config), tokenizer_2=word_tokenizer(),
        unet=unet, scheduler=scheduler,
    ).save_pretrained(folder)  # fmt: skip
    return folder


def chat_tokenizer() -> Any:
    """A byte-level tokenizer with a chat template, as the language models in new pipelines have."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import PreTrainedTokenizerFast

    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator([" ".join(WORDS)], 320, special_tokens=["<pad>", "</s>"])
    made = PreTrainedTokenizerFast(
        tokenizer_object=trained._tokenizer, pad_token="<pad>", eos_token="</s>"
    )
    made.chat_template = "{% for m in messages %}{{ m.content }}{% endfor %}</s>"
    return made


def language_model(layers: int, tokens: int) -> Any:
    """The configuration of a Qwen3 with 16 features."""
    from transformers import Qwen3Config

    return Qwen3Config(
        vocab_size=tokens, hidden_size=16, intermediate_size=16, num_hidden_layers=layers,
        num_attention_heads=2, num_key_value_heads=2, head_dim=8, max_position_embeddings=1024,
    )  # fmt: skip


def flux2_klein(folder: Path) -> Path:
    """A `Flux2KleinPipeline`: packed latents, an autoencoder with running statistics, a language
    model as text encoder, flow matching."""
    import torch
    from diffusers import (
        AutoencoderKLFlux2,
        FlowMatchEulerDiscreteScheduler,
        Flux2KleinPipeline,
        Flux2Transformer2DModel,
    )
    from transformers import Qwen3ForCausalLM

    torch.manual_seed(0)
    tokenizer = chat_tokenizer()
    vae = AutoencoderKLFlux2(
        block_out_channels=(8, 8, 16, 16), norm_num_groups=4, latent_channels=8,
        layers_per_block=1, sample_size=64,
    )  # fmt: skip
    transformer = Flux2Transformer2DModel(
        in_channels=32, num_layers=1, num_single_layers=1, attention_head_dim=16,
        num_attention_heads=2, joint_attention_dim=48, timestep_guidance_channels=16,
        axes_dims_rope=(4, 4, 4, 4), guidance_embeds=False,
    )  # fmt: skip
    Flux2KleinPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True), vae=vae,
        text_encoder=Qwen3ForCausalLM(language_model(28, len(tokenizer))), tokenizer=tokenizer,
        transformer=transformer, is_distilled=True,
    ).save_pretrained(folder)  # fmt: skip
    return folder


def z_image(folder: Path) -> Path:
    """A `ZImagePipeline`: flow matching, prompts of any length from a language model."""
    import torch
    from diffusers import (
        FlowMatchEulerDiscreteScheduler,
        ZImagePipeline,
        ZImageTransformer2DModel,
    )
    from transformers import Qwen3Model

    torch.manual_seed(0)
    tokenizer = chat_tokenizer()
    transformer = ZImageTransformer2DModel(
        in_channels=16, dim=48, n_layers=1, n_refiner_layers=1, n_heads=2, n_kv_heads=2,
        cap_feat_dim=16, axes_dims=[8, 8, 8], axes_lens=[1024, 32, 32],
    )  # fmt: skip
    with torch.no_grad():
        for name, weight in transformer.named_parameters():
            if weight.isnan().any() or name.endswith("pad_token"):  # left as memory was found
                weight.normal_(std=0.02)
    ZImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=autoencoder(16, scaling_factor=0.3611, shift_factor=0.1159),
        text_encoder=Qwen3Model(language_model(3, len(tokenizer))), tokenizer=tokenizer,
        transformer=transformer,
    ).save_pretrained(folder)  # fmt: skip
    return folder
