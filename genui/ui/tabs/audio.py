"""The Audio tab: text in, voice out. Draws the controls; assets/audio.js draws the results.

Knows nothing of how speech is made, and nothing of the other tabs.
"""

from __future__ import annotations

import gradio as gr

from genui.studio import Studio
from genui.ui.calls import shared_calls

SAMPLE = (
    "Hello! I am a voice that runs on this machine alone. Every sentence starts to play as soon "
    "as it is ready. Change a word and listen again."
)


def build(studio: Studio) -> None:
    """Draw the tab."""
    with gr.Row(elem_classes="gu-work"):
        with gr.Column(scale=7, elem_classes="gu-main"):
            gr.Textbox(SAMPLE, lines=3, show_label=False, container=False)
            gr.HTML(
                html_template="<div class='gu-stage'></div>",
                server_functions=shared_calls(studio),
            )
