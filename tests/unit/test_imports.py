"""The house keeps its shape: imports flow one way, heavy libraries stay in their rooms."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "genui").rglob("*.py"))

# a module of ours -> modules of ours it must never import (directly)
FORBIDDEN = {
    "genui.records": ("genui.",),
    "genui.errors": ("genui.",),
    "genui.settings": ("genui.",),
    "genui.backends": ("genui.ui", "genui.studio", "genui.store", "genui.jobs", "genui.engines"),
    "genui.store": ("genui.ui", "genui.studio", "genui.backends", "genui.jobs", "genui.engines"),
    "genui.provenance": ("genui.ui", "genui.studio", "genui.store", "genui.jobs"),
    "genui.jobs": ("genui.ui", "genui.studio", "genui.store", "genui.backends", "genui.engines"),
    "genui.engines": ("genui.ui", "genui.studio", "genui.store", "genui.jobs"),
    "genui.studio": ("genui.ui",),
    "genui.keeping": ("genui.ui", "genui.studio"),
    "genui.judging": ("genui.ui", "genui.studio", "genui.jobs"),
    "genui.networks": ("genui.",),
    "genui.music": (
        "genui.ui",
        "genui.studio",
        "genui.store",
        "genui.jobs",
        "genui.engines",
        "genui.backends",
        "genui.networks",
        "genui.training",
        "genui.synth",
    ),
    "genui.synth": (
        "genui.ui",
        "genui.studio",
        "genui.store",
        "genui.jobs",
        "genui.engines",
        "genui.backends",
    ),
}
# a library -> the only rooms that may import it
ROOMS = {
    "gradio": ("genui.ui",),
    "gradio_client": ("genui.bench",),
    "torch": ("genui.backends", "genui.bench", "genui.networks", "genui.tuning", "genui.training"),
    "transformers": ("genui.backends", "genui.networks", "genui.tuning", "genui.training"),
    "diffusers": ("genui.backends", "genui.networks", "genui.tuning", "genui.training"),
    "xllamacpp": ("genui.backends", "genui.bench"),
    "hibari": ("genui.backends", "genui.bench"),
    "sqlalchemy": ("genui.store", "genui.bench"),
    "alembic": ("genui.store",),
}


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> set[str]:
    """Every module named in an import statement anywhere in the file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def within(name: str, room: str) -> bool:
    return name == room or name.startswith(room.rstrip(".") + ".")


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_flow_one_way(path: Path) -> None:
    name = name_of(path)
    for room, closed in FORBIDDEN.items():
        if not within(name, room):
            continue
        for imported in imports_of(path):
            if within(imported, room):
                continue
            bad = [wall for wall in closed if within(imported, wall)]
            assert not bad, f"{name} imports {imported}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_libraries_stay_in_their_rooms(path: Path) -> None:
    name = name_of(path)
    for imported in imports_of(path):
        rooms = ROOMS.get(imported.partition(".")[0])
        assert rooms is None or any(within(name, room) for room in rooms), (
            f"{name} imports {imported}"
        )


def test_tabs_never_import_each_other() -> None:
    """A tab may be drawn in parts, though: audio_speech.py belongs to audio.py."""
    for path in (ROOT / "genui/ui/tabs").glob("*.py"):
        inside = {i for i in imports_of(path) if i.startswith("genui.ui.tabs.")}
        others = {i for i in inside if not i.startswith(f"{name_of(path)}_")}
        assert not others, f"{name_of(path)} imports {others}"


def test_the_page_starts_without_heavy_libraries() -> None:
    heavy = "('torch', 'transformers', 'diffusers', 'xllamacpp', 'onnxruntime', 'hibari')"
    code = f"import sys, genui.ui.app; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().splitlines()[-1] == "[]"
