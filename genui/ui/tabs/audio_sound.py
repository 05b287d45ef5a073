"""Sound in the Audio tab: words in, music or a noise out, by the big models one runs on a GPU.
Draws the controls; assets/soundmaker.js draws the results.

Knows nothing of how sound is made, and nothing of the other parts. The button calls the page's
script, which submits through the `make` call below and follows the job. A sound to start from is
uploaded and kept by assets/soundstart.js.
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

# what the page's script is given of the controls, in this order
NAMES = (
    "prompt", "lyrics", "model", "seconds", "seed", "each", "negative", "steps", "guidance",
    "temperature",
)  # fmt: skip
# controls of some models only: shown where `Model.takes` names them
SOME = ("lyrics", "negative", "steps", "guidance", "temperature")
# a click may come before our scripts have run
MAKE = """async (...now) => {
  const ready = () => typeof genui !== "undefined" && genui.soundmaker?.ready;
  while (!ready()) await new Promise((next) => setTimeout(next, 50));
  return genui.soundmaker.make(...now);
}"""
LOAD = "genui.tabs.soundmaker(element, { server, props, restore: () => trigger('restore') })"
HIDDEN: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


def build(studio: Studio) -> None:
    """Draw composer and results on the left, model, length and seed at the side."""
    models = studio.models("sound")
    first = next((model["id"] for model in models if not model["why_not"]), None)
    draw: dict[str, Any] = {}
    with gr.Row(elem_classes="gu-work"):
        with gr.Column(scale=7, elem_classes="gu-main"):
            with gr.Column(elem_classes="gu-composer"):
                draw["prompt"] = gr.Textbox(
                    "rain on a tin roof, far thunder", lines=2, max_lines=6,
                    label="Sound to make", show_label=False, container=False,
                    placeholder="Write what you want to hear", interactive=True,
                )  # fmt: skip
                draw["lyrics"] = gr.Textbox(
                    "", lines=3, max_lines=14, label="Lyrics", show_label=False, container=False,
                    placeholder="Lyrics to sing, if any, with [verse] and [chorus] above the parts",
                    elem_classes="gu-lyrics", interactive=True, **usual(studio, first, "lyrics"),
                )  # fmt: skip
                gr.HTML(
                    html_template="<div class='gu-stage gu-start-place'></div>",
                    apply_default_css=False,
                    js_on_load="genui.soundmaker.starting(element)",
                )
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
                takes={model["id"]: model["takes"] for model in models},
                names=NAMES,
                first=first,
                server_functions=[*shared_calls(studio), *calls(studio)],
            )
        with gr.Column(scale=3, min_width=260, elem_classes="gu-side"):
            about = draw_controls(studio, models, first, draw)
    controls = [draw[name] for name in NAMES]
    for ask in (button.click, draw["prompt"].submit):
        ask(None, controls, draw["seed"], js=MAKE, api_visibility="private")
    stage.restore(
        None, controls, controls, js="(...now) => genui.soundmaker.restored(...now)",
        api_visibility="private",
    )  # fmt: skip
    model, depend = draw["model"], ["seconds", *SOME]

    def chosen(model_id: str) -> list[Any]:
        updates = [gr.update(**usual(studio, model_id, name)) for name in depend]
        return [about_model(studio, "sound", model_id), *updates]

    model.change(
        None, model, None, js="(model) => genui.soundmaker.settle(model)", **HIDDEN
    )  # fmt: skip
    model.input(chosen, model, [about, *(draw[name] for name in depend)], **HIDDEN)
    shows = [draw[name] for name in SOME]
    model.change(
        lambda model_id: [gr.update(visible=takes(studio, model_id, name)) for name in SOME],
        model, shows, **HIDDEN,
    )  # fmt: skip


def draw_controls(
    studio: Studio, models: list[dict[str, Any]], first: str | None, draw: dict[str, Any]
) -> gr.HTML:
    """The side column: model, length and seed, what else some models take folded; into `draw` by
    name. Returns what says which model it is."""
    draw["model"] = gr.Dropdown(
        [(model["title"], model["id"]) for model in models], value=first, label="Model",
        filterable=False, interactive=True,
    )  # fmt: skip
    about = gr.HTML(
        about_model(studio, "sound", first), elem_classes="gu-licence", apply_default_css=False
    )
    draw["seconds"] = slider(SoundOptions, "seconds", step=0.5, **usual(studio, first, "seconds"))
    draw["seed"] = gr.Number(
        1, label="Seed", info="Same seed, same sound.", precision=0, minimum=0,
        maximum=SEED_MAX, interactive=True,
    )  # fmt: skip
    draw["each"] = gr.Checkbox(False, label="New seed each time", interactive=True)
    with gr.Accordion("More", open=False, elem_classes="gu-more"):
        draw["negative"] = gr.Textbox(
            "", lines=2, max_lines=6, label="Not to hear", interactive=True,
            placeholder="low quality, voices", **usual(studio, first, "negative"),
        )  # fmt: skip
        for name in ("steps", "guidance", "temperature"):
            draw[name] = slider(SoundOptions, name, **usual(studio, first, name))
    return about


def takes(studio: Studio, chosen: str | None, name: str) -> bool:
    """Whether an input or option has an effect on a model."""
    models = studio.catalog.models
    return name not in SOME or (chosen in models and name in models[chosen].takes)


def usual(studio: Studio, chosen: str | None, name: str) -> dict[str, Any]:
    """How a control begins for a model: shown where it has an effect, options at what suits."""
    shown: dict[str, Any] = {"visible": takes(studio, chosen, name)}
    if name not in SoundOptions.model_fields:
        return shown
    own = studio.catalog.models[chosen].defaults if chosen in studio.catalog.models else {}
    return shown | {"value": own.get(name, getattr(SoundOptions(), name))}


def calls(studio: Studio) -> list[Call]:
    """What the part's script may ask besides the shared calls."""
    session = studio.identity.session

    @answer
    def make(data: Answer) -> Answer:
        """Submit a request for sound; the answer holds it with all that was left open."""
        request = parse(Request, data["request"] | {"kind": "sound"})
        job = studio.submit(session(data["key"]), request, data.get("tokens"))
        return {"job": job.id, "request": job.request.model_dump(mode="json")}

    return [make]
