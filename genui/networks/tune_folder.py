"""The folder of a music model, read; and the two designs behind one face.

`config.json`, `model.safetensors`, `tokens.json`. The transformer is transformers' own Llama class
with a small configuration, the LSTM is ours. Weights are fp16 on disk, fp32 in memory. Knows not
what tokens mean; a file that is missing or wrong raises OSError, KeyError, ValueError or what
torch raises for weights that do not fit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import LlamaForCausalLM

from genui.networks.tune_lstm import TuneLSTM
from genui.networks.tune_steps import Cells, Steps

Ask = Callable[[Tensor, Any], tuple[Tensor, Any]]
LSTM = "tune-lstm"  # `kind` in config.json


def read(folder: Path, *, attention: str = "sdpa") -> nn.Module:
    """The model of a folder, in fp32, ready to ask. attention: how the transformer computes it;
    "eager" can tell it afterwards."""
    config = json.loads((folder / "config.json").read_text("utf-8"))
    if config.get("kind") == LSTM:
        model: nn.Module = TuneLSTM.from_config(config)
        model.load_state_dict(load_file(folder / "model.safetensors"))
        return model.float().eval()
    if config.get("model_type") != "llama":
        raise ValueError(f"{folder.name} holds no music model")
    llama = LlamaForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation=attention, use_safetensors=True
    )
    llama.eval()  # type: ignore[no-untyped-call]
    return llama


def steps(model: nn.Module, context: int) -> Ask:
    """The model as one asks it for the next token of one tune: tokens (1, T) that follow a memory
    (None at first) → scores for what comes after the last (1, 1, tokens), and the memory with them.
    context: the most tokens it may hold."""
    with torch.no_grad():
        if isinstance(model, LlamaForCausalLM):
            return Steps(model, context)
        assert isinstance(model, TuneLSTM)
        return Cells(model)


def forward(model: nn.Module, ids: Tensor, memory: Any = None) -> tuple[Tensor, Any]:
    """Tokens (B, T) that follow what `memory` holds → scores for what comes after each
    (B, T, tokens), and the memory with them: keys and values, or the LSTM's state. Training passes
    no memory and throws away the new one."""
    if isinstance(model, TuneLSTM):
        found: tuple[Tensor, Any] = model(ids, memory)
        return found
    out = model(input_ids=ids, past_key_values=memory, use_cache=not model.training)
    return out.logits, out.past_key_values
