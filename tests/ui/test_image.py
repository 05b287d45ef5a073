"""The Image tab as a visitor meets it: a tiny real pipeline behind the real page."""

from __future__ import annotations

import io
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from playwright.sync_api import FilePayload, Locator, Page, expect

from genui import provenance
from tests import tiny
from tests.ui.serving import Server, running

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
HOSTILE = '${alert(1)} <img src=x onerror="alert(2)"> \u202ecat'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running `app.py` that draws with a tiny model of few steps; no other model is here."""
    folder = tmp_path_factory.mktemp("drawing")
    pipeline = tiny.stickers(folder / "tiny-stickers", few_steps=True)
    with running(folder, pipeline) as server:
        yield server


@pytest.fixture(scope="module")
def live(server: Server) -> str:
    """The address of `server`."""
    return server.url


@pytest.fixture(scope="module")
def live_data(server: Server) -> Path:
    """The data folder of `server`."""
    return server.data


def arrive(page: Page, live: str) -> Locator:
    """Open the tab; returns what our script drew."""
    page.goto(f"{live}/?tab=image")
    stage = page.locator("#image-stage")
    expect(stage.get_by_label("Prompt", exact=True)).to_be_visible()
    return stage


def choose(page: Page, name: str, value: int) -> None:
    """Write a number into one of the controls at the side."""
    box = page.get_by_label(f"number input for {name}", exact=True)
    box.fill(str(value))
    box.press("Tab")


def draw(stage: Locator, prompt: str, seed: int | str | None = None, button: str = "Draw") -> None:
    stage.get_by_label("Prompt", exact=True).fill(prompt)
    if seed is not None:
        stage.get_by_label("Seed", exact=True).fill(str(seed))
    stage.get_by_role("button", name=button, exact=True).click()


def drawn(card: Locator) -> Locator:
    """Wait for a single picture to be stored."""
    expect(card.get_by_role("link", name="Download PNG")).to_be_visible()
    return card


def fetched(page: Page, link: Locator) -> bytes:
    """The bytes behind a link of the page."""
    address = link.get_attribute("href")
    answer = page.request.get(f"{page.url.partition('?')[0]}{address}")
    assert answer.ok
    return answer.body()


def png(image: Image.Image, text: str = "", name: str = "mine.png") -> FilePayload:
    """A PNG as a visitor's file; `text` is what other programs write into theirs."""
    info, out = PngImagePlugin.PngInfo(), io.BytesIO()
    if text:
        info.add_text("parameters", text)
    image.save(out, "PNG", pnginfo=info)
    return {"name": name, "mimeType": "image/png", "buffer": out.getvalue()}


def record(tmp_path: Path, found: bytes) -> Any:
    path = tmp_path / "found"
    path.write_bytes(found)
    return provenance.read(path)


def pairs(live_data: Path, context: str) -> int:
    with sqlite3.connect(live_data / "genui.db") as database:
        question = "SELECT count(*) FROM comparisons WHERE context = ?"
        count: int = database.execute(question, (context,)).fetchone()[0]
        return count


def stored(live_data: Path) -> int:
    with sqlite3.connect(live_data / "genui.db") as database:
        count: int = database.execute("SELECT count(*) FROM generations").fetchone()[0]
        return count


def newest(live_data: Path) -> Any:
    with sqlite3.connect(live_data / "genui.db") as database:
        question = "SELECT record FROM generations WHERE kind = 'image' ORDER BY seq DESC LIMIT 1"
        return json.loads(database.execute(question).fetchone()[0])


