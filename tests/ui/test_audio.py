"""The Audio tab as a visitor meets it: the real voice behind the real page."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser, Locator, Page, expect

from genui import provenance

SHORT = "The first one is here. Then a second one follows. And the third one ends it."
LONG = " ".join(
    f"This is sentence number {n}, and it goes on for a while longer." for n in range(400)
)
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def arrive(page: Page, live: str) -> None:
    page.goto(f"{live}/?tab=audio")
    expect(page.get_by_role("button", name="Speak", exact=True)).to_be_visible()


def speak(page: Page, text: str | None = None) -> Locator:
    """Speak `text`, or what stands there; returns the card of the result."""
    cards = page.locator("article.gu-sound")
    before = cards.count()
    if text is not None:
        page.get_by_label("Text to speak").fill(text)
    page.get_by_role("button", name="Speak", exact=True).click()
    expect(cards).to_have_count(before + 1)
    return cards.first


def finished(card: Locator) -> Locator:
    expect(card.get_by_role("link", name="Download WAV")).to_be_visible()
    return card


def sound(page: Page, card: Locator, kind: str = "WAV") -> tuple[bytes, np.ndarray]:
    """The bytes and the 16-bit samples behind a card's download."""
    address = card.get_by_role("link", name=f"Download {kind}").get_attribute("href")
    answer = page.request.get(f"{page.url.partition('?')[0]}{address}")
    assert answer.ok
    samples, rate = soundfile.read(io.BytesIO(answer.body()), dtype="int16")
    assert rate == 24_000
    return answer.body(), samples


def clock(page: Page) -> float:
    """Seconds of the card's sound that were played, by the slider's own account."""
    value = page.get_by_role("slider", name="Place in the sound").first.get_attribute(
        "aria-valuenow"
    )
    return float(value or 0)


def test_one_click_gives_sound(page: Page, live: str) -> None:
    arrive(page, live)
    card = finished(speak(page))
    page.wait_for_function("genui.sound.context.state === 'running'")
    began = page.evaluate("genui.sound.context.currentTime")
    page.wait_for_function(f"genui.sound.context.currentTime > {began} + 0.2")
    expect(card.get_by_role("button", name="Pause")).to_be_visible()
    page.wait_for_function("Number(document.querySelector('.gu-rail').ariaValueNow) > 0.5")
    loudest = page.evaluate(
        """async () => {
          const answer = await fetch(document.querySelector(".gu-file").href);
          const sound = await new OfflineAudioContext(1, 1, 24000)
            .decodeAudioData(await answer.arrayBuffer());
          return sound.getChannelData(0).reduce((most, now) => Math.max(most, Math.abs(now)), 0);
        }"""
    )
    assert 0.1 < loudest < 0.999  # neither silent nor clipped


def test_the_picture_shows_the_sound(page: Page, live: str) -> None:
    arrive(page, live)
    finished(speak(page, SHORT))
    inked = """selector => {
      const canvas = document.querySelector(selector), { width, height } = canvas;
      const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
      return new Set(new Uint32Array(data.buffer)).size;
    }"""
    page.wait_for_function(f"({inked})('.gu-heat') > 100")  # many shades of loud
    page.wait_for_function(f"({inked})('.gu-wave') > 1")
    expect(page.locator(".gu-ticks i")).to_have_count(2)  # between three sentences
    # a pure tone lights up one band and nothing far from it
    bands = page.evaluate(
        """() => {
          const trace = new genui.scope.Trace();
          trace.push(Int16Array.from({ length: 24000 },
            (_, i) => 32767 * Math.sin(2 * Math.PI * 1000 * i / 24000)));
          return Array.from(trace.bands.slice(60 * 96, 61 * 96));
        }"""
    )
    top = int(np.argmax(bands))
    assert abs((top + 0.5) / 96 - page.evaluate("genui.scope.height(1000)")) < 0.02
    assert bands[top] == 255
    assert max(bands[:20] + bands[80:]) < 40


