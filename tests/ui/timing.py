"""`python -m tests.ui.timing`: how fast the Latent space tab answers in a real browser.

Starts the real app with the model that ships and drives it in Chromium with real pointer events:
from a move of a slider to the picture it leads to, painted; a fast drag; the tab opened for the
first time. No test: run it on an idle machine. What the server's own part takes is in
`python -m genui bench latent`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, FloatRect, Page, Request, expect, sync_playwright

from genui.bench import Row, show
from tests.ui.conftest import CHROMIUM
from tests.ui.serving import Server

MOVES, SECOND = 100, 1.0  # of the fast drag
KNOB = "Glasses"

# In the page: when the pointer last moved a slider, when each picture stood on the screen (the
# frame after the one in which it was decoded), when the map first showed what is under the
# pointer. All in milliseconds of one clock; `timeStamp` is when the browser was given the event.
WATCH = """() => {
  const timing = window.timing = { last: 0, moved: 0, released: 0, shown: [], waiting: [] };
  const on = (name, act) => addEventListener(name, act, true);
  on('pointermove', ({ timeStamp }) => { timing.last = timeStamp; });
  on('pointerdown', ({ timeStamp }) => { timing.last = timeStamp; });
  on('input', () => { timing.moved = timing.last; });
  on('pointerup', ({ timeStamp }) => { timing.released = timeStamp; });
  on('click', ({ timeStamp }) => { timing.clicked = timeStamp; });
  const painted = (act) =>
    requestAnimationFrame(() => requestAnimationFrame(() => act(performance.now())));
  const seen = ({ target }) => {
    if (target.matches('.gu-map-glass') && !target.hidden)
      painted((now) => { timing.hovered ??= now; });
    if (!target.matches('.gu-seen img') || !target.src) return;
    const { moved } = timing;
    target.decode().then(() => painted((now) => {
      timing.shown.push({ moved, now });
      timing.waiting.splice(0).forEach((tell) => tell());
    }), () => { /* a newer picture took its place */ });
  };
  new MutationObserver((changes) => changes.forEach(seen))
    .observe(document.body, { subtree: true, attributeFilter: ['src', 'hidden'] });
}"""
NEXT = "count => timing.shown.length > count || new Promise(tell => timing.waiting.push(tell))"


class Visit:
    """A visitor who has the page open on another tab, and a watch in hand."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.page: Page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        self.page.set_default_timeout(300_000)
        self.page.goto(f"{url}/?tab=ratings")
        expect(self.page.get_by_role("tab", name="Latent space")).to_be_visible()
        self.page.evaluate(WATCH)

    def open(self) -> float:
        """Click the tab; seconds until the map shows the picture under the pointer."""
        self.page.get_by_role("tab", name="Latent space").click()
        canvas = self.page.locator(".gu-map-face")
        box = canvas.bounding_box()
        assert box
        at = 0
        while not self.page.evaluate("timing.hovered"):
            at += 1  # here and there, as some of the map is bare
            across, down = (at * 5 % 17 + 3) / 23, (at * 3 % 13 + 3) / 19
            self.page.mouse.move(box["x"] + box["width"] * across, box["y"] + box["height"] * down)
            box = canvas.bounding_box() or box
        expect(self.page.locator(".gu-corner.held img").nth(1)).to_be_visible()
        return float(self.page.evaluate("timing.hovered - timing.clicked")) / 1000

    def grab(self) -> FloatRect:
        """Press the knob of a slider in the middle; returns where the slider is."""
        knob = self.page.get_by_label(KNOB, exact=True).get_by_role("slider")
        knob.scroll_into_view_if_needed()
        box = knob.bounding_box()
        assert box
        self.page.mouse.move(*middle(box))
        self.page.mouse.down()
        return box

    def one_by_one(self, count: int) -> list[float]:
        """Move the slider `count` times, each after the picture before stands; milliseconds."""
        box = self.grab()
        for number in range(count):
            shown = self.page.evaluate("timing.shown.length")
            self.page.mouse.move(*middle(box, 20 + number * 2 if number % 2 else -20 - number * 2))
            self.page.evaluate(NEXT, shown)
        took: list[float] = self.page.evaluate("timing.shown.map(({ moved, now }) => now - moved)")
        self.page.mouse.up()
        return took[-count:]

    def dragged(self) -> tuple[float, float, int, bool]:
        """Drag the slider fast; milliseconds from letting go to the last picture, seconds the drag
        took, how many pictures were asked for, and whether the last is of the last value."""
        asked: list[Request] = []

        def heard(request: Request) -> None:
            if '"look"' in (request.post_data or ""):
                asked.append(request)

        box, before = self.grab(), self.page.evaluate("timing.shown.length")
        self.page.on("request", heard)
        began = time.perf_counter()
        for number in range(1, MOVES + 1):
            self.page.mouse.move(*middle(box, number * 0.9 - 45))
            time.sleep(max(0.0, began + number * SECOND / MOVES - time.perf_counter()))
        self.page.mouse.up()
        seconds = time.perf_counter() - began
        count = 0
        while count < len(asked):
            count = len(asked)
            asked[-1].response()
            self.page.wait_for_timeout(1000)  # painted, and the next one asked for
        self.page.remove_listener("request", heard)
        assert self.page.evaluate("timing.shown.length") > before
        late = self.page.evaluate("Math.max(0, timing.shown.at(-1).now - timing.released)")
        value = self.page.get_by_label(KNOB, exact=True).get_by_role("slider").input_value()
        (place,) = json.loads(asked[-1].post_data or "")["data"]["places"]
        return late, seconds, count, float(value) in place["moves"].values()


def middle(box: FloatRect, off: float = 0.0) -> tuple[float, float]:
    """The middle of a box, or `off` pixels to its right."""
    return box["x"] + box["width"] / 2 + off, box["y"] + box["height"] / 2


def measure(browser: Browser, server: Server, count: int) -> list[Row]:
    """Every row of the table."""
    first = Visit(browser, server.url)
    cold = first.open()
    first.page.context.close()
    visit = Visit(browser, server.url)
    again = visit.open()
    took = visit.one_by_one(count)
    late, seconds, asked, last = visit.dragged()
    won = "the last value stands" if last else "NOT the last value stands"
    return [
        Row("a slider moved, its picture painted, median", statistics.median(took), 150, "ms",
            False, f"95 %: {statistics.quantiles(took, n=20)[-1]:.0f} ms, {count} moves"),
        Row(f"{MOVES} moves in {seconds:.1f} s, the last picture after letting go", late, 300, "ms",
            False, f"{asked} pictures asked for; {won}"),
        Row("the tab clicked, the map shows what is under the pointer", again, 2, "s", False),
        Row("the same, the model not loaded yet", cold, 10, "s", False),
    ]  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.ui.timing", description=__doc__)
    parser.add_argument("--moves", type=int, default=40, help="of the slider, one at a time")
    count: int = parser.parse_args().moves
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        expect.set_options(timeout=300_000)
        server = Server(Path(folder, "data"), Path(folder))
        try:
            server.start()
            show(measure(browser, server, count))
        finally:
            server.stop()
        browser.close()


if __name__ == "__main__":
    main()
