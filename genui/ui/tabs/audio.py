"""The Audio tab: a switch between the kinds of sound it makes, each drawn by a module of its own.

A kind is left out where this machine can run no model of it.
"""

from __future__ import annotations

import gradio as gr

from genui.studio import Studio
from genui.ui.tabs import audio_music, audio_sound, audio_speech

# id, label, what draws it, and the kind of model without which it is left out
PARTS = (
    ("speech", "Speech", audio_speech, ""),
    ("music", "Music", audio_music, "music"),
    ("sound", "Sound", audio_sound, "sound"),
)


def build(studio: Studio) -> None:
    """Draw the tab inside the current `gr.Tab`."""
    shown = [part for part in PARTS if not part[3] or studio.offers(part[3])]
    gr.HTML(
        html_template="<div class='gu-stage gu-parts'></div>",
        js_on_load="genui.tabs.audio(element, { props })",
        parts=[[part_id, label] for part_id, label, _, _ in shown],
        visible=len(shown) > 1,
    )
    for part_id, _, module, _ in shown:
        with gr.Column(elem_id=f"audio-{part_id}"):
            module.build(studio)
