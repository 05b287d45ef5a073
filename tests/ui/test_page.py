"""Which tabs the page has."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
import pytest

from genui.catalog import Catalog
from genui.settings import Settings
from genui.studio import Studio
from genui.ui.app import build_app
from tests import tiny


def labels(studio: Studio) -> list[str]:
    return [str(b.label) for b in build_app(studio).blocks.values() if isinstance(b, gr.Tab)]


@pytest.mark.parametrize("there", [True, False])
def test_a_tab_without_a_model_that_runs_here_is_left_out(tmp_path: Path, there: bool) -> None:
    pipeline = tiny.stickers(tmp_path / "tiny-stickers")
    settings = Settings(data_dir=tmp_path, model=[str(pipeline)] if there else [], warm=False)
    catalog = Catalog.read(extra=tuple(settings.model))
    for model in catalog.of_kind("image"):
        if not model.id.startswith("tiny"):
            del catalog.models[model.id]
    assert ("Image" in labels(Studio(settings, catalog))) is there
