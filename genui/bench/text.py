"""Text: tokens a second and first-token time of the whole stack against bare llama.cpp.

The bare side is xllamacpp's own server in this process with the same file, slots and threads,
asked through its chat interface. Both sides count what was written and stop the same clock.
"""

from __future__ import annotations

import json
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from genui.bench import Row
from genui.bench.rig import in_turns, median_ratio, run, studio, weights_of
from genui.records import Request
from genui.studio import Studio

TOKENS = 128
PARTS = ("lighthouse", "clockmaker", "fox", "railway", "garden", "island", "library", "storm")


@dataclass(frozen=True)
class Run:
    """Tokens written by all visitors together, seconds to the end, mean seconds to the first."""

    tokens: int
    seconds: float
    first: float

    @property
    def rate(self) -> float:
        """Tokens a second."""
        return self.tokens / self.seconds


def prompt(number: int, visitor: int) -> str:
    """A different prompt each time, so that neither side answers from its cache."""
    return f"Tell story number {number} of a {PARTS[visitor % len(PARTS)]}, in great detail."


Side = Callable[[int, int, int], Run]  # number, visitor, alternatives a token


class Bare:
    """xllamacpp without anything around it."""

    def __init__(self, weights: Path, made: Studio) -> None:
        import xllamacpp

        place = made.engines.placement
        params = xllamacpp.CommonParams()
        params.model.path = str(weights)
        params.n_ctx = place.context_tokens * place.slots
        params.n_parallel = place.slots
        params.cpuparams.n_threads = place.threads
        params.n_gpu_layers = 0 if place.device == "cpu" else 999
        params.verbosity = 0
        self.server = xllamacpp.Server(params)

    def __call__(self, number: int, visitor: int, top: int) -> Run:
        began = time.perf_counter()
        first, tokens = 0.0, 0

        def hear(chunk: dict[str, Any]) -> bool:
            nonlocal first, tokens
            if not first and chunk["choices"] and chunk["choices"][0]["delta"].get("content"):
                first = time.perf_counter() - began
            if usage := chunk.get("usage"):
                tokens = usage["completion_tokens"]
            return False

        body = {
            "messages": [{"role": "user", "content": prompt(number, visitor)}],
            "max_tokens": TOKENS, "seed": number, "temperature": 0.7, "top_k": 40, "top_p": 0.95,
            "min_p": 0.05, "repeat_penalty": 1.1, "stream": True,
            "stream_options": {"include_usage": True},
        }  # fmt: skip
        if top:
            body |= {"logprobs": True, "top_logprobs": top}
        self.server.handle_chat_completions(body, hear)
        return Run(tokens, time.perf_counter() - began, first)


class Ours:
    """The same through the studio: checks, queue, events, record on disk."""

    def __init__(self, made: Studio, model: str) -> None:
        self.made, self.model = made, model

    def __call__(self, number: int, visitor: int, top: int) -> Run:
        request = Request(
            kind="text",
            model=self.model,
            inputs={"messages": [{"role": "user", "content": prompt(number, visitor)}]},
            options={"max_tokens": TOKENS, "top_logprobs": top},
            seed=number,
        )
        end, seconds, first = run(self.made, f"visitor {visitor}", request)
        return Run(end.generation["usage"]["tokens"], seconds, first)


def together(side: Side, first: int, visitors: int, top: int, number: int) -> Run:
    """Run `number` of a series that starts at `first`: `visitors` at once."""
    number += first
    if visitors == 1:
        return side(number, 0, top)
    with ThreadPoolExecutor(visitors) as pool:
        began = time.perf_counter()
        runs = list(pool.map(lambda visitor: side(number, visitor, top), range(visitors)))
        seconds = time.perf_counter() - began
    return Run(sum(r.tokens for r in runs), seconds, statistics.mean(r.first for r in runs))


def bench_text(repeat: int) -> list[Row]:
    """One visitor, four at once, first token, with alternatives, and over HTTP."""
    rows = []
    with studio() as made:
        model, weights = weights_of(made, "text")
        bare, ours = Bare(weights, made), Ours(made, model)
        for visitors, top, who in (
            (1, 0, "one visitor"), (1, 10, "one visitor, peek inside"), (4, 0, "four at once"),
        ):  # fmt: skip
            first = 1000 * visitors + 100 * top  # so that no prompt comes a second time
            pairs = in_turns(
                repeat,
                partial(together, bare, first, visitors, top),
                partial(together, ours, first, visitors, top),
            )
            rows.append(rate_row(f"text, {who}: tokens/s against bare", pairs))
            if visitors == 1:
                late = statistics.median(o.first - b.first for b, o in pairs) * 1000
                usual = statistics.median(b.first for b, _ in pairs) * 1000
                rows.append(Row(f"text, {who}: first token later by", late, 60, "ms", False,
                                f"bare {usual:.0f} ms"))  # fmt: skip
        with served(made, model) as program:
            pairs = in_turns(
                repeat, partial(together, bare, 9000, 1, 0), partial(together, program, 9000, 1, 0)
            )
        rows.append(rate_row("text, over HTTP as a program: tokens/s against bare", pairs))
    return rows


def rate_row(name: str, pairs: list[tuple[Run, Run]]) -> Row:
    """Tokens a second as a ratio to bare."""
    usual = statistics.median(b.rate for b, _ in pairs)
    ratio = median_ratio([(b.rate, o.rate) for b, o in pairs])
    return Row(name, ratio, 0.95, "", bare=f"bare {usual:.1f} tokens/s")


@contextmanager
def served(made: Studio, model: str) -> Iterator[Side]:
    """The real page on a free port, asked by a program that keeps its connection.

    `gradio_client` adds about 0.15 s of its own to every call, however little is asked."""
    import httpx

    from genui.ui.app import build_app, launch

    page = build_app(made)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = made.settings.model_copy(update={"host": "127.0.0.1", "port": port, "auth": ""})
    _, url, _ = launch(page, made, settings, prevent_thread_lock=True, quiet=True)
    client = httpx.Client(base_url=f"{url}gradio_api/call/", timeout=600)

    def ask(number: int, visitor: int, top: int) -> Run:
        began = time.perf_counter()
        asked = {
            "prompt": prompt(number, visitor), "model": model, "max_tokens": TOKENS, "seed": number
        }  # fmt: skip
        event = client.post("v2/text", json=asked).raise_for_status().json()["event_id"]
        told = client.get(f"text/{event}").raise_for_status().text
        answer = json.loads(told.split("event: complete\ndata: ", 1)[1].splitlines()[0])[0]
        return Run(answer["tokens"], time.perf_counter() - began, 0.0)

    try:
        yield ask
    finally:
        client.close()
        page.close()
