"""Plain HTTP routes beside Gradio's: our stylesheet and scripts, media files out, files in.

A media URL carries a token that only the owner of the file was told (see `Identity`).
"""

from __future__ import annotations

import hmac
import json
import logging
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from genui import pictures, provenance
from genui.backends.image import CELLS_MAX
from genui.errors import BadInput, GenuiError, NotFound, StorageFull
from genui.music import abc, tokens
from genui.music.files import FORMS, read_melody, shown, write_melody
from genui.music.tune import QUARTER
from genui.records import Artifact
from genui.studio import Studio
from genui.synth.arrangement import arranged

log = logging.getLogger(__name__)

ASSETS = Path(__file__).parents[2] / "assets"
OPENED_MAX = 64 * 2**20  # bytes; as much as Gradio's own uploads may have
JSON = ("application/json", "json")
TYPES = {
    "audio": ("audio/wav", "wav"), "tokens": JSON, "segments": JSON, "score": JSON,
    "picture": ("image/png", "png"), "film": ("image/webp", "webp"),
    "walk-webp": ("image/webp", "webp"), "walk-gif": ("image/gif", "gif"),
    "walk-mp4": ("video/mp4", "mp4"), "atlas": ("image/webp", "webp"),
}  # fmt: skip
SOUNDS = {
    "flac": (provenance.to_flac, "audio/flac"), "ogg": (provenance.to_ogg, "audio/ogg"),
    "mp3": (provenance.to_mp3, "audio/mpeg"),
}  # fmt: skip

GONE = "This file is not here."
PICTURE_INSTEAD = "This server could not write the file; take the PNG as it was made."
WAV_INSTEAD = "This server could not write the file; take the WAV."
SOUND_INSTEAD = "This server could not write the notes; take the sound."
OTHER_TOOL = (
    "Made by another tool; prompt and settings were taken from the file, the model is one of ours."
)


