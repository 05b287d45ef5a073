"""Asking a latent model in a test: samples, looks, jobs."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from threading import Event as Flag
from typing import Any

import numpy as np
from PIL import Image

from genui.backends.base import Output
from genui.backends.latent_avatars import Avatars
from genui.records import Event, Request

Place = dict[str, Any]


def samples(model: Avatars, count: int, seed: int = 1) -> list[Place]:
    found: list[Place] = model.explore({"ask": "sample", "count": count, "seed": seed})["places"]
    return found


def made(
    model: Avatars, scratch: Path, inputs: dict[str, Any], cancel: Flag | None = None,
    seed: int = 7, **options: Any,
) -> tuple[list[Event], list[Output]]:  # fmt: skip
    asked = Request(kind="latent", model="m", inputs=inputs, options=options, seed=seed)
    told = list(model.generate(asked, cancel or Flag(), scratch))
    events = [each for each in told if isinstance(each, Event)]
    return events, [each for each in told if isinstance(each, Output)]


def pixels(url: str) -> np.ndarray:
    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as image:
        return np.asarray(image.convert("RGB"), float)


def look(model: Avatars, *places: Place, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = model.explore({"ask": "look", "places": places, **more})["looks"]
    return found


def apart(model: Avatars, one: Place, other: Place, **more: Any) -> float:
    """How differently two places are drawn, 0..255."""
    a, b = look(model, one, other, details=False, **more)
    return float(np.abs(pixels(a["picture"]) - pixels(b["picture"])).mean())
