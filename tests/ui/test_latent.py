"""The Latent space tab as a visitor meets it: two tiny real models behind the real page."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import FloatRect, Locator, Page, expect

from genui import provenance
from tests import tiny_avatars
from tests.ui.serving import running

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running `app.py` with an autoencoder and a GAN that learned nothing."""
    folder = tmp_path_factory.mktemp("places")
    kinds = {"vae": "tiny-vae", "gan": "tiny-gan"}
    chosen = [tiny_avatars.avatars(folder / name, kind) for kind, name in kinds.items()]
    with running(folder, *chosen) as server:
        yield server.url


def arrive(page: Page, address: str) -> Locator:
    """Open the tab and wait for its first picture."""
    page.goto(address if "#" in address else f"{address}/?tab=latent")
    stage = page.locator("#latent-stage")
    expect(stage.get_by_role("button", name="Keep", exact=True)).to_be_enabled()
    expect(stage.locator(".gu-corner.held img").nth(1)).to_be_visible()  # all of it is there
    return stage


def picture(stage: Locator) -> str:
    """The large picture as it is now."""
    return stage.locator(".gu-seen img").get_attribute("src") or ""


def changed(stage: Locator, before: str) -> str:
    """Wait for another picture than `before`."""
    expect(stage.locator(".gu-seen img")).not_to_have_attribute("src", before)
    return picture(stage)


def face(stage: Locator) -> FloatRect:
    """Where the map is on the screen."""
    canvas = stage.locator(".gu-map-face")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    return box


def fetched(page: Page, link: Locator, tmp_path: Path) -> Path:
    """The file behind a link of the page."""
    answer = page.request.get(f"{page.url.partition('?')[0]}{link.get_attribute('href')}")
    assert answer.ok
    path = tmp_path / "found"
    path.write_bytes(answer.body())
    return path


def test_sliders(page: Page, live: str) -> None:
    stage = arrive(page, live)
    first = picture(stage)
    knob = stage.get_by_label("Glasses", exact=True).get_by_role("slider")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data or ""))
    knob.evaluate(
        """knob => { for (let at = 0; at <= 40; at += 1) {
          knob.value = at / 20; knob.dispatchEvent(new Event('input')); }
          knob.dispatchEvent(new Event('change')); }"""
    )
    dragged = changed(stage, first)
    undo, redo = (stage.get_by_role("button", name=name) for name in ("Undo", "Redo"))
    expect(stage.get_by_label("Glasses", exact=True).locator("output")).to_have_text("+2")
    stage.get_by_role("button", name="Lock Skin tone").click()
    undo.click()  # the lock
    undo.click()  # the whole drag
    expect(stage.locator(".gu-seen img")).to_have_attribute("src", first)
    redo.click()
    last = changed(stage, first)  # the last value of the drag, not one from its middle
    expect(undo).to_be_enabled()
    assert sum('"look"' in data for data in asked) < 10  # of 41 moves
    assert dragged != first

    stage.get_by_role("button", name="Lock Glasses").click()
    stage.get_by_label("Skin tone", exact=True).get_by_role("slider").fill("-1")
    expect(stage.get_by_label("Skin tone", exact=True).locator("output")).to_have_text("−1")
    changed(stage, last)
    stage.get_by_role("button", name="Reset all").click()
    expect(stage.get_by_label("Skin tone", exact=True).locator("output")).to_have_text("0")
    expect(stage.get_by_label("Glasses", exact=True).locator("output")).to_have_text("+2")
    expect(stage.locator(".gu-seen img")).to_have_attribute("src", last)
    stage.get_by_role("button", name="Surprise me").click()
    changed(stage, last)
    expect(stage.get_by_label("Glasses", exact=True).locator("output")).to_have_text("+2")


