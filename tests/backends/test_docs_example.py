"""The worked example of docs/backends.md, taken out of the page and run."""

from __future__ import annotations

import importlib
import math
import re
import sys
from pathlib import Path
from threading import Event as Flag

import pytest

from genui import backends
from genui.backends.base import Placement
from genui.backends.text import TextInputs
from genui.catalog import Catalog
from genui.engines import Engines
from genui.errors import BadInput, Unavailable
from genui.machine import Machine
from genui.records import Token
from tests.backends.conftest import Run, complete

PAGE = (Path(__file__).parents[2] / "docs" / "backends.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S)
    return str(found)


@pytest.fixture
def engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engines:
    """The example installed as the page says: one file, one line."""
    (tmp_path / "text_markov_example.py").write_text(block("python"), encoding="utf-8")
    (line,) = re.findall(r'^    \("(markov)", "genui\.backends\.text_markov:(\w+)"\),$', PAGE, re.M)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(
        backends, "ENGINES", (*backends.ENGINES, (line[0], f"text_markov_example:{line[1]}"))
    )
    monkeypatch.delitem(sys.modules, "text_markov_example", raising=False)
    importlib.invalidate_caches()
    book = tmp_path / "book.txt"
    book.write_text("the cat sat on the mat and the rat ran. " * 5, encoding="utf-8")
    return Engines(lambda *_: book, Machine("cpu", 1000, 1), Placement(), 60)


def test_the_example_runs(engines: Engines, tmp_path: Path, run: Run) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text(block("toml"), encoding="utf-8")
    model = Catalog.read(path).get("book")
    assert engines.slots(model) == 4
    with engines.use(model, lambda *_: None, Flag()) as backend:
        events, output = run(backend, complete("the cat"), max_tokens=30, top_logprobs=3)
        _, again = run(backend, complete("the cat"), max_tokens=30)
        tokens = [event for event in events if isinstance(event, Token)]
        assert output.text == again.text == "".join(token.text for token in tokens)
        assert len(tokens) == 30
        assert all(sum(math.exp(p) for *_, p in token.top) <= 1 + 1e-9 for token in tokens)
        head = {"prefix": [t.id for t in tokens[:9]], "prefix_text": (output.text or "")[:9]}
        assert (run(backend, complete("the cat", **head), max_tokens=1)[1].text or "")[:9] == (
            output.text or ""
        )[:9]
        stopped = Flag()
        stopped.set()
        assert run(backend, complete("the cat"), cancel=stopped)[1].usage["finish"] == "cancelled"
        likely = backend.next_token(TextInputs(mode="complete", prompt="the"), 3)  # type: ignore[attr-defined]
        assert likely[0][1] == " "
        with pytest.raises(BadInput, match="at least 3"):
            run(backend, complete("a"))


def test_the_example_refuses_a_damaged_file(engines: Engines, tmp_path: Path) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text(block("toml"), encoding="utf-8")
    (tmp_path / "book.txt").write_bytes(b"\xff\xfe\x00")
    with (
        pytest.raises(Unavailable, match="cannot be read"),
        engines.use(Catalog.read(path).get("book"), lambda *_: None, Flag()),
    ):
        pass