def test_memory_for_a_sound_is_constant(page: Page, live: str) -> None:
    arrive(page, live)
    step, count, loudest, kept = page.evaluate(
        """() => {
          const trace = new genui.scope.Trace(false), second = new Int16Array(24000);
          second[12000] = 16384;
          for (let i = 0; i < 600; i += 1) trace.push(second);
          return [trace.step, trace.count, trace.loudest, trace.peaks.length];
        }"""
    )
    assert kept == 4096
    assert count * step <= 600 * 24_000 < (count + 1) * step
    assert loudest == 0.5


def test_sentences_are_heard_before_the_end_and_stop_keeps_them(
    page: Page, live: str, tmp_path: Path
) -> None:
    arrive(page, live)
    card = speak(page, LONG)
    page.wait_for_function(
        """() => document.querySelector(".gu-stop")?.offsetParent
          && document.querySelector(".gu-sentence.now")
          && genui.sound.context.state === "running" """
    )
    card.get_by_role("button", name="Stop", exact=True).click()
    expect(finished(card).get_by_text(re.compile("Stopped after .*kept"))).to_be_visible()
    data, samples = sound(page, card)
    (tmp_path / "part.wav").write_bytes(data)
    record = provenance.read(tmp_path / "part.wav")
    assert record.status == "stopped"
    assert len(samples) > 24_000
    assert (record.text or "") in LONG
    assert card.locator(".gu-sentence").count() < 400


def test_the_word_that_is_heard_is_marked(page: Page, live: str) -> None:
    arrive(page, live)
    page.evaluate(
        """() => {
          window.marked = [];
          new MutationObserver((changes) => {
            for (const { target } of changes) {
              if (target.matches(".gu-heard.now")) marked.push(target.textContent);
            }
          }).observe(document.body, { subtree: true, attributeFilter: ["class"] });
        }"""
    )
    text = "Wonderful strawberries cost $9.99, altogether delicious."
    finished(speak(page, text))
    page.wait_for_function("marked.includes('delicious.')")
    marked, written = page.evaluate("marked"), iter(text.split())
    assert len(marked) > 3  # a busy machine may miss a short word
    assert all(word in written for word in marked)  # in their order
    page.wait_for_function("!document.querySelector('.gu-heard.now')")


def test_a_reload_finds_the_running_job(page: Page, live: str) -> None:
    arrive(page, live)
    card = speak(page, LONG)
    expect(card.locator(".gu-sentence").first).to_be_visible()
    page.reload()
    again = page.locator("article.gu-sound").first
    expect(again.locator(".gu-sentence").first).to_be_visible()
    expect(page.get_by_label("Text to speak")).to_have_value(LONG)
    expect(again.get_by_role("button", name="Play")).to_be_enabled()
    again.get_by_role("button", name="Stop", exact=True).click()
    finished(again)
    expect(page.locator("article.gu-sound")).to_have_count(1)


def test_an_edited_sentence_alone_sounds_different(page: Page, live: str) -> None:
    arrive(page, live)
    first = finished(speak(page, SHORT))
    _, before = sound(page, first)
    first.get_by_role("button", name="Phonemes").click()
    field = first.get_by_label("Phonemes of sentence 2")
    expect(first.get_by_role("button", name="Speak these")).to_be_disabled()
    field.fill("ðə sˈɛkənd wˌʌn ˈɪz lˈɔŋɡəɹ.")
    first.get_by_role("button", name="Speak these").click()
    cards = page.locator("article.gu-sound")
    expect(cards).to_have_count(2)
    _, after = sound(page, finished(cards.first))
    same = min(len(before), len(after))
    head = int(np.argmin(before[:same] == after[:same]))
    tail = int(np.argmin(before[::-1][:same] == after[::-1][:same]))
    assert min(head, tail) > 24_000  # the sentences around it: the same to the sample
    assert head + tail < same


