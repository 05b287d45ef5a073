"""Any causal language model that transformers can load from safetensors.

Runs its own short token loop, so that cancel, probabilities and branches are exact. Loads no
pickled weights and runs no code that comes with a model.
"""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Flag
from typing import Any

import psutil
from pydantic import JsonValue

from genui.backends.base import Output
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

BATCH = 128  # prompt tokens read between two looks at the cancel flag
WINDOW = 4  # tokens before a new one that its text may depend on


class Transformers(TextBackend):
    """One causal language model; its weights are a folder in the hub's layout.

    A GPU takes the weights in their own precision, placed by accelerate; a CPU in float32."""

    engine = "transformers"

    def load(self) -> None:
        if not self.weights.is_dir() or not any(self.weights.glob("*.safetensors")):
            raise Unavailable(
                "This model has no safetensors weights, and pickled ones are not loaded here; "
                "ask the operator for another model."
            )
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        on_cpu = self.placement.device == "cpu"
        self._check_memory(on_cpu)
        torch.set_num_threads(self.placement.threads)
        place = {"cpu": None, "cuda": "auto"}.get(self.placement.device, self.placement.device)
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(
                self.weights, trust_remote_code=False, local_files_only=True
            )
            self._model: Any = AutoModelForCausalLM.from_pretrained(
                self.weights,
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
                dtype=torch.float32 if on_cpu else "auto",
                device_map=place,
            )
        except torch.OutOfMemoryError as error:
            raise Unavailable(
                "This model does not fit into the GPU's memory; choose a smaller one."
            ) from error
        except Exception as error:  # each damaged file has its own exception type
            log.warning("%s: %s", self.weights, error)
            raise Unavailable(
                "This model's files are damaged, or of a kind that transformers cannot load "
                "without foreign code; ask the operator to fetch it again."
            ) from error
        ends = self._model.generation_config.eos_token_id
        self._ends = {self._tokenizer.eos_token_id, *(ends if isinstance(ends, list) else [ends])}
        longest = getattr(self._model.config.get_text_config(), "max_position_embeddings", None)
        self._context = min(self.placement.context_tokens, longest or 2**31)

    def _check_memory(self, on_cpu: bool) -> None:
        needed = sum(path.stat().st_size for path in self.weights.glob("*.safetensors"))
        free = psutil.virtual_memory().available
        if on_cpu and needed > free:
            raise Unavailable(
                f"This model needs {needed / 1e9:.1f} GB of memory or more and {free / 1e9:.1f} GB "
                "are free; choose a smaller model or try again later."
            )

    def unload(self) -> None:
        import torch

        del self._model, self._tokenizer
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def versions(self) -> dict[str, str]:
        import torch
        import transformers

        return {"torch": torch.__version__, "transformers": transformers.__version__}

    # --- prompts ----------------------------------------------------------------------------

    def _prompt(self, inputs: TextInputs) -> list[int]:
        """Token ids to go on from; raises `BadInput` when they fill the context."""
        if inputs.mode == "complete":
            ids = self._tokenizer(inputs.prompt).input_ids
        elif self._tokenizer.chat_template is None:
            ids = self._tokenizer(plain_transcript(inputs)).input_ids
        else:
            text = self._templated(chat_messages(inputs))
            ids = self._tokenizer(text, add_special_tokens=False).input_ids
        if any(token >= self._model.config.get_text_config().vocab_size for token in inputs.prefix):
            raise BadInput("That branch belongs to another model; start again from the prompt.")
        ids = [*ids, *inputs.prefix]
        if len(ids) >= self._context:
            raise BadInput(
                f"This is {len(ids):,} tokens long, and the model reads at most "
                f"{self._context:,}; shorten it or start a new chat."
            )
        return ids

    def _templated(self, messages: list[dict[str, str]]) -> str:
        from jinja2 import TemplateError

        def apply(turns: list[dict[str, str]]) -> str:
            text: str = self._tokenizer.apply_chat_template(
                turns, tokenize=False, add_generation_prompt=True
            )
            return text

        try:
            return apply(messages)
        except TemplateError:  # some templates know no system turn: put it before the first one
            system, first, *others = messages
            content = f"{system['content']}\n\n{first['content']}"
            return apply([{"role": "user", "content": content}, *others])

    def _filters(self, options: TextOptions) -> Any:
        """transformers' own filters in the order that `TextOptions` documents."""
        from transformers import (
            LogitsProcessorList,
            MinPLogitsWarper,
            RepetitionPenaltyLogitsProcessor,
            TemperatureLogitsWarper,
            TopKLogitsWarper,
            TopPLogitsWarper,
        )

        filters = LogitsProcessorList()
        if options.repetition_penalty > 1:
            filters.append(RepetitionPenaltyLogitsProcessor(options.repetition_penalty))
        if options.temperature == 0:
            return filters
        if options.top_k:
            filters.append(TopKLogitsWarper(options.top_k))
        if options.top_p < 1:
            filters.append(TopPLogitsWarper(options.top_p))
        if options.min_p:
            filters.append(MinPLogitsWarper(options.min_p))
        if options.temperature != 1:
            filters.append(TemperatureLogitsWarper(options.temperature))
        return filters

    # --- running ----------------------------------------------------------------------------

    def _forward(self, ids: list[int], past: Any) -> tuple[Any, Any]:
        """Logits (float32, on the CPU) after the last of `ids`, and the grown cache."""
        import torch

        with torch.inference_mode():
            out = self._model(
                input_ids=torch.tensor([ids], device=self._model.device),
                past_key_values=past, use_cache=True, logits_to_keep=1,
            )  # fmt: skip
            return out.logits[0, -1].float().cpu(), out.past_key_values

    def generate(self, request: Request, cancel: Flag, scratch: Path) -> Iterator[Event | Output]:
        import torch

        inputs, options = self.check(request)
        ids = self._prompt(inputs)
        plain = inputs.mode != "complete" and self._tokenizer.chat_template is None
        stops = Stops(options.stop + (PLAIN_STOP if plain else ()))
        filters, reader = self._filters(options), Reader(self._tokenizer, ids)
        # drawn on the CPU: the same seed gives the same draws on every device
        draws = torch.Generator().manual_seed(request.seed or 0)
        prompt_tokens, said, count, finish = len(ids), [""], 0, "length"
        first = last = 0.0
        past = logits = None
        for start in range(0, len(ids), BATCH):
            if cancel.is_set():
                break
            logits, past = self._forward(ids[start : start + BATCH], past)
            if len(ids) > BATCH:
                yield Progress(min(start + BATCH, len(ids)), len(ids), "prompt tokens")
        room = min(options.max_tokens, self._context - len(ids))
        while count < room:
            if cancel.is_set() or logits is None:
                finish = "cancelled"
                break
            scores = filters(torch.tensor([ids]), logits[None].clone())[0]
            chosen = int(
                scores.argmax() if options.temperature == 0
                else torch.multinomial(scores.softmax(-1), 1, generator=draws)
            )  # fmt: skip
            if chosen in self._ends:
                finish = "stop"
                break
            token = self._token(count, chosen, logits, options.top_logprobs, reader)
            ids.append(chosen)
            count += 1
            last = time.monotonic()
            first = first or last
            for shown in stops.push(token):
                said.append(shown.text)
                yield shown
            if stops.found:
                finish = "stop"
                break
            if count < room:
                logits, past = self._forward([chosen], past)
        if not cancel.is_set():
            for shown in stops.rest():
                said.append(shown.text)
                yield shown
        usage: dict[str, JsonValue] = {
            "prompt_tokens": prompt_tokens, "tokens": count, "finish": finish,
        }  # fmt: skip
        if last > first:
            usage["tokens_per_second"] = round((count - 1) / (last - first), 2)
        yield Output(text=inputs.prefix_text + "".join(said), usage=usage)

    def _token(self, index: int, chosen: int, logits: Any, top: int, reader: Reader) -> Token:
        """The event of a chosen token, with probabilities from before all filters."""
        logprobs = logits.log_softmax(-1)
        values, found = logprobs.topk(min(top, len(logprobs)))
        others = tuple(
            (token, reader.peek(token), value)
            for token, value in zip(found.tolist(), values.tolist(), strict=True)
        )
        return Token(index, chosen, reader.push(chosen), float(logprobs[chosen]), others)

    def next_token(self, inputs: TextInputs, count: int) -> list[tuple[int, str, float]]:
        ids = self._prompt(inputs)
        logits, _ = self._forward(ids, None)
        values, found = logits.log_softmax(-1).topk(min(count, len(logits)))
        reader = Reader(self._tokenizer, ids)
        return [
            (token, reader.peek(token), value)
            for token, value in zip(found.tolist(), values.tolist(), strict=True)
        ]


class Reader:
    """Turns token ids into text one by one and never shows a part of a character.

    The text of a token may depend on those before it, so a few are kept as context."""

    def __init__(self, tokenizer: Any, before: list[int]) -> None:
        self._tokenizer = tokenizer
        self._ids = before[-WINDOW:]
        self._shown = self._decode(self._ids).rstrip("\ufffd")

    def _decode(self, ids: list[int]) -> str:
        text: str = self._tokenizer.decode(
            ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return text

    def peek(self, token: int) -> str:
        """The text `token` would add; empty when it only begins or continues a character."""
        text = self._decode([*self._ids, token])
        return "" if text.endswith("\ufffd") else text[len(self._shown) :]

    def push(self, token: int) -> str:
        """The text that `token` adds, with the character it completes."""
        text = self.peek(token)
        self._ids.append(token)
        if text:
            self._ids = self._ids[-WINDOW:]
            self._shown = self._decode(self._ids)
        return text
