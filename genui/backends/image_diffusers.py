"""Any text-to-image pipeline of diffusers, from a folder in the hub's layout.

Calls the standard pipeline and listens to it (`taps`), so that steps, previews, cancel,
variations and morphs work for every class alike. Knows nothing of the page or the store.
"""

from __future__ import annotations

import gc
import logging
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event as Flag
from typing import Any

from PIL import Image
from pydantic import JsonValue

from genui import pictures
from genui.backends import arguments, latents, schedulers, taps
from genui.backends.base import Output, OutputFile
from genui.backends.image import ImageBackend
from genui.backends.latent_inside import Inside, changed_latent, summed_prompt
from genui.backends.pipeline_folder import body_of, open_pipeline
from genui.backends.shots import Shot, plan
from genui.backends.watched import watched
from genui.errors import BadInput, Unavailable
from genui.records import Event, Preview, Progress, Request

log = logging.getLogger(__name__)


@dataclass
class Drawn:
    """What a shot made: pictures, and for each the previews on the way."""

    images: list[Image.Image]
    frames: list[list[Image.Image]]
    noise: list[float]
    steps: int
    usage: dict[str, JsonValue]


class Diffusers(ImageBackend):
    """One pipeline; its weights are a folder with a model_index.json.

    A GPU makes the pictures of a batch in one pass, a CPU one after another, so that there each
    can be made again alone to the byte."""

    engine = "diffusers"

    # --- loading ----------------------------------------------------------------------------

    def load(self) -> None:
        import torch

        torch.set_num_threads(self.placement.threads)
        self._pipe = open_pipeline(self.weights, self.placement)
        self._pipes: dict[str, Any] = {"text": self._pipe}  # the others are made on first use
        self._own = self._pipe.scheduler
        self._body: Any = body_of(self._pipe)
        self._colours = self._fit()
        self._inside = Inside(self._pipe)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="diffusers")

    def _fit(self) -> latents.Colours | None:
        """The map that paints previews; None for a pipeline whose latents it cannot map."""
        try:
            vae = self._pipe.vae
            config = vae.config
            narrow = config.latent_channels if "latent_channels" in config else config.z_dim
            packed = self._body.config.in_channels == 4 * narrow
            return latents.Colours(vae, 4 * narrow if packed else narrow)
        except Exception:  # an autoencoder of another kind: pictures without previews
            log.exception("no previews for %s", type(self._pipe).__name__)
            return None

    def unload(self) -> None:
        import torch

        self._worker.shutdown()
        del self._pipe, self._pipes, self._body, self._own, self._colours, self._inside
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def versions(self) -> dict[str, str]:
        import diffusers
        import torch
        import transformers

        return {
            "torch": torch.__version__, "diffusers": diffusers.__version__,
            "transformers": transformers.__version__,
        }  # fmt: skip

    def explore(self, question: dict[str, Any]) -> dict[str, Any]:
        return self._inside.explore(question)

    # --- running ----------------------------------------------------------------------------

    def generate(self, request: Request, cancel: Flag, scratch: Path) -> Iterator[Event | Output]:
        shots = plan(request, together=self.placement.device != "cpu")
        total = sum(len(shot.seeds) for shot in shots)
        for shot in shots:
            if cancel.is_set():
                return
            drawn = yield from watched(
                self._worker, partial(self._draw, shot, cancel, scratch), cancel
            )
            if drawn is None:
                return
            for place, image in enumerate(drawn.images):
                if not shot.options.draft:
                    yield self._output(shot, drawn, place, total, scratch)
                elif not cancel.is_set():
                    shown = pictures.data_url(image)
                    yield Preview(shot.indexes[place], drawn.steps, drawn.steps, 0.0, shown)

    def _draw(
        self, shot: Shot, cancel: Flag, scratch: Path, tell: Callable[[Event], None]
    ) -> Drawn | None:
        """One call of the pipeline, from pictures on disk to pictures in memory."""
        import torch

        began = time.perf_counter()
        inputs, options = shot.inputs, shot.options
        size = arguments.size_of(self._pipe, options)
        source = mask = None
        if inputs.image:
            whole = pictures.on_white(pictures.read(scratch / inputs.image))
            source = pictures.fit(whole, size)
            if inputs.mask:  # of the picture as it was sent, and cut like it
                painted = pictures.mask_for(pictures.read(scratch / inputs.mask), whole)
                mask = pictures.fit(painted, size)
        pipe = self._for("inpaint" if mask else "image" if source else "text")
        steps = options.steps
        if source:  # a share of the steps is made; at least one must be
            steps = max(steps, math.ceil(1 / options.strength + 1e-6))
        pipe.scheduler = schedulers.build(options.scheduler, self._own, steps)
        call, ignored = arguments.build(pipe, shot, size, steps, source, mask)
        drawn = Drawn([], [[] for _ in shot.seeds], [], 0, {})
        heard: list[JsonValue] = []

        def look(step: int, of: int, noise: float, seen: Any) -> None:
            tell(Progress(step, of, "steps"))
            if seen is None:
                return
            drawn.noise.append(noise)
            for place, pixels in enumerate(seen):
                frame = Image.fromarray(pixels)
                drawn.frames[place].append(frame)
                tell(Preview(shot.indexes[place], step, of, noise, pictures.data_url(frame)))

        seen = options.preview and not options.draft
        watch = taps.Watch(pipe, size, self._colours if seen else None, cancel, look)
        try:
            with ExitStack() as stack:
                call |= stack.enter_context(watch.listening())
                if options.variation:
                    others = arguments.generators(shot.others)
                    stack.enter_context(taps.mixed_noise(pipe, others, options.variation))
                if inputs.to:
                    start = call["prompt"]
                    end = [inputs.to] * len(start)
                    stack.enter_context(taps.mixed_prompt(pipe, start, end, shot.toward))
                if inputs.mix:
                    stack.enter_context(summed_prompt(pipe, call["prompt"], inputs.mix))
                if inputs.edit is not None:
                    heard = stack.enter_context(changed_latent(pipe, inputs.edit))
                drawn.images = list(pipe(**call).images)
        except taps.Halted:
            return None
        except torch.OutOfMemoryError as error:
            gc.collect()
            torch.cuda.empty_cache()
            raise Unavailable(
                "The GPU's memory is full; ask for fewer or smaller pictures."
            ) from error
        if options.clean:
            drawn.images = [pictures.clean_ground(made) for made in drawn.images]
        if source and mask:
            drawn.images = [pictures.keep_outside(made, source, mask) for made in drawn.images]
        if options.transparent:
            drawn.images = [pictures.cut_out(made) for made in drawn.images]
        drawn.steps = len(watch.schedule)
        drawn.usage = {
            "steps": drawn.steps,
            "seconds": round((time.perf_counter() - began) / len(shot.seeds), 3),
            "schedule": [list(step) for step in watch.schedule],
            **({"ignored": ignored} if ignored else {}),
            **arguments.cut(pipe, inputs.prompt),
            **shot.notes,
            **({"latent": heard[0]} if heard else {}),
        }
        return drawn

    def _for(self, task: str) -> Any:
        """The pipeline of a task, sharing every part with the first one."""
        import diffusers

        if task not in self._pipes:
            auto, what = {
                "image": (diffusers.AutoPipelineForImage2Image, "start from a picture"),
                "inpaint": (diffusers.AutoPipelineForInpainting, "redraw a part of a picture"),
            }[task]
            try:
                self._pipes[task] = auto.from_pipe(self._pipe)
            except ValueError as error:
                raise BadInput(f"This model cannot {what}; choose another one.") from error
            self._pipes[task].set_progress_bar_config(disable=True)
        return self._pipes[task]

    def _output(self, shot: Shot, drawn: Drawn, place: int, total: int, scratch: Path) -> Output:
        """Write the picture and its film; the studio puts the record into both."""
        image, index = drawn.images[place], shot.indexes[place]
        size: dict[str, JsonValue] = {"width": image.width, "height": image.height}
        path = scratch / f"picture-{index}.png"
        image.save(path, compress_level=4)
        files = [OutputFile("picture", path, "image/png", size)]
        if frames := drawn.frames[place]:
            path = scratch / f"film-{index}.webp"
            kept = pictures.film_places(len(frames), frames[0].width)
            pictures.film([frames[i] for i in kept]).save(path, quality=80, method=0)
            files.append(OutputFile("film", path, "image/webp", {
                "frames": len(kept), "width": frames[0].width, "height": frames[0].height,
                "noise": [drawn.noise[i] for i in kept],
            }))  # fmt: skip
        return Output(
            files=tuple(files),
            usage={"seed": shot.seeds[place]} | drawn.usage,
            content_sha256=pictures.content_hash(image),
            index=index, total=total, request=shot.repeat,
        )  # fmt: skip
