"""What visitors say of results: ratings and picks, kept as events that are never changed.

Whoever judges is known only by a keyed hash. Knows neither models, jobs nor the page.
"""

from __future__ import annotations

import secrets
import time
from collections import defaultdict, deque
from typing import Any

from genui.backends.base import parse
from genui.errors import BadInput, Busy, NotFound
from genui.feedback import slugs
from genui.identity import Identity
from genui.records import Comparison, Rating, Thumb, now
from genui.settings import Settings
from genui.store import Store

OTHERS_MAX = 12  # results that one pick may be better than


class Judging:
    """Takes opinions in, and says what a visitor thinks of a result now."""

    def __init__(self, store: Store, identity: Identity, settings: Settings) -> None:
        self.store = store
        self.identity = identity
        self.settings = settings
        self._recent: dict[str, deque[float]] = defaultdict(deque)

    def of(self, session: str, generation_id: str) -> dict[str, Any]:
        """The session's own current rating under "rating" (or None), and under "better_than" the
        ids of the results that it preferred this one to."""
        rater = self.identity.rater(session)
        rating = self.store.current_rating(generation_id, rater)
        judged = self.store.preferences(rater, among=[generation_id])
        return {
            "rating": rating.model_dump(exclude={"rater"}) if rating else None,
            "better_than": [event.loser for event in judged if event.winner == generation_id],
        }

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
        if self.store.owner(generation_id) is None:
            raise NotFound("That result is not here; it may have been made on another server.")
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
        recent = self._recent[session]
        moment = time.monotonic()
        while recent and moment - recent[0] > 60:
            recent.popleft()
        if len(recent) >= self.settings.ratings_per_minute:
            raise Busy("That is many ratings in a minute; take a breath and go on in a moment.")
        recent.append(moment)
        if len(self._recent) > 10_000:
            for other in [s for s, times in self._recent.items() if moment - times[-1] > 60]:
                del self._recent[other]
