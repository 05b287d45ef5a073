"""A real `app.py` in a process of its own that a test may kill and start again, and its past."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from genui.identity import Identity
from genui.records import Artifact, Generation, ModelStamp, Rating, Request, Timings, now
from genui.store import Store

ROOT = Path(__file__).parents[2]
KEY = "the-key-that-only-this-browser-holds"  # what the page keeps under "genui-key"
SCRIPT = f"localStorage.getItem('genui-key') || localStorage.setItem('genui-key', '{KEY}')"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """One data folder and the process that serves it."""

    def __init__(self, data: Path, models: Path, **settings: str) -> None:
        self.data = data
        data.mkdir(parents=True, exist_ok=True)
        if not (data / "models").exists():
            (data / "models").symlink_to(models, target_is_directory=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = {"GENUI_WARM": "0"} | {f"GENUI_{k.upper()}": v for k, v in settings.items()}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Server:
        """Start the process and wait until the page answers."""
        own = {"GENUI_DATA_DIR": str(self.data), "GENUI_PORT": str(self.port)}
        log = self.data / "app.log"
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "app.py"], cwd=ROOT, env=os.environ | own | self.settings,
                stdout=out, stderr=out,
            )  # fmt: skip
        deadline = time.monotonic() + 90
        while True:
            assert self.process.poll() is None, log.read_text()[-4000:]
            assert time.monotonic() < deadline, log.read_text()[-4000:]
            try:
                urllib.request.urlopen(self.url, timeout=2).close()
                return self
            except (urllib.error.URLError, TimeoutError, ConnectionError):
                time.sleep(0.1)

    def kill(self) -> None:
        """End the process at once, as a power cut would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)

    def stop(self) -> None:
        """End the process the usual way."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)


@contextmanager
def running(folder: Path, *models: Path) -> Iterator[Server]:
    """Inside the `with`, a server that has these models and no weights of others."""
    (folder / "models").mkdir()
    chosen = json.dumps([str(model) for model in models])
    server = Server(folder / "data", folder / "models", model=chosen, threads="1")
    try:
        yield server.start()
    finally:
        server.stop()


class Past:
    """What happened on a server before a test begins, written through genui's own store."""

    def __init__(self, data: Path) -> None:
        self.store = Store.open(data)
        self.identity = Identity.open(data)

    def made(
        self, text: str, prompt: str = "Say something", key: str = KEY, model: str = "early",
        artifacts: tuple[Artifact, ...] = (),
    ) -> Generation:  # fmt: skip
        """A text that the visitor with this key was given earlier (speech, with a sound)."""
        kind = "speech" if artifacts else "text"
        said = {"mode": "chat", "messages": [{"role": "user", "content": prompt}]}
        generation = Generation(
            id=secrets.token_hex(16), created=now(), status="done",
            request=Request(kind=kind, model=model, inputs={"text": text} if artifacts else said,
                            seed=7),
            model=ModelStamp(id=model, title=f"The {model} model", backend="gone"), device="cpu",
            versions={"genui": "0"}, timings=Timings(run=1.0), text=text, usage={"tokens": 9},
            output_sha256=sha256(text.encode()).hexdigest(), artifacts=artifacts,
        )  # fmt: skip
        self.store.add_generation(generation, self.identity.session(key))
        return generation

    def rated(self, generation: Generation, key: str = KEY, **opinion: Any) -> Rating:
        """A rating event of the visitor with this key."""
        rater = self.identity.rater(self.identity.session(key))
        rating = Rating.model_validate(
            {"id": secrets.token_hex(16), "generation_id": generation.id, "rater": rater,
             "created": now(), "thumb": "up"} | opinion
        )  # fmt: skip
        self.store.add_rating(rating)
        return rating

    def now(self, generation: Generation, key: str = KEY) -> Rating | None:
        """What the visitor with this key thinks of a generation now."""
        rater = self.identity.rater(self.identity.session(key))
        return self.store.current_rating(generation.id, rater)