def test_four_pictures_and_the_best_of_them(
    page: Page, live: str, live_data: Path, tmp_path: Path
) -> None:
    stage = arrive(page, live)
    draw(stage, "a red cat", seed=41)
    card = stage.locator("article.gu-pictures")
    expect(card.get_by_role("link", name="Sheet")).to_be_visible()
    captions = [f"Seed {seed}" for seed in (41, 42, 43, 44)]
    expect(card.locator(".gu-tile-seed")).to_have_text(captions)
    widths = "images => images.map((image) => image.naturalWidth)"
    expect(card.locator(".gu-tile img[src*=upscaled]")).to_have_count(4)
    assert card.locator(".gu-tile img").evaluate_all(widths) == [512] * 4  # sharp where it is large
    sheet = Image.open(io.BytesIO(fetched(page, card.get_by_role("link", name="Sheet"))))
    assert min(sheet.size) > 256

    before = pairs(live_data, "batch")
    card.get_by_role("button", name="Best of these").nth(2).click()
    expect(card.get_by_text("Thanks: best of 4.")).to_be_visible()
    assert pairs(live_data, "batch") == before + 3

    card.get_by_role("button", name="Good picture").nth(1).click()
    card.get_by_role("button", name="Picture 2").click()
    look = card.locator(".gu-look")
    expect(look.get_by_role("button", name="Good result")).to_have_attribute("aria-pressed", "true")
    film = look.get_by_label("From noise to picture")
    expect(film).to_have_attribute("aria-valuetext", "The picture")
    screen, seen = look.locator(".gu-screen"), set()
    for frame in ("0", "2"):
        film.fill(frame)
        expect(screen).to_be_visible()
        seen.add(screen.evaluate("node => node.style.backgroundPosition"))
    assert len(seen) == 2
    expect(film).to_have_attribute("aria-valuetext", re.compile(r"^Step 3 of 4, \d+ % noise$"))
    expect(look.get_by_role("img", name="What the scheduler did")).to_be_visible()

    made = record(tmp_path, fetched(page, look.get_by_role("link", name="Download PNG")))
    assert made.request.seed == 42
    assert made.request.options["count"] == 1
    look.get_by_label("Size of the download").select_option("4")
    large = fetched(page, look.get_by_role("link", name="Download WebP"))
    assert Image.open(io.BytesIO(large)).size == (512, 512)
    assert record(tmp_path, large).id == made.id

    page.reload()
    expect(stage.locator(".gu-tile.best .gu-tile-seed")).to_have_text("Seed 43")
    expect(stage.locator(".gu-shelf-shot")).to_have_count(4)


def test_a_running_job_is_found_again_and_stop_keeps_what_was_seen(
    page: Page, live: str, live_data: Path
) -> None:
    stage = arrive(page, live)
    prompt = stage.get_by_label("Prompt", exact=True)
    pictures = page.get_by_label("number input for Pictures", exact=True)
    expect(prompt).to_have_value("")
    choose(page, "Steps", 50)
    choose(page, "Pictures", 9)
    page.get_by_role("button", name="More").click()
    size = page.get_by_label("Size", exact=True)
    size.fill("256 × 256")  # slow enough to be met again
    size.press("Enter")
    draw(stage, "a blue house", seed=5)
    stop = stage.get_by_role("button", name="Stop", exact=True)
    expect(stage.locator(".gu-tile .gu-ground.seen").first).to_be_visible()
    page.reload()
    expect(stage.locator(".gu-tile")).to_have_count(9)
    expect(stage.locator(".gu-tile .gu-ground.seen").first).to_be_visible()
    stop.click()
    expect(stage.get_by_text("Stopped; what was drawn so far is kept.")).to_be_visible()
    expect(stop).to_have_count(0)
    expect(prompt).to_have_value("a blue house")
    expect(pictures).to_have_value("9")
    expect(stage.get_by_label("Seed", exact=True)).to_have_value("5")
    assert newest(live_data)["status"] == "stopped"
    assert {a["name"] for a in newest(live_data)["artifacts"]} == {"picture", "film"}
    kept = stage.locator(".gu-shelf-shot").count()
    assert 1 <= kept < 9
    page.reload()
    expect(stage.locator(".gu-shelf-shot")).to_have_count(kept)
    expect(prompt).to_have_value("a blue house")


