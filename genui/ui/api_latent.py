"""The endpoints for latent spaces, as docs/api.md describes them."""

from __future__ import annotations

from typing import Any

import gradio as gr

from genui.ui.programs import Programs, json_object, string


class LatentCalls(Programs):
    """Things one keeps, and questions that are answered at once."""

    def latent(
        self,
        request: gr.Request,
        task: str,
        places: list[dict[str, Any]] | None = None,
        model: str = "",
        options: dict[str, Any] | None = None,
        seed: int | None = None,
        picture: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Make pictures or a walk in a latent space, or find a picture in it.

        Args:
            task: "picture", "walk", "sheet" or "invert".
            places: Up to 32 of {"at": [numbers], "moves": {direction: amount}}; from /explore.
            model: Id of a latent model from /models; empty takes the default.
            options: JSON such as {"frames": 120, "format": "mp4", "loop": true, "scale": 4}.
            seed: Without places, the picture that the prior gives; empty or -1 draws one.
            picture: A picture file to look for, with "invert".

        Returns:
            JSON with files (each with its record inside), records and more.
        """
        inputs: dict[str, Any] = {"task": string(task, "task"), "places": places or []}
        if picture:
            inputs["picture"] = self._picture(picture, "picture")
        rights = self._rights(inputs.get("picture"))
        job = self._submit("latent", model, inputs, json_object(options, "options"), seed, request,
                           rights)  # fmt: skip
        made = self._made(job)
        return self._answer(*made) | {"records": [each.model_dump(mode="json") for each in made]}

    def explore(
        self,
        question: dict[str, Any],
        model: str = "",
        picture: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Ask a latent model: samples, looks, directions, neighbours, arithmetic, shares.

        Args:
            question: JSON such as {"ask": "sample", "count": 4, "seed": 7}; see docs/api.md.
            model: Id of a latent model from /models; empty takes the default.
            picture: A picture file, with {"ask": "encode"}.

        Returns:
            The answer as JSON.
        """
        asked = json_object(question, "question")
        if picture:
            sha256 = self._picture(picture, "picture")
            asked |= {"picture": sha256, "token": self._rights(sha256)[sha256]}
        chosen = model or self.studio.catalog.default("latent").id
        return self.studio.explore(string(chosen, "model"), asked)
