/* A morph as one large picture with a slider from the first prompt to the second, and a button. */
"use strict";

genui.Player = class {
  static BEAT = 220; // ms a picture

  constructor(card) {
    const { el } = genui;
    Object.assign(this, { card, at: 0, way: 1, timer: null });
    this.img = el("img", { alt: "", draggable: "false", hidden: true });
    this.ground = genui.picture.ground(card.request.options, this.img);
    this.icon = el("span", {}, genui.icon(genui.picture.icons.play));
    this.button = el("button.gu-chip.gu-morph-play", { type: "button", "aria-label": "Play", onclick: () => this.toggle() }, this.icon);
    this.slider = genui.picture.slider({ min: "0", max: String(card.total - 1), step: "1", value: "0",
      "aria-label": "From the first prompt to the second" }, ({ value }) => { this.pause(); this.show(Number(value)); });
    this.node = el("div.gu-morph", {}, this.ground, el("div.gu-morph-bar", {}, this.button, this.slider),
      el("div.gu-morph-ends", {}, el("span", { dir: "auto" }, card.request.inputs.prompt), el("span", { dir: "auto" }, card.request.inputs.to)));
    this.show(0);
  }

  show(at) {
    const { tiles } = this.card;
    this.at = at;
    this.slider.put(at);
    this.slider.setAttribute("aria-valuetext", `${tiles[at].label} of the way`);
    const { image } = tiles[at];
    if (image) genui.picture.swap(this.img, image, this.ground);
    tiles.forEach((tile, i) => tile.node.classList.toggle("now", i === at));
  }

  update() { this.show(this.at); }

  toggle() { if (this.timer) this.pause(); else this.play(); }

  // There and back again, until paused or gone from the page.
  play() {
    const { tiles } = this.card;
    this.face("pause", "Pause");
    this.timer = setInterval(() => {
      if (!this.node.isConnected) { this.pause(); return; }
      if (this.at + this.way < 0 || this.at + this.way >= tiles.length) this.way *= -1;
      this.show(Math.max(0, Math.min(tiles.length - 1, this.at + this.way)));
    }, genui.Player.BEAT);
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.face("play", "Play");
  }

  face(name, label) {
    this.icon.replaceChildren(genui.icon(genui.picture.icons[name]));
    this.button.setAttribute("aria-label", label);
  }
};
