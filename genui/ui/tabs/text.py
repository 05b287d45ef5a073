"""The Text tab: chat, completion and code. Draws the controls and turns what the page asks for
into requests; assets/text.js and the scripts beside it draw the threads.

Knows nothing of how text is made, and nothing of the other tabs.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

import gradio as gr

from genui import conversation, provenance
from genui.backends.base import parse
from genui.backends.text import MAX_CHARS, Mode, TextOptions
from genui.conversation import Step
from genui.errors import BadInput, GenuiError
from genui.jobs import Job
from genui.records import SEED_MAX, Generation, Request
from genui.studio import Studio
from genui.ui.calls import Answer, answer, shared_calls
from genui.ui.controls import slider

ALTERNATIVES = 10  # kept for each token, so that any answer can be opened later
SYSTEM = "You are a friendly assistant. Answer in a few clear sentences."
EXAMPLES: dict[Mode, tuple[str, ...]] = {
    "chat": (
        "Give me three tips for a good night's sleep.",
        "Write a short poem about a cat who loves the moon.",
        "Tell me a short story about a brave little robot.",
        "What could I cook with tomatoes and rice?",
    ),
    "complete": (
        "Once upon a time, in a village by the sea, there lived a",
        "The old lighthouse keeper opened the door and saw",
        "Dear diary, today I finally",
        "The recipe for happiness is simple:",
    ),
    "code": (
        "Write a Python function that checks whether a word is a palindrome.",
        "Write a Python function that counts the vowels in a word.",
        "Write a JavaScript function that reverses a string.",
        "Write a Python function that tells whether a number is even.",
    ),
}
# temperature, top-k, top-p, min-p
PRESETS: dict[str, tuple[float, int, float, float]] = {
    "Precise": (0.2, 40, 0.9, 0.05),
    "Balanced": (0.7, 40, 0.95, 0.05),
    "Lively": (1.0, 80, 0.95, 0.05),
    "Wild": (1.5, 200, 1.0, 0.02),
}
SAMPLING = (
    "temperature", "top_k", "top_p", "min_p", "max_tokens", "repetition_penalty",
)  # fmt: skip
NAMES = ("model", *SAMPLING, "stop", "system", "seed", "fresh", "compare", "model_b",
         "temperature_b", "top_p_b")  # fmt: skip
LOAD = """genui.tabs.text(element, { server, watch, props,
  send: () => trigger('send'), pin: () => trigger('pin'), restore: () => trigger('restore') })"""
MIRROR = f"""(...values) => {{ const names = {json.dumps(NAMES)};
  genui.text.settle(Object.fromEntries(names.map((name, i) => [name, values[i]]))); return []; }}"""


def build(studio: Studio) -> None:
    """Draw the tab."""
    models = studio.models("text")
    with gr.Row(elem_classes="gu-work"):
        with gr.Column(scale=7, elem_classes="gu-main"):
            stage = gr.HTML(
                value=json.dumps({"config": page_config(models)}),
                html_template="<div class='gu-stage gu-text'></div>",
                js_on_load=LOAD,
                server_functions=[*shared_calls(studio), *own_calls(studio)],
                elem_id="text-stage",
            )
            act = gr.Textbox(visible=False)
        with gr.Column(scale=3, min_width=260, elem_classes="gu-side"):
            controls = draw_controls(models)
            gr.HTML(
                html_template="<div class='gu-next'></div>",
                js_on_load="genui.chart.mount(element, server)",
                server_functions=shared_calls(studio),
                elem_id="text-next",
            )
    ordered = [controls[name] for name in NAMES]
    stage.send(
        sender(studio), [act, *ordered], stage,
        js="(_, ...rest) => [JSON.stringify(genui.text.pending), ...rest]",
        queue=False, show_progress="hidden", api_visibility="private",
    )  # fmt: skip
    stage.pin(
        None, None, [controls["seed"], controls["fresh"]],
        js="() => [genui.text.seed, false]", api_visibility="private",
    )  # fmt: skip
    stage.restore(
        restored, act, [controls[name] for name in NAMES[: NAMES.index("compare") + 1]],
        js="() => [JSON.stringify(genui.text.opened)]",
        queue=False, show_progress="hidden", api_visibility="private",
    )  # fmt: skip
    gr.on(
        [component.change for component in ordered], None, ordered, None,
        js=MIRROR, api_visibility="private", trigger_mode="multiple",  # every change is heard
    )  # fmt: skip


def first_runnable(models: list[Answer]) -> str:
    """The id of the first model that this machine can run, else of the first."""
    return str(next((m for m in models if not m["why_not"]), models[0])["id"])


def page_config(models: list[Answer]) -> Answer:
    """What the script needs to know before the first question."""
    values = {name: TextOptions.model_fields[name].default for name in SAMPLING}
    return {
        "examples": EXAMPLES,
        "longest": MAX_CHARS,
        "titles": {model["id"]: model["title"] for model in models},
        "settings": values | {"model": first_runnable(models), "system": SYSTEM},
    }


def draw_controls(models: list[Answer]) -> dict[str, Any]:
    """The side column: model and three settings on top, the rest folded; by name."""
    draw: dict[str, Any] = {}
    runnable = first_runnable(models)
    choices = [(m["title"] + (" (not here)" if m["why_not"] else ""), m["id"]) for m in models]
    notes = {m["id"]: model_note(m) for m in models}
    hidden = dict(queue=False, show_progress="hidden", api_visibility="private")
    with gr.Column(elem_classes="gu-tier"):
        draw["model"] = gr.Dropdown(choices, value=runnable, label="Model", interactive=True)
        note = gr.Markdown(notes[runnable], elem_classes="gu-note")
        draw["model"].change(lambda model: notes.get(model, ""), draw["model"], note, **hidden)
    presets = gr.Radio(
        list(PRESETS), value="Balanced", label="Style", interactive=True, elem_classes="gu-segments"
    )
    draw["temperature"] = slider(TextOptions, "temperature")
    draw["max_tokens"] = slider(TextOptions, "max_tokens")
    with gr.Accordion("More", open=False, elem_classes="gu-more"):
        draw["top_k"] = slider(TextOptions, "top_k")
        draw["top_p"] = slider(TextOptions, "top_p", step=0.01)
        draw["min_p"] = slider(TextOptions, "min_p", step=0.01)
        draw["repetition_penalty"] = slider(TextOptions, "repetition_penalty")
        draw["stop"] = gr.Textbox(
            label="Stop strings", info="One a line; the text ends before any of them.", lines=2,
            interactive=True,
        )  # fmt: skip
        draw["system"] = gr.Textbox(
            SYSTEM, label="System prompt", info="How the model should behave in Chat and Code.",
            lines=3, interactive=True,
        )  # fmt: skip
        draw["fresh"] = gr.Checkbox(True, label="New seed each time", interactive=True)
        draw["seed"] = gr.Number(
            0, label="Seed", info="Used when the box above is off.", precision=0, minimum=0,
            maximum=SEED_MAX, interactive=True,
        )  # fmt: skip
    draw["compare"] = gr.Checkbox(
        False, label="Compare side by side", info="The same prompt and seed with other settings.",
        interactive=True,
    )  # fmt: skip
    with gr.Column(visible=False, elem_classes="gu-second") as second:
        draw["model_b"] = gr.Dropdown(choices, value=runnable, label="Model B", interactive=True)
        draw["temperature_b"] = slider(TextOptions, "temperature", label="Temperature B", value=1.2)
        draw["top_p_b"] = slider(TextOptions, "top_p", label="Top-p B", step=0.01)
    draw["compare"].change(lambda on: gr.Column(visible=on), draw["compare"], second, **hidden)
    knobs = [draw[name] for name in ("temperature", "top_k", "top_p", "min_p")]
    presets.input(
        None,
        presets,
        knobs,
        js=f"(name) => ({json.dumps(PRESETS)})[name]",
        api_visibility="private",
    )
    gr.on(
        [knob.input for knob in knobs], None, None, presets,
        js="() => [null]", api_visibility="private",
    )  # fmt: skip
    return draw


def model_note(model: Answer) -> str:
    """One line under the model: what it is, how big, which licence, or why it cannot run here."""
    size = f"{model['size'] / 1e6:.0f} MB" if model["size"] else ""
    licence = model["license"]
    if licence and model["license_url"]:
        licence = f"[{licence}]({model['license_url']})"
    facts = " · ".join(part for part in (model["summary"], size, licence) if part)
    return f"**{model['why_not']}** {facts}" if model["why_not"] else facts


# --- from the page to a request ----------------------------------------------------------------


def sender(studio: Studio) -> Callable[..., str]:
    """The handler behind every button that makes text: JSON in, JSON out."""

    @answer
    def start(data: Answer) -> Answer:
        act = json.loads(data["act"])
        session = studio.identity.session(act["key"])
        jobs: list[Job] = []
        try:
            for request in wanted(studio, session, act, data["settings"]):
                if jobs:  # side by side means: from the same seed
                    request = request.model_copy(update={"seed": jobs[0].request.seed})
                jobs.append(studio.submit(session, request))
        except GenuiError:
            for job in jobs:
                studio.cancel(session, job.id)
            raise
        return {"jobs": [{"job": job.id, "request": job.request.model_dump()} for job in jobs]}

    def send(act: str, *values: Any) -> str:
        found = start({"act": act, "settings": dict(zip(NAMES, values, strict=True))})
        return json.dumps({"nonce": secrets.token_hex(4), **found})

    return send


def wanted(studio: Studio, session: str, act: Answer, settings: Answer) -> list[Request]:
    """The request, or with "compare" the two requests, that a button of the page asks for."""
    if act["do"] == "rerun":  # what an opened file says, exactly
        request = parse(Generation, act["record"]).request
        if request.kind != "text":
            raise BadInput("That file is not text; drop it in the tab that made it.")
        return [request.model_copy(update={"parents": ()})]
    of = studio.own(session, act["of"]) if act.get("of") else None
    if act["do"] == "grow" and of:
        inputs, parents = conversation.grow(of, list(act["ids"]), str(act["text"]))
        return [of.request.model_copy(update={"inputs": inputs, "parents": parents})]
    step = next_step(of, act, settings)
    asked = {
        "kind": "text",
        "inputs": step.inputs,
        "parents": step.parents,
        "model": settings["model"],
        "options": options(settings),
        "seed": None if settings["fresh"] else settings["seed"],
    }
    first = parse(Request, asked)
    if not (settings["compare"] and act["do"] == "say"):
        return [first]
    other = settings | {"temperature": settings["temperature_b"], "top_p": settings["top_p_b"]}
    second = {"model": settings["model_b"], "options": options(other)}
    return [first, parse(Request, asked | second)]


def next_step(of: Generation | None, act: Answer, settings: Answer) -> Step:
    """Where in its thread the new request stands; refuses what is absurdly long."""
    if act["do"] == "repeat" and of:
        return conversation.repeat(of)
    text = str(act["text"])
    if len(text) > MAX_CHARS:
        raise BadInput(
            f"That is {len(text):,} characters; at most {MAX_CHARS:,} can be read. Shorten it."
        )
    if act["do"] == "edit" and of:
        return conversation.edit(of, text)
    system = settings["system"] or ""
    if of:
        return conversation.say(of, text, system)
    if act["mode"] == "code" and system == SYSTEM:
        system = ""  # the engine knows better words for code than our general ones
    return conversation.begin(act["mode"], text, system)


def options(settings: Answer) -> Answer:
    """`TextOptions` from what the controls say; a cleared field falls back to its default."""
    given = {name: settings[name] for name in SAMPLING if settings[name] is not None}
    stop = [line for line in (settings["stop"] or "").splitlines() if line]
    return {**given, "stop": stop, "top_logprobs": ALTERNATIVES}


def restored(opened: str) -> list[Any]:
    """The values of the controls (`NAMES` up to "compare") for {"request", "fresh"}: a request that
    was made with them, and whether each next answer takes a seed of its own."""
    said = json.loads(opened)
    request = parse(Request, said["request"])
    told = parse(TextOptions, request.options).model_dump()
    chat = request.inputs.get("mode", "chat") == "chat"  # elsewhere our own words are left out
    told |= {
        "model": request.model, "stop": "\n".join(told["stop"]), "seed": request.seed,
        "system": request.inputs.get("system", "") or ("" if chat else SYSTEM),
        "fresh": bool(said["fresh"]), "compare": False,
    }  # fmt: skip
    return [told[name] for name in NAMES[: NAMES.index("compare") + 1]]


# --- what the script asks directly -------------------------------------------------------------


def own_calls(studio: Studio) -> list[Callable[[Any], Answer]]:
    """save: an answer as a Markdown file."""
    session = studio.identity.session

    @answer
    def save(data: Answer) -> Answer:
        generation = studio.own(session(data["key"]), str(data["generation"]))
        return {
            "name": f"genui-{generation.id[:8]}.md",
            "text": provenance.text_document(generation),
        }

    return [save]
