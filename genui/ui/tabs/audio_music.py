"""Music in the Audio tab: words or a melody in, a tune out. Draws the controls and answers the
page's script; assets/music.js and the scripts beside it draw composer, score and piano roll.

Knows nothing of how tunes are made, and nothing of the other parts. The script submits through the
`compose` call below and follows the job; nothing waits in a Gradio queue.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import gradio as gr

from genui.backends.base import parse
from genui.backends.music import MusicOptions
from genui.music import abc, facts
from genui.music.files import shown
from genui.music.shape import METRES, MOST, regular
from genui.music.tokens import MODES
from genui.music.tune import KINDS, Key, Tune
from genui.records import SEED_MAX, Request
from genui.studio import Studio
from genui.synth import INSTRUMENTS
from genui.ui.calls import Answer, Call, answer, shared_calls
from genui.ui.controls import slider
from genui.ui.routes import ASSETS

EXAMPLES = (
    "a happy jig in D major, 16 bars",
    "a slow air in A minor on the harp",
    "a lively reel in G with chords and drums",
    "a hornpipe on the accordion",
    "a gentle waltz in F, 32 bars",
)
BOTH = "both"  # the choice that asks two models at once
USUAL = ("G", "D", "A", "E minor", "C", "A minor", "D minor", "B minor", "F", "Bb", "A dorian",
         "D dorian", "E dorian", "A mixolydian", "D mixolydian")  # fmt: skip
TEMPI = (60, 80, 100, 120, 140, 160, 180)
# what the script reads of the controls, in this order
NAMES = (
    "model", "rhythm", "key", "bars", "tempo", "instrument", "accompaniment", "metre",
    "temperature", "top_p",
)  # fmt: skip
LOAD = "genui.tabs.music(element, { server, props, restore: () => trigger('restore') })"
MIRROR = f"""(...values) => {{
  const told = {json.dumps(NAMES)}.map((name, i) => [name, values[i]]);
  genui.music.settle(Object.fromEntries(told)); return []; }}"""
HIDDEN: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


def build(studio: Studio) -> None:
    """Draw composer and results on the left, controls in two tiers at the side."""
    with gr.Row(elem_classes="gu-work gu-sheet-work"):
        with gr.Column(scale=7, elem_classes="gu-main"):
            stage = gr.HTML(
                value=json.dumps(page_config(studio)),
                html_template="<div class='gu-stage gu-music'></div>",
                js_on_load=LOAD,
                server_functions=[*shared_calls(studio), *own_calls(studio)],
                elem_id="music-stage",
            )
        with gr.Column(scale=3, min_width=260, elem_classes="gu-side gu-sheet-side"):
            controls = draw_controls(studio)
    ordered = [controls[name] for name in NAMES]
    stage.restore(None, None, ordered, js="() => genui.music.restored()", api_visibility="private")
    gr.on(
        [component.change for component in ordered], None, ordered, None,
        js=MIRROR, api_visibility="private", trigger_mode="multiple",  # every change is heard
    )  # fmt: skip


def running(studio: Studio) -> list[Answer]:
    """The music models that run here."""
    return [model for model in studio.models("music") if not model["why_not"]]


def defaults(studio: Studio) -> Answer:
    """What every control shows at first."""
    models = running(studio)
    options = MusicOptions()
    shown = {name: getattr(options, name) for name in NAMES if name != "model"}
    return {"model": models[0]["id"] if models else None, **shown}


def page_config(studio: Studio) -> Answer:
    """What the script needs to know before the first tune."""
    return {
        "examples": EXAMPLES,
        "seeds": SEED_MAX,
        "models": {model["id"]: model["title"] for model in running(studio)},
        "both": BOTH,
        "instruments": INSTRUMENTS,
        "stored": [shown(regular(tune)) for tune in stored()],
        "settings": defaults(studio),
    }


def stored() -> list[Tune]:
    """The tunes that one may start from without having one."""
    found = abc.read_all((ASSETS / "tunes.abc").read_text("utf-8"))
    return [tune for tune in found if isinstance(tune, Tune)]


def keys() -> list[tuple[str, str]]:
    """Keys to choose from as (label, value), the usual ones first; one may type to find one."""
    every = [str(Key(tonic, mode)) for mode in MODES for tonic in range(12)]
    usual = [name if " " in name else f"{name} major" for name in USUAL]
    ordered = list(dict.fromkeys([*usual, *every]))
    return [("Any", "any"), *((name[0].upper() + name[1:], name) for name in ordered)]


def draw_controls(studio: Studio) -> dict[str, Any]:
    """The side column: what to ask for on top, how freely to choose folded; by name."""
    draw: dict[str, Any] = {}
    models, first = running(studio), defaults(studio)
    choices = [(model["title"], model["id"]) for model in models]
    if len(models) > 1:
        choices.append(("Both, side by side", BOTH))

    def pick(name: str, choices: list[Any], **more: Any) -> gr.Dropdown:
        field = MusicOptions.model_fields[name]
        return gr.Dropdown(
            choices, **{"value": field.default, "label": field.title, "interactive": True,
                        "filterable": False} | more,
        )  # fmt: skip

    with gr.Column(elem_classes="gu-tier"):
        draw["model"] = gr.Dropdown(
            choices, value=first["model"], label="Model", interactive=True, filterable=False
        )
        note = gr.HTML(about(studio, first["model"]), elem_classes="gu-licence")
    draw["rhythm"] = pick("rhythm", [("Any", "any"), *((k.capitalize(), k) for k in KINDS)])
    with gr.Row(elem_classes="gu-twin"):
        draw["key"] = pick("key", keys(), filterable=True, min_width=100)
        draw["bars"] = pick(
            "bars", [("Any", 0), *((str(n), n) for n in (8, 16, 24, 32, 48, MOST))], min_width=80
        )
    with gr.Row(elem_classes="gu-twin"):
        draw["instrument"] = pick(
            "instrument", [("Any", "any"), *((label, i) for i, label in INSTRUMENTS.items())],
            min_width=100,
        )  # fmt: skip
        draw["tempo"] = pick(
            "tempo", [("Usual", 0), *((str(n), n) for n in TEMPI)], min_width=80,
            allow_custom_value=True, filterable=True,
        )  # fmt: skip
    draw["accompaniment"] = pick(
        "accompaniment",
        [("Any", "any"), ("None", "none"), ("Chords", "chords"), ("Chords and drums", "full")],
    )
    with gr.Accordion("More", open=False, elem_classes="gu-more"):
        draw["metre"] = pick("metre", [("Any", "any"), *METRES])
        draw["temperature"] = slider(MusicOptions, "temperature")
        draw["top_p"] = slider(MusicOptions, "top_p")
    draw["model"].change(lambda chosen: about(studio, chosen), draw["model"], note, **HIDDEN)
    return draw


def about(studio: Studio, chosen: str | None) -> str:
    """One line under the model: what it is."""
    if chosen == BOTH:
        return "Two models, the same wish and the same seed."
    return next((str(m["summary"]) for m in running(studio) if m["id"] == chosen), "")


def own_calls(studio: Studio) -> list[Call]:
    """compose and melody: what the script may ask besides the shared calls."""
    session = studio.identity.session

    @answer
    def compose(data: Answer) -> Answer:
        """Submit a request for a tune; the answer holds it with all that was left open."""
        request = parse(Request, data["request"] | {"kind": "music"})
        job = studio.submit(session(data["key"]), request)
        return {"job": job.id, "request": job.request.model_dump(mode="json")}

    @answer
    def melody(data: Answer) -> Answer:
        """A melody in ABC made regular, as `shown`; with "guess" in the key that is heard."""
        tune = abc.read(str(data["abc"]))
        if data.get("guess"):
            tune = replace(tune, key=facts.heard_key(tune.notes()))
        return shown(regular(tune))

    return [compose, melody]
