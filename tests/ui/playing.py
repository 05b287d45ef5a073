"""What tests of the Music tab share: what a visitor does there."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect


def arrive(page: Page, live: str) -> Locator:
    """Open Music; returns what our script drew."""
    page.goto(f"{live}/?tab=audio")
    page.get_by_role("radio", name="Music").click()
    stage = page.locator("#music-stage")
    expect(stage.get_by_label("What to play")).to_be_visible()
    return stage


def compose(stage: Locator, words: str = "8 bars") -> Locator:
    """Compose; returns the card of the tune."""
    cards = stage.locator("article.gu-sound")
    before = cards.count()
    stage.get_by_label("What to play").fill(words)
    stage.get_by_role("button", name="Compose", exact=True).click()
    expect(cards).to_have_count(before + 1)
    return cards.first


def finished(card: Locator) -> Locator:
    """The card, when its tune is whole and engraved and one may choose other notes."""
    expect(card.get_by_role("link", name="Download WAV")).to_be_visible()
    expect(card.get_by_role("button", name="Continue")).to_be_enabled()
    expect(card.locator(".gu-paper .abcjs-note").first).to_be_visible()
    return card


def fetched(page: Page, card: Locator, form: str) -> bytes:
    """The bytes behind one of a card's downloads."""
    address = card.get_by_role("link", name=f"Download {form}", exact=True).get_attribute("href")
    answer = page.request.get(f"{page.url.partition('?')[0]}{address}")
    assert answer.ok, (form, answer.text())
    return answer.body()


def choose(page: Page, label: str, option: str) -> None:
    """Choose in one of the dropdowns at the side."""
    page.locator("#audio-music").get_by_label(label, exact=True).click()
    page.get_by_role("option", name=option).click()


def cards_of(page: Page, what: str) -> Any:
    """`what` of every card, oldest first, as the script knows it."""
    return page.evaluate(f"genui.music.tab.cards.map((card) => card.{what})")
