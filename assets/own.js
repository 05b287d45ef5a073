/* The visitor's own picture: sent or drawn, looked for in the latent space, and shown beside what the
   model gives back, with an honest word on how far it is from anything the model knows. */
"use strict";

genui.Own = class {
  constructor(tab) {
    const { el, Segments } = genui;
    Object.assign(this, { tab, picture: null });
    this.source = new genui.Source((picture) => { this.picture = picture; this.encode(); });
    this.sketch = new genui.Sketch((file) => this.source.take(file));
    this.kinds = new Segments("Where the picture comes from", [["send", "Send one"], ["draw", "Draw one"]], (kind) => this.turn(kind));
    this.pair = el("div.gu-own-pair", { hidden: true });
    this.hint = el("p.gu-panel-said", {}, "Any picture will do, best a face in the middle. The model answers with the nearest avatar it can draw, and says how near that is; then change it like any other.");
    this.place = el("div.gu-own-place");
    this.node = el("div.gu-own", { onpaste: (event) => this.carried(event, event.clipboardData), ondragover: (event) => event.preventDefault(), ondrop: (event) => this.carried(event, event.dataTransfer) },
      el("div.gu-own-from", {}, this.kinds.node, this.source.node, this.sketch.node), el("div.gu-own-found", {}, this.hint, this.pair, this.place));
    this.turn("send");
  }

  turn(kind) {
    this.kinds.put(kind);
    this.source.well.classList.toggle("gu-hidden", kind === "draw");
    this.sketch.node.hidden = kind !== "draw";
  }

  carried(event, data) {
    const file = genui.Source.file(data);
    if (!file) return;
    event.preventDefault();
    this.source.take(file);
  }

  load() { this.encode(); }

  // What the model makes of the picture; with an encoder that is its place.
  async encode() {
    const { el } = genui, { tab, picture } = this, { world } = tab;
    this.pair.hidden = !picture;
    this.hint.hidden = Boolean(picture);
    if (!picture) { this.pair.replaceChildren(); return; }
    if (!world) return;
    this.pair.replaceChildren(el("p.gu-panel-said", { role: "status" }, "Looking for it…"));
    const answer = await tab.explorer.ask(world, "encode", { picture: picture.sha256, token: picture.token });
    if (world !== tab.world || picture !== this.picture) return;
    if (answer.error) { this.pair.replaceChildren(genui.notice(answer.error)); return; }
    this.found = answer.place;
    const shot = (src, words) => el("figure.gu-own-shot", {}, el("img", { src, alt: words }), el("figcaption", {}, words));
    this.pair.replaceChildren(shot(answer.original, "Yours, as the model sees it"), shot(answer.picture, answer.exact === false ? "The most similar one it knows" : "Given back"),
      el("div.gu-own-said", {}, el("p.gu-panel-said", {}, genui.Own.found(answer.distance, answer.far)),
        answer.exact === false ? el("p.gu-panel-said", {}, "This model has no encoder; searching takes a few seconds and comes nearer.") : null,
        el("div.gu-row", {}, el("button.gu-chip", { type: "button", onclick: () => tab.go(answer.place) }, "Go there"), el("button.gu-chip", { type: "button", onclick: () => this.search() }, "Search for a nearer place"))));
    if (answer.exact !== false) tab.go(answer.place);
  }

  // How near the model comes, said so that nobody takes a stranger for an avatar.
  static found(distance, far) {
    const off = `On average a colour is off by ${(50 * distance).toFixed(1)} %.`;
    if (far === null || far === undefined) return off;
    if (far >= 1) return `${off} Every avatar that it never saw is given back better: this picture is none that the model knows, and what you see is only the nearest face it has.`;
    if (far > 0.9) return `${off} ${Math.round(100 * far)} % of avatars that it never saw are given back better: an unusual picture for this model.`;
    return `${off} As good as for avatars of its own kind: ${Math.round(100 * (1 - far))} % of those that it never saw come back worse.`;
  }

  async search() {
    const { tab } = this, { world } = tab;
    await tab.shelf.submit({ model: world.id, inputs: { task: "invert", picture: this.picture.sha256, ...(this.found ? { places: [this.found] } : {}) }, options: { scale: 4 } },
      { place: this.place, after: (card) => { if (card.generation && world === tab.world) tab.go(card.generation.usage.places.at(-1)); } });
  }
};

