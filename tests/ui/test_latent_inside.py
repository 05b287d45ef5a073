"""The inside of an image model in the Latent space tab, a tiny real one: words, ways, cells."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from genui import provenance
from tests import tiny, tiny_avatars
from tests.ui.serving import running

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running `app.py` with a tiny autoencoder and a tiny image model."""
    folder = tmp_path_factory.mktemp("inside")
    places = tiny_avatars.avatars(folder / "tiny-vae", "vae")
    pictures = tiny.stickers(folder / "tiny-stickers", few_steps=True)
    with running(folder, places, pictures) as server:
        yield server.url


def arrive(page: Page, address: str) -> Locator:
    """Open the tab, look inside the image model and wait for its first picture."""
    page.goto(address if "#" in address else f"{address}/?tab=latent")
    stage = page.locator("#latent-stage")
    if "#" not in address:
        stage.get_by_role("radio", name="tiny-stickers").click()
    expect(stage.get_by_role("button", name="Make again")).to_be_visible()
    return stage


def name(stage: Locator) -> Locator:
    """What the picture is drawn from."""
    return stage.locator(".gu-reads-mix")


def shots(stage: Locator) -> Locator:
    """The row of what was drawn."""
    return stage.get_by_label("Drawn here").get_by_role("button")


def test_words_are_drawn_from_the_map_the_list_and_the_box(page: Page, live: str) -> None:
    stage = arrive(page, live)
    expect(name(stage)).to_have_text("apple")
    expect(stage.get_by_label("Nearest words").get_by_role("button")).to_have_count(8)
    canvas = stage.get_by_role("application", name=re.compile("Map of words"))
    canvas.focus()
    for key in ("ArrowRight", "Shift+ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(name(stage)).not_to_have_text("apple")
    expect(shots(stage)).to_have_count(2)

    box = stage.get_by_label("Your own words")
    box.fill("a red cat")
    box.press("Enter")
    expect(name(stage)).to_have_text("a red cat")
    expect(shots(stage).first).to_have_attribute("title", "a red cat")
    stage.get_by_role("button", name="Good result").click()
    expect(stage.locator(".gu-inside-strip")).to_contain_text("Thanks")
    rated = stage.get_by_role("application", name=re.compile("Map of words. One place you rated"))
    expect(rated).to_be_visible()
    stage.get_by_role("button", name="Make again").click()
    expect(stage.get_by_text("Made again. Identical", exact=False)).to_be_visible()
    box.fill(" ")
    box.press("Enter")
    expect(stage.locator(".gu-notices")).to_contain_text("Write a word")

    page.reload()  # what was drawn last is there again, from its own link or from the past
    expect(shots(stage).first).to_have_attribute("title", "a red cat")
    expect(name(stage)).to_have_text("a red cat")
    expect(rated).to_be_visible()


def test_a_sum_has_its_name_and_a_link_brings_it(
    page: Page, visitor: Callable[..., Page], live: str
) -> None:
    stage = arrive(page, live)
    stage.get_by_role("radio", name="A − B + C").click()
    for letter, word in zip("ABC", ("dog", "red", "blue"), strict=True):
        stage.get_by_label(letter, exact=True).fill(word)
    stage.get_by_role("button", name="Draw it").click()
    expect(name(stage)).to_have_text("dog − red + blue")
    expect(shots(stage).first).to_have_attribute("title", "dog − red + blue")
    stage.get_by_role("radio", name="PCA").click()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    stage.get_by_role("button", name="Copy link").click()
    expect(stage.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert len(link) < 2000
    other = arrive(visitor(), link)
    expect(name(other)).to_have_text("dog − red + blue")
    expect(other.get_by_role("radio", name="PCA")).to_be_checked()
    expect(other.get_by_role("radio", name="A − B + C")).to_be_checked()
    seed = stage.get_by_label("Seed", exact=True).input_value()
    expect(other.get_by_label("Seed", exact=True)).to_have_value(seed)

    at = link.index("#at=") + 20
    broken = link[:at] + ("A" if link[at] != "A" else "B") + link[at + 1 :]
    other.page.evaluate("address => { location.hash = address.split('#')[1] }", broken)
    expect(other.locator(".gu-notices")).to_contain_text("This link is damaged")
    expect(name(other)).to_have_text("dog − red + blue")


def test_a_way_is_scrubbed(page: Page, live: str) -> None:
    stage = arrive(page, live)
    stage.get_by_role("radio", name="Both").click()
    stage.get_by_label("Pictures", exact=True).fill("3")
    stage.get_by_label("From", exact=True).fill("a red cat")
    stage.get_by_label("To", exact=True).fill("")
    stage.get_by_role("button", name="Draw the way").click()
    expect(stage.locator(".gu-notices")).to_contain_text("needs words at both ends")
    stage.get_by_label("To", exact=True).fill("a blue dog")
    stage.get_by_role("button", name="Draw the way").click()
    made = stage.get_by_role("button", name=re.compile("^Show .* of the way"))
    expect(made).to_have_count(3)
    expect(made.nth(2).locator("img")).to_have_attribute("src", re.compile("picture"))
    film = stage.locator(".gu-morph img")
    seen = []
    for at in "012":
        stage.get_by_label("From the first prompt").fill(at)
        expect(film).to_have_attribute(
            "src", made.nth(int(at)).locator("img").get_attribute("src") or ""
        )
        seen.append(film.get_attribute("src"))
    assert len(set(seen)) == 3
    expect(stage.locator(".gu-way-seen").get_by_role("button", name="Good result")).to_be_visible()


def test_a_latent_is_changed_seen_and_kept(page: Page, live: str, tmp_path: Path) -> None:
    stage = arrive(page, live)
    stage.get_by_role("radio", name="Its latent").click()
    face = stage.locator(".gu-cells-face img")
    expect(face).to_be_visible()
    expect(stage.get_by_role("group", name="Channel 4")).to_be_visible()
    expect(stage.get_by_text("16 × 16 cells of 4 numbers", exact=False)).to_be_visible()
    first = face.get_attribute("src") or ""
    stage.get_by_label("Move channel 2").fill("1.5")
    expect(face).not_to_have_attribute("src", first)
    moved = face.get_attribute("src") or ""
    ground = stage.locator(".gu-cells-face")
    ground.scroll_into_view_if_needed()
    box = ground.bounding_box()
    assert box
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 200, steps=4)
    page.mouse.up()
    expect(face).not_to_have_attribute("src", moved)
    stage.get_by_role("button", name="Undo").click()
    expect(face).to_have_attribute("src", moved)
    before = shots(stage).count()
    stage.get_by_role("button", name="Keep it").click()
    expect(shots(stage)).to_have_count(max(2, before + 1))
    expect(stage.get_by_role("button", name="Make again")).to_be_visible()
    link = stage.get_by_role("link", name="Download PNG")
    answer = page.request.get(f"{page.url.partition('?')[0]}{link.get_attribute('href')}")
    path = tmp_path / "kept.png"
    path.write_bytes(answer.body())
    kept = provenance.read(path)
    assert kept.request.inputs["edit"]["channels"][0]["shift"] == 1.5  # type: ignore[call-overload, index]
    assert Image.open(io.BytesIO(answer.body())).size == (128, 128)
    expect(stage.get_by_label("Move channel 2")).to_have_value("1.5")
    stage.get_by_role("button", name="Reset", exact=True).click()
    expect(face).to_have_attribute("src", first)


def test_avatars_and_words_take_turns_on_a_phone(visitor: Callable[..., Page], live: str) -> None:
    page = visitor(**PHONE)
    stage = arrive(page, live)
    wide = "() => document.documentElement.scrollWidth"
    small = """nodes => nodes.filter((node) => node.offsetParent && node.offsetHeight < 40)
      .map((node) => node.outerHTML)"""
    for panel in ("A − B + C", "Its latent", "Between"):
        stage.get_by_role("radio", name=panel, exact=True).tap()
        assert page.evaluate(wide) == 390, panel
        seen = stage.locator(".gu-inside :is(button, select, input[type=range])")
        assert seen.evaluate_all(small) == []
    stage.get_by_role("radio", name="tiny-vae").tap()
    expect(stage.get_by_role("button", name="Keep", exact=True)).to_be_enabled()
    expect(name(stage)).to_be_hidden()
    stage.get_by_role("radio", name="tiny-stickers").tap()
    expect(name(stage)).to_be_visible()