def test_the_map_and_a_walk(page: Page, live: str, tmp_path: Path) -> None:
    stage = arrive(page, live)
    box, first = face(stage), picture(stage)
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(*middle)
    second = changed(stage, first)
    page.mouse.move(middle[0] - 90, middle[1] - 90)
    page.mouse.down()
    page.mouse.move(middle[0] - 30, middle[1] + 60, steps=5)
    page.mouse.up()
    third = changed(stage, second)
    stage.get_by_role("button", name="Good place").click()
    expect(stage.get_by_text("Rated, and kept below.")).to_be_visible()
    card = stage.get_by_role("article", name="Picture", exact=True)
    good = card.get_by_role("button", name="Good result")
    expect(good).to_have_attribute("aria-pressed", "true")
    canvas = stage.locator(".gu-map-face")
    expect(canvas).to_have_attribute("aria-label", re.compile("One place you rated"))

    canvas.focus()
    for key in ("ArrowRight", "Shift+ArrowDown", "+", "Enter"):
        page.keyboard.press(key)
    changed(stage, third)
    page.keyboard.press("0")
    spots = (
        "box => [...Array(400).keys()].map(i => [box.x + 20 * (i % 20), box.y + 20 * (i / 20 | 0)])"
    )
    for x, y in page.evaluate(spots, box):  # a picture is somewhere on the map
        page.mouse.move(x, y)
        if stage.locator(".gu-map-glass").is_visible():
            break
    expect(stage.locator(".gu-map-glass")).to_be_visible()

    stage.get_by_role("radio", name="Draw a path").click()
    page.mouse.click(*middle)
    expect(stage.locator(".gu-notices")).to_contain_text("drag from one place of the map")
    page.mouse.move(middle[0] - 100, middle[1])
    page.mouse.down()
    page.mouse.move(middle[0] + 60, middle[1] + 40, steps=8)
    page.mouse.up()
    stops = stage.get_by_label("Places of the walk").get_by_role("button", name="Go to place")
    expect(stops.nth(2)).to_be_visible()
    stage.get_by_label("Length", exact=True).fill("1")
    stage.get_by_label("Frames a second").fill("10")
    stage.get_by_role("radio", name="WebP").click()
    stage.get_by_role("button", name="Make the walk").click()
    walk = stage.get_by_role("article", name="Walk")
    found = fetched(page, walk.get_by_role("link", name="Download WebP"), tmp_path)
    with Image.open(found) as film:
        assert film.n_frames == 10
    made = provenance.read(found)
    assert made.request.inputs["task"] == "walk"
    assert len(made.request.inputs["places"]) == stops.count()  # type: ignore[arg-type]

    page.goto(f"{live}/?tab=latent")
    expect(stage.get_by_role("article", name="Walk")).to_be_visible()
    expect(canvas).to_have_attribute("aria-label", re.compile("One place you rated"))


def test_between_places(page: Page, live: str) -> None:
    stage = arrive(page, live)
    first = picture(stage)
    stage.get_by_label("From the first to the second").fill("0.25")
    second = changed(stage, first)
    stage.get_by_role("radio", name="Linear").click()
    third = changed(stage, second)
    stage.get_by_role("radio", name="A − B + C").click()
    expect(stage.get_by_text("Hold A, B and C")).to_be_visible()
    stage.get_by_role("button", name="Hold the picture as C").first.click()
    stage.get_by_role("button", name="Show it").click()
    fourth = changed(stage, third)
    stage.get_by_role("radio", name="Blend").click()
    stage.get_by_label("Between the corners").press("ArrowDown")
    fifth = changed(stage, fourth)
    stage.get_by_role("radio", name="Look around").click()
    stage.get_by_role("button", name="Look around", exact=True).click()
    stage.get_by_label("Neighbours").get_by_role("button", name="Go to place 8").click()
    changed(stage, fifth)

    stage.get_by_role("radio", name="tiny-gan").click()
    expect(stage.get_by_label("The critic's opinion", exact=False)).to_be_visible()
    expect(stage.locator(".gu-corner.held")).to_have_count(2)
    stage.get_by_role("radio", name="Mix layers").click()
    before = picture(stage)
    stage.get_by_label("From layer").fill("1")
    mixed = changed(stage, before)
    stage.get_by_role("button", name="Take none").click()
    expect(stage.locator(".gu-seen img")).to_have_attribute("src", before)
    assert mixed != before


