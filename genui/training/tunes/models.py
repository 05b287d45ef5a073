"""The two music models: build, write and read them.

The transformer is transformers' own Llama class with a small configuration, so that its folder
loads anywhere; the LSTM is ours. Knows nothing of training or of tunes."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM

from genui.music import tokens
from genui.networks import tune_folder
from genui.networks.tune_folder import LSTM
from genui.networks.tune_lstm import TuneLSTM
from genui.training.tunes.scales import Scale

NAMES = ("transformer", "lstm")
CONTEXT = 1024  # tokens that the transformer can look back


def build(name: str, scale: Scale) -> nn.Module:
    """An untrained model of this scale, "transformer" or "lstm"."""
    if name == "lstm":
        return TuneLSTM(len(tokens.TOKENS), scale.embedding, scale.cells, scale.depth)
    config = LlamaConfig(
        vocab_size=len(tokens.TOKENS), hidden_size=scale.width, num_hidden_layers=scale.layers,
        num_attention_heads=scale.heads, num_key_value_heads=scale.heads,
        intermediate_size=scale.inner, max_position_embeddings=CONTEXT, attention_dropout=0.1,
        tie_word_embeddings=True, pad_token_id=tokens.PAD, bos_token_id=None,
        eos_token_id=tokens.END,
    )  # fmt: skip
    return LlamaForCausalLM(config)


def parameters(model: nn.Module) -> int:
    """How many numbers it learns."""
    return sum(p.numel() for p in model.parameters())


def save(folder: Path, model: nn.Module) -> None:
    """Write a complete model folder, in fp16."""
    folder.mkdir(parents=True, exist_ok=True)
    tokens.save(folder)
    model = model.to(torch.float16)
    if isinstance(model, TuneLSTM):
        config = {"format": 1, "kind": LSTM, **model.config}
        (folder / "config.json").write_text(json.dumps(config, indent=1), "utf-8")
        save_file(model.state_dict(), folder / "model.safetensors")
    else:
        assert isinstance(model, LlamaForCausalLM)
        model.save_pretrained(folder)


def read(folder: Path) -> nn.Module:
    """The model of a folder, in fp32, ready to ask. Raises Unavailable for one that speaks other
    tokens."""
    tokens.check(folder)
    return tune_folder.read(folder)
