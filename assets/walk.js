/* Walks: a film along places, drawn on the map or gathered one by one. */
"use strict";

genui.Walk = class {
  static MOST = 32; // places, as the engine takes them
  static SIZES = { 4: "256 px", 8: "512 px", 16: "1024 px" };

  constructor(tab) {
    const { el, Segments } = genui, { SIZES } = genui.Walk;
    Object.assign(this, { tab, loop: true, format: "mp4", path: "linear" });
    this.stops = el("ol.gu-stops", { "aria-label": "Places of the walk" });
    const tool = (label, act) => el("button.gu-quiet", { type: "button", onclick: act }, label);
    const range = (label, bounds, unit) => {
      const said = el("output", {}, `${bounds.value}${unit}`), input = genui.picture.slider({ ...bounds, "aria-label": label }, ({ value }) => { said.textContent = `${value}${unit}`; });
      return { input, put(value) { input.put(value); said.textContent = `${value}${unit}`; }, node: el("label.gu-range", {}, el("span", {}, label), input, said) };
    };
    this.seconds = range("Length", { min: "1", max: "16", step: "1", value: "4" }, " s");
    this.rate = range("Frames a second", { min: "5", max: "60", step: "5", value: "30" }, "");
    this.formats = new Segments("File", [["mp4", "MP4"], ["webp", "WebP"], ["gif", "GIF"]], (format) => { this.format = format; this.formats.put(format); });
    this.paths = new Segments("Path", [["linear", "Linear"], ["spherical", "Spherical"]], (path) => { this.path = path; this.paths.put(path); });
    this.looper = el("button.gu-switch", { type: "button", role: "switch", "aria-checked": "true", onclick: () => this.round(!this.loop) }, el("i"), "Back to the start");
    this.size = el("select.gu-pick", { "aria-label": "Size" }, Object.entries(SIZES).map(([scale, words]) => el("option", { value: scale }, words)));
    this.place = el("div.gu-walk-place");
    this.node = el("div.gu-walk", {}, el("div.gu-walk-stops", {}, this.stops, el("div.gu-row", {}, el("button.gu-chip", { type: "button", onclick: () => this.add() }, "Add the picture above"), tool("Four samples", () => this.sample()), tool("Clear", () => this.take([], {})))),
      el("div.gu-walk-form", {}, this.seconds.node, this.rate.node, el("div.gu-row", {}, this.paths.node, this.formats.node, this.size, this.looper),
        el("div.gu-row", {}, el("button.gu-main-button", { type: "button", onclick: () => this.make() }, "Make the walk"))), this.place);
    this.formats.put("mp4");
  }

  load(world) {
    this.path = world.about.way;
    this.paths.put(this.path);
    this.draw();
  }

  // Something to walk along from the start: the picture above, and three others.
  async opened() {
    const { world } = this.tab;
    if (world.walked || world.stops.length) return;
    world.walked = true;
    await this.add();
    if (world.stops.length === 1) await this.sample(3);
  }

  round(on) {
    this.loop = on;
    this.looper.setAttribute("aria-checked", String(on));
  }

  // Places and settings of a walk that was made before, or new ones.
  take(places, { frames, per_second, loop, format, path, scale }) {
    this.tab.world.stops = places.map((place) => ({ place }));
    this.tab.world.walked = true;
    if (per_second) this.rate.put(per_second);
    if (frames) this.seconds.put(Math.max(1, Math.round(frames / Number(this.rate.input.value))));
    if (loop !== undefined) this.round(loop);
    if (format) { this.format = format; this.formats.put(format); }
    if (path) { this.path = path; this.paths.put(path); }
    if (genui.Walk.SIZES[scale]) this.size.value = scale;
    if (!places.length) Object.assign(this.tab.parts.map.map, { path: [] });
    this.draw();
  }

  // Evenly spaced places along a line on the map.
  async along(line, map) {
    const { tab } = this, { world } = tab, lengths = line.map((spot, i) => (i ? Math.hypot(spot[0] - line[i - 1][0], spot[1] - line[i - 1][1]) : 0));
    const whole = lengths.reduce((sum, part) => sum + part, 0), count = Math.max(2, Math.min(12, 1 + Math.round(whole / 0.08))), places = [];
    for (let i = 0; i < count; i += 1) {
      let left = (whole * i) / (count - 1), at = 1;
      while (at < line.length - 1 && left > lengths[at]) { left -= lengths[at]; at += 1; }
      const part = lengths[at] ? Math.min(1, left / lengths[at]) : 0, xy = [0, 1].map((axis) => line[at - 1][axis] + part * (line[at][axis] - line[at - 1][axis]));
      const answer = await tab.explorer.ask(world, "place", { xy, map });
      if (answer.error || world !== tab.world) { if (answer.error) tab.complain(answer.error, "quiet"); return; }
      places.push(answer.place);
    }
    this.take(places, { path: "linear" });
    this.node.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  async add() {
    const { world } = this.tab;
    if (world.stops.length >= genui.Walk.MOST) { this.tab.complain(`A walk has at most ${genui.Walk.MOST} places; take one away first.`, "quiet"); return; }
    const place = await this.tab.explorer.settled(world, world.place);
    if (!place || world !== this.tab.world) return;
    world.stops = [...world.stops, { place }];
    this.draw();
  }

  async sample(count = 4) {
    const { world } = this.tab, answer = await this.tab.explorer.ask(world, "sample", { count, seed: genui.Seed.roll() });
    if (answer.error) { this.tab.complain(answer.error, "quiet"); return; }
    world.stops = [...world.stops, ...answer.places.map((place) => ({ place }))].slice(0, genui.Walk.MOST);
    this.draw();
  }

  remove(stop) {
    const { world } = this.tab;
    world.stops = world.stops.filter((each) => each !== stop);
    this.draw();
  }

  async draw() {
    const { el } = genui, { world } = this.tab, { stops } = world;
    const paint = () => this.stops.replaceChildren(...(stops.length ? stops.map((stop, i) => el("li.gu-stop-shot", {}, el("button.gu-place-shot", { type: "button", "aria-label": `Go to place ${i + 1}`, onclick: () => this.tab.go(stop.place) },
      stop.picture ? el("img", { src: stop.picture, alt: "", draggable: "false" }) : el("i")), el("button.gu-quiet", { type: "button", "aria-label": `Take place ${i + 1} away`, onclick: () => this.remove(stop) }, "×")))
      : [el("li.gu-panel-said", {}, "Choose “Draw a path” and drag a line over the map, or gather places here.")]));
    paint();
    const missing = stops.filter((stop) => !stop.picture);
    if (!missing.length) return;
    const pictures = await this.tab.explorer.thumbs(world, missing.map(({ place }) => place));
    missing.forEach((stop, i) => { stop.picture = pictures[i]; });
    if (world === this.tab.world && stops === world.stops) paint();
  }

  async make() {
    const { world } = this.tab, per_second = Number(this.rate.input.value), frames = Math.min(480, Math.max(2, Number(this.seconds.input.value) * per_second));
    if (world.stops.length < 2) { this.tab.complain("A walk needs at least two places; add another one.", "quiet"); return; }
    await this.tab.shelf.submit({ model: world.id, inputs: { task: "walk", places: world.stops.map(({ place }) => place) },
      options: { truncation: world.now.truncation, path: this.path, frames, per_second, loop: this.loop, format: this.format, scale: Number(this.size.value) } }, { place: this.place });
  }
};
