"""The pool of loaded models, with a backend of our own that counts and waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event as Flag
from typing import Any

import pytest

from genui import engines as module
from genui.backends.base import Backend, Output, Placement, Schema
from genui.catalog import Model
from genui.engines import Engines
from genui.errors import Cancelled, Unavailable
from genui.machine import Machine
from genui.records import Event, Request


class Counting(Backend[Schema, Schema]):
    """Counts its loads; waits for `gate` while loading and raises `failure`, if there is one."""

    kind = "text"
    engine = "counting"
    Inputs = Schema
    Options = Schema
    slots = 8
    log: list[str] = []  # noqa: RUF012  (reset by the fixture)
    gate: Flag | None = None
    failure: Exception | None = None

    def load(self) -> None:
        self.log.append(f"load {self.weights}")
        if self.gate:
            self.gate.wait(5)
        if self.failure:
            raise self.failure

    def unload(self) -> None:
        self.log.append(f"unload {self.weights}")

    def generate(self, request: Request, cancel: Flag, scratch: Path) -> Iterator[Event | Output]:
        yield Output(text="")

    def versions(self) -> dict[str, str]:
        return {}


@pytest.fixture(autouse=True)
def counting(monkeypatch: pytest.MonkeyPatch) -> type[Counting]:
    monkeypatch.setattr(module, "engine", lambda _: Counting)
    Counting.log, Counting.gate, Counting.failure = [], None, None
    return Counting


def model(name: str, memory_mb: int = 400) -> Model:
    return Model.model_validate(
        {"id": name, "title": name, "kind": "text", "backend": "counting",
         "needs": {"memory_mb": memory_mb}, "sources": [{"type": "path", "path": name}]}
    )  # fmt: skip


def pool(idle_seconds: float = 60) -> Engines:
    return Engines(
        lambda wanted, tell, cancel: Path(wanted.id), Machine("cpu", 1000, 2), Placement(slots=4),
        idle_seconds,
    )  # fmt: skip


def quiet(*_: object) -> None:
    return


def until(true: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 5
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_slots_are_bounded_by_engine_and_operator() -> None:
    assert pool().slots(model("a")) == 4


def test_many_at_once_load_once(counting: type[Counting]) -> None:
    engines, counting.gate = pool(), Flag()

    def use() -> int:
        with engines.use(model("a"), quiet, Flag()) as backend:
            return id(backend)

    with ThreadPoolExecutor(4) as threads:
        found = [threads.submit(use) for _ in range(4)]
        until(lambda: counting.log)
        counting.gate.set()
        assert len({each.result() for each in found}) == 1
    assert counting.log == ["load a"]


def test_a_failed_load_wedges_nothing(counting: type[Counting]) -> None:
    engines, counting.failure = pool(), Unavailable("damaged.")
    for _ in range(2):
        with pytest.raises(Unavailable), engines.use(model("a"), quiet, Flag()):
            pass
    counting.failure = None
    with engines.use(model("a"), quiet, Flag()):
        pass
    assert counting.log == ["load a"] * 3
    assert not engines.loading


def test_the_least_recently_used_makes_room(counting: type[Counting]) -> None:
    engines = pool()
    for name in ("a", "b", "a", "c"):
        with engines.use(model(name), quiet, Flag()):
            pass
    assert counting.log == ["load a", "load b", "unload b", "load c"]


def test_a_busy_model_is_waited_for_and_never_unloaded(counting: type[Counting]) -> None:
    engines, done = pool(), Flag()

    def second() -> None:
        with engines.use(model("b", 900), quiet, Flag()):
            done.set()

    with engines.use(model("a"), quiet, Flag()):
        thread = threading.Thread(target=second)
        thread.start()
        assert not done.wait(0.5)
        assert counting.log == ["load a"]
    thread.join(5)
    assert done.is_set()
    assert counting.log == ["load a", "unload a", "load b"]


def test_stop_works_while_waiting_for_room() -> None:
    engines, cancel = pool(), Flag()
    with engines.use(model("a"), quiet, Flag()):
        threading.Timer(0.1, cancel.set).start()
        began = time.monotonic()
        with pytest.raises(Cancelled), engines.use(model("b", 900), quiet, cancel):
            pass
        assert time.monotonic() - began < 0.5
    assert not engines.loading


def test_stop_works_while_another_visitor_loads(counting: type[Counting]) -> None:
    engines, cancel, counting.gate = pool(), Flag(), Flag()

    def first() -> None:
        with engines.use(model("a"), quiet, Flag()):
            pass

    thread = threading.Thread(target=first)
    thread.start()
    until(lambda: counting.log)
    cancel.set()
    began = time.monotonic()
    with pytest.raises(Cancelled), engines.use(model("a"), quiet, cancel):
        pass
    assert time.monotonic() - began < 0.5
    counting.gate.set()
    thread.join(5)


def test_two_loads_at_once_stay_within_the_budget(counting: type[Counting]) -> None:
    """The second one waits although nothing is loaded yet: the first was granted its memory."""
    engines, counting.gate = pool(), Flag()

    def use(name: str) -> None:
        with engines.use(model(name, 700), quiet, Flag()):
            pass

    threads = [threading.Thread(target=use, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    until(lambda: counting.log)
    time.sleep(0.3)
    assert len(counting.log) == 1
    counting.gate.set()
    for thread in threads:
        thread.join(5)
    assert sorted(counting.log)[:2] == ["load a", "load b"]
    assert len(engines.loaded) == 1


def test_a_model_beyond_the_budget_is_refused_at_once() -> None:
    with pytest.raises(Unavailable, match="memory"), pool().use(model("a", 2000), quiet, Flag()):
        pass


def test_idle_models_are_unloaded(counting: type[Counting]) -> None:
    engines = pool(idle_seconds=0.2)
    with engines.use(model("a"), quiet, Flag()):
        time.sleep(0.5)
        assert counting.log == ["load a"]  # in use is not idle
    until(lambda: counting.log == ["load a", "unload a"])


def test_close_unloads_what_nobody_uses(counting: type[Counting]) -> None:
    engines = pool()
    with engines.use(model("a"), quiet, Flag()):
        with engines.use(model("b"), quiet, Flag()):
            pass
        engines.close()
        assert counting.log[-1] == "unload b"
        assert list(engines.loaded) == ["a"]
