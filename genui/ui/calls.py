"""What the page's scripts may ask the server: JSON in, JSON out, one sentence when it fails.

Gradio offers each function of a component's `server_functions` to its script. They know no
session, so every question carries the browser's key and the studio checks what it may see.
"""

from __future__ import annotations

import base64
import functools
import logging
from collections.abc import Callable
from typing import Any

from genui import provenance
from genui.backends.base import parse
from genui.backends.text import TextInputs
from genui.errors import BadInput, GenuiError
from genui.jobs import SORRY
from genui.records import Generation
from genui.studio import Studio

log = logging.getLogger(__name__)

Answer = dict[str, Any]
Call = Callable[[Any], Answer]


def answer(call: Callable[[Answer], Answer]) -> Call:
    """Turn what `call` raises into {"error": sentence}; anything unexpected is logged."""

    @functools.wraps(call)
    def safe(data: Any) -> Answer:
        try:
            if not isinstance(data, dict):
                raise BadInput("This page sent something unreadable; reload it.")
            return call(data)
        except GenuiError as error:
            return {"error": error.message}
        except (KeyError, TypeError, ValueError) as error:
            log.warning("bad call of %s: %r", call.__name__, error)
            return {"error": "This page sent something unreadable; reload it."}
        except Exception:
            log.exception("%s failed", call.__name__)
            return {"error": SORRY}

    return safe


def shared_calls(studio: Studio) -> list[Call]:
    """The calls every tab's script makes: follow, stop, past, rate, prefer, sound, next_token, look
    and verdict."""
    session = studio.identity.session

    @answer
    def follow(data: Answer) -> Answer:
        after = max(0, int(data.get("after", 0)))
        events, done = studio.follow(session(data["key"]), str(data["job"]), after)
        return {"events": [event.as_json() for event in events], "done": done}

    @answer
    def stop(data: Answer) -> Answer:
        studio.cancel(session(data["key"]), str(data["job"]))
        return {}

    @answer
    def past(data: Answer) -> Answer:
        me, kind = session(data["key"]), str(data["kind"])
        # jobs first: one that ends in between is then in both lists, never in neither
        jobs = [job for job in studio.jobs.active(me) if job.request.kind == kind]
        before = str(data["before"]) if data.get("before") else None
        generations = studio.history(me, kind, min(int(data.get("limit", 20)), 100), before)
        return {
            "jobs": [{"job": job.id, "request": job.request.model_dump()} for job in jobs],
            "generations": [studio.shown(me, generation) for generation in generations],
        }

    @answer
    def rate(data: Answer) -> Answer:
        rating = studio.judging.rate(
            session(data["key"]), str(data["generation"]), data.get("thumb"), data.get("stars"),
            tuple(data.get("reasons", ())), data.get("comment", ""), bool(data.get("withdrawn")),
        )  # fmt: skip
        return {"rating": rating.model_dump(exclude={"rater"})}

    @answer
    def prefer(data: Answer) -> Answer:
        """Store that one result is better than others: the best of a batch, or of two ("side")."""
        studio.judging.prefer(
            session(data["key"]), str(data["chosen"]), tuple(map(str, data["others"])),
            context="side" if data.get("side") else "batch", withdrawn=bool(data.get("withdrawn")),
        )  # fmt: skip
        return {}

    @answer
    def sound(data: Answer) -> Answer:
        """Part of the sound that a running job has made so far, as base64 of 16-bit PCM."""
        start, count = int(data["start"]), min(int(data["count"]), 4_000_000)
        found = studio.live(session(data["key"]), str(data["job"]), "audio.pcm", start, count)
        return {"pcm": base64.b64encode(found).decode()}

    @answer
    def next_token(data: Answer) -> Answer:
        session(data["key"])
        inputs = parse(TextInputs, data["inputs"])
        return {"top": studio.next_token(str(data["model"]), inputs, min(int(data["count"]), 1000))}

    @answer
    def look(data: Answer) -> Answer:
        """What a music model has in mind while it reads a tune, as `MusicBackend.look` says."""
        session(data["key"])
        return studio.look(str(data["model"]), data["tokens"])

    @answer
    def verdict(data: Answer) -> Answer:
        """Whether an own generation repeats the one of an opened file, and if not, why."""
        made = studio.own(session(data["key"]), str(data["generation"]))
        same, sentence = provenance.verdict(parse(Generation, data["record"]), made)
        return {"same": same, "sentence": sentence}

    return [follow, stop, past, rate, prefer, sound, next_token, look, verdict]
