"""The Ratings tab in a real browser: live sums, honest bars, rows for their owner, files."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Locator, Page, expect

from genui.ranking import wilson
from tests.ui.serving import KEY, SCRIPT, Past, Server

OTHER = "another-browser-with-a-key-of-its-own"
NASTY = "<img src=x onerror=\"document.title='gone'\"> ${document.title='gone'} \u202etfel"


@pytest.fixture(scope="module")
def server(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a past: nine results of the visitor with `KEY`, two of another one."""
    server = Server(tmp_path_factory.mktemp("ratings"), models_dir)
    past = Past(server.data)
    for number in range(6):
        made = past.made(f"Answer {number}", "The same question", model="first")
        past.rated(made, thumb="up" if number else "down", stars=number or None,
                   reasons=("funny",) if number == 2 else ())  # fmt: skip
    for number in range(3):
        past.rated(past.made(f"Line {number}", model="second"), thumb="up")
    past.rated(past.made(NASTY, NASTY), comment=NASTY)
    for number in range(2):
        past.rated(past.made(f"Secret {number}", key=OTHER, model="first"), OTHER)
    past.store.close()
    yield server.start()
    server.stop()


@pytest.fixture
def past(server: Server) -> Iterator[Past]:
    past = Past(server.data)
    yield past
    past.store.close()


def ratings(page: Page, server: Server, key: str = KEY) -> Locator:
    """The open tab, for the visitor with this key."""
    page.add_init_script(SCRIPT.replace(KEY, key))
    page.goto(f"{server.url}/?tab=ratings")
    expect(page.get_by_role("heading", name="What people liked")).to_be_visible()
    return page.locator(".gu-ratings")


def rows(tab: Locator) -> Locator:
    return tab.locator(".gu-rated > li[data-generation]")


def test_the_sums_move_without_a_reload(server: Server, past: Past, page: Page) -> None:
    tab = ratings(page, server)
    count = tab.locator(".gu-count", has_text="ratings").locator("b")
    expect(count).to_have_text("12")
    expect(tab.locator(".gu-count", has_text="raters").locator("b")).to_have_text("2")
    made = past.made("Made meanwhile", model="third")
    past.rated(made)
    expect(count).to_have_text("13")
    expect(tab.locator(".gu-bars li", has_text="third")).to_contain_text("too few to say")
    past.rated(made, thumb=None, withdrawn=True)
    expect(count).to_have_text("12")


def test_bars_and_whiskers_are_the_wilson_interval(server: Server, page: Page) -> None:
    tab = ratings(page, server)
    bar = tab.locator(".gu-bars li", has_text="first")
    expect(bar).to_contain_text("88 %")  # 5 of the visitor's 6 and both of the other's
    expect(bar).to_contain_text("8 thumbs")
    expect(bar).to_contain_text("★ 3.0")
    low, high = wilson(7, 8)
    track = bar.locator(".gu-bar-track").bounding_box()
    whisker = bar.locator(".gu-bar-whisker").bounding_box()
    assert track is not None
    assert whisker is not None
    assert (whisker["x"] - track["x"]) / track["width"] == pytest.approx(low, abs=0.01)
    end = whisker["x"] + whisker["width"] - track["x"]
    assert end / track["width"] == pytest.approx(high, abs=0.01)
    expect(tab.locator(".gu-bars li").first).to_contain_text("first")  # the surest comes first


def test_filters_narrow_the_rows(server: Server, page: Page) -> None:
    tab = ratings(page, server)
    expect(rows(tab)).to_have_count(10)
    tab.get_by_role("button", name="Down", exact=True).click()
    expect(rows(tab)).to_have_count(1)
    tab.get_by_role("button", name="All", exact=True).click()
    tab.get_by_label("Model").select_option("second")
    expect(rows(tab)).to_have_count(3)
    tab.get_by_label("Model").select_option("")
    tab.get_by_label("Reason").select_option("funny")
    expect(rows(tab)).to_have_count(1)
    expect(rows(tab)).to_contain_text("Answer 2")
    tab.get_by_label("Kind").select_option("text")
    tab.get_by_label("Reason").select_option("wrong")
    tab.get_by_role("button", name="Show everything").click()
    expect(rows(tab)).to_have_count(10)
    tab.get_by_role("switch", name="My ratings").click()
    expect(rows(tab)).to_have_count(10)


def test_what_people_wrote_is_shown_as_text(server: Server, page: Page) -> None:
    tab = ratings(page, server)
    row = rows(tab).first
    expect(row.locator(".gu-rated-text")).to_have_text(NASTY)
    expect(row.locator(".gu-rated-comment")).to_have_text(NASTY)
    expect(row.locator(".gu-rated-asked")).to_have_text(NASTY)
    expect(page).to_have_title("genui")


