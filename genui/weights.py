"""Finds a model's files: local path, this project, installed package, our cache, the hub, a wheel.

Whatever is fetched is checked and lands whole or not at all. Loads no model and knows no
backend; the sentences it raises are for visitors and name no path of the server.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from threading import Event as Flag

from genui import hub, wheel
from genui.catalog import Model, Source
from genui.download import Tell, Unreachable, sha256_of
from genui.errors import Cancelled, StorageFull, Unavailable

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[1]  # where bundled models lie


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
    files = sorted(p for p in path.rglob("*") if p.is_file() and hub.wanted(p.name))
    listing = "".join(f"{sha256_of(p)}  {p.relative_to(path).as_posix()}\n" for p in files)
    return hashlib.sha256(listing.encode()).hexdigest()


def _target(model: Model, folder: Path) -> Path:
    return folder / model.id / Path(model.file).name if model.file else folder / model.id


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
                return wheel.member(model, source, target, tell, cancel)
            if model.file:
                return hub.one_file(model, source, target, tell, cancel)
            return hub.repository(model, source, target, tell, cancel)
        except Unreachable as error:
            log.warning("%s not fetched from %s: %s", model.id, source.type, error)
    raise Unavailable(
        f"Could not reach the network for {model.title}; connect this server and press the "
        "button again, or start it with --model and a local file."
    )
