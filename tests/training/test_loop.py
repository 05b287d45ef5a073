"""Several processes that train one network together, as on several cores or GPUs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import json, sys
from collections.abc import Iterator
from pathlib import Path
import torch
from torch import Tensor, nn
from genui.training.loop import Loop

folder = Path(sys.argv[1])
torch.manual_seed(0)
loop = Loop(nn.Linear(2, 1), folder, images=800, batch=8, lr=0.1, minutes=float(sys.argv[2]))
shown = []

def batches() -> Iterator[Tensor]:
    rng = torch.Generator().manual_seed(loop.seed)
    while True:
        shown.append(torch.randn(loop.part, 2, generator=rng))
        yield shown[-1]

def loss(network: nn.Module, batch: Tensor) -> dict[str, Tensor]:
    return {"loss": (network(batch) - batch.sum(1, keepdim=True)).square().mean()}

loop.run(batches(), loss)
weights = loop.accelerator.unwrap_model(loop.network).weight.flatten().tolist()
told = {"step": loop.step, "weights": weights, "sizes": sorted({len(b) for b in shown}),
        "first": shown[0].flatten().tolist() if shown else []}
rank = loop.accelerator.process_index
(folder / f"rank-{rank}.json").write_text(json.dumps(told))
"""


def train(folder: Path, minutes: float) -> list[dict[str, object]]:
    """What two processes tell after training together."""
    script = folder / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    subprocess.run(
        [*command, str(script), str(folder), str(minutes)],
        check=True,
        env=os.environ
        | {
            "ACCELERATE_USE_CPU": "true",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        },
        timeout=120,
    )
    return [json.loads((folder / f"rank-{rank}.json").read_text()) for rank in (0, 1)]


def test_two_processes_train_one_network_on_pictures_of_their_own(tmp_path: Path) -> None:
    stopped = train(tmp_path, 0.0)
    assert [told["step"] for told in stopped] == [0, 0]
    first, second = train(tmp_path, 10)
    assert first["step"] == second["step"] == 100
    assert first["sizes"] == second["sizes"] == [4]
    assert first["first"] != second["first"]
    assert first["weights"] == second["weights"]
    assert [round(w, 1) for w in first["weights"]] == [1.0, 1.0]  # type: ignore[attr-defined]
    log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [row["seen"] for row in log] == [400, 800]
