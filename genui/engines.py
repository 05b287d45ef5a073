"""Loaded models: loads on first use, keeps a memory budget, unloads what idles.

Knows backends and weights; knows no jobs, no store and no page.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Condition, Thread
from threading import Event as Flag
from typing import Any

from genui.backends import engine
from genui.backends.base import Backend, Placement
from genui.catalog import Model, why_not
from genui.errors import Cancelled, Unavailable
from genui.machine import Machine

log = logging.getLogger(__name__)

Fetch = Callable[[Model, Callable[[str, float | None], None], Flag], Path]
Tell = Callable[[str, float | None], None]


class Loaded:
    """A backend and who uses it now."""

    def __init__(self, model: Model, backend: Backend[Any, Any]) -> None:
        self.model = model
        self.backend = backend
        self.users = 0
        self.used = time.monotonic()


class Engines:
    """The pool of loaded models of this process."""

    def __init__(
        self, fetch: Fetch, machine: Machine, placement: Placement, idle_seconds: float
    ) -> None:
        self.fetch = fetch
        self.machine = machine
        self.placement = placement
        self.idle_seconds = idle_seconds
        self.loaded: dict[str, Loaded] = {}
        self.loading: dict[str, int] = {}  # model id -> memory it was granted, in MB
        self.changed = Condition()
        Thread(target=self._sweep, name="idle-models", daemon=True).start()

    def slots(self, model: Model) -> int:
        """How many requests the model's engine serves at once."""
        return min(engine(model.backend).slots, self.placement.slots)

    @contextmanager
    def use(self, model: Model, tell: Tell, cancel: Flag) -> Iterator[Backend[Any, Any]]:
        """The loaded backend of a model, kept loaded inside the `with`.

        `tell(message, fraction)` reports fetching and loading. Raises `Unavailable` when the
        model cannot run here, `Cancelled` when `cancel` was set meanwhile."""
        held = self._hold(model, tell, cancel)
        try:
            if cancel.is_set():
                raise Cancelled
            yield held.backend
        finally:
            with self.changed:
                held.users -= 1
                held.used = time.monotonic()
                self.changed.notify_all()

    def _hold(self, model: Model, tell: Tell, cancel: Flag) -> Loaded:
        with self.changed:
            while model.id in self.loading:
                if cancel.is_set():
                    raise Cancelled
                self.changed.wait(0.2)
            if model.id in self.loaded:
                held = self.loaded[model.id]
                held.users += 1
                return held
            if reason := why_not(model, self.machine):
                raise Unavailable(reason)
            self.loading[model.id] = 0
        try:
            weights = self.fetch(model, tell, cancel)
            tell(f"Loading {model.title}", None)
            self._make_room(model, cancel)
            backend = engine(model.backend)(weights, self.placement)
            began = time.monotonic()
            backend.load()
            log.info("loaded %s in %.1f s", model.id, time.monotonic() - began)
            held = Loaded(model, backend)
            held.users = 1
            with self.changed:
                self.loaded[model.id] = held
            return held
        finally:
            with self.changed:
                del self.loading[model.id]
                self.changed.notify_all()

    def _make_room(self, model: Model, cancel: Flag) -> None:
        """Unload idle models, least recently used first, until the budget holds the new one,
        and grant it. Waits for busy models to become idle."""
        with self.changed:
            while self._taken() + model.needs.memory_mb > self.machine.memory_mb:
                idle = [held for held in self.loaded.values() if not held.users]
                if idle:
                    self._drop(min(idle, key=lambda held: held.used))
                elif cancel.is_set():
                    raise Cancelled
                else:
                    self.changed.wait(0.2)
            self.loading[model.id] = model.needs.memory_mb

    def _taken(self) -> int:
        loaded = sum(held.model.needs.memory_mb for held in self.loaded.values())
        return loaded + sum(self.loading.values())

    def _drop(self, held: Loaded) -> None:
        del self.loaded[held.model.id]
        try:
            held.backend.unload()
        except Exception:  # it is out of the pool either way; the others must go on
            log.exception("could not unload %s cleanly", held.model.id)
        else:
            log.info("unloaded %s", held.model.id)

    def _sweep(self) -> None:
        while True:
            time.sleep(min(self.idle_seconds / 4, 30))
            now = time.monotonic()
            with self.changed:
                for held in list(self.loaded.values()):
                    if not held.users and now - held.used > self.idle_seconds:
                        self._drop(held)

    def close(self) -> None:
        """Unload everything that nobody uses."""
        with self.changed:
            for held in list(self.loaded.values()):
                if not held.users:
                    self._drop(held)
