"""The endpoints for programs: the same use cases as the page, in JSON, over HTTP or MCP.

A handler checks what it was given, submits a job and waits for it; it never runs a model. Who
asks is known by the client's session (or the account it signed in with) and every limit is the
studio's. docs/api.md describes each endpoint; a test fails when it lags.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, ParamSpec, TypeVar

import gradio as gr
from gradio.context import Context
from gradio.events import api

from genui import provenance
from genui.errors import BadInput, GenuiError
from genui.jobs import SORRY
from genui.records import Rating, Segment
from genui.settings import Settings
from genui.studio import Studio
from genui.ui.api_latent import LatentCalls
from genui.ui.api_music import MusicCalls
from genui.ui.api_sound import SoundCalls
from genui.ui.programs import known_id, string, strings

log = logging.getLogger(__name__)

# the inputs that are files a client brought
STARTS = ("image", "mask", "picture", "sound")
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
        ("text", True), ("image", True), ("speech", True), ("reproduce", True), ("rate", False),
        ("prefer", False), ("models", False), ("generation", False), ("latent", True),
        ("explore", False), ("sound", True), ("music", True),
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


class Calls(LatentCalls, MusicCalls, SoundCalls):
    """One method for each endpoint. Their docstrings are what clients and MCP tools are shown."""

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
            "system": system, "messages": [{"role": "user", "content": string(prompt, "prompt")}]
        }  # fmt: skip
        options = {
            "max_tokens": max_tokens, "temperature": temperature, "top_k": top_k, "top_p": top_p,
            "min_p": min_p, "repetition_penalty": repetition_penalty,
            "stop": strings(stop, "stop"),
        }  # fmt: skip
        job = self._submit("text", model, {"mode": mode, **said}, options, seed, request)
        made = self._made(job)[-1]
        return self._answer(made) | {
            "text": made.text,
            "tokens": made.usage.get("tokens"),
            "prompt_tokens": made.usage.get("prompt_tokens"),
            "finish": made.usage.get("finish"),
            "seconds": made.timings.run,
        }

    def image(
        self,
        request: gr.Request,
        prompt: str,
        negative: str = "",
        model: str = "",
        options: dict[str, Any] | None = None,
        seed: int | None = None,
        image: dict[str, Any] | None = None,
        mask: dict[str, Any] | None = None,
        to: str = "",
    ) -> dict[str, Any]:
        """Draw pictures.

        Args:
            prompt: What to see.
            negative: What not to see.
            model: Id of an image model from /models; empty takes the default.
            options: JSON such as {"count": 4, "steps": 4}; the model's own values for the rest.
            seed: The same seed gives the same pictures; empty or -1 draws one.
            image: A picture file to start from.
            mask: A picture file that is white where the first one is to be drawn anew.
            to: A second prompt: the pictures then lie on the way from the first to it.

        Returns:
            JSON with files (PNG, each with its record inside), records (one a file) and more.
        """
        if not isinstance(options or {}, dict):
            raise BadInput('Options: give a JSON object, such as {"count": 4}.')
        chosen = model or self.studio.catalog.default("image").id
        own = self.studio.catalog.get(string(chosen, "model")).defaults
        inputs = {
            "prompt": prompt, "negative": negative, "to": to,
            "image": self._picture(image, "image"), "mask": self._picture(mask, "mask"),
        }  # fmt: skip
        job = self._submit(
            "image", chosen, {name: value for name, value in inputs.items() if value != ""},
            own | (options or {}), seed, request, self._rights(inputs["image"], inputs["mask"]),
        )  # fmt: skip
        made = self._made(job)
        return self._answer(*made) | {"records": [each.model_dump(mode="json") for each in made]}

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
        made = self._made(job)[-1]
        sound = made.artifact("audio")
        meta = sound.meta if sound else {}
        spoken = [event for event in job.events if isinstance(event, Segment)]
        return self._answer(made) | {
            "text": made.text,
            "seconds": meta.get("seconds"),
            "sample_rate": meta.get("sample_rate"),
            "phonemes": " ".join(part.phonemes for part in spoken),
            "words": [word for part in spoken for word in part.words],
        }

    def reproduce(self, request: gr.Request, generation_id: str) -> dict[str, Any]:
        """Run one of your own generations again and compare the two.

        Args:
            generation_id: The generation to repeat.

        Returns:
            JSON with identical (true or false), verdict (one sentence) and the new generation_id.
        """
        session = self._session(request)
        original = self.studio.own(session, known_id(generation_id))
        started_from = (original.request.inputs.get(n) for n in STARTS)
        tokens = self._rights(*started_from)
        made = self._made(self.studio.reproduce(session, original, tokens))
        again = provenance.counterpart(original, made) or made[-1]
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
        rating: Rating = self.studio.judging.rate(
            self._session(request), known_id(generation_id), thumb or None,  # type: ignore[arg-type]
            stars, tuple(strings(reasons, "reasons", ",")), comment,
        )  # fmt: skip
        shown = rating.model_dump(
            mode="json", include={"generation_id", "thumb", "stars", "reasons"}
        )
        return {"rating_id": rating.id, **shown, "stored": True}

    def prefer(
        self,
        request: gr.Request,
        generation_id: str,
        others: list[str] | None = None,
        context: str = "batch",
        reasons: list[str] | None = None,
        withdrawn: bool = False,
    ) -> dict[str, Any]:
        """Say that a generation is better than others of its kind, as picking the best of a batch.

        Args:
            generation_id: The better one.
            others: Ids of the 1 to 12 it is better than.
            context: "batch" (a new best takes the place of the old one), "side" or "arena".
            reasons: Short reasons such as "fits".
            withdrawn: true takes it back.

        Returns:
            JSON with comparison_ids (one for each other one) and stored.
        """
        known = tuple(known_id(each) for each in strings(others, "others", ","))
        stored = self.studio.judging.prefer(
            self._session(request), known_id(generation_id), known, string(context, "context"),
            tuple(strings(reasons, "reasons", ",")), bool(withdrawn),
        )  # fmt: skip
        ids = [event.id for event in stored if event.first == generation_id]
        return {"generation_id": generation_id, "comparison_ids": ids, "stored": True}

    def models(self, kind: str = "") -> list[dict[str, Any]]:
        """List the models of this server, the default of each kind first.

        Args:
            kind: "text", "image", "speech", "music", "sound" or "latent"; empty lists all.

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
        return self.studio.own(self._session(request), known_id(generation_id)).model_dump(
            mode="json"
        )
