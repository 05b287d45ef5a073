"""The Image tab: words in, pictures out. Draws the controls and answers the page's script;
assets/image.js and the scripts beside it draw prompt, pictures and gallery.

Knows nothing of how pictures are made, and nothing of the other tabs. The script submits through
the `draw` call below and follows the job; nothing waits in a Gradio queue.
"""

from __future__ import annotations

import json
from typing import Any

import gradio as gr

from genui import provenance
from genui.backends.base import parse
from genui.backends.image import CELLS_MAX, ImageOptions
from genui.catalog import Model
from genui.records import SEED_MAX, Request
from genui.studio import Studio
from genui.ui.calls import Answer, Call, answer, shared_calls
from genui.ui.controls import slider

EXAMPLES = (
    "a red mushroom",
    "a panda",
    "a star on a purple background",
    "a person with blue hair and a smile",
    "a birthday cake",
    "a purple heart",
)
SCHEDULERS = (
    ("The model's own", "default"), ("DDIM", "ddim"), ("Euler", "euler"),
    ("Euler ancestral", "euler-a"), ("DPM++ 2M", "dpm++"), ("UniPC", "unipc"), ("LCM", "lcm"),
)  # fmt: skip
# what the script reads of the controls, in this order
NAMES = (
    "model", "count", "steps", "guidance", "scheduler", "size", "negative", "transparent",
    "clean", "preview",
)  # fmt: skip
OWN = ("count", "steps", "guidance", "size", "clean")  # set anew with another model
LOAD = "genui.tabs.image(element, { server, props, restore: () => trigger('restore') })"
MIRROR = f"""(...values) => {{
  const told = {json.dumps(NAMES)}.map((name, i) => [name, values[i]]);
  genui.image.settle(Object.fromEntries(told)); return []; }}"""
HIDDEN: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


def build(studio: Studio) -> None:
    """Draw the tab inside the current `gr.Tab`."""
    models = studio.catalog.of_kind("image")
    with gr.Row(elem_classes="gu-work gu-sheet-work"):
        with gr.Column(scale=7, elem_classes="gu-main"):
            stage = gr.HTML(
                value=json.dumps(page_config(studio, models)),
                html_template="<div class='gu-stage gu-image'></div>",
                js_on_load=LOAD,
                server_functions=[*shared_calls(studio), *own_calls(studio)],
                elem_id="image-stage",
            )
        with gr.Column(scale=3, min_width=260, elem_classes="gu-side gu-sheet-side"):
            controls = draw_controls(studio, models)
    ordered = [controls[name] for name in NAMES]
    stage.restore(None, None, ordered, js="() => genui.image.restored()", api_visibility="private")
    gr.on(
        [component.change for component in ordered], None, ordered, None,
        js=MIRROR, api_visibility="private", trigger_mode="multiple",  # every change is heard
    )  # fmt: skip


def first_runnable(studio: Studio, models: list[Model]) -> Model | None:
    """The first model that is here and runs, else the first that runs, else the first if any."""
    shown = studio.models("image")
    runs = [found["id"] for found in shown if not found["why_not"]]
    here = [found["id"] for found in shown if not found["why_not"] and found["here"]]
    ids = [*here, *runs, *(model.id for model in models)]
    return studio.catalog.get(ids[0]) if ids else None


def suited(model: Model | None, name: str) -> Any:
    """The value of an option that suits a model: its own, else the option's default."""
    own = model.defaults if model else {}
    return own.get(name, ImageOptions.model_fields[name].default)


def sizes(model: Model | None) -> list[str]:
    """Sizes a model is likely to draw well, its own first."""
    width, height = suited(model, "width"), suited(model, "height")
    half = width // 16 * 8
    wanted = (
        (width, height),
        (width + half, height),
        (width, height + half),
        (width * 2, height * 2),
    )
    return [f"{w} × {h}" for w, h in wanted]


def page_config(studio: Studio, models: list[Model]) -> Answer:
    """What the script needs to know before the first picture."""
    first = first_runnable(studio, models)
    return {
        "examples": EXAMPLES,
        "cells": CELLS_MAX,
        "seeds": SEED_MAX,
        "schedulers": [value for _, value in SCHEDULERS],
        "models": {
            m.id: {"title": m.title, "styles": m.styles, "few": m.few_steps} for m in models
        },
        "settings": {
            "model": first.id if first else None, "count": suited(first, "count"),
            "steps": suited(first, "steps"), "guidance": suited(first, "guidance"),
            "scheduler": suited(first, "scheduler"), "size": sizes(first)[0], "negative": "",
            "transparent": False, "clean": suited(first, "clean"), "preview": True,
        },
    }  # fmt: skip


