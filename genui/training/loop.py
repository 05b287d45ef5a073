"""What every training step shares: device and precision, EMA, schedule, log, checkpoints, resuming.

Knows nothing of what is trained. One `Loop` trains one network until it has seen its pictures, or
until the time is up; started again, it goes on where it stopped."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from diffusers.training_utils import EMAModel
from torch import Tensor, nn

SAVE_EVERY = 300.0  # seconds


class Loop:
    """Steps of AdamW over `network` with a warm-up and a cosine, and an EMA of its weights.

    folder: for the checkpoint and `log.jsonl`. images: pictures to see in all. batch: pictures a
    step. minutes: wall-clock limit of this run. decay: of the EMA at its end."""

    def __init__(
        self,
        network: nn.Module,
        folder: Path,
        *,
        images: int,
        batch: int,
        lr: float,
        minutes: float = 1e9,
        decay: float = 0.9995,
        weight_decay: float = 0.01,
    ) -> None:
        torch.backends.cuda.matmul.allow_tf32 = True
        cuda = torch.cuda.is_available()
        self.accelerator = Accelerator(mixed_precision="bf16" if cuda else "no")
        self.device = self.accelerator.device
        self.folder, self.images, self.batch = folder, images, batch
        self.until = time.monotonic() + minutes * 60
        network = network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimizer = torch.optim.AdamW(
            network.parameters(), lr, betas=(0.9, 0.99), weight_decay=weight_decay, fused=True
        )
        steps = max(1, images // batch)
        warmup = min(200, steps // 10 + 1)

        def pace(step: int) -> float:
            done = min(1.0, step / steps)
            return min(1.0, (step + 1) / warmup) * (
                0.02 + 0.98 * (1 + math.cos(math.pi * done)) / 2
            )

        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, pace)
        self.network, self.optimizer, self.schedule = self.accelerator.prepare(
            network, optimizer, schedule
        )
        self.ema = EMAModel(
            network.parameters(), decay=decay, use_ema_warmup=True, power=0.75, foreach=True
        )
        self.ema.to(self.device)
        self.accelerator.register_for_checkpointing(self.ema)
        self.step = 0
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / "checkpoint" / "step.json").exists():
            self.accelerator.load_state(str(folder / "checkpoint"))
            self.step = json.loads((folder / "checkpoint" / "step.json").read_text())["step"]

    @property
    def seen(self) -> int:
        """Pictures seen so far, over all runs."""
        return self.step * self.batch

    @property
    def done(self) -> bool:
        """True once all pictures were seen."""
        return self.seen >= self.images

    def run(
        self,
        batches: Iterator[Any],
        loss: Callable[[nn.Module, Any], dict[str, Tensor]],
        report: Callable[[], dict[str, float]] | None = None,
        every: int = 500,
    ) -> None:
        """Train: `loss(network, batch)` gives named losses, of which "loss" is minimised. Every
        `every` steps `report()` runs on the EMA weights and what it returns is logged."""
        began, saved, start = time.monotonic(), time.monotonic(), self.step
        sums: dict[str, Tensor] = {}
        self.network.train()
        while not self.done and time.monotonic() < self.until:
            with self.accelerator.autocast():
                losses = loss(self.network, next(batches))
            self.accelerator.backward(losses["loss"])
            self.accelerator.clip_grad_norm_(self.network.parameters(), 1.0)
            self.optimizer.step()
            self.schedule.step()
            self.optimizer.zero_grad(set_to_none=True)
            self.ema.step(self.network.parameters())
            self.step += 1
            for name, value in losses.items():
                sums[name] = sums.get(name, torch.zeros((), device=self.device)) + value.detach()
            if self.step % 50 == 0:
                speed = (self.step - start) * self.batch / (time.monotonic() - began)
                self.log({name: float(v) / 50 for name, v in sums.items()} | {"images/s": speed})
                sums = {}
            if report and self.step % every == 0:
                self.log(self.on_average(report))
            if time.monotonic() - saved > SAVE_EVERY:
                self.save()
                saved = time.monotonic()
        self.save()

    def on_average(self, what: Callable[[], dict[str, float]]) -> dict[str, float]:
        """Call `what` while the network has its EMA weights."""
        self.ema.store(self.network.parameters())
        self.ema.copy_to(self.network.parameters())
        self.network.eval()
        try:
            with torch.no_grad():
                return what()
        finally:
            self.ema.restore(self.network.parameters())
            self.network.train()

    def log(self, values: dict[str, float]) -> None:
        """Append to `log.jsonl` and print."""
        row = {"step": self.step, "seen": self.seen} | {k: round(v, 5) for k, v in values.items()}
        with (self.folder / "log.jsonl").open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(json.dumps(row), flush=True)

    def save(self) -> None:
        """Write the checkpoint; the step's number comes last and says that it is whole."""
        folder = self.folder / "checkpoint"
        (folder / "step.json").unlink(missing_ok=True)
        self.accelerator.save_state(str(folder))
        (folder / "step.json").write_text(json.dumps({"step": self.step}))

    def averaged(self) -> nn.Module:
        """The network with its EMA weights, on the CPU in fp32: what is shipped."""
        network: nn.Module = self.accelerator.unwrap_model(self.network)
        self.ema.copy_to(network.parameters())
        return network.to("cpu", torch.float32).eval()
