"""Which calls of a pipeline a request takes: batches, variations, morphs and grids become shots.

Knows requests; knows no pipeline, so that it can be read and tested without one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue

from genui.backends.image import ImageBackend, ImageInputs, ImageOptions, cell
from genui.records import SEED_MAX, Request


@dataclass(frozen=True)
class Shot:
    """One call of the pipeline: pictures that are made in one pass.

    seeds, others, indexes: one a picture (its seed, the seed it varies toward, its number in the
    whole request). repeat: the request that makes this one picture alone, None where only the
    whole run does. toward: how far the prompt has gone to `inputs.to`, 0..1. notes: what the
    record says about it besides."""

    inputs: ImageInputs
    options: ImageOptions
    seeds: list[int]
    others: list[int]
    indexes: list[int]
    repeat: Request | None = None
    toward: float = 0.0
    notes: dict[str, JsonValue] = field(default_factory=dict)


def plan(request: Request, *, together: bool) -> list[Shot]:
    """The shots of a request, in order; `together` makes a batch in one pass.

    Raises `BadInput` as `ImageBackend.check` does."""
    inputs, options = ImageBackend.check(request)
    if options.x:
        return list(_cells(request, options))
    seed, count = request.seed or 0, options.count
    if inputs.to:
        return list(_morph(inputs, options, seed))
    # a batch goes from seed to seed; variations stay with one and vary toward one after another
    varied = options.variation > 0
    seeds = [_after(seed, 0 if varied else i) for i in range(count)]
    others = [_after(options.variation_seed, i if varied else 0) for i in range(count)]
    if together and count > 1:
        return [Shot(inputs, options, seeds, others, list(range(count)))]
    return [
        Shot(inputs, options, [seeds[i]], [others[i]], [i], _alone(request, seeds[i], others[i]))
        for i in range(count)
    ]


def _morph(inputs: ImageInputs, options: ImageOptions, seed: int) -> Iterator[Shot]:
    """From prompt to prompt, and as far toward the other seed as `variation` says."""
    for i in range(options.count):
        way = i / (options.count - 1)
        there = options.model_copy(update={"variation": options.variation * way})
        yield Shot(
            inputs, there, [seed], [options.variation_seed], [i], None, way,
            {"morph": round(way, 4)},
        )  # fmt: skip


def _after(seed: int, steps: int) -> int:
    return (seed + steps) % (SEED_MAX + 1)


def _alone(request: Request, seed: int, other: int) -> Request:
    options = request.options | {"count": 1, "variation_seed": other}
    return request.model_copy(update={"seed": seed, "options": options})


def _cells(request: Request, options: ImageOptions) -> Iterator[Shot]:
    """Row by row: the columns (x) change fastest."""
    assert options.x
    axes: dict[str, JsonValue] = {
        name: axis.model_dump(mode="json")
        for name, axis in (("x", options.x), ("y", options.y)) if axis
    }  # fmt: skip
    number = 0
    for row in options.y.values if options.y else (None,):
        for column in options.x.values:
            place: dict[str, Any] = {options.x.name: column}
            if options.y:
                place[options.y.name] = row
            alone = cell(request, place)
            inputs, chosen = ImageBackend.check(alone)
            yield Shot(
                inputs, chosen, [alone.seed or 0], [chosen.variation_seed], [number], alone,
                notes={"cell": dict(place), "grid": axes | {"at": number}},
            )  # fmt: skip
            number += 1
