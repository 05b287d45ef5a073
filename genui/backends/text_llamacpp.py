"""llama.cpp through xllamacpp: any GGUF file, several visitors at once.

Knows llama.cpp's native server API; knows nothing of jobs, the store or the page. Control
tokens that a visitor types (such as <|im_end|>) act as control tokens in that visitor's own
prompt; nobody else's prompt is touched.
"""

from __future__ import annotations

import codecs
import http.client
import json
import logging
import secrets
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event as Flag
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import psutil
from pydantic import JsonValue

from genui.backends import gguf
from genui.backends.base import Output, parse
from genui.backends.stops import Stops
from genui.backends.text import (
    PLAIN_STOP,
    TextBackend,
    TextInputs,
    TextOptions,
    chat_messages,
    plain_transcript,
)
from genui.errors import BadInput, Unavailable
from genui.records import Event, Progress, Request, Token

log = logging.getLogger(__name__)

BATCH = 64  # prompt tokens read between two looks at the cancel flag
GLANCE = 0.05  # seconds between two looks at it when nothing arrives
SPARE = 128 * 2**20  # bytes llama.cpp wants beside weights and cache
DAMAGED = (
    "This model's file is damaged, or of a kind that llama.cpp cannot read; "
    "ask the operator to fetch it again."
)


