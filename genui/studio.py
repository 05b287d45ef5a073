"""The use cases: submit, follow, cancel, look back. Owns jobs and loaded models.

What came out goes to `keeping`, what people say of it to `judging`.
Knows neither gradio nor SQL nor torch: the page above calls it, the store and the backends
below serve it.
"""

from __future__ import annotations

import logging
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import BoundedSemaphore, Thread
from threading import Event as Flag
from typing import Any

from genui import weights
from genui.backends import engine
from genui.backends.base import Backend, Output, Placement, parse
from genui.backends.image import ImageBackend
from genui.backends.latent import SLOW, LatentBackend
from genui.backends.music import MusicBackend, MusicInputs
from genui.backends.text import TextBackend, TextInputs
from genui.catalog import Catalog, Model, why_not
from genui.engines import Engines, Tell
from genui.errors import BadInput, Busy, Cancelled, GenuiError, NotFound, StorageFull, Unavailable
from genui.identity import Identity
from genui.jobs import Job, Jobs
from genui.judging import Judging
from genui.keeping import Keeping
from genui.machine import this_machine
from genui.ratings import Ratings
from genui.records import (
    SEED_MAX,
    Bars,
    Event,
    Finished,
    Generation,
    Loading,
    Made,
    Preview,
    Request,
    Segment,
    Started,
    Stopped,
    Timings,
    Token,
)
from genui.settings import Settings
from genui.store import Store

log = logging.getLogger(__name__)

# what the page is told of a model
SHOWN = {
    "id", "title", "summary", "license", "license_url", "size", "styles", "defaults", "few_steps",
    "takes",
}  # fmt: skip

SEEN = Token | Segment | Preview  # what a visitor sees or hears first; of music, whole bars
AT_ONCE, SLOW_AT_ONCE = 24, 4  # questions about latent models that are being answered


def attached(backend: type[Backend[Any, Any]], request: Request) -> list[str]:
    """The sha256 of each file that a request starts from."""
    return [str(request.inputs[name]) for name in backend.attachments if request.inputs.get(name)]