// A small easel: a face can be drawn with a fingertip in a few colours.
genui.Sketch = class {
  static SIDE = 256;
  static COLOURS = ["#2c2422", "#7a4a2b", "#e8c15a", "#c4501e", "#edb98a", "#8d5a35", "#3478e5", "#43b25a", "#ffffff"];

  constructor(take) {
    const { el } = genui, { SIDE, COLOURS } = genui.Sketch;
    this.face = el("canvas.gu-sketch-face", { width: SIDE, height: SIDE, role: "img", "aria-label": "Draw a face here", onpointerdown: (event) => this.grab(event), onpointermove: (event) => this.drag(event) });
    this.pen = this.face.getContext("2d", { willReadFrequently: true });
    this.colours = COLOURS.map((colour) => el("button.gu-sketch-colour", { type: "button", "aria-label": colour === "#ffffff" ? "White" : `Colour ${colour}`, "data-colour": colour, onclick: () => this.choose(colour) }, el("i", { style: `background:${colour}` })));
    this.wide = genui.picture.slider({ min: "4", max: "60", step: "1", value: "14", "aria-label": "Brush size" });
    const tool = (label, act, kind = "gu-quiet") => el(`button.${kind}`, { type: "button", onclick: act }, label);
    this.node = el("div.gu-sketch", { hidden: true }, this.face, el("div.gu-sketch-side", {}, el("div.gu-sketch-colours", { role: "group", "aria-label": "Colour" }, this.colours),
      el("label.gu-brush-size", {}, "Brush", this.wide), el("div.gu-row", {}, tool("Undo", () => this.undo()), tool("Clear", () => this.clear()),
        tool("Look for it", () => this.face.toBlob((blob) => take(new File([blob], "drawing.png", { type: "image/png" }))), "gu-chip"))));
    this.steps = [];
    this.blank();
    this.choose(COLOURS[0]);
  }

  choose(colour) {
    this.colour = colour;
    for (const button of this.colours) button.setAttribute("aria-pressed", String(button.dataset.colour === colour));
  }

  blank() {
    this.pen.fillStyle = "#fff";
    this.pen.fillRect(0, 0, genui.Sketch.SIDE, genui.Sketch.SIDE);
  }

  keep() {
    this.steps.push(this.pen.getImageData(0, 0, genui.Sketch.SIDE, genui.Sketch.SIDE));
    if (this.steps.length > 30) this.steps.shift();
  }

  clear() { this.keep(); this.blank(); }

  undo() { const before = this.steps.pop(); if (before) this.pen.putImageData(before, 0, 0); }

  spot({ clientX, clientY }) {
    const box = this.face.getBoundingClientRect();
    return [((clientX - box.left) / box.width) * genui.Sketch.SIDE, ((clientY - box.top) / box.height) * genui.Sketch.SIDE];
  }

  grab(event) {
    event.preventDefault();
    this.face.setPointerCapture(event.pointerId);
    this.keep();
    this.last = this.spot(event);
    this.line(this.last);
  }

  drag(event) {
    if (!this.face.hasPointerCapture(event.pointerId)) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) this.line(this.spot(each));
  }

  line(to) {
    Object.assign(this.pen, { strokeStyle: this.colour, lineWidth: Number(this.wide.value), lineCap: "round", lineJoin: "round" });
    this.pen.beginPath();
    this.pen.moveTo(...this.last);
    this.pen.lineTo(to[0] + 0.01, to[1]);
    this.pen.stroke();
    this.last = to;
  }
};
