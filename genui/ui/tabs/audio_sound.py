"""Sound in the Audio tab: words in, music or a noise out, by the big models one runs on a GPU.
Draws the controls; assets/soundmaker.js draws the results.

Knows nothing of how sound is made, and nothing of the other parts. The button calls the page's
script, which submits through the `make` call below and follows the job.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

from genui.backends.base import parse
from genui.backends.sound import SoundOptions
from genui.records import SEED_MAX, Request
from genui.studio import Studio
from genui.ui.about import about_model
from genui.ui.calls import Answer, Call, answer, shared_calls
from genui.ui.controls import slider

# a click may come before our scripts have run
MAKE = """async (...now) => {
  const ready = () => typeof genui !== "undefined" && genui.soundmaker?.ready;
  while (!ready()) await new Promise((next) => setTimeout(next, 50));
  return genui.soundmaker.make(...now);
}"""
LOAD = "genui.tabs.soundmaker(element, { server, props, restore: () => trigger('restore') })"


def build(studio: Studio) -> None:
    """Draw composer and results on the left, model, length and seed at the side."""
    models = studio.models("sound")
    first = next((model["id"] for model in models if not model["why_not"]), None)
    with gr.Row(elem_classes="gu-work"):
        with gr.Column(scale=7, elem_classes="gu-main"):
            with gr.Column(elem_classes="gu-composer"):
                prompt = gr.Textbox(
                    "rain on a tin roof, far thunder", lines=2, max_lines=6,
                    label="Sound to make", show_label=False, container=False,
                    placeholder="Write what you want to hear", interactive=True,
                )  # fmt: skip
                with gr.Row(elem_classes="gu-speak-row"):
                    gr.HTML(
                        "Music, songs, noises", elem_classes="gu-speak-hint",
                        apply_default_css=False,
                    )  # fmt: skip
                    button = gr.Button("Make", variant="primary", elem_id="gu-make", scale=0)
            stage = gr.HTML(
                value="",
                html_template="<div class='gu-stage'></div>",
                apply_default_css=False,
                js_on_load=LOAD,
                models={model["id"]: model["title"] for model in models},
                server_functions=[*shared_calls(studio), *calls(studio)],
            )
        with gr.Column(scale=3, min_width=260, elem_classes="gu-side"):
            model = gr.Dropdown(
                [(model["title"], model["id"]) for model in models], value=first, label="Model",
                filterable=False, interactive=True,
            )  # fmt: skip
            about = gr.HTML(
                about_model(studio, "sound", first),
                elem_classes="gu-licence",
                apply_default_css=False,
            )
            seconds = slider(
                SoundOptions, "seconds", step=0.5, value=usual_seconds(studio, first)
            )  # fmt: skip
            seed = gr.Number(
                1, label="Seed", info="Same seed, same sound.", precision=0, minimum=0,
                maximum=SEED_MAX, interactive=True,
            )  # fmt: skip
            each = gr.Checkbox(False, label="New seed each time", interactive=True)
    controls = [prompt, model, seconds, seed, each]
    for ask in (button.click, prompt.submit):
        ask(None, controls, seed, js=MAKE, api_visibility="private")
    stage.restore(
        None, controls, controls, js="(...now) => genui.soundmaker.restored(...now)",
        api_visibility="private",
    )  # fmt: skip
    model.input(
        lambda chosen: (about_model(studio, "sound", chosen), usual_seconds(studio, chosen)),
        model, [about, seconds], queue=False, show_progress="hidden", api_visibility="private",
    )  # fmt: skip


def usual_seconds(studio: Studio, chosen: str | None) -> Any:
    """The length that suits a model."""
    models = studio.catalog.models
    own = models[chosen].defaults if chosen in models else {}
    return own.get("seconds", SoundOptions().seconds)


def calls(studio: Studio) -> list[Call]:
    """What the part's script may ask besides the shared calls."""
    session = studio.identity.session

    @answer
    def make(data: Answer) -> Answer:
        """Submit a request for sound; the answer holds it with all that was left open."""
        request = parse(Request, data["request"] | {"kind": "sound"})
        job = studio.submit(session(data["key"]), request)
        return {"job": job.id, "request": job.request.model_dump(mode="json")}

    return [make]
