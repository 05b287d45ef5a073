"""Sound in the Audio tab: a tiny real MusicGen behind the real page."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from gradio_client import Client
from playwright.sync_api import Locator, Page, expect

from tests.tiny_sounds import RATE, musicgen
from tests.ui.serving import Server

HOSTILE = '${alert(1)} <img src=x onerror="alert(2)"> cat'


@pytest.fixture(scope="module")
def server(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running `app.py` with a tiny stereo MusicGen."""
    folder = musicgen(tmp_path_factory.mktemp("models") / "tiny", channels=2)
    server = Server(
        tmp_path_factory.mktemp("data"), models_dir, model=json.dumps([str(folder)]), threads="1"
    )
    try:
        server.start()
        # the first request loads the model's libraries, which takes its time on a busy machine
        Client(server.url, verbose=False).predict("x", options={"seconds": 0.5}, api_name="/sound")
        yield server
    finally:
        server.stop()


def arrive(page: Page, server: Server) -> Locator:
    """Open the tab at Sound; returns its column."""
    page.goto(f"{server.url}/?tab=audio")
    page.get_by_role("radio", name="Sound").or_(
        page.get_by_role("button", name="Sound", exact=True)
    ).first.click()
    part = page.locator("#audio-sound")
    expect(part.get_by_role("button", name="Make", exact=True)).to_be_visible()
    return part


def made(part: Locator, seconds: float = 1, prompt: str | None = None) -> Locator:
    """Make a sound; returns its card, once the file is there."""
    cards = part.locator("article.gu-sound")
    before = cards.count()
    if prompt is not None:
        part.get_by_label("Sound to make").fill(prompt)
    number = part.get_by_role("spinbutton", name="number input for Seconds")
    number.fill(str(seconds))
    number.blur()
    part.get_by_role("button", name="Make", exact=True).click()
    expect(cards).to_have_count(before + 1)
    card = cards.first
    expect(card.get_by_role("link", name="Download WAV")).to_be_visible()
    return card


def test_words_become_a_sound_that_plays_and_is_rated(page: Page, server: Server) -> None:
    part = arrive(page, server)
    card = made(part, 1)
    expect(card.get_by_role("heading")).to_have_text("rain on a tin roof, far thunder")
    expect(card).to_contain_text("1 seconds asked")
    expect(card).to_contain_text("Seed 1")
    # played at the file's own rate, without another click
    page.wait_for_function("genui.sound.context.state === 'running'")
    assert page.evaluate("genui.sound.context.sampleRate") == RATE
    rail = card.get_by_role("slider", name="Place in the sound")
    expect(rail).to_have_attribute("aria-valuemax", "1.0")
    page.wait_for_function(
        "Number(document.querySelector('#audio-sound .gu-rail').ariaValueNow) >= 0.9"
    )
    expect(card.locator(".gu-strip").get_by_role("button").first).to_be_enabled()
    address = card.get_by_role("link", name="Download WAV").get_attribute("href")
    answer = page.request.get(f"{page.url.partition('?')[0]}{address}")
    samples, rate = soundfile.read(io.BytesIO(answer.body()), always_2d=True)
    assert (rate, samples.shape) == (RATE, (RATE, 2))
    assert 0 < np.abs(samples).max() < 0.99


def test_a_reload_finds_it_and_words_stay_words(page: Page, server: Server) -> None:
    part = arrive(page, server)
    made(part, 0.5, HOSTILE)
    page.reload()
    part = page.locator("#audio-sound")  # the page remembers which part was open
    card = part.locator("article.gu-sound").first
    expect(card.get_by_role("heading")).to_have_text(HOSTILE)
    card.get_by_role("button", name="Edit").click()
    expect(part.get_by_label("Sound to make")).to_have_value(HOSTILE)
    expect(part.get_by_role("spinbutton", name="number input for Seconds")).to_have_value("0.5")


def test_stop_keeps_what_is_there(page: Page, server: Server) -> None:
    part = arrive(page, server)
    part.get_by_role("spinbutton", name="number input for Seconds").fill("240")
    part.get_by_role("spinbutton", name="number input for Seconds").blur()
    part.get_by_role("button", name="Make", exact=True).click()
    card = part.locator("article.gu-sound").first
    expect(card.locator(".gu-status-text")).to_contain_text("frames")
    card.get_by_role("button", name="Stop").click()
    expect(card.get_by_role("link", name="Download WAV")).to_be_visible()
    expect(card).to_contain_text("what was made is kept")


