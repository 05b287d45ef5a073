"""Make many tunes at once with one of the music models, to measure them: with the grammar or
without. Knows nothing of what is measured."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor, nn

from genui.music import grammar, tokens
from genui.networks import tune_folder

LONGEST = 900  # tokens of a tune without an end


@lru_cache(maxsize=1 << 14)
def _mask(allowed: frozenset[int]) -> Tensor:
    """0 for tokens that may come, minus infinity for the others."""
    mask = torch.full((len(tokens.TOKENS),), -torch.inf)
    mask[sorted(allowed) or [tokens.PAD]] = 0
    return mask


def _likely(scores: Tensor, top_p: float) -> Tensor:
    """Probabilities (B, V) of the likeliest tokens that make up `top_p` together (Holtzman et al.
    2020, 1904.09751), the others 0."""
    found, order = scores.softmax(-1).sort(-1, descending=True)
    found = found.masked_fill(found.cumsum(-1) - found >= top_p, 0)
    return torch.zeros_like(found).scatter(-1, order, found)


@torch.no_grad()
def tunes(
    model: nn.Module,
    prefixes: Sequence[Sequence[int]],
    seed: int,
    *,
    strict: bool = True,
    temperature: float = 1.0,
    top_p: float = 0.95,
    batch: int = 64,
) -> list[list[int]]:
    """A tune for each prefix (six tokens), as tokens; the last is END unless a free one did not
    end. strict: keep to the grammar."""
    device = next(model.parameters()).device
    rng = torch.Generator().manual_seed(seed)
    order = sorted(range(len(prefixes)), key=lambda i: tokens.BARS[prefixes[i][4]])
    made = [list(prefix) for prefix in prefixes]
    for start in range(0, len(order), batch):
        rows = order[start : start + batch]
        states = [grammar.follow(made[i]) for i in rows]
        fresh, memory = torch.tensor([made[i] for i in rows]), None
        ended = [False] * len(rows)
        for _ in range(LONGEST - len(tokens.PREFIX)):
            scores, memory = tune_folder.forward(model, fresh.to(device), memory)
            last = scores[:, -1].float().cpu() / temperature
            if strict:
                last = last + torch.stack([_mask(grammar.allowed(s)) for s in states])
            drawn = torch.multinomial(_likely(last, top_p), 1, generator=rng)
            for at, (i, token) in enumerate(zip(rows, drawn[:, 0].tolist(), strict=True)):
                if not ended[at]:
                    made[i].append(token)
                    ended[at] = token == tokens.END
                    states[at] = grammar.step(states[at], token) if strict else states[at]
            fresh = drawn
            if all(ended):
                break
    return made
