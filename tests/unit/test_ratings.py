"""What the Ratings tab is told: who sees which rows, honest intervals, files to take away."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from genui.catalog import Catalog
from genui.errors import BadInput
from genui.feedback import GENERAL, REASONS, reasons_for, slugs
from genui.identity import Identity
from genui.ranking import wilson
from genui.ratings import NAMES, PAGE, Filters, Ratings
from genui.records import (
    Artifact,
    Comparison,
    Generation,
    ModelStamp,
    Rating,
    Request,
    Thumb,
    Timings,
)
from genui.settings import Settings
from genui.store import Store


def made(text: str, kind: str = "text", model: str = "m", prompt: str = "Say it") -> Generation:
    inputs = (
        {"messages": [{"role": "user", "content": prompt}]} if kind == "text" else {"text": text}
    )
    return Generation(
        id=secrets.token_hex(16), created="2026-01-01T00:00:00.000+00:00", status="done",
        request=Request(kind=kind, model=model, inputs=inputs, seed=1),
        model=ModelStamp(id=model, title=model.title(), backend="none"), device="cpu",
        versions={}, timings=Timings(), text=text,
        output_sha256=sha256(text.encode()).hexdigest(),
    )  # fmt: skip


def event(generation: Generation, rater: str, thumb: Thumb | None = "up", **more: object) -> Rating:
    return Rating.model_validate(
        {
            "id": secrets.token_hex(16), "generation_id": generation.id, "rater": rater,
            "created": "2026-01-01T00:00:01.000+00:00", "thumb": thumb, **more,
        }
    )  # fmt: skip


class House:
    """A store with its Ratings in each of the two ways to keep them."""

    def __init__(self, folder: Path) -> None:
        self.store = Store.open(folder)
        self.identity = Identity.open(folder)
        self.local, self.shared = (
            Ratings(
                self.store, self.identity, Catalog([]), Settings(data_dir=folder, feedback=mode)
            )
            for mode in ("local", "shared")
        )

    def visit(self, name: str) -> tuple[str, str]:
        """A session and its rater id."""
        session = self.identity.session(name * 40)
        return session, self.identity.rater(session)

    def rated(self, name: str, text: str, thumb: Thumb = "up", **more: object) -> Generation:
        """A visitor makes something and rates it."""
        session, rater = self.visit(name)
        generation = made(text)
        self.store.add_generation(generation, session)
        self.store.add_rating(event(generation, rater, thumb, **more))
        return generation


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.store.close()


def texts(found: dict[str, object]) -> list[str]:
    rows = found["rows"]
    assert isinstance(rows, list)
    return [row["text"] for row in rows]


def test_reasons_become_slugs_and_are_kept_once() -> None:
    assert slugs(["wrong", "Too long!", "wrong", "<b>x</b>"]) == ("wrong", "too-long", "b-x-b")
    assert reasons_for("a kind of tomorrow")["up"]


def test_every_reason_is_a_slug_of_one_meaning() -> None:
    labels: dict[str, set[str]] = {}
    for kind, sides in REASONS.items():
        pairs = [*sides["up"], *sides["down"]]
        assert len({slug for slug, _ in pairs}) == len(pairs), kind
        for slug, label in pairs:
            Rating.model_validate(event(made(""), "r").model_dump() | {"reasons": (slug,)})
            labels.setdefault(slug, set()).add(label)
    assert all(len(found) == 1 for found in labels.values()), labels


def test_a_local_server_shows_a_visitor_only_what_the_visitor_made(house: House) -> None:
    house.rated("a", "of a")
    house.rated("b", "of b")
    assert texts(house.local.table(house.visit("a")[0], Filters())) == ["of a"]
    assert texts(house.local.table(house.visit("c")[0], Filters())) == []
    assert house.local.summary()["ratings"] == 2


def test_a_shared_server_shows_what_was_rated_for_all_to_see_and_nothing_older(
    house: House,
) -> None:
    house.rated("a", "told it stays here", sharing="local")
    house.rated("b", "told it is public", sharing="shared", comment="between us")
    assert texts(house.shared.table(house.visit("c")[0], Filters())) == ["told it is public"]
    mine = house.shared.table(house.visit("a")[0], Filters())
    assert texts(mine) == ["told it is public", "told it stays here"]


def test_a_row_names_no_rater_and_keeps_a_comment_for_its_author(house: House) -> None:
    house.rated("b", "words", sharing="shared", comment="between us")
    for name, sees in (("c", False), ("b", True)):
        found = json.dumps(house.shared.table(house.visit(name)[0], Filters()))
        assert ("between us" in found) is sees
        assert house.visit("b")[1] not in found
        assert house.visit("b")[0] not in found


def test_rating_a_strangers_result_does_not_open_it(house: House) -> None:
    session, rater = house.visit("b")
    house.store.add_rating(event(house.rated("a", "of a"), rater))
    assert texts(house.local.table(session, Filters())) == []
    assert texts(house.local.table(session, Filters(mine=True))) == []


def test_filters_and_pages(house: House) -> None:
    for number in range(PAGE + 2):
        house.rated("a", f"text {number}", "down" if number == 3 else "up",
                    reasons=("funny",) if number == 5 else ())  # fmt: skip
    me, _ = house.visit("a")
    first = house.local.table(me, Filters())
    assert first["more"]
    assert texts(first)[0] == f"text {PAGE + 1}"
    last = house.local.table(me, Filters(page=1))
    assert texts(last) == ["text 1", "text 0"]
    assert not last["more"]
    assert texts(house.local.table(me, Filters(thumb="down"))) == ["text 3"]
    assert texts(house.local.table(me, Filters(reason="funny"))) == ["text 5"]
    assert texts(house.local.table(me, Filters(kind="speech"))) == []
    assert texts(house.local.table(me, Filters(model="other"))) == []
    assert len(texts(house.local.table(me, Filters(model="m", kind="text", mine=True)))) == PAGE


def test_bars_carry_the_wilson_interval_and_follow_every_event(house: House) -> None:
    for number in range(9):
        house.rated("a", f"{number}", "up" if number < 7 else "down", stars=number % 5 + 1)
    (bar,) = house.local.summary()["models"]
    assert (bar["up"], bar["votes"]) == (7, 9)
    assert (bar["low"], bar["high"]) == wilson(7, 9)
    last = house.rated("a", "one more")
    house.local._again = 0.0  # the pause between two counts is not what is tested
    assert house.local.summary()["ratings"] == 10
    house.store.add_rating(event(last, house.visit("a")[1], None, withdrawn=True))
    house.local._again = 0.0
    assert house.local.summary()["ratings"] == 9


def test_a_rated_picture_is_shown_to_whoever_may_see_the_row(house: House) -> None:
    session, rater = house.visit("a")
    picture = Artifact(name="picture", sha256="b" * 64, mime="image/png", size=1)
    drawn = made("", kind="image").model_copy(update={"artifacts": (picture,)})
    house.store.add_generation(drawn, session)
    house.store.add_rating(event(drawn, rater))
    (row,) = house.local.table(session, Filters())["rows"]
    assert row["audio"] is None
    assert row["picture"] == {
        "name": "picture", "sha256": "b" * 64,
        "token": house.identity.media_token("b" * 64, "picture"),
    }  # fmt: skip


def test_pairs_are_counted_with_the_ratings(house: House) -> None:
    assert house.local.summary()["pairs"] == 0
    one, other = house.rated("a", "one"), house.rated("a", "other")
    comparison = Comparison(
        id="c" * 32, first=one.id, second=other.id, outcome="first", rater="r",
        created="2026-01-01T00:00:02.000+00:00",
    )  # fmt: skip
    house.store.add_comparisons([comparison])
    house.local._again = 0.0  # the pause between two counts is not what is tested
    assert house.local.summary()["pairs"] == 1


def test_an_export_holds_what_its_visitor_may_see(house: House) -> None:
    house.rated("a", "of a", sharing="local")
    house.rated("b", "of b", sharing="shared")
    me, _ = house.visit("a")
    for ratings, everything, wanted in (
        (house.local, False, ["of a"]),
        (house.shared, False, ["of a", "of b"]),
        (house.local, True, ["of a", "of b"]),
    ):
        path, rows, _ = ratings.export(me, "jsonl", everything=everything)
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        assert [line["generation"]["text"] for line in lines] == wanted
        assert rows == len(wanted)
        assert ratings.prepared(path.parent.name, path.name) == path


def test_an_export_of_nothing_says_what_to_do(house: House) -> None:
    me, _ = house.visit("c")
    house.rated("a", "of a")
    for form in NAMES:
        with pytest.raises(BadInput, match=r"rate|thumb|pick"):
            house.local.export(me, form)
    with pytest.raises(BadInput, match="use one of"):
        house.local.export(me, "../../etc/passwd")
    assert not list(house.local.files.glob("*"))


def test_only_a_prepared_file_is_given_out(house: House, tmp_path: Path) -> None:
    house.rated("a", "of a")
    path, *_ = house.local.export(house.visit("a")[0], "jsonl")
    assert house.local.prepared("..", "genui.db") is None
    assert house.local.prepared(path.parent.name, "../../genui.db") is None
    assert house.local.prepared("0" * 32, path.name) is None


def test_every_reason_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs/feedback.md").read_text("utf-8")
    rows = {line.split("|")[1].strip(" `"): line for line in page.splitlines() if "|" in line}
    for kind, sides in {**REASONS, "any other": GENERAL}.items():
        for slug, _ in (*sides["up"], *sides["down"]):
            assert f"`{slug}`" in rows[kind], (kind, slug)
