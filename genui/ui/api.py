"""The endpoints for programs: the same use cases as the page, in JSON, over HTTP or MCP.

A handler checks what it was given, submits a job and waits for it; it never runs a model. Who
asks is known by the client's session (or the account it signed in with) and every limit is the
studio's. docs/api.md describes each endpoint; a test fails when it lags.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import re
import secrets
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import gradio as gr
from gradio.context import Context
from gradio.events import api
from gradio.processing_utils import hash_file
from gradio.utils import get_upload_folder

from genui import provenance
from genui.backends.base import parse
from genui.errors import BadInput, Busy, GenuiError, NotFound, Unavailable
from genui.jobs import SORRY, Job
from genui.records import Failed, Finished, Generation, Rating, Request, Segment
from genui.settings import Settings
from genui.studio import Studio

log = logging.getLogger(__name__)

PATIENCE = 900.0  # seconds a client may wait for its job, the queue included
AT_ONCE = 16  # calls of one endpoint that may wait for their jobs together

P = ParamSpec("P")
R = TypeVar("R")


def check_mcp(settings: Settings) -> None:
    """Exit with one sentence when MCP is wanted and its package is missing.

    Gradio itself would start without a word, and without MCP."""
    if settings.mcp and find_spec("mcp") is None:
        raise SystemExit('--mcp needs one more package: pip install "gradio[mcp]"')


def add_endpoints(studio: Studio) -> None:
    """Register the endpoints in the `gr.Blocks` that is open."""
    check_mcp(studio.settings)
    _explain_missing_arguments()
    calls = Calls(studio)
    for name, slow in (
        ("text", True), ("speech", True), ("reproduce", True), ("rate", False),
        ("models", False), ("generation", False),
    ):  # fmt: skip
        api(
            told(getattr(calls, name)),
            api_name=name,
            concurrency_limit=AT_ONCE if slow else 4,
            concurrency_id=f"api-{name}",
        )


def _explain_missing_arguments() -> None:
    """Gradio refuses a short list of arguments with its own error, which clients see as null."""
    page = Context.root_block
    assert page is not None
    validate = page.validate_inputs

    def explain(block_fn: Any, inputs: list[Any]) -> None:
        try:
            validate(block_fn, inputs)
        except ValueError:
            sentence = "This call lacks arguments; give all of them, in the documented order."
            raise gr.Error(sentence, print_exception=False) from None

    page.validate_inputs = explain  # type: ignore[method-assign]


def told(call: Callable[P, R]) -> Callable[P, R]:
    """Let what `call` raises reach the client as one sentence; anything unexpected is logged."""

    @functools.wraps(call)
    def safe(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return call(*args, **kwargs)
        except GenuiError as error:
            raise gr.Error(error.message, print_exception=False) from None
        except Exception:
            log.exception("%s failed", call.__name__)
            raise gr.Error(SORRY, print_exception=False) from None

    return safe


class Calls:
    """One method for each endpoint. Their docstrings are what clients and MCP tools are shown."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    def text(
        self,
        request: gr.Request,
        prompt: str,
        model: str = "",
        max_tokens: int = 256,
        temperature: float = 0.7,
        seed: int | None = None,
        top_k: int = 40,
        top_p: float = 0.95,
        min_p: float = 0.05,
        repetition_penalty: float = 1.1,
        stop: list[str] | None = None,
        system: str = "",
        mode: str = "chat",
    ) -> dict[str, Any]:
        """Write a text with a language model.

        Args:
            prompt: What to answer, or in mode "complete" what to continue.
            model: Id of a text model from /models; empty takes the default.
            max_tokens: Longest answer in tokens, 1 to 2048.
            temperature: 0 always takes the likeliest token, up to 2.
            seed: The same seed gives the same text; empty or -1 draws one.
            top_k: Keep the k likeliest tokens, 0 to 200; 0 keeps all.
            top_p: Keep the likeliest tokens up to this mass, above 0 to 1.
            min_p: Drop tokens below this share of the likeliest, 0 to 1.
            repetition_penalty: 1 is off, up to 2.
            stop: Up to 8 strings that end the text.
            system: Instructions for the model, in the modes "chat" and "code".
            mode: "chat", "code" or "complete".

        Returns:
            JSON with generation_id, text, tokens (how many were written), seed and more.
        """
        said = {"prompt": prompt} if mode == "complete" else {
            "system": system, "messages": [{"role": "user", "content": _string(prompt, "prompt")}]
        }  # fmt: skip
        options = {
            "max_tokens": max_tokens, "temperature": temperature, "top_k": top_k, "top_p": top_p,
            "min_p": min_p, "repetition_penalty": repetition_penalty,
            "stop": _strings(stop, "stop"),
        }  # fmt: skip
        job = self._submit("text", model, {"mode": mode, **said}, options, seed, request)
        made = self._made(job)
        return self._answer(made) | {
            "text": made.text,
            "tokens": made.usage.get("tokens"),
            "prompt_tokens": made.usage.get("prompt_tokens"),
            "finish": made.usage.get("finish"),
            "seconds": made.timings.run,
        }

    def speech(
        self,
        request: gr.Request,
        text: str,
        voice: str = "",
        speed: float = 1.0,
        seed: int | None = None,
    ) -> dict[str, Any]:
        """Speak a text.

        Args:
            text: What to say.
            voice: Id of a speech model from /models; empty takes the default.
            speed: 1 is the voice's own pace.
            seed: The same seed gives the same sound; empty or -1 draws one.

        Returns:
            JSON with generation_id, files (one WAV that carries its record), seconds and more.
        """
        job = self._submit("speech", voice, {"text": text}, {"speed": speed}, seed, request)
        made = self._made(job)
        sound = made.artifact("audio")
        meta = sound.meta if sound else {}
        spoken = [event.phonemes for event in job.events if isinstance(event, Segment)]
        return self._answer(made) | {
            "text": made.text,
            "seconds": meta.get("seconds"),
            "sample_rate": meta.get("sample_rate"),
            "phonemes": " ".join(spoken),
        }

    def reproduce(self, request: gr.Request, generation_id: str) -> dict[str, Any]:
        """Run one of your own generations again and compare the two.

        Args:
            generation_id: The generation to repeat.

        Returns:
            JSON with identical (true or false), verdict (one sentence) and the new generation_id.
        """
        session = self._session(request)
        original = self.studio.own(session, _id(generation_id))
        again = self._made(self.studio.reproduce(session, original))
        identical, verdict = provenance.verdict(original, again)
        return self._answer(again) | {"identical": identical, "verdict": verdict}

    def rate(
        self,
        request: gr.Request,
        generation_id: str,
        thumb: str = "",
        stars: int | None = None,
        reasons: list[str] | None = None,
        comment: str = "",
    ) -> dict[str, Any]:
        """Rate a generation; the newest rating of a client is the one that counts.

        Args:
            generation_id: What is rated.
            thumb: "up" or "down"; give this, stars, or both.
            stars: 1 to 5.
            reasons: Short reasons such as "helpful".
            comment: A few words, up to 2000 characters.

        Returns:
            JSON with rating_id and stored, which is true once the rating is on disk.
        """
        rating: Rating = self.studio.rate(
            self._session(request), _id(generation_id), thumb or None,  # type: ignore[arg-type]
            stars, tuple(_strings(reasons, "reasons", ",")), comment,
        )  # fmt: skip
        shown = rating.model_dump(
            mode="json", include={"generation_id", "thumb", "stars", "reasons"}
        )
        return {"rating_id": rating.id, **shown, "stored": True}

    def models(self, kind: str = "") -> list[dict[str, Any]]:
        """List the models of this server, the default of each kind first.

        Args:
            kind: "text" or "speech"; empty lists all.

        Returns:
            A list of JSON objects with id, kind, title, summary, license, size in bytes, and
            why_not (why this machine cannot run it, or null).
        """
        kinds = list(dict.fromkeys(model.kind for model in self.studio.catalog.models.values()))
        if kind and kind not in kinds:
            raise BadInput(f"Kind is one of: {', '.join(kinds)}.")
        return [
            {"kind": each, **model}
            for each in ([kind] if kind else kinds)
            for model in self.studio.models(each)
        ]

    def generation(self, request: gr.Request, generation_id: str) -> dict[str, Any]:
        """The full record of one of your own generations.

        Args:
            generation_id: Which one.

        Returns:
            The record: request, model and its hash, device, versions, timings, output hash.
        """
        return self.studio.own(self._session(request), _id(generation_id)).model_dump(mode="json")

    # --- what they share ------------------------------------------------------------------------

    def _session(self, request: gr.Request) -> str:
        """The studio's session of a client. One that names none is a new one at every call."""
        if request.username:
            name = f"account {request.username}"
        else:
            name = f"client {request.session_hash or secrets.token_hex(16)}"
        key = hashlib.sha256(name.encode(errors="replace")).hexdigest()
        return self.studio.identity.session(f"api-{key}")

    def _submit(
        self,
        kind: str,
        model: Any,
        inputs: dict[str, Any],
        options: dict[str, Any],
        seed: Any,
        request: gr.Request,
    ) -> Job:
        model = model or self.studio.catalog.default(kind).id
        seed = None if seed == -1 else seed
        asked = parse(Request, {"kind": kind, "model": model, "inputs": {}, "seed": seed})
        # the engine checks these two and names them as the caller does
        wanted = asked.model_copy(update={"inputs": inputs, "options": options})
        return self.studio.submit(self._session(request), wanted)

    def _made(self, job: Job) -> Generation:
        """What the job made, once it is done."""
        match job.last(PATIENCE):
            case Finished(generation=found):
                return self.studio.generation(found["id"])
            case Failed(message=message):
                raise Unavailable(message)
            case None:
                self.studio.cancel(job.session, job.id)
                raise Busy("This took too long and was stopped; ask for less, or again later.")
            case _:
                raise BadInput("This was stopped before it made anything; ask again.")

    def _answer(self, made: Generation) -> dict[str, Any]:
        """What every kind answers."""
        return {
            "generation_id": made.id,
            "kind": made.request.kind,
            "model": made.model.id,
            "status": made.status,
            "seed": made.request.seed,
            "files": [self._file(made, a.sha256) for a in made.artifacts if a.name == "audio"],
        }

    def _file(self, made: Generation, sha256: str) -> dict[str, Any]:
        """A kept sound as a file that Gradio's clients fetch, byte for byte.

        It lies where Gradio would copy it to, since the data folder is never served."""
        kept = self.studio.store.media.path(sha256)
        target = Path(get_upload_folder(), hash_file(kept), f"genui-{made.id[:8]}.wav")
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = target.with_suffix(f".{secrets.token_hex(4)}")
            shutil.copyfile(kept, draft)
            draft.replace(target)
        return gr.FileData(
            path=str(target), orig_name=target.name, mime_type="audio/wav"
        ).model_dump()  # fmt: skip


def _id(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{32}", value):
        raise NotFound("There is no result with that id; use the generation_id you were given.")
    return value


def _string(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise BadInput(f"{name.capitalize()}: give a text.")
    return value


def _strings(value: Any, name: str, separator: str | None = None) -> list[str]:
    """A list of strings, from a list or from one string (split where a separator is given)."""
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return [part.strip() for part in value.split(separator)] if separator else [value]
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return value
    raise BadInput(f"{name.capitalize()}: give a list of texts.")
