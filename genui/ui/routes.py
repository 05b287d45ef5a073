"""Plain HTTP routes beside Gradio's: our stylesheet and scripts, and the media files.

A media URL carries a token that only the owner of the file was told (see `Identity`).
"""

from __future__ import annotations

import hmac
import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from genui.studio import Studio

ASSETS = Path(__file__).parents[2] / "assets"
TYPES = {"audio": ("audio/wav", "wav"), "tokens": ("application/json", "json")}


def routes(studio: Studio) -> list[BaseRoute]:
    """The routes to give to Gradio's server."""

    def media(request: Request) -> Response:
        sha256, name = request.path_params["sha256"], request.path_params["name"]
        token = request.query_params.get("token", "")
        if (
            not re.fullmatch(r"[0-9a-f]{64}", sha256)
            or name not in TYPES
            or not hmac.compare_digest(token, studio.identity.media_token(sha256, name))
        ):
            return PlainTextResponse("This file is not here.", 404)
        path = studio.store.media.path(sha256)
        if not path.is_file():
            return PlainTextResponse("This file is not here.", 404)
        mime, suffix = TYPES[name]
        return FileResponse(
            path,
            media_type=mime,
            filename=f"genui-{sha256[:8]}.{suffix}",
            content_disposition_type="inline",
            headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=3600"},
        )

    return [
        Route("/genui/media/{sha256}/{name}", media),
        Mount("/genui/assets", StaticFiles(directory=ASSETS)),
    ]
