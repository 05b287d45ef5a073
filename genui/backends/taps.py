"""Listening to one call of a standard pipeline, and mixing into it, without changing its class.

Every pipeline steps its scheduler, draws its first noise in `prepare_latents` and reads prompts
in `encode_prompt`, whatever else it does: wrapping those three for the time of a call works for
all of them. Knows pipelines; knows no request, no file and no job.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event as Flag
from typing import Any

from genui.backends import latents
from genui.backends.schedulers import clean, levels
from genui.errors import BadInput

Frame = Callable[[int, int, float, Any], None]  # step, total, noise left, pictures (uint8) or None


class Halted(Exception):
    """Unwinds a pipeline that cannot be told to finish early."""


@contextmanager
def wrapped(owner: Any, name: str, around: Callable[..., Any]) -> Iterator[None]:
    """Inside the `with`, `owner.name(...)` is `around(original, ...)`."""
    original = getattr(owner, name)

    @functools.wraps(original)  # pipelines look at the signature of what they call
    def instead(*args: Any, **kwargs: Any) -> Any:
        return around(original, *args, **kwargs)

    setattr(owner, name, instead)
    try:
        yield
    finally:
        delattr(owner, name)


class Watch:
    """Follows the steps of one call: keeps the schedule, tells each step, ends it early.

    colours: paints previews; None for none. cancel: once set, the pipeline goes on with the clean
    picture it expected last and decodes that. tell: called after each step."""

    def __init__(
        self, pipe: Any, size: tuple[int, int], colours: latents.Colours | None, cancel: Flag,
        tell: Frame,
    ) -> None:  # fmt: skip
        self.pipe, self.size, self.colours = pipe, size, colours
        self.cancel, self.tell = cancel, tell
        self.schedule: list[tuple[float, float, float]] = []  # timestep, alpha, sigma
        self.clean: Any = None
        self._calls_back = "callback_on_step_end" in inspect.signature(pipe.__call__).parameters

    @contextmanager
    def listening(self) -> Iterator[dict[str, Any]]:
        """Listen inside the `with`; gives the arguments that the call needs for it."""
        with wrapped(self.pipe.scheduler, "step", self._step):
            yield {"callback_on_step_end": self._after} if self._calls_back else {}

    def _step(self, original: Any, output: Any, timestep: Any, sample: Any, **more: Any) -> Any:
        scheduler, as_tuple = self.pipe.scheduler, not more.pop("return_dict", True)
        result = original(output, timestep, sample, **more)
        found = clean(scheduler, result, output, timestep, sample)
        self.clean = None if found is None else found.to(result.prev_sample.dtype)
        moment = float(timestep)
        alpha, sigma = levels(scheduler, moment)
        self.schedule.append((round(moment, 3), round(alpha, 5), round(sigma, 5)))
        if not self._calls_back:
            self._look()
            if self.cancel.is_set():
                raise Halted
        return (result.prev_sample,) if as_tuple else result

    def _after(self, pipe: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> Any:
        self._look()
        if self.cancel.is_set():
            if not hasattr(pipe, "interrupt") or self.clean is None:
                raise Halted
            pipe._interrupt = True
            tensors["latents"] = self.clean
        return tensors

    def _look(self) -> None:
        scheduler, done = self.pipe.scheduler, len(self.schedule)
        times = scheduler.timesteps
        total = getattr(self.pipe, "num_timesteps", None) or len(times)
        noise = 0.0
        if done < total:
            alpha, sigma = levels(scheduler, float(times[done - total]))
            noise = round(sigma / (alpha + sigma), 4)
        pictures = None
        if self.colours is not None and self.clean is not None:
            code = latents.grid(self.clean, *self.size)
            pictures = None if code is None else self.colours.paint(code)
        self.tell(done, total, noise, pictures)


@contextmanager
def mixed_noise(pipe: Any, generators: list[Any], amount: float) -> Iterator[None]:
    """Inside the `with`, the call's first noise lies `amount` on the way to that of `generators`
    (one a picture), on the sphere."""

    def around(original: Any, *args: Any, **kwargs: Any) -> Any:
        call = inspect.signature(original).bind(*args, **kwargs)
        first = original(*call.args, **call.kwargs)
        call.arguments["generator"] = generators
        other = original(*call.args, **call.kwargs)
        if isinstance(first, tuple):  # packed latents come with their places
            return (latents.slerp(first[0], other[0], amount), *first[1:])
        return latents.slerp(first, other, amount)

    with wrapped(pipe, "prepare_latents", around):
        yield


@contextmanager
def mixed_prompt(pipe: Any, start: list[str], end: list[str], amount: float) -> Iterator[None]:
    """Inside the `with`, the prompts `start` read as if they lay `amount` on the way to `end`."""

    def around(original: Any, *args: Any, **kwargs: Any) -> Any:
        call = inspect.signature(original).bind(*args, **kwargs)
        first = original(*call.args, **call.kwargs)
        if call.arguments.get("prompt") != start:  # a second reading, of the negative prompt
            return first
        call.arguments["prompt"] = end
        return blend(first, original(*call.args, **call.kwargs), amount)

    with wrapped(pipe, "encode_prompt", around):
        yield


def blend(one: Any, other: Any, amount: float) -> Any:
    """Between two readings of prompts: tensors linearly, in lists and tuples too, exact at both
    ends. Raises `BadInput` where readings have different lengths."""
    import torch

    if isinstance(one, list | tuple):
        return type(one)(blend(a, b, amount) for a, b in zip(one, other, strict=True))
    if not isinstance(one, torch.Tensor) or not one.is_floating_point():
        return one
    if one.shape != other.shape:
        raise BadInput(
            "This model reads prompts of different lengths in different ways and cannot go from "
            "one to the other; choose another model, or prompts of the same length."
        )
    return torch.lerp(one, other, amount)
