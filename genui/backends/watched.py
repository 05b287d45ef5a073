"""Running a library's one long call in a thread of its own, while its events are passed on.

For libraries that tell how far they are only from within the call. Knows no library.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from threading import Event as Flag
from typing import TypeVar

from genui.records import Event

T = TypeVar("T")


def watched(
    worker: ThreadPoolExecutor, run: Callable[[Callable[[Event], None]], T], cancel: Flag
) -> Generator[Event, None, T]:
    """Yield what `run` tells through its argument, return what it returns, raise what it raises.

    A listener that goes away sets `cancel` and waits for `run` to end."""
    queue: SimpleQueue[Event | None] = SimpleQueue()
    future: Future[T] = worker.submit(run, queue.put)
    future.add_done_callback(lambda _: queue.put(None))
    try:
        while (event := queue.get()) is not None:
            yield event
        return future.result()
    finally:
        if not future.done():  # nobody listens any more
            cancel.set()
            future.exception()
