/* The mask of an inpainting: what is painted will be drawn anew. The mask is kept in the pixels of
   the source picture, white on nothing; the page shows it as a tint over the picture. */
"use strict";

genui.Brush = class {
  static UNDO = 30;

  // `changed()` is called after every stroke.
  constructor(changed = () => {}) {
    const { el } = genui;
    this.changed = changed;
    this.mask = el("canvas");
    this.pen = this.mask.getContext("2d", { willReadFrequently: true });
    this.img = el("img", { alt: "", draggable: "false" });
    this.face = el("canvas.gu-brush-face", { tabindex: "0", role: "img", onpointerdown: (event) => this.grab(event),
      onpointermove: (event) => this.hover(event), onpointerleave: () => this.hover(null), onkeydown: (event) => this.keys(event) });
    this.ring = el("i.gu-brush-ring");
    this.screen = el("div.gu-brush", {}, this.img, this.face, this.ring);
    this.size = genui.picture.slider({ min: "2", max: "50", step: "1", value: "16", "aria-label": "Brush size" }, ({ value }) => {
      this.size.setAttribute("aria-valuetext", `${value} % of the picture`);
      this.seeRing();
    });
    this.eraser = el("button.gu-chip", { type: "button", "aria-pressed": "false", onclick: () => this.erase(!this.erasing) }, "Erase");
    const tool = (label, act) => el("button.gu-chip", { type: "button", onclick: act }, label);
    this.back = tool("Undo", () => this.undo());
    this.said = el("span.gu-brush-said", { role: "status" });
    this.tools = el("div.gu-row.gu-brush-tools", { role: "group", "aria-label": "Mask" },
      el("label.gu-brush-size", {}, "Brush", this.size), this.eraser, this.back,
      tool("Invert", () => this.invert()), tool("Clear", () => this.clear()), this.said);
    this.node = el("div.gu-brushwork", {}, this.screen, this.tools);
    this.open = false;
  }

  // A new picture, or null: an empty mask of its size.
  load(picture) {
    this.turn = (this.turn ?? 0) + 1;
    this.open = Boolean(picture);
    this.node.hidden = !picture;
    if (!picture) return;
    this.img.src = genui.media({ ...picture, name: "picture" });
    for (const canvas of [this.mask, this.face]) { canvas.width = picture.width; canvas.height = picture.height; }
    this.screen.style.aspectRatio = `${picture.width} / ${picture.height}`;
    this.pen.fillStyle = this.pen.strokeStyle = "#fff";
    this.steps = [];
    this.spot = [picture.width / 2, picture.height / 2];
    this.erase(false);
    this.draw();
  }

  erase(on) {
    this.erasing = on;
    this.eraser.setAttribute("aria-pressed", String(on));
  }

  // --- strokes

  get radius() { return (Number(this.size.value) / 100) * Math.min(this.mask.width, this.mask.height) * 0.5 + 0.5; }

  point({ clientX, clientY }) {
    const box = this.face.getBoundingClientRect();
    return [((clientX - box.left) / box.width) * this.mask.width, ((clientY - box.top) / box.height) * this.mask.height];
  }

  grab(event) {
    if (event.button) return;
    event.preventDefault();
    this.face.setPointerCapture(event.pointerId);
    this.keep();
    let from = this.point(event);
    this.stroke(from, from);
    this.face.onpointermove = (moved) => {
      for (const each of moved.getCoalescedEvents?.() ?? [moved]) {
        const to = this.point(each);
        this.stroke(from, to);
        from = to;
      }
    };
    this.face.onlostpointercapture = () => { this.face.onpointermove = null; this.count(); };
  }

  stroke(from, to) {
    const { pen } = this;
    pen.globalCompositeOperation = this.erasing ? "destination-out" : "source-over";
    pen.lineWidth = this.radius * 2;
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath();
    pen.moveTo(...from);
    pen.lineTo(to[0] + 0.01, to[1]);
    pen.stroke();
    pen.globalCompositeOperation = "source-over";
    this.spot = to;
    this.draw(false);
  }

  // Arrows move the brush, the space bar paints.
  keys(event) {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.key === " ") { this.keep(); this.stroke(this.spot, this.spot); this.count(); }
    else if (by) {
      const far = this.radius;
      this.spot = [Math.max(0, Math.min(this.mask.width, this.spot[0] + by[0] * far)), Math.max(0, Math.min(this.mask.height, this.spot[1] + by[1] * far))];
      this.seeRing();
    } else if (event.key === "z" && (event.ctrlKey || event.metaKey)) this.undo();
    else return;
    event.preventDefault();
  }

  hover(event) {
    this.ring.classList.toggle("on", Boolean(event) && event.pointerType !== "touch");
    if (event) { this.spot = this.point(event); this.seeRing(event.pointerType !== "touch"); }
  }

  seeRing(on = true) {
    const { width, height } = this.mask, wide = (200 * this.radius) / width;
    this.ring.classList.toggle("on", on);
    Object.assign(this.ring.style, { width: `${wide}%`, left: `${(100 * this.spot[0]) / width}%`, top: `${(100 * this.spot[1]) / height}%` });
  }

  // --- the whole mask

  keep() {
    this.steps.push(this.pen.getImageData(0, 0, this.mask.width, this.mask.height));
    if (this.steps.length > genui.Brush.UNDO) this.steps.shift();
  }

  undo() {
    const before = this.steps.pop();
    if (before) this.pen.putImageData(before, 0, 0);
    this.draw();
  }

  invert() {
    this.keep();
    this.pen.globalCompositeOperation = "xor";
    this.pen.fillRect(0, 0, this.mask.width, this.mask.height);
    this.pen.globalCompositeOperation = "source-over";
    this.draw();
  }

  clear() {
    this.keep();
    this.pen.clearRect(0, 0, this.mask.width, this.mask.height);
    this.draw();
  }

  draw(count = true) {
    const over = this.face.getContext("2d");
    over.globalCompositeOperation = "copy";
    over.drawImage(this.mask, 0, 0);
    over.globalCompositeOperation = "source-in";
    over.fillStyle = "rgba(228, 87, 46, .62)";
    over.fillRect(0, 0, this.mask.width, this.mask.height);
    if (count) this.count();
  }

  count() {
    const { data } = this.pen.getImageData(0, 0, this.mask.width, this.mask.height);
    let white = 0;
    for (let i = 3; i < data.length; i += 4) white += data[i] > 127 ? 1 : 0;
    this.part = white / (data.length / 4);
    this.back.disabled = !this.steps.length;
    const share = this.part > 0 && this.part < 0.01 ? "under 1" : Math.round(100 * this.part);
    this.said.textContent = this.part ? `${share} % will be drawn anew` : "Paint over what should be drawn anew.";
    this.face.setAttribute("aria-label", `Mask, ${this.said.textContent} Arrow keys move the brush, the space bar paints.`);
    this.changed();
  }

  // Paints what was painted before: `src` is a mask that is white on black, or on nothing.
  async fill(src) {
    const { mask, pen } = this, before = genui.el("img", { src }), turn = this.turn;
    try { await before.decode(); } catch { return; } // it is no longer there: an empty mask
    if (turn !== this.turn) return; // another picture came meanwhile
    pen.drawImage(before, 0, 0, mask.width, mask.height);
    const whole = pen.getImageData(0, 0, mask.width, mask.height), { data } = whole;
    for (let i = 0; i < data.length; i += 4) {
      data[i + 3] = (data[i + 3] * data[i]) / 255;
      data[i] = data[i + 1] = data[i + 2] = 255;
    }
    pen.putImageData(whole, 0, 0);
    this.draw();
  }

  // The mask as a PNG, white on black: white will be drawn anew.
  file() {
    const { width, height } = this.mask, whole = genui.el("canvas", { width, height }), pen = whole.getContext("2d");
    pen.fillRect(0, 0, width, height);
    pen.drawImage(this.mask, 0, 0);
    return new Promise((done) => { whole.toBlob(done, "image/png"); });
  }
};
