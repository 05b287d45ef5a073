"""`python -m tests.ui.screenshots [--out screenshots]`: every tab and state as a picture.

Starts the real app on a temporary data folder and drives it in Chromium at two widths, light and
dark. Weights: GENUI_TEST_GGUF names the SmolLM2 file; without it they are fetched as in the tests.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from threading import Event

from playwright.sync_api import Browser, Page, expect, sync_playwright

from genui import weights
from genui.catalog import Catalog
from tests import tiny
from tests.tiny_tunes import write_tunes
from tests.ui.conftest import CHROMIUM
from tests.ui.serving import SCRIPT, Past, Server

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
THEMES = ("light", "dark")
MODEL = "smollm2-135m-instruct"
SEA = (
    "The sea keeps its own calendar. Each morning the tide writes a line and each evening rubs it "
    "out, and the fishermen who read it say that the handwriting has not changed in a thousand "
    "years. That, at least, is what my grandmother told me, who could read. She said the winds "
    "were commas and the storms were full stops, and nothing else needed an ending."
)


class Tour:
    """One visitor at one width and in one theme, taking pictures."""

    def __init__(self, browser: Browser, out: Path, size: str, theme: str) -> None:
        self.out, self.size, self.theme = out, size, theme
        width, height = SIZES[size]
        self.context = browser.new_context(
            viewport={"width": width, "height": height},
            reduced_motion="reduce",  # no picture of a half-way state
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(300_000)

    def open(self, server: Server, tab: str) -> Page:
        """Open a tab."""
        dark = "&__theme=dark" if self.theme == "dark" else "&__theme=light"
        self.page.goto(f"{server.url}/?tab={tab}{dark}")
        return self.page

    def shoot(self, state: str) -> None:
        """A picture of the whole page as it is."""
        self.page.mouse.move(0, 0)
        name = f"{state}-{self.size}-{self.theme}.png"
        self.page.screenshot(path=self.out / name, full_page=True, animations="disabled")
        print(name, flush=True)

    def say(self, text: str) -> None:
        """Send a prompt."""
        self.page.get_by_label("Prompt", exact=True).fill(text)
        self.page.get_by_role("button", name="Send").click()

    def text(self, server: Server) -> None:
        """The Text tab: empty, loading or working, done, peek, rated, refused, compare."""
        page = self.open(server, "text")
        expect(page.get_by_text("Talk to a small model")).to_be_visible()
        self.shoot("text-empty")
        page.get_by_label("number input for Max tokens", exact=True).fill("60")
        page.get_by_label("number input for Max tokens", exact=True).press("Tab")
        self.say("Write a short poem about a cat who loves the moon.")
        expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
        self.shoot("text-working")
        expect(page.get_by_role("button", name="Regenerate").first).to_be_visible()
        self.shoot("text-done")
        page.get_by_role("button", name="Good result").click()
        expect(page.get_by_text("Thanks", exact=True)).to_be_visible()
        page.get_by_role("button", name="Helpful").click()
        page.get_by_role("button", name="Add a comment").click()
        page.get_by_label("Comment", exact=True).fill("Short, and it answers what I asked.")
        self.shoot("text-rated")
        page.get_by_role("button", name="Save comment").click()
        page.get_by_role("button", name="Peek inside").click()
        self.shoot("text-peek")
        self.say(" ")
        expect(page.get_by_role("alert").first).to_be_visible()
        self.shoot("text-refused")
        page.get_by_label("Compare side by side").check()
        page.get_by_role("button", name="New chat").click()
        self.say("Name three kinds of boats.")
        expect(page.get_by_role("button", name="Go on from this one").first).to_be_visible()
        self.shoot("text-compare")

    def audio(self, server: Server) -> None:
        """The Audio tab: empty, working, done."""
        page = self.open(server, "audio")
        speak = page.get_by_role("button", name="Speak", exact=True)
        expect(speak).to_be_visible()
        self.shoot("audio-empty")
        speak.click()
        expect(page.locator(".gu-sound").first).to_be_visible()
        self.shoot("audio-working")
        expect(page.get_by_role("link", name="Download WAV").first).to_be_visible()
        self.shoot("audio-done")

    def music(self, server: Server) -> None:
        """Music in the Audio tab: empty, working, done, a note looked into, from a melody,
        refused."""
        page = self.open(server, "audio")
        page.get_by_role("radio", name="Music").click()
        stage = page.locator("#music-stage")
        words, compose = stage.get_by_label("What to play"), stage.locator(".gu-main-button")
        expect(words).to_be_visible()
        self.shoot("music-empty")
        words.fill("a happy jig in D major, 16 bars")
        compose.click()
        card = stage.locator("article.gu-sound").first
        expect(card.locator(".gu-paper .abcjs-note").first).to_be_visible()
        self.shoot("music-working")
        expect(card.get_by_role("button", name="Continue")).to_be_enabled()
        card.get_by_role("button", name="Pause").click()
        self.shoot("music-done")
        card.get_by_role("button", name="How sure").click()
        card.locator(".gu-paper .abcjs-note").nth(9).click(force=True)
        self.shoot("music-peek")
        page.keyboard.press("Escape")
        stage.get_by_label("Start from: a stored tune").select_option(label="Amazing Grace")
        stage.get_by_role("radio", name="Fill bars").click()
        stage.get_by_role("button", name="Piano").first.click()
        expect(stage.locator(".gu-melody .gu-paper .tinted").first).to_be_visible()
        self.shoot("music-start")
        stage.get_by_role("button", name="Remove", exact=True).first.click()
        words.fill("7 bars of nothing")
        compose.click()
        expect(stage.get_by_role("alert").first).to_be_visible()
        self.shoot("music-refused")

    def image(self, server: Server) -> None:
        """The Image tab: empty, working, done, one looked at, inpainting, a grid, a refusal."""
        page = self.open(server, "image")
        stage = page.locator("#image-stage")
        expect(stage.get_by_text("Draw something")).to_be_visible()
        self.shoot("image-empty")
        prompt = stage.get_by_label("Prompt", exact=True)
        prompt.fill("a sleepy orange cat")
        stage.get_by_role("button", name="Draw", exact=True).click()
        expect(stage.locator(".gu-tile .gu-ground.seen").first).to_be_visible()
        self.shoot("image-working")
        expect(stage.get_by_role("link", name="Sheet")).to_be_visible()
        self.shoot("image-done")
        stage.get_by_role("button", name="Picture 2").click()
        stage.get_by_label("From noise to picture").fill("1")
        self.shoot("image-look")
        stage.get_by_role("button", name="Inpaint", exact=True).click()
        face = stage.get_by_role("img", name="Mask").locator("visible=true")
        face.click()
        self.shoot("image-inpaint")
        stage.get_by_role("radio", name="Grid").click()
        stage.get_by_role("button", name="Draw grid").click()
        expect(stage.locator(".gu-tile.made")).to_have_count(12)
        self.shoot("image-grid")
        stage.get_by_role("radio", name="From a picture").click()
        not_one = {"name": "notes.png", "mimeType": "image/png", "buffer": b"not a picture"}
        stage.get_by_label("Choose a picture").set_input_files([not_one])
        expect(stage.get_by_text("not a picture this page can read")).to_be_visible()
        self.shoot("image-refused")

    def latent(self, server: Server) -> None:
        """The Latent space tab: a place, what the model learned, bias counted, a refusal, and the
        image model from the inside."""
        page = self.open(server, "latent")
        stage = page.locator("#latent-stage")
        expect(stage.get_by_role("button", name="Keep", exact=True)).to_be_enabled()
        expect(stage.locator(".gu-corner.held img").nth(1)).to_be_visible()
        self.shoot("latent")
        stage.get_by_role("radio", name="What it learned").click()
        expect(stage.locator(".gu-sheet img")).to_be_visible()
        expect(stage.get_by_label("Samples", exact=True).locator("img").last).to_be_visible()
        self.shoot("latent-learned")
        stage.get_by_role("radio", name="Bias").click()
        count = stage.get_by_role("button", name="Count 1,000 samples")
        count.click()
        expect(stage.get_by_role("button", name="Stop", exact=True)).to_be_visible()
        expect(count).to_be_visible()
        self.shoot("latent-bias")
        stage.get_by_role("radio", name="Walks").click()
        stage.get_by_role("button", name="Clear").click()
        stage.get_by_role("button", name="Make the walk").click()
        expect(stage.locator(".gu-notices")).to_contain_text("at least two places")
        self.shoot("latent-refused")
        stage.get_by_role("radio", name="Stickers", exact=True).click()
        expect(stage.get_by_role("button", name="Make again")).to_be_visible()
        self.shoot("latent-inside")

    def ratings(self, server: Server) -> None:
        """The Ratings tab with a past; the visitor is the one with `KEY`."""
        self.page.add_init_script(SCRIPT.replace("localStorage.getItem('genui-key') ||", ""))
        page = self.open(server, "ratings")
        expect(page.locator(".gu-rated > li[data-generation]").first).to_be_visible()
        page.wait_for_function("document.querySelector('.gu-count b').textContent !== '0'")
        self.shoot("ratings-full")

    def failures(self, bare: Server) -> None:
        """A server whose first model is broken and where nobody has rated anything."""
        page = self.open(bare, "ratings")
        expect(page.get_by_text("Nobody has rated anything yet")).to_be_visible()
        self.shoot("ratings-empty")
        page = self.open(bare, "text")
        self.say("Write a short poem about a cat who loves the moon.")
        expect(page.get_by_role("alert").first).to_be_visible()
        self.shoot("text-failed")

    def offline(self, server: Server) -> None:
        """The server dies under an answer and under a rating; it is started again afterwards."""
        page = self.open(server, "text")
        rate = page.get_by_role("group", name="Rate this result").first
        expect(rate.get_by_role("button", name="Bad result")).to_be_enabled()
        server.kill()
        rate.get_by_role("button", name="Bad result").click()
        expect(rate.get_by_role("status")).to_contain_text("No connection")
        self.shoot("text-offline")
        server.start()


def remember(data: Path) -> None:
    """A past worth looking at: many ratings of other visitors, a few results of our own."""
    past = Past(data)
    for model, count, liked in (("harbour", 60, 0.62), ("lighthouse", 24, 0.85), ("skiff", 3, 0.7)):
        for number in range(count):
            key = f"visitor-{number % 12:02}".ljust(32, "-")
            thumb = "up" if number % 20 < liked * 20 else "down"
            made = past.made(SEA, "Write about the sea.", key, model)
            past.rated(made, key, thumb=thumb, stars=number % 3 + 3)
    for text, prompt, opinion in (
        (SEA, "Write about the sea.", {"stars": 5, "reasons": ("well-written", "creative")}),
        ("<b>Bold</b> ${claims}, shown as they are.", "Markup?", {"thumb": "down", "stars": 2}),
        ("Photosynthesis turns light into sugar.", "Explain photosynthesis to a child.",
         {"reasons": ("correct",), "comment": "Short and right. Could say what a leaf does."}),
    ):  # fmt: skip
        past.rated(past.made(text, prompt, model="harbour"), **opinion)
    past.store.close()


def models() -> Path:
    """A folder with the text model: the one GENUI_TEST_GGUF names, or the tests' own."""
    if not (given := os.environ.get("GENUI_TEST_GGUF")):
        folder = Path(os.environ.get("GENUI_TEST_CACHE", "~/.cache/genui-tests")).expanduser()
        model = Catalog.read().get(MODEL)
        weights.locate(model, folder, offline=False, tell=lambda *_: None, cancel=Event())
        return folder
    folder = Path(tempfile.mkdtemp(prefix="genui-models-"))
    place = folder / MODEL / Catalog.read().get(MODEL).file
    place.parent.mkdir()
    place.symlink_to(Path(given).absolute())
    return folder