def test_live_typing_ends_with_the_last_prompt(page: Page, live: str, live_data: Path) -> None:
    stage = arrive(page, live)
    stage.get_by_role("switch", name="Draw while I type").click()
    words, before = "a happy yellow star with a small house", stored(live_data)
    stage.get_by_label("Prompt", exact=True).press_sequentially(words, delay=40)
    expect(stage.locator(".gu-look-prompt")).to_have_text(words)
    drawn(stage)
    expect(stage.get_by_role("button", name="Stop", exact=True)).to_have_count(0)
    kept = newest(live_data)
    assert kept["request"]["inputs"]["prompt"] == words
    assert "draft" not in kept["request"]["options"]
    assert {a["name"] for a in kept["artifacts"]} == {"picture", "film"}
    made = stored(live_data) - before
    assert 1 <= made <= 3  # not one for each letter; a busy machine may seem to pause
    expect(stage.locator(".gu-shelf-shot")).to_have_count(made)


def test_start_from_a_picture_and_paint_over_it(
    page: Page, visitor: Callable[..., Page], live: str, live_data: Path, tmp_path: Path
) -> None:
    stage = arrive(page, live)
    choose(page, "Pictures", 1)
    stage.get_by_role("radio", name="From a picture").click()
    source = stage.get_by_label("Choose a picture")
    broken = png(Image.new("RGB", (64, 64)))
    source.set_input_files([broken | {"buffer": broken["buffer"][:60]}])
    expect(stage.get_by_role("alert")).to_contain_text("picture")
    gradient = np.zeros((128, 128, 3), np.uint8)
    gradient[..., 0] = np.arange(128)
    gradient[..., 1] = np.arange(128)[:, None]
    source.set_input_files([png(Image.fromarray(gradient), name=f"{HOSTILE}.png".replace("/", ""))])
    expect(stage.get_by_text("128 × 128", exact=False).first).to_be_visible()
    draw(stage, "a green tree")
    drawn(stage)
    asked = newest(live_data)["request"]
    assert len(asked["inputs"]["image"]) == 64
    assert asked["options"]["strength"] == 0.6

    stage.get_by_role("radio", name="Inpaint").click()
    stage.get_by_role("button", name="Draw", exact=True).click()
    expect(stage.get_by_role("alert")).to_contain_text("Paint over the part")
    face = stage.locator(".gu-brush-face")
    box = face.bounding_box()
    assert box
    middle, high = box["y"] + box["height"] / 2, box["height"] * 0.2
    page.mouse.move(box["x"] + box["width"] * 0.25, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.25, middle + high, steps=4)
    page.mouse.up()
    expect(stage.get_by_text("will be drawn anew", exact=False)).to_be_visible()
    part = stage.get_by_text("% will be drawn anew", exact=False)
    painted = part.inner_text()
    page.reload()  # before it was drawn
    expect(part).to_have_text(painted)
    expect(stage.get_by_label("Prompt", exact=True)).to_have_value("a green tree")
    stage.get_by_role("button", name="Draw", exact=True).click()
    expect(stage.locator(".gu-look")).to_contain_text("Strength 1")
    drawn(stage)
    page.reload()  # and afterwards
    expect(stage.get_by_role("radio", name="Inpaint")).to_be_checked()
    expect(part).to_have_text(painted)
    stranger = visitor()
    arrive(stranger, live)
    expect(stranger.get_by_text("Draw something")).to_be_visible()
    expect(stranger.get_by_text("will be drawn anew", exact=False)).to_be_hidden()
    found = fetched(page, stage.get_by_role("link", name="Download PNG"))
    changed = (np.asarray(Image.open(io.BytesIO(found)).convert("RGB")) != gradient).any(-1)
    assert changed[64:90, 24:40].mean() > 0.9
    assert not changed[:, 64:].any()
    assert not changed[:40].any()


