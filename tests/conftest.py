"""Fixtures for every test: real model files, fetched once through our own weights module."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Event

import pytest

from genui import weights
from genui.catalog import Catalog


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The folder where tests keep fetched models between runs (GENUI_TEST_CACHE)."""
    return Path(os.environ.get("GENUI_TEST_CACHE", "~/.cache/genui-tests")).expanduser()


def _located(models_dir: Path, model_id: str) -> Path:
    model = Catalog.read().get(model_id)
    return weights.locate(
        model, models_dir, offline=False, tell=lambda *_: None, cancel=Event()
    )  # fmt: skip


@pytest.fixture(scope="session")
def smollm2(models_dir: Path) -> Path:
    """The real SmolLM2 GGUF."""
    return _located(models_dir, "smollm2-135m-instruct")


@pytest.fixture(scope="session")
def heart(models_dir: Path) -> Path:
    """The real hibari voice."""
    return _located(models_dir, "heart")
