"""Plain HTTP routes beside Gradio's: our stylesheet and scripts, media files out, files in.

A media URL carries a token that only the owner of the file was told (see `Identity`).
"""

from __future__ import annotations

import hmac
import logging
import secrets
from pathlib import Path
from typing import Any

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from genui import provenance
from genui.errors import BadInput, GenuiError, NotFound, StorageFull
from genui.studio import Studio

log = logging.getLogger(__name__)

ASSETS = Path(__file__).parents[2] / "assets"
OPENED_MAX = 64 * 2**20  # bytes; as much as Gradio's own uploads may have
JSON = ("application/json", "json")
TYPES = {"audio": ("audio/wav", "wav"), "tokens": JSON, "segments": JSON}

GONE = "This file is not here."
OTHER_TOOL = (
    "Made by another tool; prompt and settings were taken from the file, the model is one of ours."
)


def routes(studio: Studio) -> list[BaseRoute]:
    """The routes to give to Gradio's server."""

    def kept(request: Request) -> Path | None:
        """The file a request names, if it is there and the token says the asker may have it."""
        sha256, name = request.path_params["sha256"], request.path_params["name"]
        token = request.query_params.get("token", "")
        if name not in TYPES or not hmac.compare_digest(
            token.encode(), studio.identity.media_token(sha256, name).encode()
        ):
            return None
        try:
            return studio.store.media.path(sha256)
        except NotFound:
            return None

    def media(request: Request) -> Response:
        if (path := kept(request)) is None:
            return PlainTextResponse(GONE, 404)
        mime, suffix = TYPES[request.path_params["name"]]
        return sent(path, mime, f"genui-{path.name[:8]}.{suffix}", "inline")

    def flac(request: Request) -> Response:
        """A kept WAV as FLAC, record and all; converted for this answer alone."""
        path = kept(request)
        if path is None or request.path_params["name"] != "audio":
            return PlainTextResponse(GONE, 404)
        out = studio.scratch / f"{secrets.token_hex(16)}.flac"
        try:
            provenance.to_flac(path, out)
        except (BadInput, OSError):
            log.exception("could not convert %s", path.name)
            out.unlink(missing_ok=True)
            return PlainTextResponse("This server could not write the file; take the WAV.", 500)
        gone = BackgroundTask(out.unlink, missing_ok=True)
        return sent(out, "audio/flac", f"genui-{path.name[:8]}.flac", "attachment", gone)

    async def opened(request: Request) -> Response:
        """What an uploaded file says of how it was made (see `told`), or {"error"}; the file is
        not kept."""
        path = studio.scratch / f"{secrets.token_hex(16)}.opened"
        size = 0
        try:
            with path.open("wb") as file:
                async for chunk in request.stream():
                    size += len(chunk)
                    if size > OPENED_MAX:
                        raise BadInput("This file is larger than 64 MB; open a smaller one.")
                    file.write(chunk)
            return JSONResponse(await run_in_threadpool(told, path))
        except GenuiError as error:
            return JSONResponse({"error": error.message})
        except OSError as error:
            return JSONResponse({"error": StorageFull.from_os(error).message})
        finally:
            path.unlink(missing_ok=True)

    def export(request: Request) -> Response:
        """A file of ratings that was prepared for this visitor; its folder's name is the secret."""
        path = studio.ratings.prepared(request.path_params["folder"], request.path_params["name"])
        if path is None:
            return PlainTextResponse("This file is gone; prepare it again.", 404)
        mime = "application/jsonl" if path.suffix == ".jsonl" else "application/vnd.apache.parquet"
        return sent(path, mime, path.name, "attachment")

    return [
        Route("/genui/export/{folder}/{name}", export),
        Route("/genui/media/{sha256}/{name}", media),
        Route("/genui/flac/{sha256}/{name}", flac),
        Route("/genui/open", opened, methods=["POST"]),
        Mount("/genui/assets", StaticFiles(directory=ASSETS)),
    ]


def told(path: Path) -> dict[str, Any]:
    """What a file says of how it was made: {"record", "note"} where a genui made it ("note" says
    what was done to it since, or is ""), {"parameters", "note"} with a partial request where
    another program did; raises `BadInput` for the rest."""
    try:
        envelope = provenance.read_envelope(path)
    except BadInput as error:
        found = provenance.read_parameters(path) if error.message == provenance.NOT_OURS else None
        if found is None:
            raise
        return {"parameters": found, "note": OTHER_TOOL}
    done = f"This file was changed since it was made: {', '.join(envelope.edits)}."
    record = envelope.generation.model_dump(mode="json")
    return {"record": record, "note": done if envelope.edits else ""}


def sent(
    path: Path, mime: str, name: str, disposition: str, after: BackgroundTask | None = None
) -> FileResponse:
    """A file under a name of ours, never sniffed for another type."""
    return FileResponse(
        path,
        media_type=mime,
        filename=name,
        content_disposition_type=disposition,
        headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=3600"},
        background=after,
    )
