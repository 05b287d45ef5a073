/* The map of a latent space on a canvas: thousands of points or thumbnails, and over them where the
   visitor is, was, drew a path and rated. Draws and finds; touch.js says what fingers and keys do. */
"use strict";

genui.LatentMap = class {
  static CELL = 22; // CSS pixels that a thumbnail has for itself, half to one and a half times
  static CLOSEST = 64;
  static REACH = 14; // CSS pixels within which a point is meant
  static MAPS = ["pca", "neighbours"];

  constructor() {
    const { el } = genui;
    Object.assign(this, { world: null, map: "neighbours", head: null, only: null, pictures: true, hover: null, here: null, path: [],
      cursor: null, corners: [], ratings: [], eye: { x: 0.5, y: 0.5, zoom: 1 }, turn: 1 });
    this.canvas = el("canvas.gu-map-face", { tabindex: "0", role: "application" });
    this.pen = this.canvas.getContext("2d");
    this.atlas = null;
    this.cells = null;
    new ResizeObserver(() => this.fit()).observe(this.canvas);
    new MutationObserver(() => this.draw()).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  }

  load(world) {
    const { map, atlas } = world.about, floats = (text) => new Float32Array(genui.LatentMap.bytes(text).buffer);
    this.world = world;
    this.spots = { pca: floats(map.pca), neighbours: floats(map.neighbours) };
    this.count = map.count;
    this.answers = Object.fromEntries(Object.entries(map.attributes).map(([head, { answers, of }]) =>
      [head, { answers, of: genui.LatentMap.bytes(of) }]));
    if (!this.answers[this.head]) this.head = Object.keys(this.answers)[0] ?? null;
    Object.assign(this, { only: null, hover: null, here: null, path: [], atlas: null, cells: null, cursor: null, now: this.spots[this.map] });
    const picture = genui.el("img", { src: genui.media(atlas) });
    picture.decode().then(() => { if (this.world === world) { this.atlas = picture; this.draw(); } }, () => { /* points stay */ });
    this.home();
  }

  static bytes(text) { return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)); }

  // --- where things are: map (0..1), and screen in CSS pixels

  get side() { return Math.min(this.width, this.height) * 0.92; }

  toScreen(x, y) {
    const by = this.side * this.eye.zoom;
    return [(x - this.eye.x) * by + this.width / 2, (y - this.eye.y) * by + this.height / 2];
  }

  toMap(left, top) {
    const by = this.side * this.eye.zoom;
    return [(left - this.width / 2) / by + this.eye.x, (top - this.height / 2) / by + this.eye.y];
  }

  // What the server calls a place on this map: anything a little beyond its rim is taken to the rim.
  static held([x, y]) { return [Math.max(-0.5, Math.min(1.5, x)), Math.max(-0.5, Math.min(1.5, y))]; }

  fit() {
    const { width, height } = this.canvas.getBoundingClientRect();
    if (!width) return;
    Object.assign(this, { width, height, ratio: devicePixelRatio || 1 });
    this.canvas.width = Math.round(width * this.ratio);
    this.canvas.height = Math.round(height * this.ratio);
    this.draw();
  }

  home() { this.eye = { x: 0.5, y: 0.5, zoom: 1 }; this.draw(); }

  pan(left, top) {
    const by = this.side * this.eye.zoom;
    this.look(this.eye.x - left / by, this.eye.y - top / by);
  }

  look(x, y, zoom = this.eye.zoom) {
    this.eye = { x: Math.max(-0.2, Math.min(1.2, x)), y: Math.max(-0.2, Math.min(1.2, y)), zoom };
    this.draw();
  }

  // Nearer by a factor, with what lies under a screen position staying there.
  zoom(factor, left = this.width / 2, top = this.height / 2) {
    const [x, y] = this.toMap(left, top), zoom = Math.max(0.7, Math.min(genui.LatentMap.CLOSEST, this.eye.zoom * factor));
    const by = this.side * zoom;
    this.look(x - (left - this.width / 2) / by, y - (top - this.height / 2) / by, zoom);
  }

  // The other map: every point moves to its new spot, so that one can follow it with the eye.
  change(map) {
    if (map === this.map) return;
    const from = this.now, to = this.spots[map], began = performance.now();
    Object.assign(this, { map, path: [], cells: null, hover: null });
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) { this.now = to; this.draw(); return; }
    const turn = () => {
      if (this.map !== map || to !== this.spots[map]) return;
      const part = Math.min(1, (performance.now() - began) / 500), ease = part * part * (3 - 2 * part);
      this.now = part === 1 ? to : from.map((value, i) => value + (to[i] - value) * ease);
      this.turn = part;
      this.cells = null;
      this.draw();
      if (part < 1) requestAnimationFrame(turn);
    };
    turn();
  }

  // --- what is near a position

  shown(i) { return this.only === null || this.answers[this.head].of[i] === this.only; }

  // The number of the point nearest to a screen position, or null.
  near(left, top, reach = genui.LatentMap.REACH) {
    let best = null, least = reach * reach;
    for (const i of this.pictures ? this.thinned() : this.all()) {
      const [x, y] = this.toScreen(this.now[2 * i], this.now[2 * i + 1]), away = (x - left) ** 2 + (y - top) ** 2;
      if (away < least && this.shown(i)) { least = away; best = i; }
    }
    return best;
  }

  * all() { for (let i = 0; i < this.count; i += 1) yield i; }

  // One point for each cell of a grid that is fixed to the map, so that nothing flickers while it is
  // moved; zooming in shows the ones between.
  thinned() {
    const level = 2 ** Math.round(Math.log2(this.eye.zoom)), key = `${level} ${Math.round(this.side)} ${this.only} ${this.head}`;
    if (this.cells?.key === key) return this.cells.list;
    const size = genui.LatentMap.CELL / (this.side * level), cells = new Map();
    for (const i of this.all()) {
      if (!this.shown(i)) continue;
      const x = this.now[2 * i] / size, y = this.now[2 * i + 1] / size, cell = Math.floor(x) * 100003 + Math.floor(y);
      const off = Math.hypot(x - Math.floor(x) - 0.5, y - Math.floor(y) - 0.5), best = cells.get(cell); // the one in the middle overlaps least
      if (!best || off < best.off) cells.set(cell, { i, off });
    }
    const list = [...cells.values()].map(({ i }) => i);
    this.cells = { key, list, size };
    return list;
  }

  // --- drawing

  draw() {
    if (this.due) return;
    this.due = requestAnimationFrame(() => { this.due = 0; this.paint(); });
  }

  paint() {
    if (!this.world || !this.width) return;
    const { pen } = this, style = getComputedStyle(this.canvas);
    this.ink = { ink: style.getPropertyValue("--gu-ink"), card: style.getPropertyValue("--gu-card"), accent: style.getPropertyValue("--gu-accent"), soft: style.getPropertyValue("--gu-soft") };
    pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    pen.clearRect(0, 0, this.width, this.height);
    if (this.pictures && this.atlas) this.paintPictures(); else this.paintPoints();
    this.paintPath();
    for (const { xy, rating } of this.ratings) this.paintRating(this.toScreen(...xy[this.map]), rating);
    for (const { xy, name } of this.corners) this.badge(this.toScreen(...xy[this.map]), name, this.ink.ink, this.ink.card);
    if (this.here) this.ring(this.toScreen(...this.here[this.map]));
    if (this.cursor) this.cross(this.toScreen(...this.cursor));
  }

  colour(answer) { return genui.colours.of(this.head, this.answers[this.head].answers, answer); }

  paintPoints() {
    const { pen } = this, size = Math.max(1.6, Math.min(7, 2.1 * Math.sqrt(this.eye.zoom))), { of, answers } = this.answers[this.head] ?? { of: [], answers: [] };
    const groups = new Map([...answers.keys(), 255].map((answer) => [answer, []]));
    for (const i of this.all()) {
      const spot = this.toScreen(this.now[2 * i], this.now[2 * i + 1]);
      if (spot[0] > -9 && spot[1] > -9 && spot[0] < this.width + 9 && spot[1] < this.height + 9) groups.get(of[i] ?? 255)?.push(spot);
    }
    for (const [answer, spots] of groups) {
      pen.fillStyle = answer === 255 ? this.ink.soft : this.colour(answer);
      pen.globalAlpha = this.only !== null && answer !== this.only ? 0.07 : answer === 255 ? 0.25 : 0.85;
      pen.beginPath();
      for (const [x, y] of spots) { pen.moveTo(x + size, y); pen.arc(x, y, size, 0, 7); }
      pen.fill();
    }
    pen.globalAlpha = 1;
  }

  paintPictures() {
    const { pen } = this, { columns, thumb } = this.world.about.map, list = this.thinned(), { of } = this.answers[this.head] ?? { of: [] };
    const wide = this.cells.size * this.side * this.eye.zoom * 0.94;
    pen.imageSmoothingQuality = "high";
    for (const i of list) {
      const [x, y] = this.toScreen(this.now[2 * i], this.now[2 * i + 1]);
      if (x < -wide || y < -wide || x > this.width + wide || y > this.height + wide) continue;
      const left = x - wide / 2, top = y - wide / 2, corner = wide * 0.2;
      pen.save();
      pen.beginPath();
      pen.roundRect(left, top, wide, wide, corner);
      pen.clip();
      pen.drawImage(this.atlas, (i % columns) * thumb, Math.floor(i / columns) * thumb, thumb, thumb, left, top, wide, wide);
      pen.restore();
      if (of[i] === undefined || of[i] === 255) continue;
      pen.beginPath();
      pen.roundRect(left, top, wide, wide, corner);
      pen.lineWidth = Math.max(1.5, wide * 0.07);
      pen.strokeStyle = this.colour(of[i]);
      pen.stroke();
    }
  }

  paintPath() {
    const { pen } = this;
    if (!this.path.length) return;
    const spots = this.path.map((spot) => this.toScreen(...spot));
    for (const [width, colour] of [[6, this.ink.card], [3, this.ink.accent]]) {
      pen.beginPath();
      spots.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
      Object.assign(pen, { lineWidth: width, strokeStyle: colour, lineJoin: "round", lineCap: "round" });
      pen.stroke();
    }
    this.badge(spots[0], "", this.ink.accent, this.ink.card);
  }

  badge([x, y], text, ground, ink) {
    const { pen } = this;
    pen.beginPath();
    pen.arc(x, y, text ? 10 : 6, 0, 7);
    Object.assign(pen, { fillStyle: ground, strokeStyle: this.ink.card, lineWidth: 2 });
    pen.fill();
    pen.stroke();
    if (!text) return;
    Object.assign(pen, { fillStyle: ink, font: "600 11px Inter, sans-serif", textAlign: "center", textBaseline: "middle" });
    pen.fillText(text, x, y + 0.5);
  }

  paintRating(spot, rating) {
    const good = rating.thumb ? rating.thumb === "up" : rating.stars >= 3;
    this.badge(spot, rating.thumb ? (good ? "+" : "−") : String(rating.stars), good ? "#2c7a4b" : "#6b6862", "#fff");
  }

  ring([x, y]) {
    const { pen } = this;
    for (const [radius, width, colour] of [[11, 5, this.ink.card], [11, 3, this.ink.accent], [2.5, 5, this.ink.accent]]) {
      pen.beginPath();
      pen.arc(x, y, radius, 0, 7);
      Object.assign(pen, { lineWidth: width, strokeStyle: colour });
      pen.stroke();
    }
  }

  cross([x, y]) {
    const { pen } = this;
    for (const [width, colour] of [[5, this.ink.card], [2, this.ink.ink]]) {
      pen.beginPath();
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) { pen.moveTo(x + 4 * dx, y + 4 * dy); pen.lineTo(x + 13 * dx, y + 13 * dy); }
      Object.assign(pen, { lineWidth: width, strokeStyle: colour, lineCap: "round" });
      pen.stroke();
    }
  }
};

// A colour for each answer: its own where it is called by one, else one of twelve that differ.
genui.colours = {
  NAMED: { black: "#3a3634", brown: "#8a5632", blond: "#e0b64c", blonde: "#e0b64c", red: "#d1432f", gray: "#9a9a9a", grey: "#9a9a9a", white: "#d9d6cf", pink: "#ef7fb0", blue: "#3f74d8",
    green: "#3a9d61", purple: "#8552b8", orange: "#ec8a2e", yellow: "#eac33a", teal: "#2a9d94", light: "#f2c9ab", "medium light": "#dda777", medium: "#c08355", "medium dark": "#8d5a35", dark: "#5d3727" },
  REST: ["#3f74d8", "#ec8a2e", "#3a9d61", "#c2416b", "#8552b8", "#2a9d94", "#b08a2a", "#6d7f99", "#d1432f", "#7fb03a", "#ef7fb0", "#8a5632"],
  of(head, answers, answer) {
    const { NAMED, REST } = genui.colours, name = answers[answer];
    if (name === "none") return "#a7a49d";
    return answers.filter((each) => each in NAMED).length > answers.length / 2 && name in NAMED ? NAMED[name] : REST[answer % REST.length];
  },
};
