"""What every training step shares: device and precision, EMA, schedule, log, checkpoints, resuming.

Knows nothing of what is trained. One `Loop` trains one network until it has seen its pictures, or
until the time is up; started again, it goes on where it stopped. A `Duel` trains two against each
other in the same way."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from accelerate import Accelerator, DataLoaderConfiguration
from accelerate.utils import broadcast
from diffusers.training_utils import EMAModel
from torch import Tensor, nn

SAVE_EVERY = 300.0  # seconds


def half_is_fast() -> bool:
    """Whether bfloat16 is worth while: on a GPU, and on a CPU with instructions for it, where it
    doubles the speed; on other CPUs it is slower than fp32."""
    if torch.cuda.is_available():
        return True
    # our oldest torch does not say
    able: Mapping[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


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
        betas: tuple[float, float] = (0.9, 0.99),
    ) -> None:
        torch.backends.cuda.matmul.allow_tf32 = True
        # the precision of accelerate's own autocast cannot change within a process: it stays fp32
        self.accelerator = Accelerator(
            mixed_precision="no", dataloader_config=DataLoaderConfiguration(split_batches=True)
        )
        self.half = half_is_fast()
        self.device = self.accelerator.device
        self.folder, self.images, self.batch = folder, images, batch
        self.until = time.monotonic() + minutes * 60
        network = network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimizer = torch.optim.AdamW(
            network.parameters(), lr, betas=betas, weight_decay=weight_decay, fused=True
        )
        steps = max(1, images // batch)
        warmup = min(200, steps // 10 + 1)

        def pace(step: int) -> float:
            done = min(1.0, step / steps)
            return min(1.0, (step + 1) / warmup) * (
                0.02 + 0.98 * (1 + math.cos(math.pi * done)) / 2
            )

        self.pace = pace
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
        self.resume()
        if self.accelerator.num_processes > 1:  # each must draw noise of its own
            torch.manual_seed(self.seed)

    @property
    def part(self) -> int:
        """Pictures a step that this process shows: `accelerate launch` may run several, which
        agree on every step."""
        processes: int = self.accelerator.num_processes
        return self.batch // processes

    @property
    def seed(self) -> int:
        """For this process's pictures from the present step on."""
        processes: int = self.accelerator.num_processes
        rank: int = self.accelerator.process_index
        return self.step * processes + rank

    def _time_is_up(self) -> bool:
        up = time.monotonic() >= self.until
        if self.accelerator.num_processes > 1:  # all must stop at the same step
            up = bool(broadcast(torch.tensor(up, device=self.device)))
        return up

    def resume(self) -> None:
        """Go on from the checkpoint, if there is a whole one."""
        folder = self.folder / "checkpoint"
        if (folder / "step.json").exists():
            self.accelerator.load_state(str(folder))
            self.step = json.loads((folder / "step.json").read_text())["step"]

    def autocast(self) -> torch.autocast:
        """Inside the `with`, sums that bear it are in bfloat16, where that is fast."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.half)

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

        def update(batch: Any) -> dict[str, Tensor]:
            with self.autocast():
                losses = loss(self.network, batch)
            self.accelerator.backward(losses["loss"])
            self.accelerator.clip_grad_norm_(self.network.parameters(), 1.0)
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
            return losses

        self.follow(batches, update, report, every)

    def follow(
        self,
        batches: Iterator[Any],
        update: Callable[[Any], dict[str, Tensor]],
        report: Callable[[], dict[str, float]] | None = None,
        every: int = 500,
    ) -> None:
        """Call `update` with batch after batch, and after each step the schedule, the EMA, the log
        and the checkpoint; what `update` returns is logged."""
        began, saved, start = time.monotonic(), time.monotonic(), self.step
        sums: dict[str, Tensor] = {}
        self.network.train()
        main = self.accelerator.is_main_process
        while not self.done and not self._time_is_up():
            losses = update(next(batches))
            self.schedule.step()
            self.ema.step(self.network.parameters())
            self.step += 1
            if not main:
                continue
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
        if main:
            self.save()

    def on_average(self, what: Callable[[], dict[str, float]]) -> dict[str, float]:
        """Call `what` while the network has its EMA weights."""
        self.ema.store(self.network.parameters())
        self.ema.copy_to(self.network.parameters())
        self.network.eval()
        try:
            with torch.no_grad(), self.autocast():
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


class Duel(Loop):
    """A generator, with an EMA, against a discriminator: the relativistic pairing loss with
    gradient penalties on both sides (Huang et al. 2024, "The GAN is dead", 2501.05441).

    The generator takes noise (batch, latent). Both learn at once from one pass of the
    discriminator: its loss softplus(f - r) and the generator's softplus(r - f), f and r the scores
    of a made and a real picture, differ in their gradient for f by the factor -exp(r - f) alone.
    gamma: weight of the penalties, falling to a tenth; they are computed at every `LAZY`-th step,
    as much heavier (Karras et al. 2020, 1912.04958, appendix B). augment: changes real and made
    pictures before the discriminator sees them, differentiably (Zhao et al. 2020, 2006.10738)."""

    LAZY = 8

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        folder: Path,
        *,
        latent: int,
        gamma: float,
        lr: float,
        augment: Callable[[Tensor], Tensor],
        **settings: Any,
    ) -> None:
        # no momentum in either: each must follow the other at once
        betas = (0.0, 0.99)
        super().__init__(generator, folder, lr=lr, betas=betas, weight_decay=0, **settings)
        rival = discriminator.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimizer = torch.optim.AdamW(
            rival.parameters(), lr, betas=betas, weight_decay=0, fused=True
        )
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, self.pace)
        self.rival, self.rival_optimizer, self.rival_schedule = self.accelerator.prepare(
            rival, optimizer, schedule
        )
        self.latent, self.gamma, self.augment = latent, gamma, augment
        self.resume()

    def play(
        self,
        batches: Iterator[Tensor],
        report: Callable[[], dict[str, float]] | None = None,
        every: int = 500,
    ) -> None:
        """Train on real pictures (batch, C, H, W)."""
        self.follow(batches, self._round, report, every)

    def _round(self, real: Tensor) -> dict[str, Tensor]:
        noise = torch.randn(len(real), self.latent, device=self.device)
        with self.autocast():
            made = self.network(noise).float()
        shown = made.detach().requires_grad_()
        r, f = self._scores(self.augment(torch.cat([real, shown]))).chunk(2)
        loss = F.softplus(f - r).mean()
        self.accelerator.backward(loss)
        assert shown.grad is not None
        turned = -(r - f).detach().clamp(max=30).exp()
        made.backward(shown.grad * turned[:, None, None, None])
        found = {"loss": loss, "lead": (r - f).mean()}
        if self.step % self.LAZY == 0:
            steep = [self._steepness(self.augment(one.detach())) for one in (real, shown)]
            gamma = self.gamma * (0.1 + 0.9 * max(0.0, 1 - self.seen / self.images))
            self.accelerator.backward(gamma / 2 * self.LAZY * (steep[0] + steep[1]))
            found |= {"r1": steep[0] * self.LAZY, "r2": steep[1] * self.LAZY}
        for optimizer in (self.optimizer, self.rival_optimizer):
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.rival_schedule.step()
        return found

    def _scores(self, images: Tensor) -> Tensor:
        with self.autocast():
            scores: Tensor = self.rival(images)
        return scores.float()

    def _steepness(self, images: Tensor) -> Tensor:
        """Mean squared length of the score's gradient at these pictures."""
        images = images.clone().requires_grad_()
        (slope,) = torch.autograd.grad(self._scores(images).sum(), images, create_graph=True)
        return slope.square().sum((1, 2, 3)).mean()
