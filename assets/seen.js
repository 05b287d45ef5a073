/* The large picture of the Latent space tab: what the place looks like, what a judge sees in it, how
   near it is to the data; and the buttons that keep and rate it. */
"use strict";

genui.Seen = class {
  constructor(tab) {
    const { el } = genui;
    this.tab = tab;
    this.img = el("img", { alt: "", draggable: "false", hidden: true });
    this.ground = el("div.gu-ground", {}, this.img);
    this.wait = el("div.gu-seen-wait", { role: "status" });
    this.words = el("div.gu-words", { "aria-label": "What a judge network sees", role: "list" });
    this.near = new genui.Meter("Distance to the data", ["among the data", "far out"]);
    this.real = new genui.Meter("The critic's opinion", ["drawn", "real"]);
    const thumb = (side, label) => el(`button.gu-tool.gu-thumb-${side}`, { type: "button", "aria-label": label, title: `${label}: the picture is kept, and the map remembers`,
      onclick: () => tab.shelf.keep(side) }, genui.thumb(side));
    this.keep = el("button.gu-chip", { type: "button", onclick: () => tab.shelf.keep() }, "Keep");
    this.said = el("span.gu-seen-said", { role: "status" });
    const rate = genui.feedback.mode === "off" ? [] : [thumb("up", "Good place"), thumb("down", "Bad place")];
    this.node = el("section.gu-seen", { "aria-label": "Picture" }, el("div.gu-seen-frame", {}, this.ground, this.wait),
      el("div.gu-row.gu-seen-deeds", {}, this.keep, rate, this.said), this.words, el("div.gu-meters", {}, this.near.node, this.real.node));
    this.deeds(false);
  }

  deeds(on) { for (const button of this.node.querySelectorAll(".gu-seen-deeds button")) button.disabled = !on; }

  loading(text) { this.wait.textContent = text; this.node.classList.toggle("waiting", Boolean(text)); }

  say(text) { this.said.textContent = text; }

  async show(look, world) {
    const { el } = genui, heads = Object.entries(look.attributes);
    this.loading("");
    this.deeds(true);
    const shown = heads.filter(([, [answer]]) => answer !== "none");
    this.words.replaceChildren(...shown.map(([head, [answer, sure]]) => el("span.gu-word", { role: "listitem", title: `${genui.said(head)}: ${answer}, ${Math.round(100 * sure)} % sure`,
      style: `--sure:${sure.toFixed(2)}` }, el("small", {}, genui.said(head)), answer)));
    this.img.alt = `A picture: ${shown.map(([head, [answer]]) => `${genui.said(head)} ${answer}`).join(", ")}`;
    this.near.show(look.far, genui.Seen.far(look.far));
    const { scores } = world.about.statistics;
    this.real.node.hidden = look.score === null || !scores;
    if (!this.real.node.hidden) { const part = genui.quantile(scores.values, look.score); this.real.show(part, genui.Seen.real(part)); }
    await genui.picture.swap(this.img, look.picture, this.ground);
  }

  static far(part) {
    if (part < 0.5) return "right among the data";
    if (part < 0.95) return "near the data";
    if (part < 1) return "at the rim of the data";
    return "farther out than any known picture";
  }

  static real(part) {
    const share = Math.round(100 * part);
    if (share >= 50) return "as real as most real ones";
    return share < 1 ? "less real than any real one" : `more real than ${share} % of real ones`;
  }
};

// The share of quantiles (at equal shares from 0 to 1) that lie below a number.
genui.quantile = (values, number) => {
  const above = values.findIndex((value) => value > number);
  if (above <= 0) return above === 0 ? 0 : 1;
  return (above - 1 + (number - values[above - 1]) / (values[above] - values[above - 1])) / (values.length - 1);
};

// A line from 0 to 1 with a mark, and what it says in words.
genui.Meter = class {
  constructor(label, [low, high]) {
    const { el } = genui;
    this.mark = el("i");
    this.said = el("b");
    this.node = el("div.gu-meter", { role: "img", "aria-label": label }, el("span.gu-meter-name", {}, label), this.said,
      el("div.gu-meter-line", {}, this.mark), el("div.gu-knob-ends", {}, el("span", {}, low), el("span", {}, high)));
    this.label = label;
  }

  show(part, words) {
    this.mark.style.left = `${100 * Math.max(0, Math.min(1, part))}%`;
    this.said.textContent = words;
    this.node.setAttribute("aria-label", `${this.label}: ${words}`);
  }
};