def test_grid_and_morph(page: Page, live: str) -> None:
    stage = arrive(page, live)
    stage.get_by_role("radio", name="Grid").click()
    stage.get_by_label("Columns: values").fill("1, 3")
    stage.get_by_label("Rows: setting").select_option("prompt")
    stage.get_by_label("Rows: values").fill("a red apple; a blue apple")
    draw(stage, "anything", button="Draw grid")
    card = stage.locator("article.gu-pictures")
    expect(card.get_by_role("link", name="Sheet")).to_be_visible()
    heads = ["Steps1", "Steps3", "Prompta red apple", "Prompta blue apple"]
    expect(card.locator(".gu-axis-head")).to_have_text(heads)
    expect(card.locator(".gu-tile.made")).to_have_count(4)
    card.get_by_role("button", name="Picture 4").click()
    expect(card.locator(".gu-look-prompt")).to_have_text("a blue apple")
    expect(card.locator(".gu-look")).to_contain_text("3 steps")
    page.keyboard.press("ArrowLeft")
    expect(card.locator(".gu-look")).to_contain_text("1 step")
    page.keyboard.press("Escape")
    expect(card.locator(".gu-board")).to_be_visible()

    page.reload()
    expect(card.locator(".gu-axis-head")).to_have_text(heads)
    expect(card.locator(".gu-tile.made")).to_have_count(4)
    expect(stage.get_by_role("radio", name="Grid")).to_be_checked()
    expect(stage.get_by_label("Columns: values")).to_have_value("1, 3")
    expect(stage.get_by_label("Rows: values")).to_have_value("a red apple; a blue apple")

    stage.get_by_role("radio", name="Morph").click()
    stage.get_by_label("Morph into").fill("a blue car")
    draw(stage, "a red cat", button="Draw morph")
    expect(card.locator(".gu-tile.made")).to_have_count(7)
    player = card.get_by_label("From the first prompt to the second")
    card.get_by_role("button", name="Play").click()
    expect(player).to_have_attribute("aria-valuetext", "50 % of the way")
    card.get_by_role("button", name="Pause").click()
    pictures = "images => new Set(images.map((image) => image.src)).size"
    assert card.locator(".gu-tile img").evaluate_all(pictures) == 7

    stage.get_by_label("Morph into").fill("")
    stage.get_by_role("button", name="Draw morph").click()
    expect(stage.get_by_text("or let it go to another seed")).to_be_visible()
    stage.get_by_role("switch", name="To another seed").click()
    before = card.locator(".gu-tile img").evaluate_all("images => images.map(({ src }) => src)")
    draw(stage, "a red cat", button="Draw morph")
    page.wait_for_function(
        """before => {
          const shown = [...document.querySelectorAll("article.gu-pictures .gu-tile.made img")];
          const found = new Set(shown.map(({ src }) => src));
          return found.size === 7 && !before.some((src) => found.has(src));
        }""",
        arg=before,
    )


def test_a_dropped_picture_is_made_again(
    page: Page, visitor: Callable[..., Page], live: str, tmp_path: Path
) -> None:
    stage = arrive(page, live)
    choose(page, "Pictures", 2)
    draw(stage, HOSTILE, seed=7)
    page.get_by_role("button", name="Picture 2").click()
    expect(stage.locator(".gu-look-prompt")).to_have_text(HOSTILE)
    found = fetched(page, drawn(stage).get_by_role("link", name="Download PNG"))
    stage.get_by_role("button", name="Make again").click()
    expect(stage.get_by_text("Identical: every pixel came out the same again.")).to_be_visible()
    other = visitor()
    stage = arrive(other, live)
    opener = stage.get_by_label("Open a picture made by genui")
    opener.set_input_files([{"name": f"{HOSTILE}.png", "mimeType": "image/png", "buffer": found}])
    expect(stage.get_by_text("Identical: every pixel came out the same again.")).to_be_visible()
    expect(stage.get_by_label("Prompt", exact=True)).to_have_value(HOSTILE)
    expect(stage.get_by_label("Seed", exact=True)).to_have_value("8")
    expect(other.get_by_label("number input for Pictures", exact=True)).to_have_value("1")

    told = "a small house\nNegative prompt: trees\nSteps: 9, Sampler: DDIM, CFG scale: 3, Seed: 12"
    opener.set_input_files([png(Image.new("RGB", (64, 64)), told)])
    expect(stage.get_by_text("Made by another tool", exact=False)).to_be_visible()
    expect(stage.get_by_label("Prompt", exact=True)).to_have_value("a small house")
    expect(stage.get_by_label("Seed", exact=True)).to_have_value("12")
    expect(other.get_by_label("number input for Steps", exact=True)).to_have_value("9")
    opener.set_input_files([png(Image.new("RGB", (64, 64)))])
    expect(stage.locator(".gu-notices")).to_contain_text("no record")


