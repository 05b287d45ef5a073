"""The use cases: submit, follow, cancel, look back, rate. Owns jobs and loaded models.

Knows neither gradio nor SQL nor torch: the page above calls it, the store and the backends
below serve it.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import platform
import secrets
import shutil
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import BoundedSemaphore, Thread
from threading import Event as Flag
from typing import Any

import genui
from genui import pictures, provenance, weights
from genui.backends import engine
from genui.backends.base import Backend, Output, Placement, parse
from genui.backends.latent import SLOW, LatentBackend
from genui.backends.text import TextBackend, TextInputs
from genui.catalog import Catalog, Model, why_not
from genui.engines import Engines, Tell
from genui.errors import BadInput, Busy, Cancelled, GenuiError, NotFound, StorageFull, Unavailable
from genui.feedback import slugs
from genui.identity import Identity
from genui.jobs import Job, Jobs
from genui.machine import this_machine
from genui.ratings import Ratings
from genui.records import (
    SEED_MAX,
    Artifact,
    Comparison,
    Event,
    Finished,
    Generation,
    Loading,
    Made,
    Preview,
    Rating,
    Request,
    Segment,
    Started,
    Stopped,
    Thumb,
    Timings,
    Token,
    canonical_json,
)
from genui.settings import Settings
from genui.store import Store

log = logging.getLogger(__name__)

# what the page is told of a model
SHOWN = {
    "id", "title", "summary", "license", "license_url", "size", "styles", "defaults", "few_steps",
}  # fmt: skip

OTHERS_MAX = 12  # results that one pick may be better than
AT_ONCE, SLOW_AT_ONCE = 24, 4  # questions about latent models that are being answered


def attached(backend: type[Backend[Any, Any]], request: Request) -> list[str]:
    """The sha256 of each file that a request starts from."""
    return [str(request.inputs[name]) for name in backend.attachments if request.inputs.get(name)]


def now() -> str:
    """The time as ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


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
        self._recent_ratings: dict[str, deque[float]] = defaultdict(deque)
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

    def warm(self) -> None:
        """Load the default model of every kind behind the page; a failure waits for first use."""

        def load() -> None:
            with suppress(GenuiError):
                self.ratings.summary()  # counting a large store takes a moment; do it once now
            for kind in dict.fromkeys(m.kind for m in self.catalog.models.values()):
                model = self.catalog.default(kind)
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
            self._picture(sha256, (tokens or {}).get(sha256, ""))
        if request.seed is None:
            request = request.model_copy(update={"seed": secrets.randbelow(SEED_MAX + 1)})
        return self.jobs.submit(session, request, self.engines.slots(model))

    def _picture(self, sha256: str, token: str) -> Path:
        """A kept picture of the visitor's; raises `NotFound` where the token does not fit."""
        right = self.identity.media_token(sha256, "picture")
        if not hmac.compare_digest(token.encode(), right.encode()):
            raise NotFound("The picture to start from is not here; add it again.")
        return self.store.media.path(sha256)

    def reproduce(
        self, session: str, generation: Generation, tokens: dict[str, str] | None = None
    ) -> Job:
        """Ask for the same thing again; raises as `submit` does. `provenance.verdict` compares.

        The record may come from a file, so it is checked like any other request."""
        request = generation.request.model_copy(update={"parents": (generation.id,)})
        return self.submit(session, request, tokens)

    def keep_picture(self, path: Path) -> Artifact:
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
                        kept = self.public(self._keep(job, model, backend, event, parts, timings))
                        if event.total > 1:
                            yield Made(event.index, event.total, kept)
                        continue
                    if isinstance(event, Token | Segment):
                        parts.append(event)
                    if first is None and isinstance(event, Token | Segment | Preview):
                        first = time.monotonic() - loaded
                    yield event
            yield Finished(kept) if kept else Stopped()
        except OSError as error:
            log.exception("job %s could not write", job.id)
            raise StorageFull.from_os(error) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _keep(
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
            device=self.machine.device,
            versions={"genui": genui.__version__, "python": platform.python_version()}
            | backend.versions(),
            timings=timings,
            text=output.text,
            # where only the whole run repeats this one, its place in it tells which it was
            usage=output.usage
            | ({"index": output.index} if output.total > 1 and output.request is None else {}),
            output_sha256=content,
        )
        artifacts: list[Artifact] = []
        for file in output.files:
            provenance.embed(file.path, draft)
            artifacts.append(self.store.media.put(file.path, file.name, file.mime, file.meta))
        if any(isinstance(part, Segment) or part.top for part in parts):
            name = "segments" if isinstance(parts[0], Segment) else "tokens"
            path = self.scratch / job.id / f"{name}.json"
            path.write_text(canonical_json([part.as_json() for part in parts]), "utf-8")
            artifacts.append(self.store.media.put(path, name, "application/json", {}))
        generation = draft.model_copy(update={"artifacts": tuple(artifacts)})
        self.store.add_generation(generation, job.session)
        return generation

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

    def public(self, generation: Generation) -> dict[str, Any]:
        """A generation as JSON for its owner, each artifact with the token to fetch it."""
        shown = generation.model_dump(mode="json")
        for artifact in shown["artifacts"]:
            artifact["token"] = self.identity.media_token(artifact["sha256"], artifact["name"])
        return shown

    def shown(self, session: str, generation: Generation) -> dict[str, Any]:
        """`public`, with the session's own current rating under "rating" (or None), and under
        "better_than" the ids of the results it was preferred to."""
        rater = self.identity.rater(session)
        rating = self.store.current_rating(generation.id, rater)
        mine = rating.model_dump(exclude={"rater"}) if rating else None
        judged = self.store.preferences(rater, among=[generation.id])
        better = [event.loser for event in judged if event.winner == generation.id]
        return self.public(generation) | {"rating": mine, "better_than": better}

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

    def explore(self, model_id: str, question: dict[str, Any]) -> dict[str, Any]:
        """The answer to a question about a latent model (see `backends.latent`), outside the
        queue; may load the model first. Keeps nothing. Raises `BadInput`, `NotFound`, `Busy` when
        too many ask at once, `Unavailable`."""
        model = self.catalog.get(model_id)
        ask, picture = question.get("ask"), None
        if model.kind != LatentBackend.kind:
            raise BadInput(f"{model.title} has no latent space to explore; choose another model.")
        if ask == "encode":
            picture = self._picture(str(question.get("picture")), str(question.get("token")))
            question = {k: v for k, v in question.items() if k not in ("picture", "token")}
        turn = self._slow if ask in SLOW else self._quick
        if not turn.acquire(blocking=False):
            raise Busy("Many people are exploring right now; try again in a moment.")
        try:
            with self.engines.use(model, lambda *_: None, Flag()) as backend:
                assert isinstance(backend, LatentBackend)
                answer = backend.explore(question, picture)
                if ask == "describe":
                    atlas = self.store.media.put(backend.atlas, "atlas", "image/webp").model_dump()
                    atlas["token"] = self.identity.media_token(atlas["sha256"], "atlas")
                    answer["atlas"] = atlas
                return answer
        finally:
            turn.release()

    # --- rating -------------------------------------------------------------------------------

    def rate(
        self,
        session: str,
        generation_id: str,
        thumb: Thumb | None = None,
        stars: int | None = None,
        reasons: tuple[str, ...] = (),
        comment: str = "",
        withdrawn: bool = False,
    ) -> Rating:
        """Store a rating event; it is on disk when this returns.

        Raises `NotFound` for an unknown generation, `BadInput` for values out of range, `Busy`
        when a visitor rates faster than people do."""
        if self.settings.feedback == "off":
            raise BadInput("Ratings are switched off on this server.")
        if not withdrawn and thumb is None and stars is None:
            raise BadInput("Choose a thumb or a number of stars first.")
        self._limit(session)
        self.generation(generation_id)
        rating = parse(
            Rating,
            {
                "id": secrets.token_hex(16), "generation_id": generation_id, "created": now(),
                "rater": self.identity.rater(session), "thumb": thumb, "stars": stars,
                "reasons": slugs(reasons), "comment": comment, "withdrawn": withdrawn,
                "sharing": self.settings.feedback,
            },
        )  # fmt: skip
        self.store.add_rating(rating)
        return rating

    def prefer(
        self,
        session: str,
        chosen: str,
        others: tuple[str, ...],
        context: str = "batch",
        reasons: tuple[str, ...] = (),
        withdrawn: bool = False,
    ) -> list[Comparison]:
        """Store that `chosen` is better than each of 1 to 12 others, or (`withdrawn`) no longer;
        it is on disk when this returns. Returns what was stored.

        In the context "batch" a new pick takes the place of the older one among the same results.
        Raises `NotFound` for an unknown generation, `BadInput` for results that cannot be
        compared, `Busy` as `rate` does."""
        if self.settings.feedback == "off":
            raise BadInput("Ratings are switched off on this server.")
        if not 1 <= len(others) <= OTHERS_MAX:
            raise BadInput(f"Name 1 to {OTHERS_MAX} other results to compare with.")
        self._limit(session)
        pick = {
            "first": chosen, "outcome": "first", "created": now(), "context": context,
            "rater": self.identity.rater(session), "reasons": slugs(reasons),
            "withdrawn": withdrawn, "sharing": self.settings.feedback,
        }  # fmt: skip
        return self.store.add_comparisons(
            [
                parse(Comparison, pick | {"id": secrets.token_hex(16), "second": other})
                for other in dict.fromkeys(others)
            ]
        )

    def _limit(self, session: str) -> None:
        recent = self._recent_ratings[session]
        moment = time.monotonic()
        while recent and moment - recent[0] > 60:
            recent.popleft()
        if len(recent) >= self.settings.ratings_per_minute:
            raise Busy("That is many ratings in a minute; take a breath and go on in a moment.")
        recent.append(moment)
        if len(self._recent_ratings) > 10_000:
            for other in [
                s for s, times in self._recent_ratings.items() if moment - times[-1] > 60
            ]:
                del self._recent_ratings[other]
