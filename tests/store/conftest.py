"""Stores on SQLite and on a real PostgreSQL, and records to put into them."""

from __future__ import annotations

import hashlib
import itertools
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from genui.records import Comparison, Generation, ModelStamp, Rating, Request, Timings
from genui.store import Store

MOMENT = "2026-03-04T05:06:07.089+00:00"


def chat(prompt: str, system: str = "") -> dict[str, Any]:
    return {"mode": "chat", "system": system, "messages": [{"role": "user", "content": prompt}]}


@pytest.fixture
def make_generation() -> Callable[..., Generation]:
    """A text generation; give `text`, `prompt`, `kind`, `model`, `inputs` or any other field."""
    counter = itertools.count()

    def make(
        prompt: str = "Why is the sky blue?",
        text: str = "Because air scatters blue light most.",
        kind: str = "text",
        model: str = "tiny",
        inputs: dict[str, Any] | None = None,
        **fields: Any,
    ) -> Generation:
        return Generation(
            id=secrets.token_hex(16),
            created=MOMENT,
            status="done",
            request=Request(
                kind=kind, model=model, inputs=inputs or chat(prompt), seed=next(counter),
                options={"temperature": 0.7},
            ),
            model=ModelStamp(id=model, title=model.title(), backend="test", license="Apache-2.0"),
            device="cpu",
            versions={"genui": "test"},
            timings=Timings(run=0.25),
            text=text,
            output_sha256=hashlib.sha256(text.encode()).hexdigest(),
            **fields,
        )  # fmt: skip

    return make


@pytest.fixture
def make_rating() -> Callable[..., Rating]:
    """A thumb up by the rater "ann" on a generation or an id; give any other field."""

    def make(of: Generation | str, **fields: Any) -> Rating:
        name = of if isinstance(of, str) else of.id
        given = {"rater": "ann", "thumb": "up", "created": MOMENT} | fields
        return Rating(id=secrets.token_hex(16), generation_id=name, **given)

    return make


@pytest.fixture
def make_pick() -> Callable[..., list[Comparison]]:
    """The events that tell that the first generation is the best of all; give any other field."""

    def make(
        chosen: Generation | str, *others: Generation | str, **fields: Any
    ) -> list[Comparison]:
        best, *rest = (each if isinstance(each, str) else each.id for each in (chosen, *others))
        given = {"rater": "ann", "outcome": "first", "created": MOMENT} | fields
        return [Comparison(id=secrets.token_hex(16), first=best, second=o, **given) for o in rest]

    return make


def _postgres_binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a private PostgreSQL cluster, reached through a socket in its own folder."""
    binaries = _postgres_binaries()
    if binaries is None:
        if os.environ.get("CI"):
            pytest.fail("CI has to install PostgreSQL: these tests must not be skipped there")
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="genui-pg-"))
    account: str | None = None
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        names = {entry.pw_name for entry in pwd.getpwall()}
        account = "postgres" if "postgres" in names else "nobody"
        shutil.chown(folder, account)
    data = folder / "data"
    initdb = [
        binaries / "initdb", "-D", data, "-U", "genui", "--auth=trust", "-E", "UTF8", "--no-locale",
    ]  # fmt: skip
    subprocess.run(initdb, check=True, user=account, stdout=subprocess.DEVNULL, cwd=folder)
    log = (folder / "log").open("wb")
    server = subprocess.Popen(
        [binaries / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses="],
        user=account, stdout=log, stderr=log, cwd=folder,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(host=str(folder), user="genui", dbname="postgres").close()
                break
            except psycopg.OperationalError:
                if server.poll() is not None or time.monotonic() > deadline:
                    pytest.fail((folder / "log").read_text())
                time.sleep(0.05)
        yield f"postgresql://genui@/{{name}}?host={folder}"
    finally:
        server.send_signal(signal.SIGQUIT)  # at once: nobody needs these databases again
        server.wait(30)
        log.close()
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """What `Store.open` is given: "" for SQLite, or the URL of an empty PostgreSQL database."""
    if request.param == "sqlite":
        return ""
    template: str = request.getfixturevalue("postgres")
    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(template.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return template.format(name=name)


@pytest.fixture
def store(tmp_path: Path, database_url: str) -> Iterator[Store]:
    opened = Store.open(tmp_path / "data", database_url)
    yield opened
    opened.close()
