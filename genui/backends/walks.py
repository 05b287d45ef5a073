"""Writes moving pictures: animated WebP, GIF and MP4, frame by frame.

Knows pictures and files; knows no model and no record. WebP and GIF are put together by Pillow
when they are finished, MP4 (H.264) by PyAV as frames arrive.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from genui.errors import Unavailable

if TYPE_CHECKING:
    from genui.backends.latent import Format

MIMES = {"webp": "image/webp", "gif": "image/gif", "mp4": "video/mp4"}
NO_MP4 = "This server writes no MP4; choose WebP or GIF, or ask the operator to install “av”."


class Walk(ABC):
    """A moving picture being written to `path`, `per_second` frames a second.

    Every frame is RGB, of one size with even sides."""

    def __init__(self, path: Path, per_second: int, loop: bool) -> None:
        self.path, self.per_second, self.loop = path, per_second, loop
        self.count = 0
        self._hash = hashlib.sha256(f"{per_second} {loop}".encode())

    def add(self, frame: Image.Image) -> None:
        """One frame more."""
        self._hash.update(f"{frame.mode} {frame.width}x{frame.height} ".encode())
        self._hash.update(frame.tobytes())
        self.count += 1
        self._add(frame)

    @property
    def content_hash(self) -> str:
        """The sha256 of the pixels of all frames, whatever the file format, and of the pace."""
        return self._hash.hexdigest()

    @abstractmethod
    def _add(self, frame: Image.Image) -> None: ...

    @abstractmethod
    def finish(self) -> None:
        """Write what is not yet written; there must be a frame."""

    @abstractmethod
    def abandon(self) -> None:
        """Let go of an unfinished file; does nothing after `finish`."""


class Still(Walk):
    """Frames that Pillow puts together at the end."""

    def __init__(self, path: Path, per_second: int, loop: bool) -> None:
        super().__init__(path, per_second, loop)
        self.frames: list[Image.Image] = []

    def _times(self, tick: int, least: int) -> list[int]:
        """Milliseconds of each frame in whole ticks, so that roundings do not add up."""
        ends = [round(i * 1000 / self.per_second / tick) for i in range(self.count + 1)]
        return [max(least, (b - a) * tick) for a, b in pairwise(ends)]

    def _save(self, **options: Any) -> None:
        first, *rest = self.frames
        if self.loop:  # for ever; without it once
            options["loop"] = 0
        first.save(self.path, save_all=True, append_images=rest, **options)
        self.frames = []

    def abandon(self) -> None:
        self.frames = []


class WebP(Still):
    """Animated WebP, lossy: small, and every frame in its own colours."""

    def _add(self, frame: Image.Image) -> None:
        self.frames.append(frame)

    def finish(self) -> None:
        forever = {} if self.loop else {"loop": 1}
        self._save(format="WEBP", quality=85, method=2, duration=self._times(1, 1), **forever)


class Gif(Still):
    """GIF, each frame in 256 colours of its own. Its clock ticks 100 times a second, and browsers
    slow down what is shown for less than two ticks: 50 frames a second at most."""

    def _add(self, frame: Image.Image) -> None:
        self.frames.append(frame.quantize(256, Image.Quantize.FASTOCTREE))

    def finish(self) -> None:
        self._save(format="GIF", duration=self._times(10, 20))


class Mp4(Walk):
    """H.264 in MP4, as every browser and phone plays it. It cannot say that it loops."""

    def __init__(self, path: Path, per_second: int, loop: bool) -> None:
        super().__init__(path, per_second, loop)
        try:
            import av
        except ImportError as error:  # its wheels carry GPL code, so an operator may do without
            raise Unavailable(NO_MP4) from error
        self._frame: Any = av.VideoFrame
        options = {"movflags": "+faststart", "fflags": "+bitexact"}
        self._file = av.open(str(path), "w", format="mp4", options=options)
        self._stream: Any = None

    def _add(self, frame: Image.Image) -> None:
        if self._stream is None:
            stream = self._file.add_stream("libx264", rate=self.per_second)
            stream.width, stream.height = frame.size
            stream.pix_fmt = "yuv420p"
            stream.thread_count = 1  # what it writes shall not hang on the number of cores
            colours = stream.codec_context  # SMPTE 170M, as the conversion does; players guess else
            colours.colorspace = colours.color_primaries = colours.color_trc = 6
            colours.color_range = 1
            stream.options = {"preset": "veryfast", "crf": "16", "tune": "animation"}
            self._stream = stream
        self._file.mux(self._stream.encode(self._frame.from_image(frame)))

    def finish(self) -> None:
        self._file.mux(self._stream.encode())
        self._file.close()

    def abandon(self) -> None:
        self._file.close()


WRITERS: dict[Format, type[Walk]] = {"webp": WebP, "gif": Gif, "mp4": Mp4}
