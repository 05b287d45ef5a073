"""The Text tab in a real browser, on the real SmolLM2 in the real app."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect

from genui.errors import BadInput
from genui.ui.tabs.text import next_step

Visitor = Callable[..., Page]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
SHORT = 24  # tokens: enough to see it work


def arrive(page: Page, url: str, mode: str = "Chat", tokens: int = SHORT) -> None:
    page.goto(url)
    page.get_by_role("radio", name=mode, exact=True).click()
    set_number(page, "Max tokens", tokens)


def set_number(page: Page, label: str, value: float) -> None:
    """Type into the number field of a slider and wait until the page's script has heard it.

    A field in a fold that opens this moment may be drawn once more over what was typed; a person
    sees that and types again, so this does too."""
    field = page.get_by_label(f"number input for {label}", exact=True)
    name = label.lower().replace(" ", "_").replace("-", "_")
    heard = "([n, v]) => genui.text.settings[n] === v"
    for patience in (5_000, 10_000, None):
        field.fill(str(value))
        field.press("Enter")
        try:
            page.wait_for_function(heard, arg=[name, value], timeout=patience)
            return
        except TimeoutError:
            if patience is None:
                raise


def box(page: Page) -> Locator:
    return page.get_by_label("Prompt", exact=True)


def ask(page: Page, text: str) -> None:
    box(page).fill(text)
    box(page).press("Enter")


def card(page: Page, at: int = 0) -> Locator:
    return page.locator("article.gu-turn").nth(at)


def words(page: Page, at: int = 0) -> Locator:
    return card(page, at).locator(".gu-body").first


def finished(page: Page, at: int = 0, answers: int = 1) -> str:
    """Wait until the card's answers are whole; the text of its first."""
    expect(card(page, at).get_by_role("button", name="Regenerate")).to_have_count(answers)
    return words(page, at).inner_text()


def tokens_shown(page: Page) -> Locator:
    return card(page).locator(".gu-token")


def test_one_click_gives_the_first_result_and_it_streams(page: Page, live: str) -> None:
    arrive(page, live, tokens=300)
    page.evaluate(
        """() => {
          window.grown = new Set();  // lengths of the answer while it was written
          new MutationObserver(() => {
            const body = document.querySelector(".gu-body[aria-busy=true]");
            if (body) grown.add(body.textContent.length);
          }).observe(document.body, { subtree: true, childList: true, characterData: true });
        }"""
    )
    page.get_by_role("button", name="Write a short poem about a cat").click()
    assert finished(page)
    assert page.evaluate("grown.size") > 3
    expect(card(page)).to_contain_text("Write a short poem about a cat")
    expect(card(page).get_by_role("button", name=re.compile("^Seed"))).to_be_visible()
    expect(box(page)).to_have_value("")


def test_stop_keeps_what_was_written_and_continue_goes_on(page: Page, live: str) -> None:
    arrive(page, live, "Complete", tokens=2000)
    ask(page, "Once upon a time there was a")
    expect(words(page)).to_contain_text(re.compile(r"there was a\s+\w+"))
    passed = page.evaluate(
        """async () => { const began = performance.now();
        document.querySelector('.gu-stop').click();
        while (document.querySelector('.gu-stop')) await new Promise((d) => setTimeout(d, 10));
        return performance.now() - began; }"""
    )
    assert passed < 2000  # generous for a busy machine; `python -m genui bench` measures
    kept = finished(page).strip()
    expect(card(page)).to_contain_text("stopped")
    set_number(page, "Max tokens", SHORT)
    card(page).get_by_role("button", name="Continue").click()
    expect(card(page)).to_contain_text("2/2")
    page.keyboard.press("Escape")
    assert finished(page).startswith(kept)


