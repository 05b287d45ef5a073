"""`python -m genui.training tunes-transformer` and `tunes-lstm`: train one of the two music models.

Both see the same tunes in the same order. What is kept is the average of the weights (EMA) at the
moment when it was best on the validation tunes. Knows nothing of how tunes are sampled."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from genui.music.tokens import PREFIX
from genui.networks import tune_folder
from genui.training.loop import Loop
from genui.training.tunes import data, models
from genui.training.tunes.batches import IGNORED, Ids, batches, stacked
from genui.training.tunes.scales import SCALES

FOLDER = "tunes-{}"  # of the finished model, in the run's folder


def learning(network: nn.Module, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
    """Mean surprise of a token, in nats ("loss") and bits."""
    inputs, labels = batch
    scores, _ = tune_folder.forward(network, inputs)
    loss = F.cross_entropy(scores.flatten(0, 1).float(), labels.flatten(), ignore_index=IGNORED)
    return {"loss": loss, "bits": loss.detach() / math.log(2)}


@torch.no_grad()
def surprise(network: nn.Module, tunes: Sequence[Ids], batch: int = 16) -> list[float]:
    """Bits that the network needs for the body of each tune, prefix given, end included."""
    device = next(network.parameters()).device
    order = sorted(range(len(tunes)), key=lambda i: len(tunes[i]))
    found = [0.0] * len(tunes)
    for start in range(0, len(order), batch):
        rows = order[start : start + batch]
        inputs, labels = stacked([tunes[i] for i in rows])
        labels[:, : len(PREFIX) - 1] = IGNORED
        scores, _ = tune_folder.forward(network, inputs.to(device))
        nats = F.cross_entropy(
            scores.float().transpose(1, 2), labels.to(device), ignore_index=IGNORED,
            reduction="none",
        ).sum(1)  # fmt: skip
        for i, value in zip(rows, nats.tolist(), strict=True):
            found[i] = value / math.log(2)
    return found


def train(name: str, arguments: list[str]) -> int:
    """Train, then write the model's folder; returns 0, or 3 when time ended it early."""
    parser = argparse.ArgumentParser(prog=f"python -m genui.training tunes-{name}",
                                     description=__doc__)  # fmt: skip
    parser.add_argument("--data", type=Path, default=Path("data/tunes"), help="the tunes")
    parser.add_argument("--out", type=Path, default=Path("runs/tunes"), help="the run's folder")
    parser.add_argument("--scale", choices=SCALES, default="gpu")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so long")
    chosen = parser.parse_args(arguments)
    scale, folder = SCALES[chosen.scale], chosen.out / name
    shown = [piece.ids for piece in data.read(chosen.data, "train")]
    asked = [piece.ids for piece in data.read(chosen.data, "validation")]
    torch.manual_seed(0)
    which = models.NAMES.index(name)
    network, lr, seen = models.build(name, scale), scale.lr[which], scale.tunes[which]
    print(f"{models.parameters(network) / 1e6:.2f} M parameters, {len(shown)} tunes.", flush=True)
    loop = Loop(
        network, folder, images=seen, batch=scale.batch, lr=lr,
        minutes=chosen.minutes, decay=0.998, weight_decay=0.1,
    )  # fmt: skip
    best = Best(loop, folder / "best.safetensors", asked)
    every = max(10, seen // scale.batch // 20)
    loop.run(batches(shown, scale.batch, loop.step, loop.device), learning, best.report, every)
    if not loop.done:
        return 3
    averaged = loop.averaged()
    if best.lowest < best.measure(averaged):
        averaged.load_state_dict(load_file(best.file))
    models.save(chosen.out / FOLDER.format(name), averaged)
    return 0


class Best:
    """Keeps the averaged weights that were best on the validation tunes."""

    def __init__(self, loop: Loop, file: Path, asked: Sequence[Ids]) -> None:
        self.loop, self.file, self.asked = loop, file, asked
        self.tokens = sum(len(ids) - len(PREFIX) for ids in asked)
        self.note = file.with_suffix(".txt")
        self.lowest = float(self.note.read_text()) if self.note.exists() else math.inf

    def measure(self, network: nn.Module) -> float:
        """Bits a token."""
        return sum(surprise(network, self.asked)) / self.tokens

    def report(self) -> dict[str, float]:
        """Measure the averaged weights, which the network has now, and keep them if they are the
        best so far."""
        network = self.loop.accelerator.unwrap_model(self.loop.network)
        bits = self.measure(network)
        if bits < self.lowest:
            self.lowest = bits
            kept = {
                k: v.detach().cpu().clone().contiguous() for k, v in network.state_dict().items()
            }
            save_file(kept, self.file)
            self.note.write_text(str(bits))
        return {"validation bits": bits}


def transformer(arguments: list[str]) -> int:
    """Train the transformer."""
    return train("transformer", arguments)


def lstm(arguments: list[str]) -> int:
    """Train the LSTM."""
    return train("lstm", arguments)