def test_a_long_text_unfolds(server: Server, past: Past, page: Page) -> None:
    key = "a-visitor-who-was-told-a-long-story"
    past.rated(past.made("And then it rained. " * 60, key=key), key)
    row = rows(ratings(page, server, key)).first
    more = row.get_by_role("button", name="Show all")
    more.click()
    expect(row.get_by_role("button", name="Show less")).to_be_visible()
    text = row.locator(".gu-rated-text")
    assert text.evaluate("node => node.scrollHeight <= node.clientHeight + 2")


def test_withdraw_and_undo(server: Server, past: Past, page: Page) -> None:
    made = past.made("Regretted", model="second")
    past.rated(made, reasons=("creative",), stars=2, comment="hm")
    tab = ratings(page, server)
    row = rows(tab).first
    row.get_by_role("button", name="Withdraw").click()
    expect(row).to_contain_text("no longer counts")
    assert past.now(made) is None
    row.get_by_role("button", name="Undo").click()
    expect(row).to_contain_text("Regretted")
    now = past.now(made)
    assert now is not None
    assert (now.thumb, now.stars, now.reasons, now.comment) == ("up", 2, ("creative",), "hm")
    row.get_by_role("button", name="Withdraw").click()
    expect(row).to_contain_text("no longer counts")


def test_exports_hold_the_visitors_own_results(server: Server, page: Page, tmp_path: Path) -> None:
    tab = ratings(page, server)

    def take(label: str) -> Path:
        with page.expect_download() as waiting:
            tab.get_by_role("button", name=re.compile(label)).click()
        path = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(path)
        return path

    lines = [json.loads(line) for line in take("JSON Lines").read_text("utf-8").splitlines()]
    said = {line["generation"]["text"] for line in lines}
    assert "Answer 1" in said
    assert not any(text.startswith("Secret") for text in said)
    assert all("comment" not in line for line in lines)
    tab.get_by_label("Include comments").check()
    lines = [json.loads(line) for line in take("JSON Lines").read_text("utf-8").splitlines()]
    assert NASTY in {line.get("comment") for line in lines}
    assert pq.read_table(take("Parquet")).num_rows == 10
    kto = [json.loads(line) for line in take("KTO").read_text("utf-8").splitlines()]
    assert {row["label"] for row in kto} == {True, False}
    dpo = [json.loads(line) for line in take("DPO").read_text("utf-8").splitlines()]
    assert {row["rejected"][0]["content"] for row in dpo} == {"Answer 0"}


def test_another_visitor_sees_the_sums_and_nothing_else(
    server: Server, visitor: Callable[..., Page]
) -> None:
    page = visitor()
    tab = ratings(page, server, "a-third-browser-that-made-nothing-yet")
    expect(tab.locator(".gu-bars li", has_text="first")).to_contain_text("8 thumbs")
    expect(tab).to_contain_text("stays theirs")
    expect(rows(tab)).to_have_count(0)
    expect(tab).not_to_contain_text("Answer")
    tab.get_by_role("button", name=re.compile("JSON Lines")).click()
    expect(tab).to_contain_text("nothing to export yet")


def test_a_shared_server_shows_and_exports_what_was_rated_for_all(
    models_dir: Path, tmp_path: Path, page: Page
) -> None:
    server = Server(tmp_path / "data", models_dir, feedback="shared", auth="host:a,guest:b")
    past = Past(server.data)
    past.rated(past.made("Told it stays here", key=OTHER), OTHER, sharing="local")
    past.rated(past.made("Told it is public", key=OTHER), OTHER, sharing="shared")
    past.store.close()
    server.start()
    try:
        for user, password, exported in (
            ("guest", "b", ["Told it is public"]),
            ("host", "a", ["Told it stays here", "Told it is public"]),
        ):
            page.goto(server.url)
            page.get_by_label("username").fill(user)
            page.get_by_label("password").fill(password)
            page.get_by_role("button", name="Login").click()
            expect(page.get_by_role("tab", name="Ratings")).to_be_visible()
            tab = ratings(page, server)
            expect(rows(tab)).to_have_count(1)
            expect(rows(tab)).to_contain_text("Told it is public")
            with page.expect_download() as waiting:
                tab.get_by_role("button", name=re.compile("JSON Lines")).click()
            lines = Path(waiting.value.path()).read_text("utf-8").splitlines()
            assert [json.loads(line)["generation"]["text"] for line in lines] == exported
            page.context.clear_cookies()
    finally:
        server.stop()


def test_an_empty_tab_invites(models_dir: Path, tmp_path: Path, page: Page) -> None:
    server = Server(tmp_path / "data", models_dir).start()
    try:
        page.goto(f"{server.url}/?tab=ratings")
        expect(page.get_by_text("Nobody has rated anything yet")).to_be_visible()
        for tab, label in (("Text", "Write with a model"), ("Image", "Draw a picture")):
            there = page.get_by_role("tab", name=tab).count()
            expect(page.get_by_role("button", name=label)).to_have_count(there)
        page.get_by_role("button", name="Write with a model").click()
        expect(page.get_by_role("tab", name="Text")).to_have_attribute("aria-selected", "true")
    finally:
        server.stop()