class Studio:
    """Everything the page and the API can do."""

    def __init__(self, settings: Settings, catalog: Catalog | None = None) -> None:
        self.settings = settings
        self.catalog = catalog or Catalog.read(extra=tuple(settings.model))
        self.machine = this_machine(settings.device, settings.memory_mb, settings.cpu_threads)
        self.identity = Identity.open(settings.data_dir)
        self.store = Store.open(settings.data_dir, settings.database_url)
        self.scratch = settings.data_dir / "scratch"
        self.scratch.mkdir(parents=True, exist_ok=True)
        self._sweep_scratch()
        placement = Placement(
            device=self.machine.device,
            threads=self.machine.threads,
            context_tokens=settings.context_tokens,
            slots=settings.slots,
            attention=settings.attention,
            compile=settings.compile,
        )
        self.engines = Engines(self._fetch, self.machine, placement, settings.idle_minutes * 60)
        self.jobs = Jobs(self._run, settings.queue_max, settings.session_jobs)
        self.ratings = Ratings(self.store, self.identity, self.catalog, settings)
        self.judging = Judging(self.store, self.identity, settings)
        self.keeping = Keeping(self.store, self.identity, self.scratch, self.machine.device)
        self._quick, self._slow = BoundedSemaphore(AT_ONCE), BoundedSemaphore(SLOW_AT_ONCE)

    def _sweep_scratch(self) -> None:
        """Remove what a killed process left; another live process may share the folder, so only
        what is a day old."""
        for folder in self.scratch.iterdir():
            if time.time() - folder.stat().st_mtime > 86400:
                shutil.rmtree(folder, ignore_errors=True)

    # --- models -----------------------------------------------------------------------------

    def _fetch(self, model: Model, tell: Tell, cancel: Flag) -> Path:
        return weights.locate(
            model, self.settings.data_dir / "models", offline=self.settings.offline,
            tell=tell, cancel=cancel,
        )  # fmt: skip

    def models(self, kind: str) -> list[dict[str, Any]]:
        """What the page shows of each model of a kind; `why_not` is None when it runs here,
        `here` is true when nothing has to be fetched first."""
        folder = self.settings.data_dir / "models"
        return [
            model.model_dump(mode="json", include=SHOWN)
            | {"why_not": why_not(model, self.machine) or weights.why_missing(model, folder)}
            | {"here": weights.here(model, folder)}
            for model in self.catalog.of_kind(kind)
        ]

    def offers(self, kind: str) -> bool:
        """Whether this machine can run any model of a kind."""
        return any(not model["why_not"] for model in self.models(kind))

    def warm(self) -> None:
        """Load the default model of every kind behind the page, but for large ones that need a GPU;
        these, and a failure, wait for first use."""

        def load() -> None:
            with suppress(GenuiError):
                self.ratings.summary()  # counting a large store takes a moment; do it once now
            for kind in dict.fromkeys(m.kind for m in self.catalog.models.values()):
                model = self.catalog.default(kind)
                if model.needs.gpu:
                    continue
                try:
                    with self.engines.use(model, lambda *_: None, Flag()):
                        pass
                except (GenuiError, Cancelled) as error:
                    log.warning("could not warm %s: %s", model.id, error)

        Thread(target=load, name="warm", daemon=True).start()

    # --- jobs -------------------------------------------------------------------------------

    def submit(self, session: str, request: Request, tokens: dict[str, str] | None = None) -> Job:
        """Check a request and queue it. `tokens` (sha256 -> media token) prove that the visitor
        may use the files the request starts from. Raises `BadInput`, `NotFound`, `Busy`,
        `Unavailable`."""
        model = self.catalog.get(request.model)
        if model.kind != request.kind:
            raise BadInput(f"{model.title} makes {model.kind}, not {request.kind}.")
        backend = engine(model.backend)
        options = model.defaults | request.options
        request = request.model_copy(update={"options": options})
        backend.check(request)
        if reason := why_not(model, self.machine):
            raise Unavailable(reason)
        for sha256 in attached(backend, request):
            self.keeping.own_start(sha256, (tokens or {}).get(sha256, ""))
        if request.seed is None:
            request = request.model_copy(update={"seed": secrets.randbelow(SEED_MAX + 1)})
        return self.jobs.submit(session, request, self.engines.slots(model))

    def reproduce(
        self, session: str, generation: Generation, tokens: dict[str, str] | None = None
    ) -> Job:
        """Ask for the same thing again; raises as `submit` does. `provenance.verdict` compares.

        The record may come from a file, so it is checked like any other request."""
        request = generation.request.model_copy(update={"parents": (generation.id,)})
        return self.submit(session, request, tokens)

    def follow(self, session: str, job_id: str, after: int = 0) -> tuple[list[Event], bool]:
        """The job's events from index `after` on, and whether the last one is among them."""
        job = self.jobs.get(session, job_id)
        events = job.wait(after, timeout=0)
        return events, job.done

    def cancel(self, session: str, job_id: str) -> None:
        """Stop a job of this session."""
        self.jobs.cancel(session, job_id)

    def _run(self, job: Job) -> Iterator[Event]:
        """What a lane does with a job: fetch, load, generate, keep."""
        model = self.catalog.get(job.request.model)
        folder = self.scratch / job.id
        folder.mkdir()
        try:
            began = time.monotonic()
            with self.engines.use(
                model, lambda text, done: job.tell(Loading(text, done)), job.cancel
            ) as backend:
                loaded = time.monotonic()
                assert job.request.seed is not None
                assert job.started is not None
                yield Started(job.request.seed)
                for sha256 in attached(type(backend), job.request):
                    shutil.copyfile(self.store.media.path(sha256), folder / sha256)
                parts: list[Token | Segment] = []
                first: float | None = None
                kept: dict[str, Any] | None = None
                for event in backend.generate(job.request, job.cancel, folder):
                    if isinstance(event, Output):
                        if job.cancel.is_set() and not event.text and not event.files:
                            continue
                        timings = Timings(
                            queued=round(job.started - job.submitted, 4),
                            load=round(loaded - began, 4),
                            first=None if first is None else round(first, 4),
                            run=round(time.monotonic() - loaded, 4),
                        )
                        kept = self.keeping.public(
                            self.keeping.keep(job, model, backend, event, parts, timings)
                        )
                        if event.total > 1:
                            yield Made(event.index, event.total, kept)
                        continue
                    if isinstance(event, Token | Segment):
                        parts.append(event)
                    if first is None and isinstance(event, Bars if model.kind == "music" else SEEN):
                        first = time.monotonic() - loaded
                    yield event
            yield Finished(kept) if kept else Stopped()
        except OSError as error:
            log.exception("job %s could not write", job.id)
            raise StorageFull.from_os(error) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    # --- looking back -------------------------------------------------------------------------

    def generation(self, generation_id: str) -> Generation:
        """A generation by its id, which is known only to whom it was shown; raises `NotFound`."""
        if (found := self.store.generation(generation_id)) is None:
            raise NotFound("That result is not here; it may have been made on another server.")
        return found

    def own(self, session: str, generation_id: str) -> Generation:
        """A generation of this session; raises `NotFound` for anybody else's."""
        if self.store.owner(generation_id) != session:
            raise NotFound("That result is not yours to open.")
        return self.generation(generation_id)

    def history(
        self, session: str, kind: str, limit: int = 20, before: str | None = None
    ) -> list[Generation]:
        """The session's generations of a kind, newest first; `before` is the id of the last one
        already seen."""
        return self.store.history(session, kind, limit, before)

    def shown(self, session: str, generation: Generation) -> dict[str, Any]:
        """A generation as JSON for its owner, with what the session thinks of it."""
        return self.keeping.public(generation) | self.judging.of(session, generation.id)

    def live(self, session: str, job_id: str, name: str, start: int, count: int) -> bytes:
        """`count` bytes from `start` of a file that a job of this session is writing.

        Shorter, or empty, where the file ends or is no longer there."""
        job = self.jobs.get(session, job_id)
        try:
            with (self.scratch / job.id / Path(name).name).open("rb") as file:
                file.seek(max(0, start))
                return file.read(max(0, count))
        except FileNotFoundError:
            return b""

    def next_token(self, model_id: str, inputs: TextInputs, count: int) -> list[Any]:
        """The likeliest next tokens of a text as (id, text, logprob); may load the model first."""
        model = self.catalog.get(model_id)
        with self.engines.use(model, lambda *_: None, Flag()) as backend:
            if not isinstance(backend, TextBackend):
                raise BadInput(f"{model.title} writes no text.")
            return list(backend.next_token(inputs, count))

    def look(self, model_id: str, row: list[int]) -> dict[str, Any]:
        """What a music model has in mind while it reads a tune, a row of tokens (see
        `MusicBackend.look`); may load the model first. Raises `BadInput`, and `Busy` when too many
        look at once."""
        model = self.catalog.get(model_id)
        if model.kind != MusicBackend.kind:
            raise BadInput(f"{model.title} writes no tunes; choose another model.")
        tokens = parse(MusicInputs, {"tokens": row}).tokens
        if not self._slow.acquire(blocking=False):
            raise Busy("Many people are exploring right now; try again in a moment.")
        try:
            with self.engines.use(model, lambda *_: None, Flag()) as backend:
                assert isinstance(backend, MusicBackend)
                return backend.look(tokens)
        finally:
            self._slow.release()

    def explore(self, model_id: str, question: dict[str, Any]) -> dict[str, Any]:
        """The answer to a question about a latent model (see `backends.latent`) or the inside of
        an image model (`backends.latent_inside`), outside the queue; may load the model first.
        Keeps nothing. Raises `BadInput`, `NotFound`, `Busy` when too many ask at once,
        `Unavailable`."""
        model = self.catalog.get(model_id)
        ask, picture = question.get("ask"), None
        if model.kind not in (LatentBackend.kind, ImageBackend.kind):
            raise BadInput(f"{model.title} has no latent space to explore; choose another model.")
        if ask == "encode" and model.kind == LatentBackend.kind:
            picture = self.keeping.own_start(
                str(question.get("picture")), str(question.get("token"))
            )
            question = {k: v for k, v in question.items() if k not in ("picture", "token")}
        turn = self._slow if ask in SLOW else self._quick
        if not turn.acquire(blocking=False):
            raise Busy("Many people are exploring right now; try again in a moment.")
        try:
            with self.engines.use(model, lambda *_: None, Flag()) as backend:
                if isinstance(backend, ImageBackend):
                    return backend.explore(question)
                assert isinstance(backend, LatentBackend)
                answer = backend.explore(question, picture)
                if ask == "describe":
                    atlas = self.store.media.put(backend.atlas, "atlas", "image/webp").model_dump()
                    atlas["token"] = self.identity.media_token(atlas["sha256"], "atlas")
                    answer["atlas"] = atlas
                return answer
        finally:
            turn.release()
