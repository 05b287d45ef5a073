"""Music and noises by the text-to-sound pipelines of diffusers: Stable Audio, ACE-Step.

Calls the standard pipeline and listens to its scheduler, so that steps and Stop work for every
class alike. Knows nothing of the page or the store.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from threading import Event as Flag
from typing import Any

from pydantic import JsonValue

from genui import sounds
from genui.backends import sound_calls
from genui.backends.base import Output
from genui.backends.pipeline_folder import open_sound_pipeline
from genui.backends.sound import SoundBackend, SoundInputs, SoundOptions, written
from genui.backends.taps import Halted, wrapped
from genui.backends.watched import watched
from genui.errors import Unavailable
from genui.records import Event, Progress, Request

FULL = "The GPU's memory is full; ask for a shorter sound."


class DiffusedSound(SoundBackend):
    """One pipeline; its weights are a folder with a model_index.json.

    Stopped half-way it makes nothing: until its last step a pipeline has only noise."""

    engine = "sound-diffusers"

    def load(self) -> None:
        import torch

        torch.set_num_threads(self.placement.threads)
        self._pipe = open_sound_pipeline(self.weights, self.placement)
        self._own = self._pipe.scheduler
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="sound")

    def unload(self) -> None:
        import torch

        self._worker.shutdown()
        del self._pipe, self._own
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def versions(self) -> dict[str, str]:
        """The libraries that compute, and the one that draws the noise of Stable Audio's steps."""
        from importlib.metadata import version

        names = ("torch", "diffusers", "transformers", "torchsde")
        return {name: version(name) for name in names}

    def generate(self, request: Request, cancel: Flag, scratch: Path) -> Iterator[Event | Output]:
        inputs, options = self.check(request)
        if cancel.is_set():
            return
        run = partial(self._make, inputs, options, request.seed or 0, cancel, scratch)
        made = yield from watched(self._worker, run, cancel)
        if made is not None:
            sound, usage = made
            yield written(sound, sound_calls.rate_of(self._pipe), scratch, usage)

    def _make(
        self, inputs: SoundInputs, options: SoundOptions, seed: int, cancel: Flag, scratch: Path,
        tell: Callable[[Event], None],
    ) -> tuple[sounds.Samples, dict[str, JsonValue]] | None:  # fmt: skip
        """One call of the pipeline: samples (channels, time) and what the record says of it."""
        import torch

        began, given = time.perf_counter(), None
        if inputs.sound:
            channels = self._pipe.vae.config.audio_channels
            rate = sound_calls.rate_of(self._pipe)
            given = sounds.fit(*sounds.read(scratch / inputs.sound), rate, channels)
        call = sound_calls.plan(self._pipe, inputs, options, seed, given)
        scheduler = self._own
        if call.scheduler:
            scheduler = type(scheduler).from_config(scheduler.config, **call.scheduler)
        call.pipe.scheduler = scheduler
        done = 0

        def step(original: Any, *args: Any, **kwargs: Any) -> Any:
            nonlocal done
            result = original(*args, **kwargs)
            done += 1
            tell(Progress(done, len(scheduler.timesteps), "steps"))
            if cancel.is_set():
                raise Halted
            return result

        try:
            with ExitStack() as stack:
                stack.enter_context(wrapped(scheduler, "step", step))
                stack.enter_context(wrapped(call.pipe.vae, "encode", _surely))
                audio = call.pipe(**call.arguments).audios[0]
        except Halted:
            return None
        except torch.OutOfMemoryError as error:
            gc.collect()
            torch.cuda.empty_cache()
            raise Unavailable(FULL) from error
        finally:
            self._pipe.scheduler = self._own
        return audio.float().cpu().numpy(), {
            "steps": done,
            "work": round(time.perf_counter() - began, 3),
            **({"ignored": call.ignored} if call.ignored else {}),
            **sound_calls.cut(self._pipe, inputs.prompt),
        }


def _surely(original: Any, *args: Any, **kwargs: Any) -> Any:
    """An autoencoder's `encode` that gives the mean where some pipelines draw without a seed."""
    found = original(*args, **kwargs)
    if hasattr(found, "latent_dist"):
        found.latent_dist.std.zero_()
    return found
