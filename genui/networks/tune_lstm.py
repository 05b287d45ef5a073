"""A recurrent network that says which token of a tune comes next: the older of the two designs.

Embedding, layers of LSTM (Hochreiter and Schmidhuber 1997), and the embedding again as output
layer (Press and Wolf 2017, 1608.05859). Knows nothing of what the tokens stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

State = tuple[Tensor, Tensor]


class TuneLSTM(nn.Module):
    """tokens: size of the vocabulary. embedding: numbers of a token. cells: of each of `depth`
    layers. dropout: between layers, in training."""

    def __init__(
        self, tokens: int, embedding: int, cells: int, depth: int, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.config = {"tokens": tokens, "embedding": embedding, "cells": cells, "depth": depth}
        self.embed = nn.Embedding(tokens, embedding)
        nn.init.normal_(self.embed.weight, std=embedding**-0.5)
        self.drop = nn.Dropout(dropout)
        self.lstm = nn.LSTM(
            embedding, cells, depth, batch_first=True, dropout=dropout if depth > 1 else 0.0
        )
        with torch.no_grad():  # remember at first (Jozefowicz et al. 2015)
            for layer in range(depth):
                getattr(self.lstm, f"bias_ih_l{layer}")[cells : 2 * cells] = 1.0
        self.back = nn.Linear(cells, embedding)
        self.bias = nn.Parameter(self.embed.weight.new_zeros(tokens))

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> TuneLSTM:
        """The network that `config` (a model folder's config.json) describes, untrained."""
        return cls(*(int(config[name]) for name in ("tokens", "embedding", "cells", "depth")))

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Token numbers (B, T) → scores for what comes after each (B, T, tokens), and the state
        (two of (depth, B, cells)) from which to go on."""
        hidden, state = self.lstm(self.drop(self.embed(ids)), state)
        scores = self.back(self.drop(hidden)) @ self.embed.weight.T + self.bias
        return scores, state
