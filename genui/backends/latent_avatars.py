"""The VAE and the GAN on avatars: a folder as `networks/avatar_folder` writes it.

Runs on the CPU, where a picture takes a few hundredths of a second. Knows jobs' requests and their
files; the answers to live questions are in `latent_answers`.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Flag
from typing import TYPE_CHECKING, Any

from PIL import Image
from pydantic import JsonValue

from genui import pictures
from genui.backends.base import Output, OutputFile
from genui.backends.latent import LatentBackend, LatentInputs, LatentOptions, Place
from genui.backends.latent_answers import Answers, apart, as_shown
from genui.backends.latent_geometry import Trail
from genui.backends.latent_questions import understood
from genui.backends.latent_search import Search, Thumbnails
from genui.backends.latent_space import Space, enlarged, thousandths, to_pixels, to_tensor
from genui.backends.walks import MIMES, WRITERS
from genui.errors import Unavailable
from genui.records import Event, Preview, Progress, Request

if TYPE_CHECKING:
    from torch import Tensor

CHUNK = 8  # frames of a walk drawn at once; always the same ones, so that it repeats to the byte
PREVIEWS = 12  # of one job


class Avatars(LatentBackend):
    """One model; its weights are a folder with a config.json of kind "vae" or "gan"."""

    engine = "avatars"
    slots = 2  # frames are written while those of another job are drawn

    def load(self) -> None:
        import torch

        from genui.networks import avatar_folder

        torch.set_num_threads(self.placement.threads)
        try:
            self._space = Space(avatar_folder.read(self.weights))
            thumbnails = Thumbnails(self._space) if self._space.generator else None
        except Exception as error:  # each kind of damage has its own: of JSON, tensors, pictures
            raise Unavailable(
                "The files of this model are damaged; ask the operator to put them there again."
            ) from error
        self._answers = Answers(self._space, thumbnails)

    def unload(self) -> None:
        self._space.close()
        del self._space, self._answers
        gc.collect()

    def versions(self) -> dict[str, str]:
        import numpy
        import PIL
        import torch

        return {
            "torch": torch.__version__, "numpy": numpy.__version__, "pillow": PIL.__version__,
        }  # fmt: skip

    @property
    def atlas(self) -> Path:
        return self._space.model.atlas

    def explore(self, question: dict[str, Any], picture: Path | None = None) -> dict[str, Any]:
        return self._answers.to(*understood(question), picture)

    # --- jobs -------------------------------------------------------------------------------

    def generate(self, request: Request, cancel: Flag, scratch: Path) -> Iterator[Event | Output]:
        inputs, options = self.check(request)
        if inputs.task == "walk":
            yield from self._walk(inputs, options, cancel, scratch)
        elif inputs.task == "invert":
            yield from self._invert(inputs, options, cancel, scratch)
        else:
            yield from self._pictures(request, inputs, options, cancel, scratch)

    def _pictures(
        self, request: Request, inputs: LatentInputs, options: LatentOptions, cancel: Flag,
        scratch: Path,
    ) -> Iterator[Event | Output]:  # fmt: skip
        """Each place is drawn alone, so that it comes out the same whatever is with it."""
        places, total = self._places(inputs, request.seed or 0), len(inputs.places) or 1
        found = [self._space.where(place, options.truncation) for place in places]
        images = []
        for number, at in enumerate(found):
            if cancel.is_set():
                return
            images.append(enlarged(self._space.draw(at[None])[0], options.scale))
            yield Progress(number + 1, total, "pictures")
            if inputs.task == "picture":
                yield Output(
                    files=(_picture(images[number], scratch / f"picture-{number}.png"),),
                    usage={"places": [{"at": _json(at)}]},
                    index=number,
                    total=total,
                    content_sha256=pictures.content_hash(images[number]),
                    request=_alone(request, number) if total > 1 else None,
                )
        if inputs.task == "sheet":
            sheet = pictures.sheet(images, [""] * math.ceil(math.sqrt(total)))
            yield Output(
                files=(_picture(sheet, scratch / "sheet.png"),),
                usage={"places": [{"at": _json(at)} for at in found]},
                content_sha256=pictures.content_hash(sheet),
            )

    def _places(self, inputs: LatentInputs, seed: int) -> tuple[Place, ...]:
        if inputs.places:
            return inputs.places
        return (Place.model_validate(self._space.said(self._space.prior(1, seed)[0])),)

    def _walk(
        self, inputs: LatentInputs, options: LatentOptions, cancel: Flag, scratch: Path
    ) -> Iterator[Event | Output]:
        """Frames along the places; what exists when it is stopped becomes a shorter walk."""
        import torch

        stops = torch.stack([self._space.where(p, options.truncation) for p in inputs.places])
        round_way = self._space.centre if options.path == "spherical" else None
        trail, frames = Trail(stops, options.loop, round_way), options.frames
        name = f"walk-{options.format}"
        path = scratch / f"walk.{options.format}"
        writer = WRITERS[options.format](path, options.per_second, options.loop)
        first: Image.Image | None = None
        try:
            for begin in range(0, frames, CHUNK):
                if cancel.is_set():
                    break
                numbers = range(begin, min(begin + CHUNK, frames))
                drawn = self._space.draw(torch.stack([trail.at(k, frames) for k in numbers]))
                for number, pixels in zip(numbers, drawn, strict=True):
                    frame = enlarged(pixels, options.scale)
                    first = first or frame
                    writer.add(frame)
                    if number % math.ceil(frames / PREVIEWS) == 0:
                        shown = pictures.data_url(Image.fromarray(pixels))
                        yield Preview(0, number + 1, frames, 0.0, shown)
                yield Progress(numbers[-1] + 1, frames, "frames")
            if first is None:
                return
            writer.finish()
        finally:
            writer.abandon()
        meta: dict[str, JsonValue] = {
            "frames": writer.count, "per_second": options.per_second,
            "width": first.width, "height": first.height,
        }  # fmt: skip
        yield Output(
            files=(
                OutputFile(name, path, MIMES[options.format], meta),
                _picture(first, scratch / "first.png"),
            ),
            usage={
                "frames": writer.count, "seconds": round(writer.count / options.per_second, 3),
                "places": [
                    {"at": _json(stop), "frame": mark}
                    for stop, mark in zip(stops, trail.marks(frames), strict=True)
                    if mark < writer.count
                ],
            },
            content_sha256=writer.content_hash,
        )  # fmt: skip

    def _invert(
        self, inputs: LatentInputs, options: LatentOptions, cancel: Flag, scratch: Path
    ) -> Iterator[Event | Output]:
        """Search; what was found when it is stopped is kept."""
        shown = as_shown(scratch / inputs.picture)
        if inputs.places:
            starts = self._space.where(inputs.places[0])[:1]
        else:
            starts = self._answers.starts(shown)
        search = Search(self._space, to_tensor(shown), starts, options.steps)
        distances: list[JsonValue] = []
        for number in range(options.steps):
            if cancel.is_set():
                break
            drawn = search.step()
            distances.append(round(float(search.distance.min()), 4))
            if number % math.ceil(options.steps / PREVIEWS) == 0:
                best = to_pixels(drawn)[int(search.distance.argmin())]
                url = pictures.data_url(Image.fromarray(best))
                yield Preview(0, number + 1, options.steps, 0.0, url)
            yield Progress(number + 1, options.steps, "steps")
        if not distances:
            return
        # drawn again where the record says it is, to the thousandth
        at = thousandths(search.best[int(search.distance.argmin())])
        there = self._space.where(Place(at=tuple(at)))
        pixels = self._space.draw(there[None])[0]
        image, distance = enlarged(pixels, options.scale), apart(shown, pixels)
        usage: dict[str, JsonValue] = {
            "places": [{"at": list[JsonValue](at)}], "distance": round(distance, 4),
            "far": self._answers.far(distance), "distances": distances,
        }  # fmt: skip
        yield Output(
            files=(_picture(image, scratch / "found.png"),), usage=usage,
            content_sha256=pictures.content_hash(image),
        )  # fmt: skip


def _picture(image: Image.Image, path: Path) -> OutputFile:
    image.save(path, compress_level=4)
    return OutputFile("picture", path, "image/png", {"width": image.width, "height": image.height})


def _json(at: Tensor) -> list[JsonValue]:
    """The coordinates of a resolved place (layers, D), of its coarse layers where it is mixed."""
    return list[JsonValue](thousandths(at[0]))


def _alone(request: Request, number: int) -> Request:
    """The request for one picture of several."""
    places = request.inputs["places"]
    assert isinstance(places, list | tuple)
    return request.model_copy(
        update={"inputs": dict(request.inputs) | {"places": [places[number]]}}
    )
