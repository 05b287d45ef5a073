"""A map of neighbours: two dimensions in which places that are near each other stay near, by a
small network, so that new places find their spot too.

Parametric UMAP (Sainburg et al. 2021, 2009.12981): the graph of neighbours is UMAP's (McInnes et
al. 2018, 1802.03426, section 3.1), the network learns to put joined places together and chance
pairs apart. The libraries that do this bring numba, or place new points with pickled state only;
for a few thousand places plain torch does. Knows nothing of what lies at a place."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from genui.networks.avatar_map import Embedding

NEIGHBOURS = 15
A, B = 1.577, 0.8951  # of the curve 1 / (1 + a d^2b) that lets points come as near as 0.1
APART = 5  # chance pairs for each joined pair
BATCH = 1024


def graph(places: Tensor, k: int = NEIGHBOURS) -> tuple[Tensor, Tensor]:
    """UMAP's graph of places (N, D): pairs (E, 2) and how surely they are neighbours (E,), 0–1.

    Each place is as surely joined to its k nearest others as exp(-(d - d_nearest) / scale), with
    the scale at which that sums to log2(k); two opinions p, q make p + q - pq."""
    k = min(k, len(places) - 1)
    near = torch.cdist(places, places).fill_diagonal_(math.inf).topk(k, 1, largest=False)
    beyond = near.values - near.values[:, :1]
    low, high = torch.zeros(len(places), 1), torch.full((len(places), 1), 1e3)
    for _ in range(40):
        scale = (low + high) / 2
        much = (-beyond / scale).exp().sum(1, keepdim=True) > math.log2(k)
        low, high = torch.where(much, low, scale), torch.where(much, scale, high)
    opinion = torch.zeros(len(places), len(places)).scatter_(
        1, near.indices, (-beyond / ((low + high) / 2).clamp(min=1e-6)).exp()
    )
    joint = (opinion + opinion.T - opinion * opinion.T).triu()
    pairs = joint.nonzero()
    return pairs, joint[pairs[:, 0], pairs[:, 1]]


def closeness(a: Tensor, b: Tensor) -> Tensor:
    """UMAP's curve for the distance of points (N, 2): 1 where they fall together, towards 0."""
    return 1 / (1 + A * ((a - b).square().sum(1) + 1e-6) ** B)


def train(places: Tensor, steps: int, seed: int = 0) -> Embedding:
    """A network that maps places (N, latent) to 0..1 twice; places like them fall about there."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Embedding(places.shape[1])
        network.mean.copy_(places.mean(0))
        # one scale for all: dimensions that do not move shall not be heard
        network.spread.fill_(float(places.std(0).square().mean().sqrt()))
        pairs, sure = graph(places)
        optimizer = torch.optim.AdamW(network.parameters(), 2e-3)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        for _ in range(steps):
            rows = pairs[torch.multinomial(sure, BATCH, replacement=True)]
            spots = network.raw(places[rows.flatten()]).view(-1, 2, 2)
            joined = closeness(spots[:, 0], spots[:, 1])
            one = spots.view(-1, 2).repeat(APART, 1)
            chance = closeness(one, one[torch.randperm(len(one))])
            loss = -joined.log().mean() + APART * -(1 - chance).clamp(min=1e-4).log().mean()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    network.eval().requires_grad_(False)
    spots = network.raw(places)
    network.low.copy_(spots.amin(0))
    network.high.copy_(spots.amax(0))
    return network


def kept(places: Tensor, spots: Tensor, k: int = NEIGHBOURS) -> float:
    """Trustworthiness of a map (Venna and Kaski 2001): 1 when the k nearest on the map (N, 2) are
    near among the places (N, D) too, about 0.5 by chance. N at least 2k."""
    n = len(places)
    away = torch.cdist(places, places).fill_diagonal_(math.inf)
    ranks = away.argsort(1).argsort(1) + 1
    near = torch.cdist(spots, spots).fill_diagonal_(math.inf).topk(k, 1, largest=False).indices
    wrong = F.relu(ranks.gather(1, near) - k).sum()
    return round(1 - 2 * float(wrong) / (n * k * (2 * n - 3 * k - 1)), 4)
