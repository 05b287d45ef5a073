"""The Ratings tab: what people thought, at a glance, and theirs to take away."""

from __future__ import annotations

import json
import secrets

import gradio as gr

from genui.backends.base import parse
from genui.ratings import Filters
from genui.studio import Studio
from genui.ui.calls import Answer, Call, answer, shared_calls


def build(studio: Studio) -> None:
    """Draw the tab inside the current `gr.Tab`; assets/ratings.js fills it."""
    stage = gr.HTML(
        value="",
        html_template="<div class='gu-stage gu-ratings'></div>",
        js_on_load="genui.tabs.ratings(element, {server, trigger, watch, props})",
        server_functions=[*calls(studio), *shared_calls(studio)],
    )
    wish = gr.Textbox(visible=False)

    def export(text: str, request: gr.Request) -> str:
        """Prepare a file and tell where it waits. An event, not a call, since only events know
        who is logged in."""
        operator = bool(studio.settings.accounts) and (
            request.username == studio.settings.accounts[0][0]
        )

        @answer
        def prepare(sent: Answer) -> Answer:
            data = json.loads(sent["text"])
            path, rows, left_out = studio.ratings.export(
                studio.identity.session(data["key"]), data["format"], bool(data["comments"]),
                everything=operator,
            )  # fmt: skip
            return {
                "file": f"{path.parent.name}/{path.name}", "name": path.name, "rows": rows,
                "left_out": " ".join(left_out),
            }  # fmt: skip

        return json.dumps(prepare({"text": text}) | {"nonce": secrets.token_hex(4)})

    stage.download(
        export, wish, stage, js="() => [JSON.stringify(genui.pending)]", concurrency_limit=2,
        show_progress="hidden", api_visibility="private",
    )  # fmt: skip


def calls(studio: Studio) -> list[Call]:
    """What the tab's script asks: summary, table."""

    @answer
    def summary(data: Answer) -> Answer:
        return studio.ratings.summary()

    @answer
    def table(data: Answer) -> Answer:
        wanted = {name: data[name] for name in Filters.model_fields if data.get(name) is not None}
        return studio.ratings.table(studio.identity.session(data["key"]), parse(Filters, wanted))

    return [summary, table]