def draw_controls(studio: Studio, models: list[Model]) -> dict[str, Any]:
    """The side column: model, pictures and steps on top, the rest folded; by name."""
    draw: dict[str, Any] = {}
    first, found = first_runnable(studio, models), studio.models("image")
    with gr.Column(elem_classes="gu-tier"):
        draw["model"] = gr.Dropdown(
            [(m["title"] + (" (not here)" if m["why_not"] else ""), m["id"]) for m in found],
            value=first.id if first else None, label="Model", interactive=True, filterable=False,
        )  # fmt: skip
        note = gr.Markdown(about(studio, first.id if first else None), elem_classes="gu-note")
    draw["count"] = slider(
        ImageOptions, "count", value=suited(first, "count"), info="Each with a seed of its own."
    )
    draw["steps"] = slider(
        ImageOptions, "steps", value=suited(first, "steps"), maximum=steps_shown(first)
    )
    with gr.Accordion("More", open=False, elem_classes="gu-more"):
        draw["guidance"] = slider(
            ImageOptions, "guidance", value=suited(first, "guidance"), step=0.5
        )
        draw["negative"] = gr.Textbox(
            label="Without", info="What should not be in the picture.", lines=1, max_lines=3,
            visible=bool(first and not first.few_steps), interactive=True,
        )  # fmt: skip
        draw["scheduler"] = gr.Dropdown(
            list(SCHEDULERS), value=suited(first, "scheduler"), label="Scheduler",
            info="How the steps from noise to picture are placed.", filterable=False,
            interactive=True,
        )  # fmt: skip
        draw["size"] = gr.Dropdown(
            sizes(first), value=sizes(first)[0], label="Size", allow_custom_value=True,
            info="In pixels; write your own if you like.", interactive=True,
        )  # fmt: skip
        draw["transparent"] = gr.Checkbox(
            False, label="Transparent background", info="A sticker to put on anything.",
            interactive=True,
        )  # fmt: skip
        draw["clean"] = gr.Checkbox(
            suited(first, "clean"), label="Clean background", interactive=True,
            info="Few steps leave faint stains; this makes it one colour.",
        )  # fmt: skip
        draw["preview"] = gr.Checkbox(
            True, label="Show every step", info="Needed for the film strip.", interactive=True
        )
    draw["model"].change(lambda chosen: about(studio, chosen), draw["model"], note, **HIDDEN)
    draw["model"].change(
        lambda chosen: for_model(studio, chosen), draw["model"],
        [draw["negative"], draw["size"], draw["steps"]], **HIDDEN,
    )  # fmt: skip
    draw["model"].input(  # not when an opened picture sets the model: it brings its own values
        lambda chosen: own_values(studio.catalog.get(chosen)), draw["model"],
        [draw[name] for name in OWN], **HIDDEN,
    )  # fmt: skip
    return draw


def own_values(model: Model) -> list[Any]:
    """The values of `OWN` that suit a model."""
    return [sizes(model)[0] if name == "size" else suited(model, name) for name in OWN]


def steps_shown(model: Model | None) -> int:
    """How far the slider of the steps goes; more are allowed, but nobody wants them."""
    return 16 if model and model.few_steps else 50


def for_model(studio: Studio, chosen: str) -> tuple[Any, ...]:
    """Negative prompt, sizes and the range of steps as a model needs them."""
    model = studio.catalog.get(chosen)
    return (
        gr.Textbox(visible=not model.few_steps),
        gr.Dropdown(choices=sizes(model)),
        gr.Slider(maximum=steps_shown(model)),
    )


def about(studio: Studio, chosen: str | None) -> str:
    """One line under the model: what it is, how big, which licence, or why it cannot run here."""
    found = next((m for m in studio.models("image") if m["id"] == chosen), None)
    if found is None:
        return "No image model is set up here; ask the operator to add one."
    size = f"{found['size'] / 1e6:,.0f} MB" if found["size"] else ""
    if not found["here"] and not found["why_not"]:
        sources = studio.catalog.get(found["id"]).sources
        fetched = not studio.settings.offline and any(s.type in ("hub", "wheel") for s in sources)
        size = f"fetched on first use, {size}".strip(", ") if fetched else "not on this machine"
    licence = found["license"]
    if licence and found["license_url"]:
        licence = f"[{licence}]({found['license_url']})"
    facts = " · ".join(part for part in (found["summary"], size, licence) if part)
    return f"**{found['why_not']}** {facts}" if found["why_not"] else facts


# --- what the script asks directly -------------------------------------------------------------


def own_calls(studio: Studio) -> list[Call]:
    """draw and record: what the script may ask besides the shared calls."""
    session = studio.identity.session

    @answer
    def draw(data: Answer) -> Answer:
        """Submit a request for pictures; the answer holds it with all that was left open."""
        request = parse(Request, data["request"] | {"kind": "image"})
        job = studio.submit(session(data["key"]), request, data.get("tokens"))
        return {"job": job.id, "request": job.request.model_dump(mode="json")}

    @answer
    def record(data: Answer) -> Answer:
        """The record of an own generation as a file."""
        generation = studio.own(session(data["key"]), str(data["generation"]))
        return {
            "name": f"genui-{generation.id[:8]}.json",
            "text": provenance.record_document(generation),
        }

    return [draw, record]