def test_an_unknown_phoneme_is_one_sentence(page: Page, live: str) -> None:
    arrive(page, live)
    card = finished(speak(page, "Hello there."))
    card.get_by_role("button", name="Phonemes").click()
    card.get_by_label("Phonemes of sentence 1").fill("hɛ漢lo")
    card.get_by_role("button", name="Speak these").click()
    expect(page.get_by_role("alert").filter(has_text="漢")).to_be_visible()


def test_downloads_carry_their_record(page: Page, live: str, tmp_path: Path) -> None:
    arrive(page, live)
    card = finished(speak(page, SHORT))
    kept = {}
    for kind in ("WAV", "FLAC"):
        with page.expect_download() as waiting:
            card.get_by_role("link", name=f"Download {kind}").click()
        name = waiting.value.suggested_filename
        assert re.fullmatch(rf"genui-[0-9a-f]{{8}}\.{kind.lower()}", name)
        path = tmp_path / name
        waiting.value.save_as(path)
        assert soundfile.info(path).format == kind
        kept[kind] = soundfile.read(path, dtype="int16")[0]
        assert provenance.read(path).request.inputs["text"] == SHORT
    assert np.array_equal(kept["WAV"], kept["FLAC"])
    link = card.get_by_role("link", name="Download FLAC").get_attribute("href")
    answer = page.request.get(f"{live}/{link}")
    assert answer.headers["content-type"] == "audio/flac"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_dropped_file_is_made_again_and_compared(
    page: Page, live: str, visitor: Callable[..., Page], tmp_path: Path
) -> None:
    arrive(page, live)
    card = finished(speak(page, SHORT))
    for kind in ("WAV", "FLAC"):
        data, _ = sound(page, card, kind)
        (tmp_path / f"mine.{kind.lower()}").write_bytes(data)
    (tmp_path / "other.wav").write_bytes(b"RIFF\x04\0\0\0WAVE")
    other = visitor()
    arrive(other, live)
    chooser = other.locator(".gu-drop input")
    for name in ("mine.wav", "mine.flac"):
        chooser.set_input_files(tmp_path / name)
        said = other.locator("article.gu-sound").first.get_by_text(f"{name}, made again. Identical")
        expect(said).to_be_visible()
        other.wait_for_timeout(700)  # sooner, the same wish would count as a double click
    expect(other.get_by_label("Text to speak")).to_have_value(SHORT)
    chooser.set_input_files(tmp_path / "other.wav")
    expect(other.get_by_role("alert").filter(has_text="carries no record")).to_be_visible()


def test_nobody_else_hears_it(page: Page, live: str, visitor: Callable[..., Page]) -> None:
    arrive(page, live)
    card = finished(speak(page, "This is for me alone."))
    for kind in ("WAV", "FLAC"):
        link = card.get_by_role("link", name=f"Download {kind}").get_attribute("href") or ""
        bare = link.partition("?")[0]
        for tried in (bare, f"{bare}?token=", f"{bare}?token={'0' * 32}", f"{bare}?token=é"):
            assert page.request.get(f"{live}/{tried}").status == 404
        assert page.request.get(f"{live}/{link}").status == 200
    other = visitor()
    arrive(other, live)
    expect(other.get_by_text("Press Speak to hear")).to_be_visible()
    assert other.locator("article.gu-sound").count() == 0


def test_the_history_comes_back_and_opens(page: Page, live: str) -> None:
    arrive(page, live)
    finished(speak(page, "The older one. It has two sentences."))
    finished(speak(page, "The newer one."))
    page.reload()
    cards = page.locator("article.gu-sound")
    expect(cards).to_have_count(2)
    expect(cards.nth(0)).to_contain_text("The newer one.")
    older = cards.nth(1)
    expect(older.get_by_role("link", name="Download WAV")).to_be_hidden()
    older.get_by_role("button", name="Open this result").click()
    expect(older.locator(".gu-sentence")).to_have_count(2)
    older.locator(".gu-sentence").nth(1).click()
    page.wait_for_function("document.querySelectorAll('.gu-sentence.now').length === 1")
    older.get_by_role("button", name="Phonemes").click()
    expect(older.get_by_label("Phonemes of sentence 2")).not_to_have_value("")


