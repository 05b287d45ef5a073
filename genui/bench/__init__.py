"""`python -m genui bench`: how fast this machine is, as ratios to the bare libraries.

Absolute speeds say more about the machine and its neighbours than about genui, so every figure
compares two ways in one run, taken in turns, and is the median of the pairs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

# what can be measured -> where its function is; each returns its rows
SUITES = {
    "text": "genui.bench.text:bench_text",
    "speech": "genui.bench.speech:bench_speech",
    "image": "genui.bench.image:bench_image",
    "latent": "genui.bench.latent:bench_latent",
    "music": "genui.bench.music:bench_music",
    "store": "genui.bench.rows:bench_store_rows",
}


@dataclass(frozen=True)
class Row:
    """One line of the table: `ours` against `target`, and what the bare library gave.

    `atleast` tells which side of the target is good."""

    name: str
    ours: float
    target: float
    unit: str
    atleast: bool = True
    bare: str = ""

    @property
    def met(self) -> bool:
        """Whether the target is met."""
        return self.ours >= self.target if self.atleast else self.ours <= self.target


def main(argv: list[str]) -> int:
    """Run the named suites, print the table; returns 0 when every target is met, else 1."""
    parser = argparse.ArgumentParser(prog="python -m genui bench", description=__doc__)
    parser.add_argument("what", nargs="?", default="all", choices=[*SUITES, "all"])
    parser.add_argument("--repeat", type=int, default=5, help="pairs per figure (default 5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows to FILE as well")
    asked = parser.parse_args(argv)
    rows: list[Row] = []
    for name in SUITES if asked.what == "all" else [asked.what]:
        module, _, function = SUITES[name].partition(":")
        suite: Callable[[int], list[Row]] = getattr(import_module(module), function)
        rows += suite(max(1, asked.repeat))
    show(rows)
    if asked.json:
        result = [asdict(row) | {"met": row.met} for row in rows]
        asked.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0 if all(row.met for row in rows) else 1


def show(rows: list[Row]) -> None:
    """Print the table."""
    if not rows:
        return
    width = max(len(row.name) for row in rows)
    for row in rows:
        target = f"{'≥' if row.atleast else '≤'} {row.target:g} {row.unit}".strip()
        verdict = "met" if row.met else "MISSED"
        ours = f"{row.ours:.3g} {row.unit}".strip()
        print(f"{row.name:<{width}}  {ours:>14}  {target:<16} {verdict:<7} {row.bare}")
