/* Between places: up to four of them are held as corners, to blend, to add and subtract, to lend
   their fine or coarse layers, and to look around in. What comes out is shown large above. */
"use strict";

genui.Between = class {
  static LETTERS = ["A", "B", "C", "D"];
  static WAYS = { blend: "Blend", add: "A − B + C", mix: "Mix layers", near: "Look around" };
  static RIGHT = { spherical: "Spherical is right here: random places lie at about the same distance from the middle, and a straight line would cut through the blurred centre.",
    linear: "Linear is right here: the mapping network has already bent this space, and averages of good places are good places." };

  constructor(tab) {
    const { el, Segments } = genui;
    Object.assign(this, { tab, way: "blend", path: "linear", knob: [0.5, 0.5], latest: new genui.Latest((wish) => this.blend(wish)) });
    this.tiles = genui.Between.LETTERS.map((letter, i) => this.tile(letter, i));
    this.ways = new Segments("How places are combined", Object.entries(genui.Between.WAYS), (way) => this.take(way));
    this.body = el("div.gu-between-body");
    this.node = el("div.gu-between", {}, el("div.gu-corners-side", {}, el("div.gu-corners", { role: "group", "aria-label": "Places held" }, this.tiles.map(({ node }) => node)),
      el("div.gu-row", {}, el("button.gu-quiet", { type: "button", onclick: () => this.fill(4) }, "Fill with samples"), el("button.gu-quiet", { type: "button", onclick: () => this.toWalk() }, "Walk along them"))),
    el("div.gu-between-main", {}, this.ways.node, this.body));
  }

  tile(letter, i) {
    const { el } = genui, img = el("img", { alt: "", hidden: true, draggable: "false" });
    const face = el("button.gu-corner-face", { type: "button", onclick: () => this.press(i) }, img, el("span", {}, "Hold the picture here"));
    const hold = el("button.gu-quiet", { type: "button", "aria-label": `Hold the picture as ${letter}`, title: "Hold the picture above here", onclick: () => this.hold(i) }, "Hold");
    const clear = el("button.gu-quiet", { type: "button", "aria-label": `Let go of ${letter}`, title: "Let go", onclick: () => this.put(i, null) }, "×");
    return { img, face, hold, clear, node: el("div.gu-corner", {}, face, el("div.gu-corner-foot", {}, el("b", {}, letter), hold, clear)) };
  }

  get corners() { return this.tab.world.corners; }

  get held() { return this.corners.filter(Boolean); }

  load(world) {
    this.path = world.about.way;
    if (!world.about.model.layers && this.way === "mix") this.way = "blend";
    this.ways.node.querySelector("[data-value=mix]").hidden = !world.about.model.layers;
    this.show();
  }

  async opened() {
    const { world } = this.tab;
    this.show();
    const missing = world.corners.map((corner, i) => (corner && !corner.picture ? i : null)).filter((i) => i !== null);
    if (missing.length) await this.picture(world, missing);
    else if (!this.held.length && !world.offered) { world.offered = true; await this.fill(2); }
  }

  // --- holding places

  press(i) {
    if (this.corners[i]) this.tab.go(this.corners[i]); else this.hold(i);
  }

  async hold(i) {
    const { world } = this.tab, place = await this.tab.explorer.settled(world, world.place);
    if (place && world === this.tab.world) await this.put(i, place);
  }

  async put(i, place) {
    const { world } = this.tab;
    world.corners[i] = place && genui.World.bare(place);
    if (place) await this.picture(world, [i]);
    this.show();
    this.tab.viewed();
  }

  // Samples for the corners that are empty, the picture above first.
  async fill(count) {
    const { world } = this.tab, empty = world.corners.map((corner, i) => (corner ? null : i)).filter((i) => i !== null && i < count);
    if (!empty.length) return;
    const answer = await this.tab.explorer.ask(world, "sample", { count: empty.length, seed: genui.Seed.roll() });
    if (answer.error || world !== this.tab.world) { if (answer.error) this.tab.complain(answer.error, "quiet"); return; }
    empty.forEach((i, at) => { world.corners[i] = genui.World.bare(answer.places[at]); });
    await this.picture(world, empty);
  }

  async picture(world, which) {
    const places = which.map((i) => genui.World.bare(world.corners[i]));
    const answer = await this.tab.explorer.ask(world, "look", { places, truncation: world.now.truncation, scale: 2 });
    if (answer.error) { this.tab.complain(answer.error, "quiet"); return; }
    which.forEach((i, at) => {
      const { picture, pca, neighbours } = answer.looks[at];
      if (world.corners[i]) Object.assign(world.corners[i], { picture, xy: { pca, neighbours } });
    });
    if (world === this.tab.world) this.show();
  }

  toWalk() {
    if (this.held.length < 2) { this.tab.complain("A walk needs at least two places; hold another one.", "quiet"); return; }
    this.tab.world.walked = true;
    this.tab.open("walk");
    this.tab.panels.walk.take(this.held.map(genui.World.bare), {});
  }

  show() {
    this.tiles.forEach(({ img, face, hold, clear, node }, i) => {
      const corner = this.corners[i], letter = genui.Between.LETTERS[i];
      node.classList.toggle("held", Boolean(corner));
      img.hidden = !corner?.picture;
      if (corner?.picture && img.src !== corner.picture) img.src = corner.picture;
      face.setAttribute("aria-label", corner ? `Go to ${letter}` : `Hold the picture as ${letter}`);
      hold.hidden = clear.hidden = !corner;
    });
    const { map } = this.tab.parts.map;
    map.corners = this.corners.map((corner, i) => corner?.xy && { xy: corner.xy, name: genui.Between.LETTERS[i] }).filter(Boolean);
    map.draw();
    this.take(this.way);
  }

  // --- combining them

  take(way) {
    this.way = way;
    this.ways.put(way);
    this.body.replaceChildren(...this[`${way}Body`]());
  }

  missing(words) { return [genui.el("p.gu-panel-said", {}, words)]; }

  blendBody() {
    const { el, Segments } = genui, count = this.held.length;
    if (count < 2) return this.missing("Hold at least two places: make a picture above, then press a free field.");
    const pad = count === 2 ? this.line() : this.pad();
    const paths = new Segments("Path", [["linear", "Linear"], ["spherical", "Spherical"]], (path) => { this.path = path; paths.put(path); this.latest.push({ settle: true }); });
    paths.put(this.path);
    return [pad, el("div.gu-row", {}, paths.node), el("p.gu-panel-said", {}, genui.Between.RIGHT[this.tab.world.about.way])];
  }

  line() {
    const { el } = genui, slide = genui.picture.slider({ min: "0", max: "1", step: "0.01", value: String(this.knob[0]), "aria-label": "From the first to the second" },
      ({ value }) => { this.knob = [Number(value), 0]; this.latest.push({}); });
    slide.addEventListener("change", () => this.latest.push({ settle: true }));
    const names = genui.Between.LETTERS.filter((_, i) => this.corners[i]);
    return el("div.gu-blend-line", {}, el("b", {}, names[0]), slide, el("b", {}, names[1]));
  }

  // A field between three or four corners; arrows move the knob.
  pad() {
    const { el } = genui, count = this.held.length, names = genui.Between.LETTERS.filter((_, i) => this.corners[i]);
    const knob = el("i.gu-pad-knob"), put = (x, y, settle) => {
      this.knob = [Math.max(0, Math.min(1, x)), Math.max(0, Math.min(1, y))];
      knob.style.left = `${100 * this.knob[0]}%`;
      knob.style.top = `${100 * this.knob[1]}%`;
      field.setAttribute("aria-valuetext", genui.Between.weights(this.knob, count).map((weight, i) => `${names[i]} ${Math.round(100 * weight)} %`).join(", "));
      if (settle !== undefined) this.latest.push({ settle });
    };
    const at = (event, settle) => { const box = field.getBoundingClientRect(); put((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height, settle); };
    const field = el("div.gu-pad", { tabindex: "0", role: "slider", "aria-label": "Between the corners", "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": "50",
      onpointerdown: (event) => { field.setPointerCapture(event.pointerId); at(event, false); },
      onpointermove: (event) => { if (field.hasPointerCapture(event.pointerId)) at(event, false); },
      onpointerup: (event) => at(event, true),
      onkeydown: (event) => {
        const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
        if (!by) return;
        event.preventDefault();
        put(this.knob[0] + by[0] * 0.05, this.knob[1] + by[1] * 0.05, true);
      } },
    names.map((name, i) => el("b", { class: `gu-pad-${count === 3 && i === 2 ? "middle" : i}` }, name)), knob);
    field.classList.toggle("three", count === 3);
    put(...this.knob);
    return field;
  }

  // How much of each corner there is at a point of the field (0..1 both ways).
  static weights([x, y], count) {
    if (count === 2) return [1 - x, x];
    if (count === 4) return [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y];
    const third = y, [a, b] = [1 - x - y / 2, x - y / 2].map((part) => Math.max(0, part)), sum = a + b + third;
    return [a / sum, b / sum, third / sum];
  }

  async blend({ settle = false }) {
    const { world } = this.tab, places = this.held.map(genui.World.bare), weights = genui.Between.weights(this.knob, places.length);
    const answer = await this.tab.explorer.ask(world, "between", { places, weights, path: this.path });
    if (world !== this.tab.world) return;
    if (answer.error) { this.tab.complain(answer.error, "quiet"); return; }
    this.tab.go(answer.place, settle && !this.latest.wish);
  }

  addBody() {
    const { el } = genui, three = this.corners.slice(0, 3);
    if (three.some((corner) => !corner)) return this.missing("Hold A, B and C: what B has and A has not goes, what C has comes.");
    const sign = (text) => el("span.gu-sum-sign", {}, text), shot = (corner, i) => el("figure.gu-sum-shot", {}, el("img", { src: corner.picture ?? "", alt: genui.Between.LETTERS[i] }), el("figcaption", {}, genui.Between.LETTERS[i]));
    return [el("div.gu-sum", {}, shot(three[0], 0), sign("−"), shot(three[1], 1), sign("+"), shot(three[2], 2), sign("="),
      el("button.gu-chip", { type: "button", onclick: () => this.add() }, "Show it")),
    el("p.gu-panel-said", {}, "Directions have a meaning of their own here: the step from B to C, taken from A, changes A in the same way.")];
  }

  async add() {
    const { world } = this.tab, [a, minus, plus] = this.corners.map((corner) => corner && genui.World.bare(corner));
    const answer = await this.tab.explorer.ask(world, "add", { a, minus, plus });
    if (answer.error) { this.tab.complain(answer.error, "quiet"); return; }
    if (world === this.tab.world) this.tab.go(answer.place);
  }

  mixBody() {
    const { el, Segments } = genui, { world } = this.tab, { layers } = world.about.model, { mix } = world.now;
    if (!this.held.length) return this.missing("Hold a place first; the picture above then takes some of its layers.");
    this.from = mix?.from_layer ?? this.from ?? Math.ceil(layers / 2);
    const names = genui.Between.LETTERS.filter((_, i) => this.corners[i]);
    const put = (name, settle) => {
      this.lender = name;
      lenders.put(name);
      this.tab.change({ mix: { with: this.corners[genui.Between.LETTERS.indexOf(name)].at, from_layer: this.from } });
      if (settle) this.tab.settle();
    };
    const lenders = new Segments("Layers from", names.map((name) => [name, name]), (name) => put(name, true));
    const lender = () => (names.includes(this.lender) ? this.lender : names[0]);
    const slide = genui.picture.slider({ min: "0", max: String(layers), step: "1", value: String(this.from), "aria-label": "From layer" }, ({ value }) => { this.from = Number(value); say(); put(lender(), false); });
    slide.addEventListener("change", () => this.tab.settle());
    const said = el("output"), say = () => { said.textContent = this.from === 0 ? "everything" : this.from >= layers ? "nothing" : `layers ${this.from + 1} to ${layers}`; };
    say();
    if (mix) lenders.put(lender());
    return [el("div.gu-row", {}, el("span.gu-panel-label", {}, "Take layers from"), lenders.node, said, el("button.gu-quiet", { type: "button", onclick: () => { this.tab.change({ mix: null }); this.tab.settle(); this.show(); } }, "Take none")),
      el("div", {}, slide, el("div.gu-knob-ends", {}, el("span", {}, "coarse: shape"), el("span", {}, "fine: colour"))),
      el("p.gu-panel-said", {}, "The first layers decide on shape and pose, the last ones on colour. Each layer may follow another place.")];
  }

  nearBody() {
    const { el } = genui, said = el("output", {}, "0.5");
    this.around ??= el("div.gu-shots", { "aria-label": "Neighbours" });
    const slide = genui.picture.slider({ min: "0.1", max: "2", step: "0.1", value: "0.5", "aria-label": "How far around" }, ({ value }) => { said.textContent = value; });
    return [el("div.gu-row", {}, el("label.gu-range", {}, el("span", {}, "How far"), slide, said), el("button.gu-chip", { type: "button", onclick: () => this.near(Number(slide.value)) }, "Look around")), this.around,
      el("p.gu-panel-said", {}, "Places around the picture above, a step away in random directions, in standard deviations of the data. Press one to go there.")];
  }

  async near(radius) {
    const { world } = this.tab, { explorer } = this.tab, answer = await explorer.ask(world, "near", { place: world.place, radius, count: 8, seed: genui.Seed.roll() });
    if (answer.error) { this.tab.complain(answer.error, "quiet"); return; }
    genui.shots(this.around, answer.places, await explorer.thumbs(world, answer.places), (place) => this.tab.go(place));
  }
};

// Small pictures of places in a row; a press goes to one.
genui.shots = (row, places, pictures, go) => row.replaceChildren(...pictures.map((src, i) => genui.el("button.gu-place-shot", { type: "button",
  "aria-label": `Go to place ${i + 1}`, onclick: () => go(places[i]) }, genui.el("img", { src, alt: "", draggable: "false" }))));