def test_a_reload_finds_the_running_job_with_all_its_words(page: Page, live: str) -> None:
    arrive(page, live, "Complete", tokens=1000)
    ask(page, "The history of the sea is")
    expect(words(page)).to_contain_text(re.compile(r"the sea is\s+\w+"))
    early = words(page).inner_text()
    page.reload()
    expect(words(page)).to_have_attribute("aria-busy", "true")
    expect(words(page)).to_contain_text(early.strip())
    most = page.get_by_label("number input for Max tokens", exact=True)
    expect(most).to_have_value("1000")
    page.keyboard.press("Escape")
    assert finished(page).startswith(early.strip())


def test_nobody_sees_the_work_of_another(visitor: Visitor, live: str) -> None:
    one, other = visitor(), visitor()
    arrive(one, live)
    ask(one, "My secret word is marzipan.")
    finished(one)
    arrive(other, live)
    expect(other.get_by_text("Talk to a small model")).to_be_visible()
    assert "marzipan" not in other.content()
    theirs = one.evaluate("genui.key()")
    assert theirs != other.evaluate("genui.key()")


def test_edit_and_regenerate_make_branches_and_a_reload_keeps_them(page: Page, live: str) -> None:
    arrive(page, live)
    ask(page, "Name a fruit.")
    first = finished(page)
    card(page).get_by_role("button", name="Regenerate").click()
    expect(card(page)).to_contain_text("2/2")
    finished(page)
    card(page).get_by_role("button", name="Edit").click()
    page.get_by_label("Edit your message").fill("Name a colour.")
    page.get_by_label("Edit your message").press("Enter")
    expect(card(page)).to_contain_text("3/3")
    finished(page)
    expect(card(page)).to_contain_text("Name a colour.")
    page.reload()
    expect(card(page)).to_contain_text("3/3")
    card(page).get_by_role("button", name="Earlier branch").click()
    card(page).get_by_role("button", name="Earlier branch").click()
    expect(card(page)).to_contain_text("1/3")
    expect(card(page)).to_contain_text("Name a fruit.")
    expect(words(page)).to_have_text(first)


def test_a_chat_goes_on_newest_first_and_a_new_one_begins_empty(page: Page, live: str) -> None:
    arrive(page, live)
    ask(page, "I have a dog called Bob.")
    finished(page)
    ask(page, "What is his name?")
    finished(page)
    expect(card(page, 0)).to_contain_text("What is his name?")
    expect(card(page, 1)).to_contain_text("I have a dog called Bob.")
    sent = page.evaluate("genui.text.pending")
    assert sent["of"]
    page.get_by_role("button", name="New chat").click()
    expect(page.get_by_text("Talk to a small model")).to_be_visible()
    page.get_by_role("button", name="I have a dog called Bob.").click()
    expect(card(page, 0)).to_contain_text("What is his name?")


def test_the_same_seed_gives_the_same_text(page: Page, live: str) -> None:
    arrive(page, live, "Complete")
    ask(page, "A good friend is")
    first = finished(page)
    card(page).get_by_role("button", name=re.compile("^Seed")).click()
    page.wait_for_function("genui.text.settings.fresh === false")
    ask(page, "A good friend is")
    expect(page.get_by_text("2/2")).to_be_visible()
    assert finished(page) == first


def test_peeking_shows_alternatives_and_a_click_branches(page: Page, live: str) -> None:
    arrive(page, live, "Complete")
    ask(page, "The best thing about summer is")
    before = finished(page)
    card(page).get_by_role("button", name="Peek inside").click()
    third = tokens_shown(page).nth(2)
    third.hover()
    other = page.locator(".gu-alt:enabled").first
    expect(other).to_be_visible()
    expect(other).to_contain_text("%")
    begun = "".join(tokens_shown(page).all_inner_texts()[:2])
    third.click()
    choice = other.locator("code").inner_text().replace("·", " ").replace("⏎", "\n")
    other.click()
    expect(card(page)).to_contain_text("2/2")
    after = finished(page)
    assert after.startswith(f"The best thing about summer is{begun}{choice}".rstrip())
    assert after != before
    card(page).get_by_role("button", name="Earlier branch").click()
    page.reload()
    finished(page)
    card(page).get_by_role("button", name="Peek inside").click()
    expect(tokens_shown(page).first).to_be_visible()


