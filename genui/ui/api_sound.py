"""The endpoint for music and noises from words, as docs/api.md describes it."""

from __future__ import annotations

from typing import Any

import gradio as gr

from genui.ui.programs import Programs, json_object, string


class SoundCalls(Programs):
    """Sound that one keeps."""

    def sound(
        self,
        request: gr.Request,
        prompt: str,
        negative: str = "",
        lyrics: str = "",
        model: str = "",
        options: dict[str, Any] | None = None,
        seed: int | None = None,
        sound: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Make music or a noise from words, with a model that needs a GPU.

        Args:
            prompt: What to hear.
            negative: What not to hear, for models that listen to it.
            lyrics: What to sing, for models that sing.
            model: Id of a sound model from /models; empty takes the default.
            options: JSON such as {"seconds": 10, "steps": 50, "use": "vary"}.
            seed: The same seed gives the same sound; empty or -1 draws one.
            sound: A sound file to continue or vary, for models that can.

        Returns:
            JSON with files (one WAV that carries its record), seconds, record and more.
        """
        inputs = {
            "prompt": string(prompt, "prompt"), "negative": string(negative, "negative"),
            "lyrics": string(lyrics, "lyrics"), "sound": self._sound(sound, "sound"),
        }  # fmt: skip
        job = self._submit(
            "sound", model, {name: value for name, value in inputs.items() if value},
            json_object(options, "options"), seed, request, self._rights(inputs["sound"]),
        )  # fmt: skip
        made = self._made(job)[-1]
        audio = made.artifact("audio")
        return self._answer(made) | {
            "seconds": audio.meta["seconds"] if audio else None,
            "record": made.model_dump(mode="json"),
        }
