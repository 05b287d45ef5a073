"""`python -m tests`: lint, format, types, then every test. Stops at the first that fails."""

from __future__ import annotations

import subprocess
import sys

CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("pytest", "-q", "--durations=15"),
)


def main() -> int:
    """Run each check in turn; returns the exit code of the first failure, else 0."""
    for check in CHECKS:
        print("==", " ".join(check), flush=True)
        if code := subprocess.run([sys.executable, "-m", *check], check=False).returncode:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