def test_peeking_and_branching_by_keyboard_alone(page: Page, live: str) -> None:
    arrive(page, live, "Complete")
    box(page).focus()
    page.keyboard.type("My favourite animal is")
    page.keyboard.press("Enter")
    finished(page)
    card(page).get_by_role("button", name="Peek inside").focus()
    page.keyboard.press("Enter")
    tokens_shown(page).first.focus()
    page.keyboard.press("ArrowRight")
    expect(tokens_shown(page).nth(1)).to_be_focused()
    expect(tokens_shown(page).first).to_have_attribute("tabindex", "-1")
    page.keyboard.press("Enter")
    expect(page.locator(".gu-alt:focus")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".gu-pop")).to_be_hidden()
    expect(tokens_shown(page).nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(card(page)).to_contain_text("2/2")
    finished(page)


def test_the_chart_follows_the_sliders_without_the_server(page: Page, live: str) -> None:
    arrive(page, live, "Complete")
    page.get_by_text("What comes next", exact=True).click()
    box(page).fill("The capital of France is")
    rows = page.locator(".gu-next-bars li")
    expect(rows).to_have_count(31)
    expect(rows.first).to_contain_text("Paris")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    set_number(page, "Temperature", 0)
    expect(rows.first).to_contain_text("100 %")
    expect(page.locator(".gu-next-line")).to_contain_text("1 token survives")
    set_number(page, "Temperature", 2)
    expect(rows.first).not_to_contain_text("100 %")
    page.get_by_role("button", name="More").click()
    cut = page.locator(".gu-next-bars li.cut")
    set_number(page, "Top-k", 3)
    set_number(page, "Top-p", 1)
    set_number(page, "Min-p", 0)
    expect(page.locator(".gu-next-line")).to_contain_text("3 tokens survive")
    expect(cut).to_have_count(28)
    set_number(page, "Top-k", 0)
    expect(cut).to_have_count(0)
    assert [url for url in asked if "component_server" in url] == []


def test_the_filters_are_those_of_the_engine(page: Page, live: str) -> None:
    page.goto(live)
    expect(box(page)).to_be_visible()
    top = [[1, "a", 0.5], [2, "b", 0.25], [3, "c", 0.125], [4, "d", 0.0625]]

    def kept(**options: float) -> list[float]:
        settings = {"temperature": 1, "top_k": 0, "top_p": 1, "min_p": 0, **options}
        found = page.evaluate(
            "([top, s]) => genui.chart.filtered(top, s).rows.map((r) => r.kept)", [top, settings]
        )
        return [round(value, 4) for value in found]

    assert kept() == [0.5, 0.25, 0.125, 0.0625]
    assert kept(top_k=2) == [0.6667, 0.3333, 0, 0]
    assert kept(top_p=0.7) == [0.6667, 0.3333, 0, 0]
    assert kept(top_k=3, top_p=0.8) == [0.6667, 0.3333, 0, 0]
    assert kept(min_p=0.25) == [0.5714, 0.2857, 0.1429, 0]
    assert kept(top_k=2, temperature=0.5) == [0.8, 0.2, 0, 0]
    assert kept(temperature=0) == [1, 0, 0, 0]


def test_a_style_sets_the_sliders_and_a_slider_leaves_the_style(page: Page, live: str) -> None:
    arrive(page, live)
    page.get_by_label("Wild").check()
    page.wait_for_function("genui.text.settings.temperature === 1.5")
    page.wait_for_function("genui.text.settings.top_k === 200")
    set_number(page, "Temperature", 0.3)
    expect(page.get_by_label("Wild")).not_to_be_checked()


def test_two_settings_answer_side_by_side(page: Page, live: str) -> None:
    arrive(page, live)
    page.get_by_label("Compare side by side").check()
    expect(page.get_by_label("Model B")).to_be_visible()
    page.wait_for_function("genui.text.settings.compare === true")
    ask(page, "Say hello.")
    finished(page, answers=2)
    columns = card(page).locator(".gu-columns.pair > .gu-answer")
    expect(columns).to_have_count(2)
    expect(columns.nth(0)).to_contain_text("temperature 0.7")
    expect(columns.nth(1)).to_contain_text("temperature 1.2")
    expect(card(page).get_by_role("group", name="Rate this result")).to_have_count(2)
    seeds = card(page).get_by_role("button", name=re.compile("^Seed")).all_inner_texts()
    assert len(set(seeds)) == 1
    card(page).get_by_role("button", name="Go on from this one").click()
    page.reload()
    expect(columns).to_have_count(2)


def test_code_is_highlighted_and_copied(visitor: Visitor, live: str) -> None:
    page = visitor(permissions=["clipboard-read", "clipboard-write"])
    arrive(page, live, "Code", tokens=96)
    page.get_by_role("button", name="checks whether a word is a palindrome").click()
    finished(page)
    block = card(page).locator("figure.gu-code").first
    expect(block.locator(".hljs-keyword").first).to_have_text("def")
    block.get_by_role("button", name="Copy").click()
    expect(block.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == block.locator("code").inner_text().strip()


def test_an_exported_answer_opens_again_and_says_identical(
    page: Page, live: str, tmp_path: Path
) -> None:
    arrive(page, live, "Complete")
    set_number(page, "Temperature", 0.9)
    ask(page, "A short story about rain:")
    text = finished(page)
    with page.expect_download() as download:
        card(page).get_by_role("button", name="Save").click()
    kept = tmp_path / download.value.suggested_filename
    download.value.save_as(kept)
    record = json.loads(kept.read_text("utf-8").splitlines()[1])["generation"]
    assert record["request"]["options"]["temperature"] == 0.9
    set_number(page, "Temperature", 0.1)
    page.get_by_label("Open a file made by genui").set_input_files(kept)
    expect(card(page).locator(".gu-verdict")).to_contain_text("Identical")
    assert finished(page) == text
    page.wait_for_function("genui.text.settings.temperature === 0.9")
    page.wait_for_function("(s) => genui.text.settings.seed === s", arg=record["request"]["seed"])


def test_a_file_without_a_record_is_refused_in_a_sentence(
    page: Page, live: str, tmp_path: Path
) -> None:
    stray = tmp_path / "<img src=x onerror=alert(1)>.md"
    stray.write_text("just a note")
    arrive(page, live)
    page.get_by_label("Open a file made by genui").set_input_files(stray)
    expect(page.get_by_role("alert")).to_contain_text("carries no record")


NASTY = (
    "<script>alert(1)</script> ${alert(1)} C:\\users <img src=x onerror=alert(2)> \u202eRTL \x07"
)


@pytest.mark.parametrize("mode", ["Chat", "Complete", "Code"])
def test_hostile_text_stays_text(page: Page, live: str, mode: str) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    arrive(page, live, mode, tokens=8)
    ask(page, NASTY)
    finished(page)
    expect(card(page)).to_contain_text("<script>alert(1)</script> ${alert(1)} C:\\users <img")
    assert card(page).locator("script, img").count() == 0
    page.reload()
    expect(card(page)).to_contain_text("${alert(1)} C:\\users")


def test_what_a_model_writes_is_drawn_as_text(page: Page, live: str) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.goto(live)
    expect(box(page)).to_be_visible()
    drawn: dict[str, Any] = page.evaluate(
        """(text) => { const box = document.createElement('div'); document.body.append(box);
        genui.prose.draw(box, text);
        const tags = [...box.querySelectorAll('*')].map((node) => node.tagName);
        return { tags, text: box.innerText }; }""",
        "# Title\n\n**bold <b>x</b>** and `a<b` ${alert(1)}\n\n- one\n"
        "- <img src=x onerror=alert(1)>\n\n```html\n<script>alert(1)</script>\n```\n"
        "<svg onload=alert(1)>",
    )
    assert not {"SCRIPT", "IMG", "SVG", "B"} & set(drawn["tags"])
    assert {"H4", "STRONG", "CODE", "LI", "PRE"} <= set(drawn["tags"])
    assert "<script>alert(1)</script>" in drawn["text"]
    assert "**" not in drawn["text"]


def test_five_megabytes_are_refused_and_the_prompt_is_kept(page: Page, live: str) -> None:
    arrive(page, live)
    box(page).fill("Hi")
    box(page).evaluate(
        """(node) => { const data = new DataTransfer();
        data.setData('text/plain', 'a '.repeat(5 * 2 ** 19));
        node.dispatchEvent(new ClipboardEvent('paste',
          { clipboardData: data, bubbles: true, cancelable: true })); }"""
    )
    expect(page.get_by_role("alert")).to_contain_text("5,242,880 characters; at most 200,000")
    expect(box(page)).to_have_value("Hi")
    page.get_by_role("button", name="Send").click()
    finished(page)


def test_the_handler_refuses_what_the_page_should_not_have_sent() -> None:
    act = {"do": "say", "mode": "chat", "text": "a" * 5_000_000}
    with pytest.raises(BadInput, match="5,000,000 characters"):
        next_step(None, act, {"system": ""})


def test_a_prompt_beyond_the_context_and_an_empty_one_get_a_sentence(page: Page, live: str) -> None:
    arrive(page, live)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("Write a message first")
    ask(page, "word " * 20_000)
    expect(page.get_by_role("alert")).to_contain_text("tokens long")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    expect(box(page)).to_have_value("word " * 20_000)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling(visitor: Visitor, live: str, theme: str) -> None:
    page = visitor(**PHONE)
    arrive(page, f"{live}/?__theme={theme}", "Complete")
    ask(page, "w" * 300 + " is a very long word because")
    finished(page)
    card(page).get_by_role("button", name="Peek inside").tap()
    tokens_shown(page).nth(3).tap()
    expect(page.locator(".gu-alt").first).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    small = page.evaluate(
        """[...document.querySelectorAll('.gu-text button')]
        .filter((b) => b.offsetParent && b.getBoundingClientRect().height < 39.5)
        .map((b) => b.textContent || b.getAttribute('aria-label'))"""
    )
    assert small == []


CONTRAST = """(selector) => {
  const rgb = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = (c) => { const [r, g, b] = c.slice(0, 3).map((v) => { v /= 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const under = (node) => { let layers = [];
    for (let n = node; n; n = n.parentElement) {
      const c = rgb(getComputedStyle(n).backgroundColor);
      layers.push(c); if ((c[3] ?? 1) === 1) break; }
    return layers.reverse().reduce((back, [r, g, b, a = 1]) =>
      [r, g, b].map((v, i) => v * a + back[i] * (1 - a)), [255, 255, 255]); };
  return [...document.querySelectorAll(selector)].filter((n) => n.offsetParent).map((n) => {
    const a = light(rgb(getComputedStyle(n).color)), b = light(under(n));
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); });
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_tinted_tokens_and_meta_are_readable(page: Page, live: str, theme: str) -> None:
    arrive(page, f"{live}/?__theme={theme}", "Complete")
    set_number(page, "Temperature", 2)
    ask(page, "Strange things happen when")
    finished(page)
    card(page).get_by_role("button", name="Peek inside").click()
    expect(tokens_shown(page).first).to_be_visible()
    page.wait_for_function("document.getAnimations().every((one) => one.playState !== 'running')")
    for what in (".gu-token", ".gu-given", ".gu-meta > *", ".gu-actions button"):
        assert min(page.evaluate(CONTRAST, what)) >= 4.5, what
