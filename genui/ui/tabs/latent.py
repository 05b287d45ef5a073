"""The Latent space tab: places, sliders and a map. Tells the page's script which models there are
and answers what it asks; assets/latent.js and the scripts beside it draw everything.

Knows nothing of how a model is built, and nothing of the other tabs. Questions (`explore`) are
answered at once and keep nothing; what is kept goes through the queue (`make`).
"""

from __future__ import annotations

import json

import gradio as gr

from genui.backends.base import parse
from genui.records import Request
from genui.studio import Studio
from genui.ui.calls import Answer, Call, answer, shared_calls

LOAD = "genui.tabs.latent(element, { server, props })"


def build(studio: Studio) -> None:
    """Draw the tab inside the current `gr.Tab`."""
    gr.HTML(
        value=json.dumps(page_config(studio)),
        html_template="<div class='gu-stage gu-latent'></div>",
        js_on_load=LOAD,
        server_functions=[*shared_calls(studio), *own_calls(studio)],
        elem_id="latent-stage",
    )


def page_config(studio: Studio) -> Answer:
    """The models that run here, those whose files are here first, the first image model to look
    inside, and which to open."""
    models = [model for model in studio.models("latent") if not model["why_not"]]
    models.sort(key=lambda model: not model["here"])
    images = [model for model in studio.models("image") if not model["why_not"] and model["here"]]
    shown = [
        {name: model[name] for name in ("id", "title", "summary", "styles")} | {"kind": kind}
        for kind, found in (("latent", models), ("image", images[:1])) for model in found
    ]  # fmt: skip
    return {"models": shown, "model": shown[0]["id"] if shown else None}


def own_calls(studio: Studio) -> list[Call]:
    """explore and make: what the script may ask besides the shared calls."""
    session = studio.identity.session

    @answer
    def explore(data: Answer) -> Answer:
        """The answer to a question about a model (see `genui.backends.latent` and
        `latent_inside`)."""
        session(data["key"])
        question = {name: value for name, value in data.items() if name not in ("key", "model")}
        return studio.explore(str(data["model"]), question)

    @answer
    def make(data: Answer) -> Answer:
        """Submit a request for something to keep; the answer holds it with what was left open."""
        kind = studio.catalog.get(str(data["request"]["model"])).kind
        request = parse(Request, data["request"] | {"kind": kind})
        job = studio.submit(session(data["key"]), request, data.get("tokens"))
        return {"job": job.id, "request": job.request.model_dump(mode="json")}

    return [explore, make]
