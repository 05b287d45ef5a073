"""The catalog that ships, and what an operator may add."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from genui.backends import engine
from genui.catalog import Catalog, Model, why_not
from genui.errors import NotFound
from genui.machine import Machine
from genui.records import Request

HERE = Machine("cpu", 8000, 2)


def test_every_listed_model_is_pinned_and_has_an_engine() -> None:
    for model in Catalog.read().models.values():
        assert engine(model.backend).kind == model.kind
        assert model.title
        assert model.summary
        assert model.license
        assert model.license_url.startswith("https://")
        bundled = {source.type for source in model.sources} == {"bundled"}
        if model.file:
            assert re.fullmatch(r"[0-9a-f]{64}", model.sha256 or "")
            assert model.size
        else:
            assert bundled or re.fullmatch(r"[0-9a-f]{40}", model.revision or "")
        assert model.needs.memory_mb


def test_the_voices_are_hibaris_own() -> None:
    from hibari.voices import VOICES

    listed = {model.id: model for model in Catalog.read().of_kind("speech")}
    assert set(listed) == set(VOICES)
    for name, voice in VOICES.items():
        assert listed[name].sha256 == voice["sha256"]
        assert listed[name].size == voice["bytes"]
        assert Path(listed[name].file).name == voice["file"]


def test_defaults_run_on_a_laptop() -> None:
    catalog = Catalog.read()
    for kind in ("text", "speech", "image"):
        assert why_not(catalog.default(kind), HERE) is None


def test_what_cannot_run_says_why() -> None:
    big = Catalog.read().get("smollm3-3b")
    assert "GPU" in (why_not(big, HERE) or "")
    assert "memory" in (why_not(big, Machine("cuda", 100, 2)) or "")


def test_an_unknown_name_says_what_would_do() -> None:
    with pytest.raises(NotFound, match="one of: smollm2-135m-instruct"):
        Catalog.read().get("smollm2-135m")
    with pytest.raises(NotFound, match="/models lists"):
        Catalog.read().get("../../etc/passwd")
    with pytest.raises(NotFound, match="dance"):
        Catalog.read().default("dance")


def test_doubled_ids_and_unpinned_wheels_are_refused() -> None:
    model = Catalog.read().get("heart")
    with pytest.raises(ValueError, match="twice"):
        Catalog([model, model])
    fields = model.model_dump() | {"sha256": None, "sources": [{"type": "wheel"}]}
    with pytest.raises(ValueError, match="needs sha256"):
        Model.model_validate(fields)


def test_defaults_suit_their_engine() -> None:
    for model in Catalog.read().models.values():
        if model.kind == "image":
            asked = Request(kind="image", model=model.id, inputs={"prompt": "a cat"})
            chosen = asked.model_copy(update={"options": dict(model.defaults)})
            _, options = engine(model.backend).check(chosen)
            assert options.steps <= 9 or not model.few_steps


def test_a_folder_with_an_index_becomes_an_image_model(tmp_path: Path) -> None:
    folder = tmp_path / "My Pipeline"
    (folder / "unet").mkdir(parents=True)
    (folder / "model_index.json").write_text("{}")
    (folder / "unet/weights.safetensors").write_bytes(b"x" * 1000)
    model = Catalog.read(extra=(str(folder),)).default("image")
    assert (model.kind, model.backend, model.size) == ("image", "diffusers", 1000)


def test_the_operators_model_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "My Model.Q4.gguf"
    path.write_bytes(b"x" * 1000)
    catalog = Catalog.read(extra=(str(path), "maker/Some2.5-0.5B"))
    local, hub = list(catalog.models.values())[:2]
    assert catalog.default("text") is local
    assert (local.backend, local.id, local.size) == ("llamacpp", "My-Model.Q4", 1000)
    assert (hub.backend, hub.id, hub.sources[0].repo) == (
        "transformers", "Some2.5-0.5B", "maker/Some2.5-0.5B",
    )  # fmt: skip
