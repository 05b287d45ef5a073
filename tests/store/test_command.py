"""`python -m genui export`, run as an operator runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from genui.records import Generation, Rating
from genui.store import Store
from genui.store.exports import FORMATS

ROOT = Path(__file__).parents[2]


def genui(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GENUI_")}
    return subprocess.run(
        [sys.executable, "-m", "genui", *map(str, arguments)],
        capture_output=True, text=True, cwd=ROOT, env=kept | environment, check=False,
    )  # fmt: skip


@pytest.fixture
def open_store(
    tmp_path: Path,
    database_url: str,
    make_generation: Callable[..., Generation],
    make_rating: Callable[..., Rating],
) -> Store:
    """A store that stays open, as the page keeps it, with one commented rating."""
    store = Store.open(tmp_path / "data", database_url)
    made = make_generation()
    store.add_generation(made, "me")
    store.add_rating(make_rating(made, comment="well said"))
    return store


def test_it_writes_while_the_page_runs(
    open_store: Store, tmp_path: Path, database_url: str
) -> None:
    out = tmp_path / "rows.jsonl"
    common = ("--data-dir", tmp_path / "data", "--out", out)
    plain = genui("export", "--format", "jsonl", *common, GENUI_DATABASE_URL=database_url)
    assert (plain.returncode, plain.stdout) == (0, f"Wrote 1 rows to {out}.\n"), plain.stderr
    assert "comment" not in json.loads(out.read_text())
    full = genui(
        "export", "--format", "jsonl", "--comments", *common, GENUI_DATABASE_URL=database_url
    )
    assert full.returncode == 0
    assert json.loads(out.read_text())["comment"] == "well said"
    none = genui(
        "export", "--format", "kto", "--kind", "speech", *common, GENUI_DATABASE_URL=database_url
    )
    assert none.stdout.startswith("Wrote 0 rows")
    open_store.close()


def test_a_missing_data_folder_is_one_sentence_and_stays_missing(tmp_path: Path) -> None:
    gone, empty = tmp_path / "gone", tmp_path / "empty"
    empty.mkdir()
    for folder in (gone, empty):
        tried = genui("export", "--format", "kto", "--out", tmp_path / "x", "--data-dir", folder)
        assert tried.returncode == 2
        assert tried.stderr == f"There is no genui data in “{folder}”; check --data-dir.\n"
    assert not gone.exists()
    assert list(empty.iterdir()) == []
    assert not (tmp_path / "x").exists()


def test_an_unknown_format_says_what_would_work(tmp_path: Path) -> None:
    tried = genui("export", "--format", "csv", "--out", tmp_path / "x")
    assert tried.returncode == 2
    for known in FORMATS:
        assert known in tried.stderr
