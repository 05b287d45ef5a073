"""The store's figures as rows of the table."""

from __future__ import annotations

from genui.bench import Row
from genui.bench.store import bench_store


def bench_store_rows(repeat: int) -> list[Row]:
    """Durable ratings a second, none lost; the Ratings tab and exports on a large store.

    Each figure is an absolute one and is taken once, whatever `repeat` says."""
    found = bench_store()
    tab = found["tab"]
    size = f"{found['generations']:,} generations, {found['ratings']:,} ratings"
    rows = [
        Row("store, 8 writers: durable ratings", found["writers_8"], 300, "/s",
            bare=f"one writer {found['writers_1']:.0f} /s"),
        Row("store, acknowledged ratings lost", found["lost"], 0, "", False),
        Row("store, the Ratings tab opens in", sum(tab.values()), 1, "s", False, size),
    ]  # fmt: skip
    for name, export in found["export"].items():
        rows.append(
            Row(f"store, export to {name}: memory grows by", export["peak_growth_mb"], 64, "MB",
                False, f"{export['rows_per_s']:,} rows/s")
        )  # fmt: skip
    return rows