def test_two_side_by_side(page: Page, live: str, live_data: Path) -> None:
    stage = arrive(page, live)
    choose(page, "Pictures", 1)
    for prompt in ("a cat", "a dog"):
        draw(stage, prompt)
        expect(stage.locator(".gu-look-prompt")).to_have_text(prompt)
        drawn(stage)
    before = pairs(live_data, "side")
    stage.get_by_role("button", name="Compare").click()
    stage.get_by_role("button", name="a cat, seed", exact=False).click()
    stage.get_by_role("button", name="Right one is better").click()
    expect(stage.locator(".gu-compare")).to_contain_text("Thanks.")
    assert pairs(live_data, "side") == before + 1


def test_a_phone_holds_every_mode(visitor: Callable[..., Page], live: str) -> None:
    page = visitor(**PHONE)
    stage = arrive(page, live)
    draw(stage, "a red star")
    card = stage.locator("article.gu-pictures")
    expect(card.get_by_role("link", name="Sheet")).to_be_visible()
    wide = "() => document.documentElement.scrollWidth"
    small = """nodes => nodes.filter((node) => node.offsetParent && node.offsetHeight < 40)
      .map((node) => node.outerHTML)"""
    for mode in ("From a picture", "Inpaint", "Morph", "Grid", "Text"):
        stage.get_by_role("radio", name=mode).tap()
        assert page.evaluate(wide) == 390, mode
        assert stage.locator("button:not(.gu-film-thumb)").evaluate_all(small) == []
    stage.get_by_role("button", name="Settings").tap()
    expect(page.get_by_label("number input for Steps", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_label("number input for Steps", exact=True)).to_be_hidden()
    card.get_by_role("button", name="Picture 1").tap()
    assert page.evaluate(wide) == 390
    assert stage.locator("button:not(.gu-film-thumb)").evaluate_all(small) == []


def test_the_button_works_at_once(page: Page, live: str) -> None:
    stage = arrive(page, live)
    stage.get_by_role("button", name="Draw", exact=True).click()
    expect(stage.get_by_label("Prompt", exact=True)).not_to_be_empty()
    expect(stage.locator("article.gu-pictures")).to_have_count(1)


def test_what_is_missing_is_said(page: Page, live: str) -> None:
    stage = arrive(page, live)
    notice, button = stage.locator(".gu-notices"), stage.get_by_role("button", name="Draw")
    stage.get_by_role("radio", name="Morph").click()
    button.click()
    expect(notice).to_contain_text("Write what you want to see first.")
    stage.get_by_role("radio", name="Text").click()
    for seed in ("99999999999", "one"):
        draw(stage, "a cat", seed=seed)
        expect(notice).to_contain_text("A seed is a whole number")
    stage.get_by_role("radio", name="From a picture").click()
    button.click()
    expect(stage.get_by_role("alert").last).to_contain_text("Choose the picture to start from")
    assert stage.locator("article.gu-pictures").count() == 0
