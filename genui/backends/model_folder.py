"""A folder with one model of transformers: looked at before anything is loaded, then opened.

Loads no pickled weights and runs no code that comes with a model. Knows no request.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from genui.backends import weight_files
from genui.errors import Unavailable

log = logging.getLogger(__name__)


def check(folder: Path, model_type: str) -> None:
    """Raise `Unavailable`, with one sentence that says what is wrong, unless `folder` holds whole
    safetensors weights of a model of this type."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        found = config["model_type"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unavailable(
            "This is no model of transformers, or not all of it: config.json is missing or broken; "
            "ask the operator to fetch it again."
        ) from error
    if found != model_type:
        raise Unavailable(
            "This model is of another kind than its entry says; ask the operator to correct it."
        )
    weight_files.check(folder, "this model")


def open_model(
    folder: Path, model_type: str, model: str, dtype: Any, reader: str = "AutoProcessor"
) -> tuple[Any, Any]:
    """The processor (or what else `reader` opens) and the model (class `model` of transformers, on
    the CPU, for use) in a folder, in this precision. Raises `Unavailable` as `check`, and for
    damaged files."""
    check(folder, model_type)
    import transformers

    here: dict[str, Any] = {"trust_remote_code": False, "local_files_only": True}
    try:
        auto: Any = getattr(transformers, reader)
        processor = auto.from_pretrained(folder, **here)
        opened = getattr(transformers, model).from_pretrained(
            folder, use_safetensors=True, dtype=dtype, **here
        )
    except Exception as error:  # each damaged file has its own exception type
        log.warning("%s: %s", folder, error)
        raise Unavailable(
            "This model's files are damaged, or of a kind that transformers cannot load without "
            "foreign code; ask the operator to fetch it again."
        ) from error
    return processor, opened.eval()


def place(model: Any, device: str) -> Any:
    """The model on its device; raises `Unavailable` where it does not fit."""
    import torch

    try:
        return model.to(device)
    except torch.OutOfMemoryError as error:
        raise Unavailable(
            "This model does not fit into the GPU's memory; choose a smaller one."
        ) from error
