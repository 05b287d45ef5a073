"""Tiny models for sound with random weights, saved in the hub's layout: real classes, no download.

They make noise, but a prompt, a seed and an option change it as in a large one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.tiny import chat_tokenizer, language_model, word_tokenizer

RATE = 4000  # samples a second of everything made here


def text_encoder() -> Any:
    """The configuration of a T5 encoder with 16 features."""
    from transformers import T5Config

    return T5Config(
        vocab_size=64, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2,
        decoder_start_token_id=0,
    )  # fmt: skip


def oobleck(channels: int = 2) -> Any:
    """Stable Audio's autoencoder: 160 samples a latent of 8 numbers."""
    from diffusers import AutoencoderOobleck

    return AutoencoderOobleck(
        encoder_hidden_size=16, downsampling_ratios=[10, 16], channel_multiples=[1, 2],
        decoder_channels=8, decoder_input_channels=8, audio_channels=channels, sampling_rate=RATE,
    )  # fmt: skip


def encodec() -> Any:
    """The configuration of MusicGen's codec: 50 frames of two codes a second."""
    from transformers import EncodecConfig

    return EncodecConfig(
        target_bandwidths=[0.6], sampling_rate=RATE, audio_channels=1, normalize=False,
        num_filters=4, num_residual_layers=1, upsampling_ratios=[5, 4, 4], hidden_size=8,
        codebook_size=64, codebook_dim=8, num_lstm_layers=1,
    )  # fmt: skip


def awake(model: Any) -> Any:
    """A MusicGen whose random weights hear prompts and sounds loudly enough for a test to see."""
    import torch

    with torch.no_grad():
        for name, weight in model.decoder.named_parameters():
            if name.endswith("weight") and ("attn" in name or "lm_heads" in name):
                weight.mul_(8)
        for layer in model.audio_encoder.quantizer.layers:
            layer.codebook.embed.normal_()  # else all codes are silence
        for name, weight in model.audio_encoder.encoder.named_parameters():
            if name.endswith("original0"):  # else all sounds are the same codes
                weight.mul_(2)
    model.generation_config.decoder_start_token_id = 64
    return model


def musicgen(folder: Path, *, channels: int = 1) -> Path:
    """A `MusicgenForConditionalGeneration` of 50 frames a second, two codebooks a channel."""
    import torch
    from transformers import (
        EncodecFeatureExtractor,
        MusicgenConfig,
        MusicgenDecoderConfig,
        MusicgenForConditionalGeneration,
        MusicgenProcessor,
    )

    torch.manual_seed(0)
    decoder = MusicgenDecoderConfig(
        vocab_size=64, pad_token_id=64, bos_token_id=64, hidden_size=24, num_hidden_layers=2,
        ffn_dim=32, num_attention_heads=2, num_codebooks=2 * channels, audio_channels=channels,
        max_position_embeddings=512,
    )  # fmt: skip
    config = MusicgenConfig(
        text_encoder=text_encoder().to_dict(), audio_encoder=encodec().to_dict(),
        decoder=decoder.to_dict(),
    )  # fmt: skip
    model = awake(MusicgenForConditionalGeneration(config))
    model.save_pretrained(folder)
    MusicgenProcessor(
        EncodecFeatureExtractor(sampling_rate=RATE, feature_size=1), word_tokenizer()
    ).save_pretrained(folder)
    return folder


def musicgen_melody(folder: Path) -> Path:
    """A `MusicgenMelodyForConditionalGeneration`, mono, that learned 10 moments of a tune."""
    import torch
    from transformers import (
        MusicgenMelodyConfig,
        MusicgenMelodyDecoderConfig,
        MusicgenMelodyForConditionalGeneration,
    )

    torch.manual_seed(0)
    decoder = MusicgenMelodyDecoderConfig(
        vocab_size=64, pad_token_id=64, bos_token_id=64, hidden_size=24, num_hidden_layers=2,
        ffn_dim=32, num_attention_heads=2, num_codebooks=2, max_position_embeddings=512,
    )  # fmt: skip
    config = MusicgenMelodyConfig(
        text_encoder=text_encoder().to_dict(), audio_encoder=encodec().to_dict(),
        decoder=decoder.to_dict(), chroma_length=10,
    )  # fmt: skip
    awake(MusicgenMelodyForConditionalGeneration(config)).save_pretrained(folder)
    word_tokenizer().save_pretrained(folder)
    return folder


def stable_audio(folder: Path) -> Path:
    """A `StableAudioPipeline` for up to 2.56 seconds of stereo."""
    import torch
    from diffusers import (
        CosineDPMSolverMultistepScheduler,
        StableAudioDiTModel,
        StableAudioPipeline,
        StableAudioProjectionModel,
    )
    from transformers import T5EncoderModel

    torch.manual_seed(0)
    transformer = StableAudioDiTModel(
        sample_size=64, in_channels=8, num_layers=1, attention_head_dim=8, num_attention_heads=2,
        num_key_value_attention_heads=1, out_channels=8, cross_attention_dim=16, time_proj_dim=8,
        global_states_input_dim=32, cross_attention_input_dim=16,
    )  # fmt: skip
    StableAudioPipeline(
        vae=oobleck(), text_encoder=T5EncoderModel(text_encoder()), tokenizer=word_tokenizer(),
        projection_model=StableAudioProjectionModel(
            text_encoder_dim=16, conditioning_dim=16, min_value=0, max_value=32
        ),
        transformer=transformer,
        scheduler=CosineDPMSolverMultistepScheduler(
            solver_order=2, prediction_type="v_prediction", sigma_data=1.0,
            sigma_schedule="exponential",
        ),
    ).save_pretrained(folder)  # fmt: skip
    return folder


