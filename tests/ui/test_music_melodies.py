"""Music from a melody, as a visitor meets it: filled, gone on from, varied, morphed."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from genui.music import abc
from genui.music.shape import regular
from tests.tiny_tunes import JIG
from tests.ui.playing import arrive, cards_of, fetched, finished

HOSTILE = JIG.replace("A jig for tests", "<img src=x onerror=window.bad=1> ${alert(1)}")


@pytest.fixture
def live(playing: str) -> str:
    return playing


def test_a_melody_to_start_from(page: Page, live: str) -> None:
    stage = arrive(page, live)
    opener = stage.get_by_label("Start from: open MIDI, ABC or MusicXML")
    for name, data in (("broken.mid", b"MThd\0\0\0\6\0\1"), ("notes.xml", b"<!DOCTYPE a><b>")):
        opener.set_input_files([{"name": name, "mimeType": "audio/midi", "buffer": data}])
        expect(stage.locator(".gu-melody .gu-notice.error")).to_be_visible()
        stage.get_by_label("Start from: a stored tune").select_option(label="Amazing Grace")
        expect(stage.locator(".gu-melody .gu-notice")).to_have_count(0)
    opener.set_input_files(
        [{"name": "a.abc", "mimeType": "text/plain", "buffer": HOSTILE.encode()}]
    )
    expect(stage.locator(".gu-melody-name").first).to_contain_text("<img src=x")
    stage.get_by_role("radio", name="Fill bars").click()
    stage.get_by_label("From bar").fill("3")
    stage.get_by_label("To bar").fill("4")
    stage.get_by_role("button", name="Fill bars", exact=True).click()
    card = finished(stage.locator("article.gu-sound").first)
    given, made = abc.read(JIG), abc.read(fetched(page, card, "ABC").decode())
    kept = [i for i in range(16) if i not in (2, 3)]
    bars = [
        [[(e.pitch, e.ticks) for e in bar.events] for bar in t.written()] for t in (given, made)
    ]
    assert [bars[0][i] for i in kept] == [bars[1][i] for i in kept]
    assert [bars[0][i] for i in (2, 3)] != [bars[1][i] for i in (2, 3)]
    assert page.evaluate("window.bad") is None
    stage.get_by_role("button", name="Remove", exact=True).first.click()
    stage.get_by_role("button", name="Piano").first.click()
    for key in "dddfghjk":
        page.keyboard.press(key)
    expect(stage.locator(".gu-melody-name").first).to_contain_text("2 bars")
    stage.get_by_role("radio", name="Continue").click()
    stage.get_by_role("button", name="Continue", exact=True).first.click()
    expect(stage.locator("article.gu-sound")).to_have_count(2)
    finished(stage.locator("article.gu-sound").first)


def bars_of(text: str) -> list[list[tuple[int | None, int]]]:
    """Pitch and ticks of what stands in each bar."""
    return [[(e.pitch, e.ticks) for e in bar.events] for bar in regular(abc.read(text)).written()]


def stored(page: Page, stage: Locator, which: str, title: str) -> str:
    """Choose a stored tune; returns its ABC."""
    stage.get_by_label(f"{which}: a stored tune").select_option(label=title)
    found: Any = page.evaluate("genui.music.tab.config.stored")
    return next(str(tune["abc"]) for tune in found if tune["title"] == title)


def test_a_melody_is_varied_and_its_phrases_stay(page: Page, live: str) -> None:
    stage = arrive(page, live)
    given = bars_of(stored(page, stage, "Start from", "Ode to Joy"))
    stage.get_by_role("radio", name="Vary").click()
    stage.get_by_role("button", name="Vary", exact=True).click()
    card = finished(stage.locator("article.gu-sound").first)
    made = bars_of(fetched(page, card, "ABC").decode())
    assert len(made) == len(given)
    assert made[0] == given[0]
    assert made != given
    expect(card.get_by_text("After Ode to Joy")).to_be_visible()
    assert cards_of(page, "request.inputs.mode") == ["vary"]
    card.get_by_role("button", name="Variation").click()  # once more, from the result
    other = finished(stage.locator("article.gu-sound").first)
    assert cards_of(page, "request.inputs.start")[1] == cards_of(page, "abc")[0]
    assert bars_of(fetched(page, other, "ABC").decode()) != made


def test_a_melody_leads_over_into_another(page: Page, live: str) -> None:
    stage = arrive(page, live)
    given = bars_of(stored(page, stage, "Start from", "Ode to Joy"))
    stage.get_by_role("radio", name="Morph").click()
    morph = stage.get_by_role("button", name="Morph", exact=True)
    morph.click()
    expect(stage.get_by_text("Choose a second melody to arrive at.")).to_be_visible()
    stored(page, stage, "Arrive at", "Twinkle, Twinkle, Little Star")
    morph.click()
    card = finished(stage.locator("article.gu-sound").first)
    made = bars_of(fetched(page, card, "ABC").decode())
    expect(card.get_by_text("Away from Ode to Joy")).to_be_visible()
    assert len(made) > 8
    assert made[0] == given[0]
