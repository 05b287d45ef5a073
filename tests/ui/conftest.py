"""The real app in a process of its own, and a real Chromium in front of it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = os.environ.get("GENUI_CHROMIUM", "/usr/bin/chromium")
PATIENCE = 60_000  # ms; the machine may be busy with a model


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def live(
    models_dir: Path, smollm2: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a running `app.py` with a data folder of its own and real weights, which
    `smollm2` has fetched before."""
    assert smollm2.is_file()
    data = tmp_path_factory.mktemp("live")
    (data / "models").symlink_to(models_dir, target_is_directory=True)
    url = f"http://127.0.0.1:{(port := free_port())}"
    log = data / "app.log"
    # one thread for the model: llama.cpp's threads spin, and Chromium needs a core of its own
    own = {"GENUI_DATA_DIR": str(data), "GENUI_PORT": str(port), "GENUI_THREADS": "1"}
    environment = os.environ | own
    with log.open("wb") as out:
        app = subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=out, stderr=out
        )
    try:
        deadline = time.monotonic() + 90
        while True:
            assert app.poll() is None, log.read_text()[-4000:]
            assert time.monotonic() < deadline, log.read_text()[-4000:]
            try:
                urllib.request.urlopen(url, timeout=2).close()
                break
            except (urllib.error.URLError, TimeoutError, ConnectionError):
                time.sleep(0.1)
        yield url
    finally:
        app.terminate()
        app.wait(20)


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
