"""How cleanly a latent space separates what is known of its pictures. Knows nothing of networks:
only vectors, and answers by number."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from genui.training.latent import linear

BINS = 20


def entropy(counts: Tensor) -> Tensor:
    """Shannon entropy in nats of counts (..., n) along the last dimension."""
    share = counts / counts.sum(-1, keepdim=True).clamp(min=1e-12)
    return -(share * share.clamp(min=1e-12).log()).sum(-1)


def information(values: Tensor, answers: Tensor, classes: int) -> float:
    """Mutual information in nats between numbers (N,), cut into bins of equal counts, and answers
    (N,)."""
    cuts = values.double().quantile(torch.linspace(0, 1, BINS + 1, dtype=torch.float64)[1:-1])
    bins = torch.bucketize(values.double(), cuts)
    joint = torch.zeros(BINS, classes, dtype=torch.float64)
    joint.index_put_((bins, answers), torch.ones(len(values), dtype=torch.float64), accumulate=True)
    found = entropy(joint.sum(0)) + entropy(joint.sum(1)) - entropy(joint.flatten())
    return max(0.0, float(found))


def mig(
    places: Tensor, columns: Mapping[str, Tensor], classes: Mapping[str, int]
) -> dict[str, float]:
    """Mutual information gap (Chen et al. 2018, 1802.04942, section 4.1): for each attribute, by
    how much the best dimension knows it better than the second, as a share of its entropy; "mean"
    over attributes. 1: one dimension each; 0: at least two know it equally. Attributes that do not
    vary are left out."""
    found = {}
    for head, answers in columns.items():
        whole = float(entropy(torch.bincount(answers, minlength=classes[head]).double()))
        if whole < 1e-6:
            continue
        known = sorted(
            (information(column, answers, classes[head]) for column in places.T), reverse=True
        )
        found[head] = round((known[0] - known[1]) / whole, 4)
    return found | {"mean": round(sum(found.values()) / max(1, len(found)), 4)}


def dci(
    places: Tensor, columns: Mapping[str, Tensor], classes: Mapping[str, int]
) -> dict[str, float]:
    """Disentanglement, completeness and informativeness (Eastwood and Williams 2018, section 2).

    Importances are absolute weights of logistic regressions on standardised places (the paper used
    lasso and forests). informativeness: share of right answers on the second half of the rows,
    fitted on the first, mean over attributes (higher is better)."""
    half = len(places) // 2
    weights, right = [], []
    for head, answers in columns.items():
        if int(answers[:half].amin()) == int(answers[:half].amax()):
            continue
        model = linear.fit(places[:half], answers[:half], classes[head])
        weights.append(model.weight.abs().sum(0))
        said = model(places[half:]).argmax(1)
        right.append(float((said == answers[half:]).double().mean()))
    if len(weights) < 2:
        return {"disentanglement": 0.0, "completeness": 0.0, "informativeness": 0.0}
    importance = torch.stack(weights, 1).double()  # (dimensions, attributes)
    dimensions, attributes = importance.shape
    by_dimension = 1 - entropy(importance) / math.log(attributes)
    share = importance.sum(1) / importance.sum()
    by_attribute = 1 - entropy(importance.T) / math.log(dimensions)
    return {
        "disentanglement": round(float((share * by_dimension).sum()), 4),
        "completeness": round(float(by_attribute.mean()), 4),
        "informativeness": round(sum(right) / len(right), 4),
    }


def separability(
    places: Tensor, columns: Mapping[str, Tensor], classes: Mapping[str, int]
) -> dict[str, float]:
    """Linear separability (Karras et al. 2019, 1812.04948, section 4.2): exp of the sum over
    attributes of H(answer | what a linear classifier says), in nats; 1 when all are separable.

    Answers are the judge's or known ones, the classifier is logistic instead of a support vector
    machine, and each attribute's own exp(H) is given too. "unknown": the same without any place
    known, exp of the sum of H(answer), as places whose answers do not vary are separable for
    nothing."""
    total, blind, found = 0.0, 0.0, {}
    for head, answers in columns.items():
        n = classes[head]
        said = linear.fit(places, answers, n)(places).argmax(1)
        table = torch.zeros(n, n, dtype=torch.float64)
        table.index_put_((said, answers), torch.ones(len(said), dtype=torch.float64), True)
        left = float((table.sum(1) / table.sum() * entropy(table)).sum())
        found[head] = round(math.exp(left), 4)
        total, blind = total + left, blind + float(entropy(table.sum(0)))
    return found | {"all": round(math.exp(total), 4), "unknown": round(math.exp(blind), 4)}
