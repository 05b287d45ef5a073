"""The real app in a process of its own, and a real Chromium in front of it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gradio_client import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests import tiny, tiny_avatars, tiny_sounds, tiny_tunes
from tests.ui.serving import Server, running

CHROMIUM = os.environ.get("GENUI_CHROMIUM", "/usr/bin/chromium")
PATIENCE = 60_000  # ms; the machine may be busy with a model


@pytest.fixture(scope="session")
def live(
    models_dir: Path, smollm2: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a running `app.py` with a data folder of its own and real weights, which
    `smollm2` has fetched before."""
    assert smollm2.is_file()
    # one thread for the model: llama.cpp's threads spin, and Chromium needs a core of its own
    server = Server(tmp_path_factory.mktemp("live"), models_dir, threads="1", warm="1")
    try:
        yield server.start().url
    finally:
        server.stop()


@pytest.fixture(scope="session")
def server(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running `app.py` whose first model of a kind is tiny: "tiny-image", "tiny-gan",
    "tiny-tunes" and "tiny-sound"."""
    folder = tmp_path_factory.mktemp("tiny")
    made = [
        tiny.stickers(folder / "tiny-image"),
        tiny_avatars.avatars(folder / "tiny-gan", "gan"),
        tiny_tunes.write_tunes(folder / "tiny-tunes"),
        tiny_sounds.musicgen(folder / "tiny-sound", channels=2),
    ]
    chosen = json.dumps([str(path) for path in made])
    server = Server(folder / "data", models_dir, model=chosen, threads="1")
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(scope="session")
def client(server: Server) -> Client:
    """A program that knows the server's address."""
    return Client(server.url, verbose=False)


@pytest.fixture(scope="session")
def playing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running `app.py` with two tiny music models; no other model is here."""
    folder = tmp_path_factory.mktemp("playing")
    made = [tiny_tunes.write_tunes(folder / name, name) for name in ("transformer", "lstm")]
    with running(folder, *made) as server:
        yield server.url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests. Missing, it fails the tests on CI and skips them elsewhere."""
    if not Path(CHROMIUM).exists() and not os.environ.get("CI"):
        pytest.skip(f"no Chromium at {CHROMIUM}; set GENUI_CHROMIUM")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Makes pages, each a visitor of its own; any script error on one fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def arrive(**options: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type == "error" else None,
        )
        return page

    yield arrive
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(visitor: Callable[..., Page]) -> Page:
    """A fresh visitor's page on a desktop screen."""
    return visitor()
