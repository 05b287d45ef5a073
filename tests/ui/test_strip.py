"""The feedback strip in a real browser: durable before thanks, calm, and hard to lose."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from genui.records import Generation, Request
from genui.settings import Settings
from genui.studio import Studio
from tests.ui.serving import KEY, SCRIPT, Past, Server

NASTY = "<script>document.title='gone'</script> ${document.title='gone'} \u202etfel"


@pytest.fixture(scope="module")
def server(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that the tests of this module share; one of them kills it and starts it again."""
    server = Server(tmp_path_factory.mktemp("strip"), models_dir).start()
    yield server
    server.stop()


@pytest.fixture
def past(server: Server) -> Iterator[Past]:
    past = Past(server.data)
    yield past
    past.store.close()


@pytest.fixture
def result(past: Past) -> Generation:
    """A fresh result, the newest of the visitor with `KEY`."""
    return past.made("The sea keeps its own calendar.", "Write about the sea.")


@pytest.fixture
def offline_page(browser: Browser) -> Iterator[Page]:
    """A page that may complain of a missing server; `page` lets nothing pass."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def strip(page: Page, server: Server, tab: str = "text") -> Locator:
    """The strip under the newest result of the visitor with `KEY`."""
    page.add_init_script(SCRIPT)
    page.goto(f"{server.url}/?tab={tab}")
    found = page.get_by_role("group", name="Rate this result").locator("visible=true").first
    expect(found.get_by_role("button", name="Good result")).to_be_enabled()
    return found


def events(server: Server, generation: Generation) -> list[tuple[object, ...]]:
    """The rating events of a result as they lie on disk, oldest first."""
    with sqlite3.connect(server.data / "genui.db") as database:
        return database.execute(
            "SELECT thumb, stars, reasons, comment, withdrawn FROM ratings WHERE generation = "
            "(SELECT seq FROM generations WHERE id = ?) ORDER BY seq",
            (generation.id,),
        ).fetchall()


def until(condition: Callable[[], bool]) -> None:
    """Wait until something outside the page is so."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_rating_is_on_disk_when_the_page_says_thanks(
    server: Server, result: Generation, offline_page: Page
) -> None:
    rate = strip(offline_page, server)
    rate.get_by_role("button", name="Good result").click()
    expect(rate.get_by_role("status")).to_have_text("Thanks")
    server.kill()
    assert events(server, result) == [("up", None, "[]", '""', 0)]
    server.start()


def test_a_real_sound_is_rated(models_dir: Path, server: Server, past: Past, page: Page) -> None:
    settings = Settings(data_dir=server.data, warm=False)
    studio = Studio(settings)
    voice = studio.catalog.default("speech")
    job = studio.submit(
        past.identity.session(KEY),
        Request(kind="speech", model=voice.id, inputs={"text": "Good morning."}, seed=3),
    )
    until(lambda: job.done)
    (made,) = past.store.history(past.identity.session(KEY), "speech", 1)
    page.add_init_script(SCRIPT)
    page.goto(f"{server.url}/?tab=audio")
    rate = page.get_by_role("group", name="Rate this result").first
    expect(rate.get_by_role("button", name="Bad result")).to_be_disabled()
    page.get_by_role("button", name="Play", exact=True).first.click()  # who has listened may rate
    rate.get_by_role("button", name="Bad result").click()
    expect(rate.get_by_role("status")).to_have_text("Thanks")
    rate.get_by_role("button", name="Mispronounced").click()
    until(lambda: len(events(server, made)) == 2)
    assert events(server, made)[-1] == ("down", None, '["mispronounced"]', '""', 0)


def test_reasons_follow_the_thumb_and_a_reload_shows_the_choice(
    server: Server, past: Past, result: Generation, page: Page
) -> None:
    rate = strip(page, server)
    expect(rate.get_by_role("button", name="Helpful")).to_be_hidden()
    rate.get_by_role("button", name="Good result").click()
    rate.get_by_role("button", name="Helpful").click()
    rate.get_by_role("button", name="Bad result").click()
    expect(rate.get_by_role("button", name="Helpful")).to_have_count(0)
    rate.get_by_role("button", name="Repetitive").click()
    rate.get_by_role("button", name="Add a comment").click()
    rate.get_by_role("textbox", name="Comment").fill(NASTY)
    rate.get_by_role("button", name="Save comment").click()
    expect(rate.get_by_role("status")).to_have_text("Thanks")
    now = past.now(result)
    assert now is not None
    assert (now.thumb, now.reasons, now.comment) == ("down", ("repetitive",), NASTY)

    rate = strip(page, server)
    expect(rate.get_by_role("button", name="Bad result")).to_have_attribute("aria-pressed", "true")
    expect(rate.get_by_role("button", name="Repetitive")).to_have_attribute("aria-pressed", "true")
    rate.get_by_role("button", name="Your comment").click()
    expect(rate.get_by_role("textbox", name="Comment")).to_have_value(NASTY)
    expect(page).to_have_title("genui")


