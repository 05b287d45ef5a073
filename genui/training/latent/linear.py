"""Linear answers from latent vectors: logistic regression. Knows nothing of what is answered."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

DECAY = 1e-3


@dataclass(frozen=True)
class Logistic:
    """weight (classes, D) and bias (classes) for vectors whose dimensions were brought to zero
    mean and unit deviation, by `mean` and `spread` (D)."""

    weight: Tensor
    bias: Tensor
    mean: Tensor
    spread: Tensor

    def __call__(self, vectors: Tensor) -> Tensor:
        """(N, D) → log probabilities (N, classes)."""
        scores = (vectors - self.mean) / self.spread @ self.weight.T + self.bias
        return F.log_softmax(scores, 1)

    def normal(self, low: int, high: int) -> Tensor:
        """The direction (D,) in which class `high` wins over class `low` fastest."""
        return (self.weight[high] - self.weight[low]) / self.spread


def fit(vectors: Tensor, answers: Tensor, classes: int, decay: float = DECAY) -> Logistic:
    """Multinomial logistic regression of answers (N,) on vectors (N, D), with a quadratic penalty,
    by L-BFGS. The same data give the same weights."""
    mean, spread = vectors.mean(0), vectors.std(0).clamp(min=1e-6)
    x = (vectors - mean) / spread
    weight = torch.zeros(classes, x.shape[1], requires_grad=True)
    bias = torch.zeros(classes, requires_grad=True)
    solver = torch.optim.LBFGS([weight, bias], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        solver.zero_grad()
        found = F.cross_entropy(x @ weight.T + bias, answers) + decay * weight.square().sum()
        found.backward()  # type: ignore[no-untyped-call]
        return found

    solver.step(loss)  # type: ignore[no-untyped-call]
    return Logistic(weight.detach(), bias.detach(), mean, spread)
