"""The Ratings tab: what people thought, at a glance."""

from __future__ import annotations

import gradio as gr

from genui.studio import Studio
from genui.ui.calls import shared_calls


def build(studio: Studio) -> None:
    """Draw the tab inside the current `gr.Tab`; assets/ratings.js fills it."""
    gr.HTML(
        value="",
        html_template="<div class='gu-stage'></div>",
        js_on_load="genui.tabs.ratings(element, {server, trigger, watch, props, upload})",
        server_functions=shared_calls(studio),
    )
