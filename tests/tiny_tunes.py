"""A tiny music model with random weights in a complete folder: a real network, nothing learned.

With the grammar it writes tunes all the same, of random notes."""

from __future__ import annotations

import json
from pathlib import Path

JIG = """X:1
T:A jig for tests
R:jig
M:6/8
L:1/8
K:D
|:d2f afd|gfe dcB|ABd def|gfe fed|d2f afd|gfe dcB|Ade fdB|AFE D3:|
|:faf dfa|gbg ege|faf dfa|gfe dcB|faf dfa|gbg ege|fed edc|dAF D3:|
"""
REEL = """X:1
T:A reel for tests
R:reel
M:4/4
L:1/8
K:G
|:G2BG dGBG|A2cA eAcA|gfed cBAG|B2dB gdBd|G2BG dGBG|A2cA eAcA|gfed cBAF|AGFA G4:|
"""


def write_tunes(folder: Path, name: str = "lstm") -> Path:
    """Write a whole model folder, "lstm" or "transformer", the same each time; returns it."""
    import torch
    from safetensors.torch import save_file
    from transformers import LlamaConfig, LlamaForCausalLM

    from genui.music import tokens
    from genui.networks.tune_lstm import TuneLSTM

    folder.mkdir(parents=True, exist_ok=True)
    tokens.save(folder)
    size = len(tokens.TOKENS)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        if name == "lstm":
            network = TuneLSTM(size, 16, 24, 2).half()
            config = {"format": 1, "kind": "tune-lstm", **network.config}
            (folder / "config.json").write_text(json.dumps(config), "utf-8")
            save_file(network.state_dict(), folder / "model.safetensors")
        else:
            config = LlamaConfig(
                vocab_size=size, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
                num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=1024,
                tie_word_embeddings=True, pad_token_id=tokens.PAD, bos_token_id=None,
                eos_token_id=tokens.END,
            )  # fmt: skip
            LlamaForCausalLM(config).half().save_pretrained(folder)
    return folder