def test_rating_opens_after_listening(page: Page, live: str) -> None:
    arrive(page, live)
    card = speak(page, SHORT)
    good = card.get_by_role("button", name="Good result")
    expect(good).to_be_disabled()
    finished(card)
    expect(good).to_be_enabled()
    assert clock(page) > 1.5
    good.click()
    expect(card.get_by_text("Thanks")).to_be_visible()


def test_keys_play_pause_and_seek(page: Page, live: str) -> None:
    arrive(page, live)
    card = finished(speak(page, SHORT))
    card.get_by_role("button", name="Pause").press("Space")
    play = card.get_by_role("button", name="Play")
    expect(play).to_be_focused()
    rail = card.get_by_role("slider", name="Place in the sound")
    rail.press("Home")
    assert clock(page) == 0
    rail.press("ArrowRight")
    assert clock(page) == 2
    rail.press("Space")
    expect(card.get_by_role("button", name="Pause")).to_be_visible()
    page.wait_for_function("Number(document.querySelector('.gu-rail').ariaValueNow) > 2.5")
    box = card.locator(".gu-waves").bounding_box()
    assert box is not None
    card.get_by_role("button", name="Pause").click()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    total = float(rail.get_attribute("aria-valuemax") or 0)
    assert abs(clock(page) - total / 2) < 0.1


def test_hostile_text_is_spoken_and_shown_as_text(page: Page, live: str) -> None:
    hostile = (
        "Hello <img src=x onerror=\"window.bad=1\"> ${window.bad=2} `${alert(3)}` {{value}} "
        "<script>window.bad=4</script> C:\\users \u202eevil\u202c end."
    )  # fmt: skip
    arrive(page, live)
    card = finished(speak(page, hostile))
    expect(card.locator(".gu-said")).to_have_text(hostile)
    assert card.locator("img, script").count() == 0
    page.reload()
    expect(page.locator("article.gu-sound .gu-said")).to_have_text(hostile)
    assert page.evaluate("window.bad") is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("   ", "Write something to say first"),
        ("\u2028 \u200b ☃", "nothing to say"),
        ("long " * 40_000, "at most 100000 characters"),
    ],
    ids=["empty", "unspeakable", "too long"],
)
def test_what_cannot_be_said_is_one_sentence(
    page: Page, live: str, text: str, sentence: str
) -> None:
    arrive(page, live)
    page.get_by_label("Text to speak").fill(text)
    page.get_by_role("button", name="Speak", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text=sentence)).to_be_visible()


def test_a_double_click_is_one_job(page: Page, live: str) -> None:
    arrive(page, live)
    page.get_by_role("button", name="Speak", exact=True).dblclick()
    finished(page.locator("article.gu-sound").first)
    assert page.locator("article.gu-sound").count() == 1


def test_the_phone_fits(live: str, visitor: Callable[..., Page]) -> None:
    page = visitor(**PHONE)
    arrive(page, live)
    card = finished(speak(page, "a" * 200 + ". " + SHORT))
    card.get_by_role("button", name="Phonemes").click()
    finished(speak(page, SHORT))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for button in page.locator("article.gu-sound").first.locator("button:visible, a:visible").all():
        if (box := button.bounding_box()) and "gu-star" not in (
            button.get_attribute("class") or ""
        ):
            assert box["height"] >= 38, button.inner_text()


def test_a_lost_connection_is_found_again(browser: Browser, live: str) -> None:
    context = browser.new_context()
    try:
        page = context.new_page()
        arrive(page, live)
        card = speak(page, LONG)
        expect(card.locator(".gu-sentence").first).to_be_visible()
        context.set_offline(True)
        expect(card.get_by_text("The server does not answer")).to_be_visible()
        context.set_offline(False)
        expect(card.get_by_text("The server does not answer")).to_be_hidden()
        card.get_by_role("button", name="Stop", exact=True).click()
        finished(card)
    finally:
        context.close()
