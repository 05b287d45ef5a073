"""The music models, asked for one token after another: the same sums as the libraries' own forward,
without what that does besides for each token (masks, cache classes, hooks, weights laid out anew),
which takes longer than the sums of so small a network.

`Steps` follows `LlamaForCausalLM` (RMS norm, rotary positions, SiLU-gated layers; Touvron et al.
2023, 2302.13971), `Cells` follows `torch.nn.LSTM`. Knows not what tokens mean."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import LlamaForCausalLM

from genui.networks.tune_lstm import State, TuneLSTM


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


class Cells:
    """An LSTM that is ready to be asked."""

    def __init__(self, network: TuneLSTM) -> None:
        self.network, lstm = network, network.lstm
        self.layers = [
            (
                torch.cat([getattr(lstm, f"weight_{side}_l{layer}") for side in ("ih", "hh")], 1),
                getattr(lstm, f"bias_ih_l{layer}") + getattr(lstm, f"bias_hh_l{layer}"),
            )
            for layer in range(lstm.num_layers)
        ]

    def __call__(self, ids: Tensor, state: State | None) -> tuple[Tensor, State]:
        """Tokens (1, T) that follow `state` → scores for what comes after the last of them
        (1, 1, tokens), and the new state. To be called in inference mode."""
        network = self.network
        if state is None or ids.shape[1] > 1:
            scores, state = network(ids, state)
            return scores[:, -1:], state
        x, hidden, cells = network.embed.weight[ids[0, 0]], [], []
        for (weight, bias), h, c in zip(self.layers, *state, strict=True):
            gates = torch.addmv(bias, weight, torch.cat([x, h[0]]))
            take, keep, new, tell = gates.chunk(4)
            cell = torch.addcmul(keep.sigmoid() * c[0], take.sigmoid(), new.tanh())
            x = tell.sigmoid() * cell.tanh()
            hidden.append(x)
            cells.append(cell)
        scores = F.linear(network.back(x), network.embed.weight, network.bias)
        return scores[None, None], (torch.stack(hidden)[:, None], torch.stack(cells)[:, None])