def test_a_picture_of_ones_own(page: Page, live: str) -> None:
    stage = arrive(page, live)
    first, drawn = picture(stage), io.BytesIO()
    stage.get_by_role("radio", name="Your own picture").click()
    source = stage.get_by_label("Choose a picture")
    source.set_input_files([{"name": "no.png", "mimeType": "image/png", "buffer": b"no picture"}])
    expect(stage.get_by_role("alert")).to_contain_text("picture")
    Image.linear_gradient("L").convert("RGB").save(drawn, "PNG")
    mine = {"name": "mine.png", "mimeType": "image/png", "buffer": drawn.getvalue()}
    source.set_input_files([mine])  # type: ignore[list-item]
    expect(stage.get_by_text("On average a colour is off by", exact=False)).to_be_visible()
    changed(stage, first)
    stage.get_by_role("radio", name="tiny-gan").click()
    expect(stage.get_by_text("This model has no encoder", exact=False)).to_be_visible()
    before = picture(stage)
    stage.get_by_role("button", name="Search for a nearer place").click()
    card = stage.get_by_role("article", name="Search")
    expect(card.get_by_role("link", name="Download PNG")).to_be_visible()
    changed(stage, before)
    stage.get_by_role("radio", name="Draw one").click()
    canvas = stage.get_by_label("Draw a face here")
    canvas.scroll_into_view_if_needed()
    canvas.click(position={"x": 60, "y": 60})
    stage.get_by_role("button", name="Look for it").click()
    expect(stage.get_by_text("drawing.png")).to_be_visible()


