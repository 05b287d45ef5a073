"""Fetches a model from the hub: one file, or the parts of a repository that a model needs. Knows
nothing of caches and of other sources."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from pathlib import Path
from threading import Event as Flag
from urllib.parse import quote

from genui.catalog import Model, Source
from genui.download import Meter, Tell, Unreachable, bytes_under, check_room, download
from genui.errors import Unavailable

# what a whole repository is fetched for: never pickles, never code
WANTED = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja")
# second copies of the same weights, which no pipeline loads unasked
COPIES = (".fp16", ".bf16", ".non_ema", "flax_", "openvino_")


def wanted(name: str) -> bool:
    """True for the name of a file that belongs to a model: never a pickle, never code."""
    return any(fnmatch.fnmatch(name, pattern) for pattern in WANTED)


def _address(source: Source, revision: str, file: str) -> tuple[str, dict[str, str]]:
    """The address of a file and the headers to ask with (the operator's token, if any)."""
    from huggingface_hub import constants, get_token

    if constants.is_offline_mode():
        raise Unreachable("HF_HUB_OFFLINE is set")
    url = f"{constants.ENDPOINT}/{source.repo}/resolve/{quote(revision)}/{quote(file)}"
    token = get_token()
    return url, {"Authorization": f"Bearer {token}"} if token else {}


def one_file(model: Model, source: Source, target: Path, tell: Tell, cancel: Flag) -> Path:
    """The model's one file, checked, at `target`. Raises `Unreachable` where no hub answers."""
    url, headers = _address(source, model.revision or "main", model.file)
    tell(f"Fetching {model.title}", 0.0)
    return download(
        url, target, title=model.title, meter=Meter(tell, model.title, model.size),
        cancel=cancel, headers=headers, sha256=model.sha256, size=model.size,
    )  # fmt: skip


def repository(model: Model, source: Source, target: Path, tell: Tell, cancel: Flag) -> Path:
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
    there = bytes_under(draft)
    check_room(draft, max(0, total - there), model.title)
    meter, before = Meter(tell, model.title, total), 0
    for file in files:
        if not (place := draft / file.rfilename).exists():
            place.parent.mkdir(exist_ok=True)
            url, headers = _address(source, info.sha or model.revision or "main", file.rfilename)
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
        if wanted(name) and "/" not in name and not name.startswith("consolidated")  # a copy
    ]  # fmt: skip


def _of_pipeline(names: list[str]) -> list[str]:
    """What a pipeline needs: its index and its parts, without single-file checkpoints at the top,
    second copies and the safety checker, which is not used here."""
    parts = [
        name for name in names
        if wanted(name) and name.count("/") == 1
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