class LlamaCpp(TextBackend):
    """One GGUF model in a llama.cpp server inside this process.

    The server also listens on a loopback port, which asks everybody else for a key."""

    engine = "llamacpp"
    slots = 64  # llama.cpp takes what the operator sets

    def load(self) -> None:
        try:
            facts = gguf.metadata(self.weights)
        except (gguf.NotGguf, OSError) as error:
            log.warning("%s: %s", self.weights, error)
            raise Unavailable(DAMAGED) from error
        self._check_memory(facts)
        import xllamacpp

        self._key = secrets.token_hex(16)
        params = xllamacpp.CommonParams()
        params.model.path = str(self.weights)
        params.n_ctx = self.placement.context_tokens * self.placement.slots
        params.n_parallel = self.placement.slots
        params.n_batch = params.n_ubatch = BATCH
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = self.placement.threads
        params.n_gpu_layers = 0 if self.placement.device == "cpu" else 999
        params.cache_ram_mib = 256  # earlier prompts kept for the next turn; the default is 8 GB
        params.n_threads_http = 2
        params.verbosity = 0
        params.api_keys = [self._key]
        try:
            self._server = xllamacpp.Server(params)
        except RuntimeError as error:
            raise Unavailable(DAMAGED) from error
        self._address = urlsplit(self._server.listening_address).netloc
        self._templated = "tokenizer.chat_template" in facts
        self._split = lru_cache(maxsize=4096)(self._tokenize)
        self._fragments: dict[int, bytes] = {}  # tokens seen that are parts of a character
        self._running: set[Thread] = set()

    def _check_memory(self, facts: dict[str, object]) -> None:
        """Raise `Unavailable` when weights and cache will not fit into the free memory."""
        if self.placement.device != "cpu":
            return

        def fact(name: str) -> int:
            value = facts.get(f"{facts.get('general.architecture')}.{name}", 0)
            return int(value) if isinstance(value, int | float) else 0

        heads = fact("attention.head_count") or 1
        width = fact("embedding_length") // heads * (fact("attention.head_count_kv") or heads)
        tokens = self.placement.context_tokens * self.placement.slots
        cache = 2 * 2 * width * fact("block_count") * tokens  # keys and values, 2 bytes each
        needed = self.weights.stat().st_size + cache + SPARE
        free = psutil.virtual_memory().available
        if needed > free:
            raise Unavailable(
                f"This model needs {needed / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB are "
                "free; choose a smaller model or try again later."
            )

    def unload(self) -> None:
        for thread in list(self._running):  # each ends at its next token: nobody reads it any more
            thread.join()
        del self._server

    def versions(self) -> dict[str, str]:
        import xllamacpp

        return {"xllamacpp": xllamacpp.__version__}

    # --- prompts ----------------------------------------------------------------------------

    def _ask(self, path: str, body: dict[str, Any]) -> Any:
        """Ask llama.cpp's own HTTP side for what its Python side does not offer."""
        connection = http.client.HTTPConnection(self._address, timeout=60)
        try:
            headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
            connection.request("POST", path, json.dumps(body), headers)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def _tokenize(self, text: str) -> tuple[int, ...]:
        answer = self._ask("/tokenize", {"content": text, "parse_special": False})
        return tuple(answer["tokens"])

    def _body(self, inputs: TextInputs, options: TextOptions) -> dict[str, Any]:
        """What llama.cpp is asked; a branch's prefix goes along as ids, so it is exact.

        Stop strings stay here: llama.cpp loses what it holds back for one at the length limit."""
        if inputs.mode == "complete":
            prompt = inputs.prompt
        elif self._templated:
            answer = self._ask("/apply-template", {"messages": chat_messages(inputs)})
            if "prompt" not in answer:
                raise BadInput("This model cannot read that chat; start a new one.")
            prompt = answer["prompt"]
        else:
            prompt = plain_transcript(inputs)
        return {
            "prompt": [prompt, *inputs.prefix] if inputs.prefix else prompt,
            "n_predict": options.max_tokens,
            "temperature": options.temperature,
            "top_k": options.top_k,
            "top_p": options.top_p,
            "min_p": options.min_p,
            "repeat_penalty": options.repetition_penalty,
            "samplers": ["penalties", "top_k", "top_p", "min_p", "temperature"],
            "n_probs": options.top_logprobs,
            "cache_prompt": True,
            "stream": True,
            "return_progress": True,
        }

    # --- running ----------------------------------------------------------------------------

    def _stream(self, body: dict[str, Any], cancel: Flag) -> Iterator[dict[str, Any]]:
        """llama.cpp's chunks as they come; ends early, at once, when cancelled.

        llama.cpp calls back from inside its own call, so that call gets a thread; left alone,
        it ends at its next token."""
        chunks: SimpleQueue[dict[str, Any] | Exception | None] = SimpleQueue()
        unread = Flag()

        def hand_over(chunk: dict[str, Any]) -> bool:
            chunks.put(chunk)
            return unread.is_set()

        def run() -> None:
            try:
                self._server.handle_completions(body, hand_over)
            except Exception as error:
                chunks.put(error)
            finally:
                chunks.put(None)
                self._running.discard(thread)

        thread = Thread(target=run, name="llama.cpp", daemon=True)
        self._running.add(thread)
        thread.start()
        try:
            while not cancel.is_set():
                try:
                    chunk = chunks.get(timeout=GLANCE)
                except Empty:
                    continue
                if chunk is None:
                    return
                if isinstance(chunk, Exception):
                    raise chunk
                if "error" in chunk:
                    raise _refusal(chunk["error"])
                yield chunk
        finally:
            unread.set()

    def generate(self, request: Request, cancel: Flag, scratch: Path) -> Iterator[Event | Output]:
        inputs, options = self.check(request)
        body = self._body(inputs, options) | {"seed": request.seed}
        plain = inputs.mode != "complete" and not self._templated
        stops = Stops(options.stop + (PLAIN_STOP if plain else ()))
        decoder = self._decoder(inputs.prefix)
        said: list[str] = []
        count, finish, prompt_tokens = 0, "cancelled", 0
        first = last = 0.0
        for chunk in self._stream(body, cancel):
            if progress := chunk.get("prompt_progress"):
                prompt_tokens = progress["total"]
                if prompt_tokens > BATCH:
                    yield Progress(progress["processed"], prompt_tokens, "prompt tokens")
                continue
            choice = chunk["choices"][0]
            for token in self._tokens(choice, count, decoder):
                count += 1
                last = time.monotonic()
                first = first or last
                for shown in stops.push(token):
                    said.append(shown.text)
                    yield shown
            if stops.found:
                finish = "stop"
                break
            if choice["finish_reason"]:
                finish = choice["finish_reason"]
                count = chunk["usage"]["completion_tokens"]
                for shown in stops.rest():
                    said.append(shown.text)
                    yield shown
        usage: dict[str, JsonValue] = {
            "prompt_tokens": prompt_tokens, "tokens": count, "finish": finish,
        }  # fmt: skip
        if last > first:
            usage["tokens_per_second"] = round((count - 1) / (last - first), 2)
        yield Output(text=inputs.prefix_text + "".join(said), usage=usage)

    def _decoder(self, prefix: tuple[int, ...]) -> codecs.IncrementalDecoder:
        """A decoder that knows the bytes of a character which the prefix leaves unfinished."""
        tail = b""
        for token in reversed(prefix):
            if token not in self._fragments:
                break
            tail = self._fragments[token] + tail
        decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        decoder.decode(tail)
        return decoder

    def _tokens(
        self, choice: dict[str, Any], index: int, decoder: codecs.IncrementalDecoder
    ) -> Iterator[Token]:
        """The tokens of a chunk. llama.cpp holds the parts of a character back and gives them as
        one entry with the last part's id; the earlier ids are found again by tokenizing it."""
        text: str = choice["text"]
        if not choice["logprobs"]:
            if text:
                yield Token(index, -1, text)
            return
        entry = choice["logprobs"]["content"][0]
        if "\ufffd" in text:
            text = decoder.decode(bytes(entry["bytes"]))
        elif not entry["token"].isascii():
            *earlier, last = self._split(entry["token"]) or (entry["id"],)
            if last == entry["id"]:
                for part in earlier:
                    yield Token(index, part, "")
                    index += 1
        top = tuple(self._alternative(found) for found in entry["top_logprobs"])
        yield Token(index, entry["id"], text, entry["logprob"], top)

    def _alternative(self, found: dict[str, Any]) -> tuple[int, str, float]:
        text, raw = found["token"], bytes(found["bytes"])
        if text.encode() != raw:  # it holds a part of a character
            self._fragments[found["id"]] = raw
            text = raw.decode("utf-8", "ignore")
        return found["id"], text, found["logprob"]

    def next_token(self, inputs: TextInputs, count: int) -> list[tuple[int, str, float]]:
        options = parse(TextOptions, {"max_tokens": 1, "temperature": 0, "repetition_penalty": 1})
        # llama.cpp tells nothing of a token that only begins a character, or that ends the text:
        # make it take a plain one; the probabilities are those from before any bias
        plain = [[self._split("a")[-1], 1000]]
        body = self._body(inputs, options) | {"n_probs": count, "logit_bias": plain}
        for chunk in self._stream(body, Flag()):
            if logprobs := chunk["choices"][0]["logprobs"]:
                likely = logprobs["content"][0]["top_logprobs"]
                return [self._alternative(found) for found in likely]
        return []


def _refusal(error: dict[str, Any]) -> BadInput | RuntimeError:
    if error.get("type") == "exceed_context_size_error":
        return BadInput(
            f"This is {error['n_prompt_tokens']:,} tokens long, and the model reads at most "
            f"{error['n_ctx']:,}; shorten it or start a new chat."
        )
    if "invalid tokens" in error.get("message", ""):
        return BadInput("That branch belongs to another model; start again from the prompt.")
    return RuntimeError(f"llama.cpp: {error}")