def test_a_link_brings_everything(page: Page, visitor: Callable[..., Page], live: str) -> None:
    stage = arrive(page, live)
    stage.get_by_role("radio", name="tiny-gan").click()
    expect(stage.locator(".gu-corner.held")).to_have_count(2)
    stage.get_by_role("button", name="Surprise me").click()
    stage.get_by_label("Glasses", exact=True).get_by_role("slider").fill("1.5")
    stage.get_by_role("button", name="Lock Skin tone").click()
    stage.get_by_label("Truncation").fill("0.7")
    stage.get_by_role("radio", name="PCA").click()
    stage.get_by_label("Colour by").select_option("glasses")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    stage.get_by_role("button", name="Copy link").click()
    expect(stage.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert len(link) < 2000
    other = arrive(visitor(), link)
    expect(other.get_by_role("radio", name="tiny-gan")).to_be_checked()
    expect(other.get_by_label("Glasses", exact=True).locator("output")).to_have_text("+1.5")
    expect(other.get_by_role("button", name="Lock Skin tone")).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(other.get_by_label("Truncation")).to_have_value("0.7")
    expect(other.get_by_role("radio", name="PCA")).to_be_checked()
    expect(other.get_by_label("Colour by")).to_have_value("glasses")
    expect(other.locator(".gu-seen img")).to_have_attribute("src", picture(stage))

    before = picture(other)
    at = link.index("#at=") + 40
    broken = link[:at] + ("A" if link[at] != "A" else "B") + link[at + 1 :]
    other.page.evaluate("address => { location.hash = address.split('#')[1] }", broken)
    expect(other.locator(".gu-notices")).to_contain_text("This link is damaged")
    assert picture(other) == before


def test_what_it_learned_and_bias(page: Page, live: str) -> None:
    stage = arrive(page, live)
    stage.get_by_role("radio", name="What it learned").click()
    expect(stage.get_by_label("Dimensions", exact=True).get_by_role("button")).to_have_count(48)
    sheet = stage.locator(".gu-sheet img")
    expect(sheet).to_be_visible()
    assert sheet.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [448, 512]
    expect(stage.get_by_label("Samples", exact=True).get_by_role("button")).to_have_count(10)
    figures = stage.get_by_role("table")
    expect(
        figures.get_by_role("row", name=re.compile(r"^FID 51\.9\s*training avatars 30\.4"))
    ).to_be_visible()
    expect(figures.get_by_role("row", name=re.compile("^Path length 3,994"))).to_be_visible()
    heads = figures.get_by_role("rowheader")
    both = ["KID", "FID", "Precision", "Path length", "Copies"]
    expect(heads).to_have_text(["Given back", *both[:3], "Disentanglement", *both[3:]])
    stage.get_by_role("radio", name="tiny-gan").click()
    expect(heads).to_have_text(both)  # and nothing that was not measured
    stage.get_by_role("radio", name="tiny-vae").click()
    stage.get_by_role("radio", name="Bias").click()
    share = stage.get_by_role("img", name=re.compile(r"^dark: .* of samples \(.* to .*\)"))
    stage.get_by_role("button", name="Count 1,000 samples").click()
    expect(share.first).to_be_visible()
    stage.get_by_role("button", name="Stop", exact=True).click()
    expect(stage.get_by_role("button", name="Count 1,000 samples")).to_be_visible()
    stage.get_by_role("radio", name="Walks").click()
    stops = stage.get_by_label("Places of the walk").get_by_role("button", name="Go to place")
    expect(stops).to_have_count(4)
    stage.get_by_role("button", name="Clear").click()
    stage.get_by_role("button", name="Make the walk").click()
    expect(stage.locator(".gu-notices")).to_contain_text("at least two places")


def test_a_kept_file_is_opened_again(page: Page, live: str, tmp_path: Path) -> None:
    stage = arrive(page, live)
    first, glasses = picture(stage), stage.get_by_label("Glasses", exact=True)
    glasses.get_by_role("slider").fill("1.5")
    second = changed(stage, first)
    stage.get_by_label("Truncation").fill("0.7")
    third = changed(stage, second)
    stage.get_by_role("button", name="Keep", exact=True).click()
    cards = stage.get_by_role("article", name="Picture", exact=True)
    kept = fetched(page, cards.get_by_role("link", name="Download PNG"), tmp_path).read_bytes()
    stage.get_by_role("button", name="Reset all").click()
    changed(stage, third)
    stage.get_by_role("radio", name="tiny-gan").click()
    expect(stage.locator(".gu-corner.held")).to_have_count(2)

    opener = stage.get_by_label("Open a picture or walk made by genui")
    opener.set_input_files([{"name": "mine.png", "mimeType": "image/png", "buffer": kept}])
    expect(stage.get_by_text("mine.png, made again. Identical", exact=False)).to_be_visible()
    expect(stage.get_by_role("radio", name="tiny-vae")).to_be_checked()
    expect(glasses.locator("output")).to_have_text("+1.5")
    expect(stage.get_by_label("Truncation")).to_have_value("0.7")
    expect(stage.locator(".gu-seen img")).to_have_attribute("src", third)
    expect(cards).to_have_count(2)

    plain = io.BytesIO()
    Image.new("RGB", (64, 64)).save(plain, "PNG")
    other = {"name": "other.png", "mimeType": "image/png", "buffer": plain.getvalue()}
    opener.set_input_files([other])  # type: ignore[list-item]
    expect(stage.locator(".gu-notices")).to_contain_text("no record")
    expect(stage.locator(".gu-seen img")).to_have_attribute("src", third)


def test_two_fingers_zoom_the_map(visitor: Callable[..., Page], live: str) -> None:
    page = visitor(**PHONE)
    stage = arrive(page, live)
    box, hand = face(stage), page.context.new_cdp_session(page)
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data or ""))

    def touch(*moves: tuple[float, ...]) -> None:
        """Fingers that touch at the first of `moves` and leave from the last; each move has one
        offset from the middle of the map, to the right, for every finger."""
        for number, spots in enumerate(moves):
            points = [
                {"x": middle[0] + right, "y": middle[1], "id": finger}
                for finger, right in enumerate(spots)
            ]
            kind = "touchMove" if number else "touchStart"
            hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def under(right: float) -> float:
        """How far right on the map one looks, by dragging a finger to `right` of its middle."""
        with page.expect_request(lambda request: '"xy"' in (request.post_data or "")) as heard:
            touch((right - 60,), (right,))
        found = re.search(r'"xy":\[([-.\de]+),', heard.value.post_data or "")
        assert found
        return float(found[1])

    whole = under(80) - under(0)
    asked.clear()
    touch((-30, 30), (-45, 45), (-60, 60))
    assert under(0) == pytest.approx(0.5, abs=0.02)  # what lay between the fingers stayed
    assert under(80) - under(0) == pytest.approx(whole / 2, rel=0.05)
    touch((-40, 40), (-10, 70), (0, 80))
    assert under(0) == pytest.approx(0.5 - whole / 4, abs=0.02)
    assert sum('"place"' in data for data in asked) == 4  # and none for two fingers
    stage.get_by_role("button", name="Whole map").click()
    assert under(80) == pytest.approx(0.5 + whole, abs=0.02)


def test_a_phone_holds_every_panel(visitor: Callable[..., Page], live: str) -> None:
    page = visitor(**PHONE)
    stage = arrive(page, live)
    first, box = picture(stage), face(stage)
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    changed(stage, first)
    wide = "() => document.documentElement.scrollWidth"
    small = """nodes => nodes.filter((node) => node.offsetParent && node.offsetHeight < 40)
      .map((node) => node.outerHTML)"""
    for panel in ("Your own picture", "Walks", "What it learned", "Bias", "Between"):
        stage.get_by_role("radio", name=panel).tap()
        assert page.evaluate(wide) == 390, panel
        assert stage.locator("button, select, input[type=range]").evaluate_all(small) == []
