"""Speech in the Audio tab: text in, voice out. Draws the controls; assets/speech.js and
speechcard.js draw the results.

Knows nothing of how speech is made, and nothing of the other parts. The buttons call the page's
script, which submits through the `speak` call below and follows the job; nothing waits in a
Gradio queue.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

from genui.backends.base import parse
from genui.backends.speech import SpeechOptions
from genui.records import SEED_MAX, Request
from genui.studio import Studio
from genui.ui.about import about_model
from genui.ui.calls import Answer, Call, answer, shared_calls
from genui.ui.controls import slider

SAMPLE = (
    "Hello! I am a voice that runs on this machine alone. Every sentence starts to play as soon "
    "as it is ready. Change a word and listen again."
)

# a click may come before our scripts have run
SPEAK = """async (...now) => {
  const ready = () => typeof genui !== "undefined" && genui.speech?.ready;
  while (!ready()) await new Promise((next) => setTimeout(next, 50));
  return genui.speech.speak(...now);
}"""


def build(studio: Studio) -> None:
    """Draw composer and results on the left, voice, speed and seed at the side."""
    voices = studio.models("speech")
    first = next((voice["id"] for voice in voices if not voice["why_not"]), None)
    with gr.Row(elem_classes="gu-work"):
        with gr.Column(scale=7, elem_classes="gu-main"):
            with gr.Column(elem_classes="gu-composer"):
                text = gr.Textbox(
                    SAMPLE, lines=3, max_lines=8, label="Text to speak", show_label=False,
                    container=False, placeholder="Write what you want to hear", interactive=True,
                )  # fmt: skip
                with gr.Row(elem_classes="gu-speak-row"):
                    gr.HTML(
                        "Shift + Enter speaks",
                        elem_classes="gu-speak-hint",
                        apply_default_css=False,
                    )
                    button = gr.Button("Speak", variant="primary", elem_id="gu-speak", scale=0)
            stage = gr.HTML(
                value="",
                html_template="<div class='gu-stage'></div>",
                apply_default_css=False,
                js_on_load=(
                    "genui.tabs.speech(element, {server, props, restore: () => trigger('restore')})"
                ),
                voices={voice["id"]: voice["title"] for voice in voices},
                server_functions=[*shared_calls(studio), *calls(studio)],
            )
        with gr.Column(scale=3, min_width=260, elem_classes="gu-side"):
            voice = gr.Dropdown(
                [(named(voice), voice["id"]) for voice in voices], value=first, label="Voice",
                filterable=False, interactive=True,
            )  # fmt: skip
            about = gr.HTML(
                about_model(studio, "speech", first),
                elem_classes="gu-licence",
                apply_default_css=False,
            )
            speed = slider(SpeechOptions, "speed")
            seed = gr.Number(
                1, label="Seed", info="Same seed, same sound.", precision=0, minimum=0,
                maximum=SEED_MAX, interactive=True,
            )  # fmt: skip
            each = gr.Checkbox(False, label="New seed each time", interactive=True)
            gr.HTML(
                html_template="<div class='gu-drop-place'></div>",
                apply_default_css=False,
                js_on_load="genui.speech.opener(element)",
            )
    controls = [text, voice, speed, seed, each]
    for ask in (button.click, text.submit):
        ask(None, controls, seed, js=SPEAK, api_visibility="private")
    stage.restore(
        None, controls, controls, js="(...now) => genui.speech.restored(...now)",
        api_visibility="private",
    )  # fmt: skip
    voice.change(
        lambda chosen: about_model(studio, "speech", chosen), voice, about,
        queue=False, show_progress="hidden", api_visibility="private",
    )  # fmt: skip


def named(voice: dict[str, Any]) -> str:
    """A voice in the list: who it is and how it speaks."""
    return f"{voice['title']} · {voice['summary'].removesuffix('.')}"


def calls(studio: Studio) -> list[Call]:
    """What the tab's script may ask besides the shared calls."""
    session = studio.identity.session

    @answer
    def speak(data: Answer) -> Answer:
        """Submit a request for speech; the answer holds it with all that was left open."""
        request = parse(Request, data["request"] | {"kind": "speech"})
        job = studio.submit(session(data["key"]), request)
        return {"job": job.id, "request": job.request.model_dump(mode="json")}

    return [speak]
