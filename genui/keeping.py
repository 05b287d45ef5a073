"""Makes files and records of what came out, and keeps the pictures and sounds visitors
start from.

What is kept has its record inside; whoever may fetch it gets a token. Knows neither the queue
nor the page.
"""

from __future__ import annotations

import hashlib
import hmac
import platform
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import genui
from genui import pictures, provenance, sounds, weights
from genui.backends.base import Backend, Output, OutputFile
from genui.catalog import Model
from genui.errors import NotFound, StorageFull
from genui.identity import Identity
from genui.jobs import Job
from genui.records import Artifact, Generation, Segment, Timings, Token, canonical_json, now
from genui.store import Store

LOGS = ("tokens", "segments")
STARTS = ("picture", "audio")  # artifacts that a request may start from


class Keeping:
    """Writes media and records to the store; `scratch` holds a folder for each running job."""

    def __init__(self, store: Store, identity: Identity, scratch: Path, device: str) -> None:
        self.store = store
        self.identity = identity
        self.scratch = scratch
        self.device = device

    def keep(
        self,
        job: Job,
        model: Model,
        backend: Backend[Any, Any],
        output: Output,
        parts: list[Token | Segment],
        timings: Timings,
    ) -> Generation:
        """Write the media and the record; after this the generation cannot be lost."""
        text = output.text or ""
        content = output.content_sha256 or hashlib.sha256(text.encode()).hexdigest()
        draft = Generation(
            id=secrets.token_hex(16),
            created=now(),
            status="stopped" if job.cancel.is_set() else "done",
            request=output.request or job.request,
            model=model.stamp.model_copy(
                update={"sha256": model.sha256 or weights.fingerprint(backend.weights)}
            ),
            device=self.device,
            versions={"genui": genui.__version__, "python": platform.python_version()}
            | backend.versions(),
            timings=timings,
            text=output.text,
            # where only the whole run repeats this one, its place in it tells which it was
            usage=output.usage
            | ({"index": output.index} if output.total > 1 and output.request is None else {}),
            output_sha256=content,
        )
        files = list(output.files)
        if any(isinstance(part, Segment) or part.top for part in parts):
            name = "segments" if isinstance(parts[0], Segment) else "tokens"
            path = self.scratch / job.id / f"{name}.json"
            path.write_text(canonical_json([part.as_json() for part in parts]), "utf-8")
            files.append(OutputFile(name, path, "application/json", {}))
        # side by side, since each waits until the disk has it for good
        with ThreadPoolExecutor(max(1, len(files))) as pool:
            artifacts = tuple(pool.map(partial(self._file, draft), files))
        generation = draft.model_copy(update={"artifacts": artifacts})
        self.store.add_generation(generation, job.session)
        return generation

    def _file(self, generation: Generation, file: OutputFile) -> Artifact:
        """Keep one file, with the record inside; what a job told of its parts has none."""
        if file.name not in LOGS:
            provenance.embed(file.path, generation)
        return self.store.media.put(file.path, file.name, file.mime, file.meta)

    def public(self, generation: Generation) -> dict[str, Any]:
        """A generation as JSON for its owner, each artifact with the token to fetch it."""
        shown = generation.model_dump(mode="json")
        for artifact in shown["artifacts"]:
            artifact["token"] = self.identity.media_token(artifact["sha256"], artifact["name"])
        return shown

    def picture(self, path: Path) -> Artifact:
        """Keep a visitor's picture, made safe and upright, as a PNG to start from.

        Raises `BadInput` with one sentence for a file that is none."""
        image = pictures.read(path)
        draft = self.scratch / f"{secrets.token_hex(16)}.png"
        try:
            image.save(draft, compress_level=4)
            meta: dict[str, Any] = {"width": image.width, "height": image.height}
            return self.store.media.put(draft, "picture", "image/png", meta)
        except OSError as error:
            raise StorageFull.from_os(error) from error
        finally:
            draft.unlink(missing_ok=True)

    def sound(self, path: Path) -> Artifact:
        """Keep a visitor's sound as a 16-bit WAV to start from.

        Raises `BadInput` with one sentence for a file that is none."""
        samples, rate = sounds.read(path)
        draft = self.scratch / f"{secrets.token_hex(16)}.wav"
        raw = draft.with_suffix(".pcm")
        try:
            raw.write_bytes(sounds.pcm(samples))
            sounds.write_wav(raw, draft, rate, len(samples))
            seconds = round(samples.shape[1] / rate, 3)
            meta: dict[str, Any] = {
                "sample_rate": rate, "channels": len(samples), "seconds": seconds
            }  # fmt: skip
            return self.store.media.put(draft, "audio", "audio/wav", meta)
        except OSError as error:
            raise StorageFull.from_os(error) from error
        finally:
            raw.unlink(missing_ok=True)
            draft.unlink(missing_ok=True)

    def own_start(self, sha256: str, token: str) -> Path:
        """A kept picture or sound of the visitor's, to start from; raises `NotFound` where the
        token does not fit."""
        rights = [self.identity.media_token(sha256, name) for name in STARTS]
        if not any(hmac.compare_digest(token.encode(), right.encode()) for right in rights):
            raise NotFound("The file to start from is not here; add it again.")
        return self.store.media.path(sha256)
