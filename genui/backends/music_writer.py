"""Draws the tokens of a tune, one at a time, from a network that remembers what came before.

Only tokens that the grammar allows are drawn, so nothing has to be thrown away. Knows networks and
chances; knows no sound and no requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from genui.music.tokens import LEFT, PREFIX, TOKENS

if TYPE_CHECKING:
    from genui.networks.tune_folder import Ask

ALTERNATIVES = 8  # that are told of each token
Alternative = tuple[int, str, float]  # token, its name, natural log of its probability


@dataclass(frozen=True)
class Said:
    """A token that was drawn. logprob: natural log of its probability among the allowed ones, at
    temperature 1. top: the likeliest of them, itself or not, best first."""

    token: int
    logprob: float
    top: tuple[Alternative, ...]


def by_itself(usual: int) -> None:
    """Let the calling thread compute without helpers: a token is too little work to share, and
    where cores are busy, waiting for a helper takes thirty times as long as doing it alone.

    torch keeps this number for each thread, and one that new threads begin with, which stays at
    `usual`."""
    import torch

    torch.get_num_threads()  # a thread takes up the usual number when it first looks: do it now
    torch.set_num_threads(1)
    other = Thread(target=torch.set_num_threads, args=(usual,))
    other.start()
    other.join()


class Writer:
    """One network at work on one tune. ask: the network, as `tune_folder.steps` gives it. context:
    tokens that it can look back upon. The same seed, tokens and questions give the same answers."""

    def __init__(
        self, ask: Ask, context: int, *, seed: int, temperature: float, top_p: float
    ) -> None:
        self.ask, self.context = ask, context
        self.temperature, self.top_p = temperature, top_p
        self.chance = np.random.default_rng(seed)
        self.forget()

    def forget(self) -> None:
        """Begin with an empty row."""
        self.row: list[int] = []
        self.fresh: list[int] = []  # the last tokens of the row, which the network has not read
        self.memory: Any = None

    def hear(self, tokens: Sequence[int]) -> None:
        """Go on with given tokens."""
        self.row += tokens
        self.fresh += tokens

    def say(self, allowed: frozenset[int]) -> Said:
        """Draw the next token from those that are `allowed` (at least one)."""
        choices = _sorted(allowed)
        if len(choices) == 1:  # the network need not be asked
            said = Said(int(choices[0]), 0.0, ((int(choices[0]), TOKENS[choices[0]], 0.0),))
        else:
            said = self._draw(choices)
        self.hear([said.token])
        return said

    def _draw(self, choices: NDArray[np.int64]) -> Said:
        scores = self._scores()[choices].astype(np.float64)
        chances = _softmax(scores)
        order = np.argsort(-chances, kind="stable")
        weights = _softmax(scores[order] / self.temperature)
        # the likeliest that make up top_p together (Holtzman et al. 2020, 1904.09751)
        kept = weights[: int(np.searchsorted(np.cumsum(weights), self.top_p)) + 1]
        heights = np.cumsum(kept)
        place = int(np.searchsorted(heights, self.chance.random() * heights[-1], side="right"))
        drawn = order[min(place, len(kept) - 1)]
        logs = np.log(np.maximum(chances, 1e-30))
        top = tuple(
            (int(choices[i]), TOKENS[choices[i]], round(float(logs[i]), 4))
            for i in order[:ALTERNATIVES]
        )
        return Said(int(choices[drawn]), round(float(logs[drawn]), 4), top)

    def _scores(self) -> NDArray[np.float32]:
        """What the network thinks of each token as the next one, (tokens,)."""
        import torch

        if len(self.row) > self.context:  # keep what the tune is and the later half of its bars
            kept = len(self.row) - self.context // 2
            while self.row[kept] not in LEFT:
                kept += 1
            self.row = self.row[: len(PREFIX)] + self.row[kept:]
            self.fresh, self.memory = list(self.row), None
        with torch.inference_mode():
            scores, self.memory = self.ask(torch.tensor([self.fresh]), self.memory)
        self.fresh = []
        found: NDArray[np.float32] = scores[0, -1].numpy()
        return found


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    raised = np.exp(scores - scores.max())
    shares: NDArray[np.float64] = raised / raised.sum()
    return shares


@lru_cache(maxsize=1 << 14)
def _sorted(allowed: frozenset[int]) -> NDArray[np.int64]:
    return np.array(sorted(allowed))