def makers(folder: Path) -> dict[str, str]:
    """The settings that give the page something to draw and to compose with: where our own models
    are not here, tiny ones that make noise."""
    added = []
    if not weights.here(Catalog.read().default("image"), folder):
        added.append(tiny.stickers(folder / "tiny-stickers", few_steps=True))
    if not weights.here(Catalog.read().default("music"), folder):
        added += [write_tunes(folder / name, name) for name in ("transformer", "lstm")]
    return {"model": json.dumps(list(map(str, added)))}


def main() -> None:
    """Take every picture."""
    parser = argparse.ArgumentParser(prog="python -m tests.ui.screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("screenshots"), help="folder for the PNGs")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        expect.set_options(timeout=300_000)  # the machine may be busy with a model
        weights_folder = models()
        broken = Path(folder, "broken.gguf")
        broken.write_bytes(b"GGUF" + bytes(100))
        server = Server(Path(folder, "main"), weights_folder, **makers(Path(folder)))
        bare = Server(Path(folder, "bare"), weights_folder, model=f'["{broken}"]')
        remember(server.data)
        try:
            server.start()
            bare.start()
            for size in SIZES:
                for theme in THEMES:
                    tour = Tour(browser, out, size, theme)
                    tour.failures(bare)
                    tour.text(server)
                    tour.image(server)
                    tour.audio(server)
                    tour.music(server)
                    tour.latent(server)
                    tour.offline(server)
                    tour.ratings(server)
                    tour.context.close()
        finally:
            server.stop()
            bare.stop()
        browser.close()


if __name__ == "__main__":
    main()
