"""Docs that lag behind the code fail here."""

from __future__ import annotations

import re
from pathlib import Path

from genui.backends import ENGINES
from genui.catalog import Catalog
from genui.settings import Settings
from genui.start import OPTIONS

ROOT = Path(__file__).parents[2]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_every_setting_is_documented_with_its_default() -> None:
    text = read("docs/settings.md")
    rows = dict(re.findall(r"^\| `GENUI_([A-Z_]+)` \| (.*?) \|", text, re.M))
    assert set(rows) == {name.upper() for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        shown = "" if default in ("", [], None) else str(default)
        assert rows[name.upper()].strip("`") == (shown or "empty"), name


def test_every_option_is_in_the_readme() -> None:
    text = read("README.md")
    for name in OPTIONS:
        assert f"--{name.replace('_', '-')}" in text, name


def test_every_engine_is_documented() -> None:
    text = read("docs/backends.md")
    for name, _ in ENGINES:
        assert f"`{name}`" in text, name


def test_every_model_is_attributed() -> None:
    text = read("ATTRIBUTION.md")
    for model in Catalog.read().models.values():
        assert model.license in text, model.id


def test_links_between_our_files_resolve() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
