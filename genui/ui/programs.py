"""What the endpoints for programs share: who asks, waiting for a job, files in and files out.

Knows the studio and Gradio's folders; knows no endpoint.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.processing_utils import hash_file
from gradio.utils import get_upload_folder

from genui.backends.base import parse
from genui.errors import BadInput, Busy, NotFound, Unavailable
from genui.jobs import Job
from genui.records import Artifact, Failed, Finished, Generation, Made, Request
from genui.studio import Studio

PATIENCE = 900.0  # seconds a client may wait for its job, the queue included
SUFFIXES = {  # of the artifacts that programs are given
    "audio": ".wav", "picture": ".png", "walk-webp": ".webp", "walk-gif": ".gif",
    "walk-mp4": ".mp4", "score": ".json",
}  # fmt: skip


class Programs:
    """What a program may do with the studio, but for its endpoints."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    def _session(self, request: gr.Request) -> str:
        """The studio's session of a client. One that names none is a new one at every call."""
        if request.username:
            name = f"account {request.username}"
        else:
            name = f"client {request.session_hash or secrets.token_hex(16)}"
        key = hashlib.sha256(name.encode(errors="replace")).hexdigest()
        return self.studio.identity.session(f"api-{key}")

    def _submit(
        self,
        kind: str,
        model: Any,
        inputs: dict[str, Any],
        options: dict[str, Any],
        seed: Any,
        request: gr.Request,
        tokens: dict[str, str] | None = None,
    ) -> Job:
        model = model or self.studio.catalog.default(kind).id
        seed = None if seed == -1 else seed
        asked = parse(Request, {"kind": kind, "model": model, "inputs": {}, "seed": seed})
        # the engine checks these two and names them as the caller does
        wanted = asked.model_copy(update={"inputs": inputs, "options": options})
        return self.studio.submit(self._session(request), wanted, tokens)

    def _made(self, job: Job) -> list[Generation]:
        """What the job made, at least one thing, once it is done."""
        match job.last(PATIENCE):
            case Finished(generation=last):
                several = [e.generation["id"] for e in job.events if isinstance(e, Made)]
                return [self.studio.generation(found) for found in several or [last["id"]]]
            case Failed(message=message):
                raise Unavailable(message)
            case None:
                self.studio.cancel(job.session, job.id)
                raise Busy("This took too long and was stopped; ask for less, or again later.")
            case _:
                raise BadInput("This was stopped before it made anything; ask again.")

    def _answer(self, *made: Generation) -> dict[str, Any]:
        """What every kind answers: of several results the files of all, and the first one's id."""
        return {
            "generation_id": made[0].id,
            "kind": made[0].request.kind,
            "model": made[0].model.id,
            "status": made[-1].status,
            "seed": made[0].request.seed,
            "files": [self._file(m, a) for m in made for a in m.artifacts if a.name in SUFFIXES],
        }

    def _file(self, made: Generation, artifact: Artifact) -> dict[str, Any]:
        """A kept file as one that Gradio's clients fetch, byte for byte.

        It lies where Gradio would copy it to, since the data folder is never served."""
        kept = self.studio.store.media.path(artifact.sha256)
        name = f"genui-{made.id[:8]}{SUFFIXES[artifact.name]}"
        target = Path(get_upload_folder(), hash_file(kept), name)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = target.with_suffix(f".{secrets.token_hex(4)}")
            shutil.copyfile(kept, draft)
            draft.replace(target)
        return gr.FileData(
            path=str(target), orig_name=target.name, mime_type=artifact.mime
        ).model_dump()  # fmt: skip

    def _picture(self, sent: Any, name: str) -> str:
        """The sha256 of an uploaded picture, kept to start from; "" where none was sent."""
        return self.studio.keeping.picture(_uploaded(sent, name)).sha256 if sent else ""

    def _sound(self, sent: Any, name: str) -> str:
        """The sha256 of an uploaded sound, kept to start from; "" where none was sent."""
        return self.studio.keeping.sound(_uploaded(sent, name)).sha256 if sent else ""

    def _rights(self, *sha256: Any) -> dict[str, str]:
        """The tokens for files that this client brought or used before."""
        return {each: self.studio.identity.media_token(each, "picture") for each in sha256 if each}


def _uploaded(sent: Any, name: str) -> Path:
    """Where a file lies that was uploaded to Gradio, and none else."""
    given = sent.get("path") if isinstance(sent, dict) else None
    folder = Path(get_upload_folder()).resolve()
    path = Path(given).resolve() if isinstance(given, str) and "\0" not in given else folder
    if not path.is_relative_to(folder) or not path.is_file():
        raise BadInput(f"{name.capitalize()}: give a file that was uploaded.")
    return path


def known_id(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{32}", value):
        raise NotFound("There is no result with that id; use the generation_id you were given.")
    return value


def string(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise BadInput(f"{name.capitalize()}: give a text.")
    return value


def strings(value: Any, name: str, separator: str | None = None) -> list[str]:
    """A list of strings, from a list or from one string (split where a separator is given)."""
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return [part.strip() for part in value.split(separator)] if separator else [value]
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return value
    raise BadInput(f"{name.capitalize()}: give a list of texts.")


def json_object(value: Any, name: str) -> dict[str, Any]:
    """A JSON object, empty where none was given."""
    if not isinstance(value or {}, dict):
        raise BadInput(f"{name.capitalize()}: give a JSON object.")
    return dict(value or {})