def routes(studio: Studio) -> list[BaseRoute]:
    """The routes to give to Gradio's server."""

    def found(sha256: str, name: str, token: str) -> Path | None:
        """A kept file, if it is there and the token says the asker may have it."""
        if name not in TYPES or not hmac.compare_digest(
            token.encode(), studio.identity.media_token(sha256, name).encode()
        ):
            return None
        try:
            return studio.store.media.path(sha256)
        except NotFound:
            return None

    def kept(request: Request) -> Path | None:
        """The file that the address of a request names."""
        token = request.query_params.get("token", "")
        return found(request.path_params["sha256"], request.path_params["name"], token)

    def media(request: Request) -> Response:
        if (path := kept(request)) is None:
            return PlainTextResponse(GONE, 404)
        mime, suffix = TYPES[request.path_params["name"]]
        return sent(path, mime, f"genui-{path.name[:8]}.{suffix}", "inline")

    def made(name: str, mime: str, write: Callable[[Path], object], sorry: str) -> Response:
        """A file that is written for this answer alone; `sorry` where it cannot be."""
        out = studio.scratch / f"{secrets.token_hex(16)}{Path(name).suffix}"
        try:
            write(out)
        except (GenuiError, OSError, RuntimeError, ValueError) as error:
            log.warning("could not make %s: %s", name, error)
            out.unlink(missing_ok=True)
            said = error.message if isinstance(error, GenuiError) else sorry
            return PlainTextResponse(said, 500)
        gone = BackgroundTask(out.unlink, missing_ok=True)
        return sent(out, mime, name, "attachment", gone)

    def sound(form: str) -> Route:
        """A kept WAV as another kind of sound file, record and all."""
        convert, mime = SOUNDS[form]

        def converted(request: Request) -> Response:
            path = kept(request)
            if path is None or request.path_params["name"] != "audio":
                return PlainTextResponse(GONE, 404)
            name = f"genui-{path.name[:8]}.{form}"
            return made(name, mime, lambda out: convert(path, out), WAV_INSTEAD)

        return Route(f"/genui/{form}/{{sha256}}/{{name}}", converted)

    def tune(request: Request) -> Response:
        """The notes of a kept score as MIDI, ABC or MusicXML, record and all."""
        path, form = kept(request), request.query_params.get("form", "")
        if path is None or request.path_params["name"] != "score" or form not in FORMS:
            return PlainTextResponse(GONE, 404)
        name = f"genui-{path.name[:8]}.{form}"
        return made(name, FORMS[form], lambda out: write_tune(path, out, form), SOUND_INSTEAD)

    def upscaled(request: Request) -> Response:
        """A kept picture 1, 2, 4 or 8 times as large as PNG or WebP, record and all."""
        scale, form = request.query_params.get("scale"), request.query_params.get("form")
        path = kept(request)
        if path is None or scale not in ("1", "2", "4", "8") or form not in ("png", "webp"):
            return PlainTextResponse(GONE, 404)
        name = f"genui-{path.name[:8]}-{scale}x.{form}"
        return made(
            name, f"image/{form}", lambda out: enlarge(path, out, int(scale)), PICTURE_INSTEAD
        )

    def sheet(request: Request) -> Response:
        """Kept pictures ("sha256.token", "-" for a gap) as one PNG with labels."""
        asked = [name.partition(".") for name in request.query_params.get("of", "").split()]
        paths = [found(sha256, "picture", token) for sha256, _, token in asked[:CELLS_MAX]]
        try:
            columns, rows = (
                [str(label)[:80] for label in json.loads(request.query_params[name])]
                for name in ("columns", "rows")
            )
        except (KeyError, TypeError, ValueError):
            return PlainTextResponse(GONE, 404)
        if not any(paths) or not columns:
            return PlainTextResponse(GONE, 404)
        return made(
            "genui-sheet.png", "image/png",
            lambda out: print_sheet(paths, columns, rows, out), PICTURE_INSTEAD,
        )  # fmt: skip

    async def received(request: Request, use: Callable[[Path], dict[str, Any]]) -> Response:
        """What `use` makes of an uploaded file, or {"error"}; the file is gone afterwards."""
        path = studio.scratch / f"{secrets.token_hex(16)}.opened"
        size = 0
        try:
            with path.open("wb") as file:
                async for chunk in request.stream():
                    size += len(chunk)
                    if size > OPENED_MAX:
                        raise BadInput("This file is larger than 64 MB; open a smaller one.")
                    file.write(chunk)
            return JSONResponse(await run_in_threadpool(use, path))
        except GenuiError as error:
            return JSONResponse({"error": error.message})
        except OSError as error:
            return JSONResponse({"error": StorageFull.from_os(error).message})
        finally:
            path.unlink(missing_ok=True)

    async def opened(request: Request) -> Response:
        """What an uploaded file says of how it was made (see `told`); the file is not kept."""
        return await received(request, told)

    async def melody(request: Request) -> Response:
        """The melody in an uploaded MIDI, ABC or MusicXML file (see `shown`), and a "note" if
        something was left out; the file is not kept."""

        def read(path: Path) -> dict[str, Any]:
            reading = read_melody(path, request.query_params.get("name", ""))
            return {**shown(reading.tune), "note": reading.note}

        return await received(request, read)

    def stored(artifact: Artifact, name: str) -> dict[str, Any]:
        token = studio.identity.media_token(artifact.sha256, name)
        return {"sha256": artifact.sha256, "token": token, **artifact.meta}

    async def picture(request: Request) -> Response:
        """Keep an uploaded picture to draw from: {"sha256", "token", "width", "height"}."""
        return await received(request, lambda path: stored(studio.keeping.picture(path), "picture"))

    async def start(request: Request) -> Response:
        """Keep an uploaded sound to start from: {"sha256", "token", "seconds", …}."""
        return await received(request, lambda path: stored(studio.keeping.sound(path), "audio"))

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
        *map(sound, SOUNDS),
        Route("/genui/tune/{sha256}/{name}", tune),
        Route("/genui/tune", melody, methods=["POST"]),
        Route("/genui/upscaled/{sha256}/{name}", upscaled),
        Route("/genui/sheet", sheet),
        Route("/genui/open", opened, methods=["POST"]),
        Route("/genui/picture", picture, methods=["POST"]),
        Route("/genui/sound", start, methods=["POST"]),
        Mount("/genui/assets", StaticFiles(directory=ASSETS)),
    ]


def write_tune(score: Path, out: Path, form: str) -> None:
    """Write the tune in the score at `score` to `out`, in one of `FORMS`, with its chords and its
    record."""
    said = json.loads(score.read_bytes())
    tune, instrument = abc.read(said["abc"]), said["instrument"]
    quarters = said["tempo"] * tune.metre.beat / QUARTER  # from beats a minute
    tune, band = arranged(
        replace(tune, tempo=quarters), instrument, said["accompaniment"],
        whole=tokens.whole(said["tokens"]),
    )  # fmt: skip
    out.write_bytes(write_melody(tune, form, instrument=instrument, band=band))
    provenance.embed(out, provenance.read(score))


def enlarge(path: Path, out: Path, scale: int) -> None:
    """Write the picture at `path` to `out`, `scale` times as large, with its record."""
    pictures.upscale(pictures.read(path), scale).save(out, quality=95)
    provenance.copy_record(path, out, f"upscaled {scale}x" if scale > 1 else "saved as WebP")


def print_sheet(
    paths: list[Path | None], columns: list[str], rows: list[str], out: Path
) -> None:  # fmt: skip
    """Write a sheet of pictures to `out`; it carries the record of the first one."""
    first = next(filter(None, paths))
    blank = Image.new("RGB", pictures.read(first).size, "white")
    shown = [pictures.read(path) if path else blank for path in paths]
    pictures.sheet(shown, columns, rows or None).save(out)
    provenance.copy_record(first, out, f"on a sheet of {len([p for p in paths if p])} pictures")


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
