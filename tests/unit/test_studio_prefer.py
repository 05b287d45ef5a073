"""Saying which is best: whose judgement it is, what is refused, what the page is told of it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from genui.errors import BadInput, Busy, NotFound
from genui.records import Generation, ModelStamp, Request, Timings
from genui.settings import Settings
from genui.studio import Studio

ME, YOU = "a" * 32, "b" * 32


def opened(folder: Path, **settings: Any) -> Studio:
    return Studio(Settings(data_dir=folder, warm=False, **settings))


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    studio = opened(tmp_path, ratings_per_minute=20)
    yield studio
    studio.engines.close()


def drawn(studio: Studio, kind: str = "image") -> Generation:
    """A picture as the studio would have kept it."""
    made = Generation(
        id=secrets.token_hex(16), created="2026-01-01T00:00:00.000+00:00", status="done",
        request=Request(kind=kind, model="m", inputs={"prompt": "a cat"}, seed=1),
        model=ModelStamp(id="m", title="M", backend="none"), device="cpu", versions={},
        timings=Timings(), output_sha256="0" * 64,
    )  # fmt: skip
    studio.store.add_generation(made, ME)
    return made


def test_a_pick_is_the_raters_own_and_the_page_is_told(studio: Studio) -> None:
    a, b, c = (drawn(studio) for _ in range(3))
    stored = studio.judging.prefer(ME, a.id, (b.id, c.id, b.id), reasons=("Fits!", "fits"))
    assert [(event.winner, event.loser) for event in stored] == [(a.id, b.id), (a.id, c.id)]
    assert all(event.reasons == ("fits",) and event.sharing == "local" for event in stored)
    assert ME not in "".join(event.model_dump_json() for event in stored)
    assert set(studio.shown(ME, a)["better_than"]) == {b.id, c.id}
    assert studio.shown(ME, b)["better_than"] == studio.shown(YOU, a)["better_than"] == []
    studio.judging.prefer(ME, b.id, (a.id, c.id))
    assert studio.shown(ME, a)["better_than"] == []
    assert set(studio.shown(ME, b)["better_than"]) == {a.id, c.id}
    studio.judging.prefer(ME, b.id, (a.id, c.id), withdrawn=True)
    assert studio.shown(ME, b)["better_than"] == []


def test_two_windows_of_one_visitor_leave_one_best(studio: Studio) -> None:
    made = [drawn(studio) for _ in range(4)]

    def pick(best: Generation) -> None:
        for _ in range(8):
            studio.judging.prefer(ME, best.id, tuple(o.id for o in made if o.id != best.id))

    threads = [Thread(target=pick, args=(best,)) for best in made[:2]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    best = [each.id for each in made if studio.shown(ME, each)["better_than"]]
    assert len(best) == 1
    assert best[0] in (made[0].id, made[1].id)
    assert studio.store.pairs() == 3


def test_what_makes_no_sense_is_refused_in_one_sentence(studio: Studio) -> None:
    a, b, text = drawn(studio), drawn(studio), drawn(studio, kind="text")
    for others, error, word in (
        ((), BadInput, "1 to 12"),
        (tuple(f"{n:032x}" for n in range(13)), BadInput, "1 to 12"),
        ((a.id,), BadInput, "itself"),
        ((b.id, text.id), BadInput, "same kind"),
        ((b.id, "0" * 32), NotFound, "not here"),
        (("' OR 1=1 --",), NotFound, "not here"),
    ):
        with pytest.raises(error, match=word):
            studio.judging.prefer(ME, a.id, others)
    for more in ({"context": "jury"}, {"reasons": ("!!",)}, {"reasons": tuple("abcdefghijklm")}):
        with pytest.raises(BadInput):
            studio.judging.prefer(ME, a.id, (b.id,), **more)
    assert studio.store.pairs() == 0


def test_picks_and_ratings_share_one_limit(studio: Studio) -> None:
    a, b = drawn(studio), drawn(studio)
    for turn in range(20):
        if turn % 2:
            studio.judging.rate(ME, a.id, "up")
        else:
            studio.judging.prefer(ME, a.id, (b.id,))
    with pytest.raises(Busy):
        studio.judging.prefer(ME, a.id, (b.id,))
    studio.judging.prefer(YOU, a.id, (b.id,))


def test_a_server_without_feedback_takes_no_picks(tmp_path: Path) -> None:
    studio = opened(tmp_path, feedback="off")
    a, b = drawn(studio), drawn(studio)
    with pytest.raises(BadInput, match="switched off"):
        studio.judging.prefer(ME, a.id, (b.id,))
    studio.engines.close()
