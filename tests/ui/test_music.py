"""Music in the Audio tab as a visitor meets it: tiny real models behind the real page."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile
from playwright.sync_api import Browser, Page, expect

from genui import provenance
from genui.music import abc
from tests.ui.playing import arrive, cards_of, choose, compose, fetched, finished

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
LOADING = 180_000  # ms; the first tune waits for torch, which a busy machine loads slowly
FORMS = ("WAV", "FLAC", "MP3", "OGG", "MIDI", "ABC", "MusicXML")


@pytest.fixture
def live(playing: str) -> str:
    return playing


def test_one_click_composes_and_every_download_carries_the_tune(
    page: Page, live: str, visitor: Callable[..., Page], tmp_path: Path
) -> None:
    stage = arrive(page, live)
    card = compose(stage, "a jig in D major, 8 bars, on the flute")
    expect(card.get_by_role("button", name="Pause")).to_be_visible(timeout=LOADING)
    finished(card)
    assert page.evaluate("genui.sound.context.sampleRate") == 32_000
    files = {form: fetched(page, card, form) for form in FORMS}
    for form in FORMS[:4]:
        info = soundfile.info(io.BytesIO(files[form]))
        assert (info.samplerate, info.channels) == (32_000, 2), form
    assert files["MIDI"].startswith(b"MThd")
    assert b"<score-partwise" in files["MusicXML"]
    tune = abc.read(files["ABC"].decode())
    assert (tune.bars, str(tune.key), tune.kind) == (8, "D major", "jig")
    assert card.locator(".gu-paper .abcjs-note, .gu-paper .abcjs-rest").count() == len(
        list(tune.events())
    )
    expect(card.locator(".gu-score .now")).to_be_visible()  # the cursor in the score
    for form in FORMS:
        (tmp_path / f"mine.{form.lower()}").write_bytes(files[form])
        assert provenance.read(tmp_path / f"mine.{form.lower()}").request.kind == "music"
    other = visitor()
    theirs = arrive(other, live)
    assert theirs.locator("article.gu-sound").count() == 0
    theirs.get_by_label("Open a tune made by genui").set_input_files(tmp_path / "mine.wav")
    expect(theirs.get_by_text("mine.wav, made again. Identical")).to_be_visible()
    expect(theirs.get_by_label("What to play")).to_have_value(re.compile("^a jig"))


def test_an_empty_box_is_what_it_suggests_unless_something_is_chosen(page: Page, live: str) -> None:
    stage = arrive(page, live)
    box = stage.get_by_label("What to play")
    suggested = box.get_attribute("placeholder")
    assert suggested == "a happy jig in D major, 16 bars"
    card = finished(compose(stage, ""))
    tune = abc.read(fetched(page, card, "ABC").decode())
    assert (tune.kind, str(tune.key), tune.bars) == ("jig", "D major", 16)
    assert cards_of(page, "generation.request.inputs.prompt") == [suggested]
    expect(card.get_by_role("heading", name=suggested)).to_be_visible()
    expect(box).to_have_value("")
    choose(page, "Bars", "24")
    page.wait_for_function("genui.music.settings.bars === 24")
    finished(compose(stage, ""))
    assert cards_of(page, "generation.request.inputs.prompt ?? ''")[1] == ""
    assert cards_of(page, "bars")[1] == 24


def test_stop_keeps_what_there_is_and_a_reload_finds_all(page: Page, live: str) -> None:
    stage = arrive(page, live)
    choose(page, "Model", "Tunes, by a transformer")  # the real one: slow enough to be stopped
    for _ in range(3):  # two are made at once: the last one is still to come
        compose(stage, "64 bars")
        page.wait_for_timeout(700)  # sooner, it would count as a double click
    page.wait_for_function(
        """() => { // at its first bar, before a hand could
          const card = genui.music.tab.cards.at(-1);
          if (!card.bars) return false;
          card.node.querySelector(".gu-stop").click();
          return true;
        }""",
        timeout=LOADING,
    )
    cards = stage.locator("article.gu-sound")
    expect(stage.get_by_text(re.compile("Stopped after .*; what was made is kept"))).to_be_visible()
    assert 0 < abc.read(fetched(page, finished(cards.first), "ABC").decode()).bars < 64
    compose(stage, "32 bars")
    page.reload()
    expect(cards).to_have_count(4)
    expect(stage.get_by_label("What to play")).to_have_value("32 bars")
    assert abc.read(fetched(page, finished(cards.first), "ABC").decode()).bars == 32


def test_another_note_is_chosen_by_keyboard_and_the_tune_goes_on(page: Page, live: str) -> None:
    stage = arrive(page, live)
    card = finished(compose(stage))
    score = card.get_by_role("group", name=re.compile("Sheet music"))
    card.get_by_role("button", name="Pause").click()
    expect(card.get_by_role("button", name="Play", exact=True)).to_be_visible()
    score.focus()
    page.evaluate("genui.music.tab.cards[0].score.show(5)")
    score.press("Home")
    for _ in range(3):
        score.press("ArrowRight")
    page.wait_for_function("genui.music.tab.cards[0].score.at === 8")
    for key in ("Enter", "Escape"):
        score.press(key) if key == "Enter" else page.keyboard.press(key)
    expect(score).to_be_focused()
    at = page.evaluate("[...genui.music.tab.cards[0].heard.keys()].find((event) => event > 3)")
    card.locator(".gu-paper :is(.abcjs-note, .abcjs-rest)").nth(at).click(force=True)
    others = card.get_by_role("dialog")
    expect(others).to_contain_text("Which note")
    others.locator("button:enabled").first.click()
    expect(stage.locator("article.gu-sound")).to_have_count(2)
    finished(stage.locator("article.gu-sound").first)
    old, new = cards_of(page, "row")
    token = page.evaluate(f"genui.music.tab.cards[0].heard.get({at}).token")
    assert new[:token] == old[:token]
    assert new[token] != old[token]
    older = stage.locator("article.gu-sound").nth(1)
    older.get_by_role("button", name="Open this result").click()
    older.get_by_role("button", name="How sure").click()
    expect(older.locator(".gu-paper .tinted").first).to_be_visible()
    older.get_by_role("button", name="Looks back").click()
    expect(older.get_by_text("the more the model looks back at that note")).to_be_visible()
    tinted = older.locator(".gu-paper .tinted").count()
    assert 0 < tinted < older.locator(".gu-paper :is(.abcjs-note, .abcjs-rest)").count()


def test_the_better_of_two_is_remembered(page: Page, live: str) -> None:
    stage = arrive(page, live)
    choose(page, "Model", "Both, side by side")
    page.wait_for_function("genui.music.settings.model === 'both'")
    stage.get_by_label("What to play").fill("4 bars")
    stage.get_by_role("button", name="Compose", exact=True).click()
    duet = stage.get_by_role("region", name="Two models, the same wish")
    vote = duet.get_by_role("group", name="Which one is better?")
    expect(duet.get_by_role("link", name="Download WAV")).to_have_count(2)
    (one, other) = cards_of(page, "request")
    assert one["seed"] == other["seed"]
    assert {one["model"], other["model"]} == {"transformer", "lstm"}
    expect(vote.get_by_role("button", name="lstm")).to_be_disabled()
    good = duet.get_by_role("button", name="Good result")
    expect(good.nth(0)).to_be_enabled()  # it began to play by itself
    expect(good.nth(1)).to_be_disabled()
    duet.locator("article.gu-sound").nth(1).get_by_role("button", name="Play").click()
    expect(good.nth(1)).to_be_enabled()
    vote.get_by_role("button", name="lstm").click()
    expect(vote.get_by_text("Thanks.")).to_be_visible()
    page.reload()
    expect(vote.get_by_role("button", name="lstm")).to_have_attribute("aria-pressed", "true")


def test_endless_tunes_join_without_a_gap(page: Page, live: str) -> None:
    page.add_init_script(
        """window.starts = []; const { start } = AudioBufferSourceNode.prototype;
        AudioBufferSourceNode.prototype.start = function (...at) {
          starts.push([at[0], this.buffer.duration]); return start.apply(this, at); };"""
    )
    stage = arrive(page, live)
    stage.get_by_label("What to play").fill("4 bars, tempo 240")
    stage.get_by_role("switch", name="Endless").click()
    page.wait_for_function(
        "genui.music.tab.cards.findIndex((card) => card.player.state === 'playing') > 0"
    )
    queue = page.evaluate("[genui.music.tab.radio.queue.length, genui.music.tab.cards.length]")
    assert queue[0] <= 2
    joins, total = page.evaluate(
        "(({ sound }) => [sound.joins / sound.rate, sound.seconds])(genui.music.tab.cards[0])"
    )
    starts, heard = page.evaluate("starts"), 0.0
    while heard < total - 0.001:  # the blocks of the first tune
        at, seconds = starts.pop(0)
        heard += seconds
    rings_out = total - joins
    assert abs(starts[0][0] - (at + seconds - rings_out)) < 1e-3
    stage.get_by_role("switch", name="Endless").click()
    expect(stage.get_by_role("switch", name="Endless")).not_to_be_checked()
    assert len(set(cards_of(page, "request.seed"))) == len(cards_of(page, "request.seed"))


def test_a_server_out_of_reach_is_told_and_nothing_is_lost(browser: Browser, live: str) -> None:
    context = browser.new_context()
    try:
        page = context.new_page()
        stage = arrive(page, live)
        finished(compose(stage, "a jig, 8 bars"))
        context.set_offline(True)
        stage.get_by_label("What to play").fill("a reel, 8 bars")
        stage.get_by_role("button", name="Compose", exact=True).click()
        expect(stage.get_by_role("alert")).to_contain_text("The server does not answer")
        expect(stage.locator("article.gu-sound")).to_have_count(1)
        expect(stage.get_by_label("What to play")).to_have_value("a reel, 8 bars")
        context.set_offline(False)
        finished(compose(stage, "a reel, 8 bars"))
        expect(stage.get_by_role("alert")).to_have_count(0)
    finally:
        context.close()


def test_what_cannot_be_played_is_one_sentence(page: Page, live: str) -> None:
    stage = arrive(page, live)
    for words in ("7 bars of nothing", "a jig in 4/4 at tempo 0"):
        stage.get_by_label("What to play").fill(words)
        stage.get_by_role("button", name="Compose", exact=True).click()
        expect(stage.get_by_role("alert").first).to_be_visible()
        assert stage.locator("article.gu-sound").count() == 0


def test_the_phone_fits(live: str, visitor: Callable[..., Page]) -> None:
    page = visitor(**PHONE)
    stage = arrive(page, live)
    stage.get_by_role("button", name="Piano").click()
    stage.get_by_role("button", name="Settings").click()
    expect(page.locator("#audio-music .gu-sheet-side")).to_be_visible()
    page.keyboard.press("Escape")
    card = finished(compose(stage, "a" * 200 + " 16 bars"))
    cut = "(node) => node.scrollHeight - node.clientHeight"
    assert card.locator(".gu-score").evaluate(cut) <= 1
    card.locator(".gu-paper .abcjs-note").first.click(force=True)
    expect(card.get_by_role("dialog")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for button in card.locator("button:visible, a:visible").all():
        if (box := button.bounding_box()) and "gu-star" not in (
            button.get_attribute("class") or ""
        ):
            assert box["height"] >= 30, button.inner_text()
