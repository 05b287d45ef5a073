"""The endpoint for tunes, as docs/api.md describes it."""

from __future__ import annotations

from typing import Any

import gradio as gr

from genui.errors import BadInput
from genui.ui.programs import Programs, json_object, string


class MusicCalls(Programs):
    """Tunes that one keeps."""

    def music(
        self,
        request: gr.Request,
        prompt: str,
        model: str = "",
        options: dict[str, Any] | None = None,
        seed: int | None = None,
        mode: str = "write",
        start: str = "",
        to: str = "",
        first: int = 0,
        count: int = 1,
        tokens: list[int] | None = None,
    ) -> dict[str, Any]:
        """Write and play a tune, or go on from a melody.

        Args:
            prompt: In words, such as "a happy jig in D major, 16 bars"; may be empty.
            model: Id of a music model from /models; empty takes the default.
            options: JSON such as {"rhythm": "reel", "key": "G major", "bars": 16, "tempo": 100}.
            seed: The same seed gives the same tune; empty or -1 draws one.
            mode: "write", or with start "continue", "fill", "vary" or "morph".
            start: A melody in ABC.
            to: The melody in ABC at which a morph arrives.
            first: The first bar to fill, from 0.
            count: How many bars to fill.
            tokens: A row of tokens to go on from, as the score of a result has it.

        Returns:
            JSON with files (a WAV that carries its record, and the score), abc, asked (what was
            understood), seconds, record and more.
        """
        if not isinstance(tokens or [], list):
            raise BadInput("Tokens: give a list of numbers.")
        inputs: dict[str, Any] = {
            "prompt": string(prompt, "prompt"), "mode": string(mode, "mode"),
            "start": string(start, "start"), "to": string(to, "to"),
        }  # fmt: skip
        if mode == "fill":
            inputs |= {"first": first, "count": count}
        if tokens:
            inputs["tokens"] = tokens
        job = self._submit(
            "music", model, {name: value for name, value in inputs.items() if value != ""},
            json_object(options, "options"), seed, request,
        )  # fmt: skip
        made = self._made(job)[-1]
        return self._answer(made) | {
            "abc": made.text,
            "asked": made.usage.get("asked"),
            "seconds": made.usage.get("seconds"),
            "record": made.model_dump(mode="json"),
        }