def test_undo_takes_the_rating_back(
    server: Server, past: Past, result: Generation, page: Page
) -> None:
    rate = strip(page, server)
    rate.get_by_role("radio", name="4 stars").click()
    expect(rate.get_by_role("status")).to_have_text("Thanks")
    rate.get_by_role("button", name="Undo").click()
    expect(rate.get_by_role("status")).to_have_text("Taken back")
    expect(rate.get_by_role("button", name="Undo")).to_be_hidden()
    assert past.now(result) is None
    assert [bool(event[-1]) for event in events(server, result)] == [False, True]


def test_a_double_click_says_it_once(server: Server, result: Generation, page: Page) -> None:
    rate = strip(page, server)
    rate.get_by_role("button", name="Good result").dblclick()
    expect(rate.get_by_role("status")).to_have_text("Thanks")
    rate.get_by_role("button", name="Good result").click()
    rate.get_by_role("radio", name="5 stars").click()
    until(lambda: len(events(server, result)) >= 2)
    assert [event[:2] for event in events(server, result)] == [("up", None), ("up", 5)]


def test_the_keyboard_is_enough(server: Server, past: Past, result: Generation, page: Page) -> None:
    rate = strip(page, server)
    good, bad = (rate.get_by_role("button", name=f"{name} result") for name in ("Good", "Bad"))
    good.focus()
    page.keyboard.press("d")
    expect(bad).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("3")
    expect(rate.get_by_role("radio", name="3 stars")).to_be_checked()
    rate.get_by_role("radio", name="3 stars").focus()
    page.keyboard.press("ArrowRight")
    expect(rate.get_by_role("radio", name="4 stars")).to_be_focused()
    expect(rate.get_by_role("radio", name="4 stars")).to_be_checked()
    rate.get_by_role("button", name="Add a comment").press("Enter")
    page.keyboard.type("du5")  # in the comment these are letters
    page.keyboard.press("Control+Enter")
    until(lambda: events(server, result)[-1][3] == '"du5"')
    now = past.now(result)
    assert now is not None
    assert (now.thumb, now.stars, now.comment) == ("down", 4, "du5")


def test_a_rating_waits_for_the_server_even_over_a_reload(
    server: Server, past: Past, result: Generation, offline_page: Page
) -> None:
    rate = strip(offline_page, server)
    server.kill()
    rate.get_by_role("button", name="Bad result").click()
    expect(rate.get_by_role("status")).to_contain_text("No connection")
    server.start()
    expect(rate.get_by_role("status")).to_have_text("Thanks")
    assert [event[0] for event in events(server, result)] == ["down"]

    server.kill()
    rate.get_by_role("button", name="Good result").click()
    expect(rate.get_by_role("status")).to_contain_text("No connection")
    server.start()
    rate = strip(offline_page, server)
    expect(rate.get_by_role("button", name="Good result")).to_have_attribute("aria-pressed", "true")
    until(lambda: [event[0] for event in events(server, result)] == ["down", "up"])


def test_a_refusal_is_a_sentence_and_the_choice_stays(
    server: Server, result: Generation, page: Page
) -> None:
    rate = strip(page, server)
    with sqlite3.connect(server.data / "genui.db") as database:  # somebody holds the only lock
        database.execute("BEGIN IMMEDIATE")
        rate.get_by_role("button", name="Good result").click()
        expect(rate.get_by_role("status")).to_contain_text("does not answer")
        expect(rate.get_by_role("button", name="Good result")).to_have_attribute(
            "aria-pressed", "true"
        )
        database.rollback()
    rate.get_by_role("button", name="Try again").click()
    expect(rate.get_by_role("status")).to_have_text("Thanks")
    assert [event[0] for event in events(server, result)] == ["up"]


def test_nothing_below_jumps_and_targets_fit_a_thumb(
    server: Server, result: Generation, visitor: Callable[..., Page]
) -> None:
    page = visitor(viewport={"width": 390, "height": 844}, has_touch=True)
    rate = strip(page, server)
    line = rate.locator(".gu-strip-line")
    before = line.bounding_box()
    rate.get_by_role("button", name="Good result").tap()
    expect(rate.get_by_role("status")).to_have_text("Thanks")
    after = line.bounding_box()
    assert before is not None
    assert after is not None
    assert after["height"] == before["height"]
    for button in rate.get_by_role("button").locator("visible=true").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 40, button.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_the_strip_says_where_a_rating_goes(server: Server, result: Generation, page: Page) -> None:
    expect(strip(page, server)).to_contain_text(re.compile("Stays on this server, CC BY 4.0"))


def test_without_feedback_there_is_no_strip(models_dir: Path, tmp_path: Path, page: Page) -> None:
    server = Server(tmp_path, models_dir, feedback="off")
    past = Past(server.data)
    past.made("Unrated.")
    server.start()
    try:
        page.add_init_script(SCRIPT)
        page.goto(f"{server.url}/?tab=text")
        expect(page.get_by_text("Unrated.").locator("visible=true").first).to_be_visible()
        expect(page.get_by_role("group", name="Rate this result")).to_have_count(0)
    finally:
        server.stop()
        past.store.close()
