"""The music transformer, asked for one token after another: the same sums as transformers' own
forward, without what that does besides for each token (masks, cache classes, hooks), which takes
longer than the sums of so small a network.

Follows `LlamaForCausalLM` (RMS norm, rotary positions, SiLU-gated layers; Touvron et al. 2023,
2302.13971). Knows not what tokens mean."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import LlamaForCausalLM


@dataclass
class Memory:
    """What was read. keys, values: (layers, heads, context, size of a head). length: tokens."""

    keys: Tensor
    values: Tensor
    length: int = 0


@dataclass(frozen=True)
class Layer:
    """Weights of a layer; those that read the same numbers stand in one matrix."""

    before: Tensor
    attend: Tensor  # queries, keys, values
    out: Tensor
    between: Tensor
    widen: Tensor  # gate, up
    narrow: Tensor


class Steps:
    """A network that is ready to be asked. context: the most tokens it may read. Raises ValueError
    for a network whose heads share keys, or that has biases."""

    def __init__(self, network: LlamaForCausalLM, context: int) -> None:
        config = network.config
        shared = config.num_key_value_heads != config.num_attention_heads
        if shared or config.attention_bias or config.mlp_bias:
            raise ValueError("heads that share keys, and biases, are not known here")
        self.heads = config.num_attention_heads
        self.context, self.near = context, config.rms_norm_eps
        self.embedding, self.last = network.model.embed_tokens.weight, network.model.norm.weight
        self.scores = network.lm_head.weight
        self.layers = [
            Layer(
                layer.input_layernorm.weight,
                torch.cat([getattr(layer.self_attn, f"{name}_proj").weight for name in "qkv"]),
                layer.self_attn.o_proj.weight,
                layer.post_attention_layernorm.weight,
                torch.cat([layer.mlp.gate_proj.weight, layer.mlp.up_proj.weight]),
                layer.mlp.down_proj.weight,
            )
            for layer in network.model.layers
        ]
        # the halves of a head turn against each other: x cos + (-x2, x1) sin
        cos, sin = network.model.rotary_emb(self.embedding, torch.arange(context)[None])
        self.size = cos.shape[2]
        sign = torch.ones(self.size)
        sign[: self.size // 2] = -1
        self.cos, self.sin = cos[0][:, None].clone(), (sin[0] * sign)[:, None].clone()

    def __call__(self, ids: Tensor, memory: Memory | None) -> tuple[Tensor, Memory]:
        """Tokens (1, T) that follow what `memory` holds → scores for what comes after the last of
        them (1, 1, tokens), and the memory with them, which is the same object. To be called in
        inference mode."""
        if memory is None:
            shape = (len(self.layers), self.heads, self.context, self.size)
            memory = Memory(torch.zeros(shape), torch.zeros(shape))
        start, count = memory.length, ids.shape[1]
        end = memory.length = start + count
        cos, sin = self.cos[start:end], self.sin[start:end]
        # one token looks at all; of several, each looks at those before it and at itself
        mask = None if count == 1 else torch.ones(count, end, dtype=torch.bool).tril(start)
        x = self.embedding[ids[0]]  # (T, width)
        for layer, keys, values in zip(self.layers, memory.keys, memory.values, strict=True):
            found = F.linear(self._norm(x, layer.before), layer.attend)
            found = found.view(count, 3 * self.heads, self.size)
            turned = found[:, : 2 * self.heads]
            turned = torch.addcmul(turned * cos, turned.roll(self.size // 2, 2), sin)
            query, key = turned.transpose(0, 1).chunk(2)
            keys[:, start:end] = key
            values[:, start:end] = found[:, 2 * self.heads :].transpose(0, 1)
            seen = F.scaled_dot_product_attention(
                query[None], keys[None, :, :end], values[None, :, :end], attn_mask=mask
            )
            x = x + F.linear(seen[0].transpose(0, 1).reshape(count, -1), layer.out)
            gate, up = F.linear(self._norm(x, layer.between), layer.widen).chunk(2, 1)
            x = x + F.linear(F.silu(gate) * up, layer.narrow)
        return F.linear(self._norm(x[-1:], self.last), self.scores)[None], memory

    def _norm(self, x: Tensor, weight: Tensor) -> Tensor:
        return F.rms_norm(x, weight.shape, weight, self.near)