def ace_step(folder: Path, *, turbo: bool = True, covers: bool = True) -> Path:
    """An `AceStepPipeline`; with `covers` it has the parts that vary a sound."""
    import torch
    from diffusers import (
        AceStepPipeline,
        AceStepTransformer1DModel,
        FlowMatchEulerDiscreteScheduler,
    )
    from diffusers.pipelines.ace_step import (
        AceStepAudioTokenDetokenizer,
        AceStepAudioTokenizer,
        AceStepConditionEncoder,
    )
    from transformers import Qwen3Model

    torch.manual_seed(0)
    tokenizer = chat_tokenizer()
    body: dict[str, Any] = {
        "hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2,
        "num_key_value_heads": 2, "head_dim": 8, "sliding_window": 16,
    }  # fmt: skip
    sizes: dict[str, Any] = {"audio_acoustic_hidden_dim": 8, "pool_window_size": 5}
    parts: dict[str, Any] = {"audio_tokenizer": None, "audio_token_detokenizer": None}
    if covers:
        parts = {
            "audio_tokenizer": AceStepAudioTokenizer(
                fsq_dim=16, num_attention_pooler_hidden_layers=1, **sizes, **body
            ),
            "audio_token_detokenizer": AceStepAudioTokenDetokenizer(
                num_attention_pooler_hidden_layers=1, **sizes, **body
            ),
        }
        with torch.no_grad():  # else every sound is heard as the same token
            for name, weight in parts["audio_tokenizer"].named_parameters():
                if name.startswith(("audio_acoustic_proj.w", "quantizer.project_in.w")):
                    weight.mul_(20)
                elif "to_v" in name or "to_out" in name:
                    weight.mul_(6)
    AceStepPipeline(
        vae=oobleck(), text_encoder=Qwen3Model(language_model(1, len(tokenizer))),
        tokenizer=tokenizer,
        transformer=AceStepTransformer1DModel(
            num_hidden_layers=2, in_channels=24, audio_acoustic_hidden_dim=8, patch_size=2,
            encoder_hidden_size=16, is_turbo=turbo, **body,
        ),
        condition_encoder=AceStepConditionEncoder(
            text_hidden_dim=16, timbre_hidden_dim=8, num_lyric_encoder_hidden_layers=1,
            num_timbre_encoder_hidden_layers=1, **body,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(num_train_timesteps=1, shift=1.0), **parts,
    ).save_pretrained(folder)  # fmt: skip
    return folder


# says who speaks and what, as the template of the published model does
TEMPLATE = (
    "{% for m in messages %}{% for c in m.content if c.type == 'audio' %}"
    "<|bos|><|audio|><|eos|>{% endfor %}{% endfor %}"
    "{% for m in messages %}{% for c in m.content if c.type == 'text' %}"
    "Speaker {{ m.role }}: {{ c.text }}\n{% endfor %}{% endfor %}<|bos|>"
)


def vibevoice(folder: Path) -> Path:
    """A `VibeVoiceForConditionalGeneration` of 10 tokens a second that never ends by itself."""
    import torch
    from tokenizers import ByteLevelBPETokenizer
    from transformers import (
        PreTrainedTokenizerFast,
        VibeVoiceAcousticTokenizerFeatureExtractor,
        VibeVoiceConfig,
        VibeVoiceForConditionalGeneration,
        VibeVoiceProcessor,
    )

    torch.manual_seed(0)
    special = ["<|audio|>", "<|bos|>", "<|eos|>", "<|end|>"]
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(["Speaker 0: hello there"], 300, special_tokens=special)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=trained._tokenizer, eos_token="<|end|>", pad_token="<|end|>"
    )
    codec: dict[str, Any] = {
        "hidden_size": 8, "kernel_size": 3, "num_filters": 4, "downsampling_ratios": [20, 20],
        "depths": [1, 1, 1], "layer_scale_init_value": 0.5, "initializer_range": 0.3,
    }  # fmt: skip
    config = VibeVoiceConfig(
        audio_config={"model_type": "vibevoice_acoustic_tokenizer"} | codec,
        semantic_model_config={"model_type": "vibevoice_acoustic_tokenizer_encoder"} | codec,
        text_config={
            "model_type": "qwen2", "vocab_size": len(tokenizer), "hidden_size": 16,
            "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
            "num_key_value_heads": 2, "max_position_embeddings": 4096,
            "tie_word_embeddings": False,
        },
        diffusion_head_config={
            "hidden_size": 16, "latent_size": 8, "num_hidden_layers": 1, "intermediate_size": 16,
            "frequency_embedding_size": 16,
        },
        pad_token_id=3, eos_token_id=3, audio_bos_token_id=1, audio_eos_token_id=2,
        audio_token_id=0,
    )  # fmt: skip
    model = VibeVoiceForConditionalGeneration(config)
    with torch.no_grad():
        model.lm_head.weight.zero_()  # of equally likely tokens the first one is taken: sound
    model.generation_config.eos_token_id = 3
    model.generation_config.num_diffusion_steps = 2
    model.save_pretrained(folder)
    VibeVoiceProcessor(
        VibeVoiceAcousticTokenizerFeatureExtractor(sampling_rate=RATE, pad_to_multiple_of=400),
        tokenizer,
        chat_template=TEMPLATE, audio_bos_token="<|bos|>", audio_eos_token="<|eos|>",
        audio_token="<|audio|>",
    ).save_pretrained(folder)  # fmt: skip
    return folder
