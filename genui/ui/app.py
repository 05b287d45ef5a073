"""The page: header, tabs, program endpoints; and how it is launched."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from genui.settings import Settings
from genui.studio import Studio
from genui.ui.api import add_endpoints
from genui.ui.feedback import feedback_info
from genui.ui.routes import ASSETS, routes
from genui.ui.tabs import audio, image, latent, ratings, text
from genui.ui.theme import Face

HEADER = """<div class="gu-head"><img class="gu-mark" src="genui/assets/mark.svg" alt="">
<span class="gu-name">genui</span><span class="gu-tag">Watch generative AI work, use it,
and make it better by rating it.</span></div>"""
SCRIPTS = (
    "vendor/highlight.min.js",
    "genui.js",
    "segments.js",
    "strip.js",
    "prose.js",
    "thread.js",
    "chart.js",
    "peek.js",
    "answer.js",
    "turn.js",
    "text.js",
    "axes.js",
    "tile.js",
    "film.js",
    "look.js",
    "player.js",
    "card.js",
    "brush.js",
    "source.js",
    "gallery.js",
    "live.js",
    "drawer.js",
    "easel.js",
    "image.js",
    "sound.js",
    "scope.js",
    "waves.js",
    "phonemes.js",
    "soundcard.js",
    "soundtab.js",
    "speechcard.js",
    "speech.js",
    "notes.js",
    "score.js",
    "roll.js",
    "alternatives.js",
    "mind.js",
    "musiccard.js",
    "piano.js",
    "starting.js",
    "musicform.js",
    "duet.js",
    "radio.js",
    "music.js",
    "soundstart.js",
    "soundmaker.js",
    "audio.js",
    "places.js",
    "explorer.js",
    "seen.js",
    "sliders.js",
    "map.js",
    "touch.js",
    "between.js",
    "own.js",
    "walk.js",
    "figures.js",
    "learned.js",
    "bias.js",
    "kept.js",
    "shelf.js",
    "wordmap.js",
    "ways.js",
    "cells.js",
    "inside.js",
    "latent.js",
    "rated.js",
    "ratings.js",
)
# id, label, what draws it, and the kind of model without which it is left out
TABS = (
    ("text", "Text", text, ""),
    ("image", "Image", image, "image"),
    ("audio", "Audio", audio, ""),
    ("latent", "Latent space", latent, "latent"),
    ("ratings", "Ratings", ratings, ""),
)


def build_app(studio: Studio) -> gr.Blocks:
    """The whole page over one studio."""
    demo: gr.Blocks = gr.Blocks(title="genui", analytics_enabled=False, fill_width=True)
    shown = [tab for tab in TABS if not tab[3] or studio.offers(tab[3])]
    with demo:
        gr.HTML(HEADER, js_on_load=None)
        with gr.Tabs(selected="text", elem_id="tabs") as tabs:
            for tab_id, label, module, _ in shown:
                with gr.Tab(label, id=tab_id, elem_id=f"tab-{tab_id}"):
                    module.build(studio)
        tabs.select(
            None, None, None,
            js="() => { setTimeout(() => { const t = document.querySelector("
            "'[role=tab][aria-selected=true]'); if (t) history.replaceState(null, '', "
            "'?tab=' + t.textContent.trim().toLowerCase().split(' ')[0] + "
            "(document.body.classList.contains('dark') && location.search.includes('__theme') "
            "? '&__theme=dark' : '')) }, 0) }",
        )  # fmt: skip
        demo.load(
            open_tab({tab[0] for tab in shown}), None, tabs, queue=False, api_visibility="private"
        )
        add_endpoints(studio)
    scripts = "\n".join(f'<script src="{link(name)}"></script>' for name in SCRIPTS)
    for block in demo.blocks.values():
        if isinstance(block, gr.HTML) and "genui." in (block.js_on_load or ""):
            block.head = scripts  # Gradio starts `js_on_load` only when these have run, in order
            block.apply_default_css = False  # its prose style would overrule ours
    return demo


def open_tab(shown: set[str]) -> Callable[[gr.Request], Any]:
    """What selects the tab named in the link, if it is there."""

    def chosen(request: gr.Request) -> Any:
        wanted = request.query_params.get("tab", "")
        return gr.Tabs(selected=wanted) if wanted in shown else gr.skip()

    return chosen


def head(settings: Settings) -> str:
    """What every page has in its head: what the feedback strip reads, and our stylesheets."""
    sheets = [f'<link rel="stylesheet" href="{link(name)}">' for name in styles()]
    return "\n".join([feedback_info(settings), *sheets])


def link(name: str) -> str:
    """The address of an asset, with a version so that browsers never mix two releases."""
    version = hashlib.sha256((ASSETS / name).read_bytes()).hexdigest()[:10]
    return f"genui/assets/{name}?v={version}"


def styles() -> list[str]:
    """Our stylesheets, the shared one first."""
    return ["genui.css", *sorted(p.name for p in ASSETS.glob("*.css") if p.name != "genui.css")]


def launch(demo: gr.Blocks, studio: Studio, settings: Settings, **more: Any) -> Any:
    """Start the server with everything closed that need not be open."""
    demo.queue(default_concurrency_limit=8, max_size=256)
    return demo.launch(
        server_name=settings.host,
        server_port=settings.port,
        root_path=settings.root_path or None,
        share=settings.share,
        auth=settings.accounts or None,
        theme=Face(),
        head=head(settings),
        favicon_path=str(ASSETS / "favicon.png"),
        footer_links=["api"],
        show_error=False,
        allowed_paths=[],
        blocked_paths=[str(settings.data_dir), str(Path.cwd() / ".git")],
        max_file_size="64mb",
        enable_monitoring=False,
        strict_cors=True,
        run_history=False,
        mcp_server=settings.mcp,
        ssr_mode=False,
        app_kwargs={"routes": routes(studio)},
        **more,
    )
