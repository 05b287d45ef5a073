"""The sticker models that come with the project: small, but they know what words mean."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genui import weights
from genui.backends.base import Output
from genui.catalog import Catalog
from genui.records import Request
from tests.backends.test_image_diffusers import Easel

ROOT = Path(weights.__file__).parents[1]


@pytest.fixture(scope="module", params=["stickers", "stickers-base"])
def easel(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Easel]:
    """A model of the catalog as it ships."""
    model = Catalog.read().get(request.param)
    made = Easel(ROOT / model.sources[0].path, tmp_path_factory.mktemp("scratch"))
    yield made
    made.backend.unload()


def middle(easel: Easel, prompt: str) -> np.ndarray:
    """The mean colour (R, G, B), 0-255, of the middle of one picture."""
    options = {
        "steps": 4,
        "guidance": 4.0,
        "width": 128,
        "height": 128,
        "count": 1,
        "preview": False,
    }
    asked = Request(kind="image", model="m", inputs={"prompt": prompt}, options=options, seed=7)
    (output,) = easel.run(asked)[1]
    assert isinstance(output, Output)
    with Image.open(output.files[0].path) as picture:
        return np.asarray(picture.convert("RGB"), dtype=float)[40:90, 40:90].mean((0, 1))


def test_colours_mean_something(easel: Easel) -> None:
    red, blue = middle(easel, "a red heart"), middle(easel, "a blue heart")
    assert red[0] > red[2] + 60
    assert blue[2] > blue[0] + 60


def test_the_sentence_encoder_knows_synonyms(easel: Easel) -> None:
    """The middle of a strawberry is red, whatever it is called; grass-green things are not."""
    berry, tree = middle(easel, "a ripe strawberry"), middle(easel, "a green tree")
    assert berry[0] > berry[1] + 40
    assert tree[1] > tree[0]


@pytest.mark.parametrize("name", ["stickers", "stickers-fast"])
def test_no_weight_of_the_text_encoder_is_missing(name: str) -> None:
    from transformers import BertModel

    folder = ROOT / "assets/models" / name / "text_encoder"
    _, found = BertModel.from_pretrained(folder, output_loading_info=True)
    assert not any(found.values()), found


def test_files_are_safe_and_small() -> None:
    folders = [ROOT / m.sources[0].path for m in Catalog.read().of_kind("image")[:2]]
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    assert {file.suffix for file in files} == {".json", ".md", ".safetensors"}
    assert sum(file.stat().st_size for file in files) < 150e6
    assert max(file.stat().st_size for file in files) < 64e6