def test_an_empty_box_is_one_sentence(page: Page, server: Server) -> None:
    part = arrive(page, server)
    part.get_by_label("Sound to make").fill(" ")
    part.get_by_role("button", name="Make", exact=True).click()
    expect(part.get_by_role("alert")).to_have_text("Write what you want to hear first.")
    expect(part.locator("article.gu-sound")).to_have_count(0)


def test_models_that_need_a_gpu_say_so(page: Page, server: Server) -> None:
    part = arrive(page, server)
    part.get_by_label("Model").click()
    page.get_by_role("option", name="ACE-Step 1.5").click()
    expect(part.locator(".gu-licence").first).to_contain_text("needs a GPU; this machine has none")
    expect(part.get_by_role("spinbutton", name="number input for Seconds")).to_have_value("30")
    part.get_by_role("button", name="Make", exact=True).click()
    expect(part.get_by_role("alert")).to_contain_text("needs a GPU")


def tone(folder: Path, name: str = "hum.wav") -> Path:
    """A second of a sine that a visitor may upload."""
    path = folder / name
    soundfile.write(path, 0.3 * np.sin(np.arange(8000) / 4), 8000)
    return path


def test_a_sound_of_ones_own_is_continued_and_comes_back(
    page: Page, server: Server, tmp_path: Path
) -> None:
    part = arrive(page, server)
    choose = part.get_by_label("Start from a sound")
    lie = tmp_path / "song.mp3"
    for content in (b"", b"<!doctype html>", b"RIFF\x00\x00\x00\x00WAVEfmt "):
        lie.write_bytes(content)
        choose.set_input_files(lie)
        expect(part.get_by_role("alert")).to_contain_text("This file is no sound")
    choose.set_input_files(tone(tmp_path))
    expect(part.locator(".gu-start-name")).to_have_text("hum.wav 1.0 s")
    expect(part.get_by_role("alert")).to_have_count(0)
    card = made(part, 0.5)
    expect(card).to_contain_text("Goes on from a sound")
    expect(card.get_by_role("slider", name="Place in the sound")).to_have_attribute(
        "aria-valuemax", "1.5"
    )
    page.reload()  # the sound is kept, and its right with this browser
    part = page.locator("#audio-sound")
    expect(part.locator(".gu-start-name")).to_contain_text("A sound")
    part.get_by_role("button", name="Remove", exact=True).click()
    expect(part.locator(".gu-sound-well")).to_be_visible()
    part.get_by_role("button", name="Start from it").first.click()
    expect(part.locator(".gu-start-name")).to_contain_text("1.5 s")


def test_only_what_a_model_takes_is_shown(page: Page, server: Server) -> None:
    part = arrive(page, server)
    lyrics, uses = part.get_by_label("Lyrics"), part.get_by_role("radiogroup")
    expect(lyrics).to_be_hidden()
    expect(uses).to_have_count(0)  # MusicGen can only continue
    part.get_by_role("button", name="More").click()
    expect(part.get_by_role("spinbutton", name="number input for Temperature")).to_be_visible()
    expect(part.get_by_label("Not to hear")).to_be_hidden()

    def choose(model: str) -> None:
        part.get_by_label("Model").click()
        page.get_by_role("option", name=model).click()

    choose("ACE-Step 1.5")
    lyrics.fill("[verse] rain")
    expect(part.get_by_role("spinbutton", name="number input for Steps")).to_have_value("8")
    expect(part.get_by_role("spinbutton", name="number input for Temperature")).to_be_hidden()
    choose("Stable Audio Open")
    expect(part.get_by_label("Not to hear")).to_be_visible()
    expect(part.get_by_role("spinbutton", name="number input for Steps")).to_have_value("100")
    expect(lyrics).to_be_hidden()


def test_without_a_model_the_part_is_left_out(page: Page, live: str) -> None:
    page.goto(f"{live}/?tab=audio")
    expect(page.get_by_role("button", name="Speak", exact=True)).to_be_visible()
    expect(page.locator("#audio-sound")).to_have_count(0)
