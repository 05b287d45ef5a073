/* The map as a thing one touches: a tool for each of looking, drawing a path and moving; wheel,
   two fingers, buttons and keys for nearness; colours and a legend; a picture under the pointer. */
"use strict";

genui.MapBoard = class {
  static TOOLS = { look: "Look", path: "Draw a path", move: "Move" };
  static HINTS = { look: "Touch anywhere: that very place is drawn. Keep dragging and the picture follows.",
    path: "Drag a line over the map; it becomes a walk.", move: "Drag to move the map, pinch or scroll to come nearer." };

  constructor(tab, map = new genui.LatentMap()) {
    const { el, Segments } = genui;
    Object.assign(this, { tab, map, tool: "look", fingers: new Map(), scrub: new genui.Latest((wish) => this.decode(wish)) });
    const { canvas } = map;
    for (const [kind, act] of Object.entries({ pointerdown: this.down, pointermove: this.moved, pointerup: this.up, pointercancel: this.up,
      pointerleave: () => this.point(null), keydown: this.keys, blur: () => { this.map.cursor = null; this.map.draw(); } })) canvas.addEventListener(kind, act.bind(this));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.tools = new Segments("What dragging does", Object.entries(genui.MapBoard.TOOLS), (tool) => this.take(tool));
    this.kinds = new Segments("Map", [["neighbours", "Neighbours"], ["pca", "PCA"]], (kind) => this.change(kind));
    this.faces = new Segments("Show", [["pictures", "Pictures"], ["points", "Points"]], (face) => this.face(face));
    this.heads = el("select.gu-pick", { "aria-label": "Colour by", onchange: () => this.colour(this.heads.value) });
    this.legend = el("div.gu-answers", { role: "group", "aria-label": "Colours" });
    const tool = (label, path, act) => el("button.gu-tool", { type: "button", "aria-label": label, title: label, onclick: act }, genui.icon(path));
    this.glass = el("div.gu-map-glass", { hidden: true, "aria-hidden": "true" }, el("i"), el("span"));
    this.hint = el("p.gu-map-hint");
    this.node = el("section.gu-atlas", { "aria-label": "Map" },
      el("div.gu-map-head", {}, this.tools.node, this.kinds.node),
      el("div.gu-map-place", {}, canvas, this.glass),
      el("div.gu-map-under", {}, this.hint, el("div.gu-map-zoom", { role: "group", "aria-label": "Zoom" },
        tool("Farther", "M5 12h14", () => map.zoom(1 / 1.6)), tool("Nearer", "M5 12h14M12 5v14", () => map.zoom(1.6)), tool("Whole map", "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5", () => map.home()))),
      el("div.gu-map-foot", {}, this.faces.node, el("label.gu-map-by", {}, "Colour by", this.heads)), this.legend);
    this.take("look");
    this.kinds.put("neighbours");
    this.faces.put("pictures");
  }

  load(world) {
    this.map.load(world);
    const heads = Object.keys(this.map.answers);
    this.heads.replaceChildren(...heads.map((head) => genui.el("option", { value: head }, genui.said(head))));
    this.colour(this.map.head);
  }

  take(tool) {
    this.tool = tool;
    this.tools.put(tool);
    this.hint.textContent = genui.MapBoard.HINTS[tool];
    this.map.canvas.dataset.tool = tool;
    this.name();
  }

  get rated() {
    const { length } = this.map.ratings;
    return length ? ` ${length === 1 ? "One place" : `${length} places`} you rated.` : "";
  }

  // What a screen reader says of the map.
  name() {
    this.map.canvas.setAttribute("aria-label", `Map of pictures.${this.rated} ${genui.MapBoard.HINTS[this.tool]} Arrow keys move the cross, Enter ${this.tool === "path" ? "adds a point to the path, P makes the walk" : "draws the place there"}, plus and minus zoom.`);
  }

  rate(ratings) {
    this.map.ratings = ratings;
    this.name();
    this.map.draw();
  }

  change(kind) {
    this.map.change(kind);
    this.kinds.put(kind);
    this.tab.viewed();
  }

  face(face) {
    this.map.pictures = face === "pictures";
    this.faces.put(face);
    this.map.draw();
  }

  colour(head) {
    const { el } = genui;
    if (!head) return;
    Object.assign(this.map, { head, only: null });
    this.heads.value = head;
    const { answers, of } = this.map.answers[head], counts = new Array(256).fill(0);
    for (const answer of of) counts[answer] += 1;
    this.legend.replaceChildren(...answers.map((name, i) => [name, i]).filter(([, i]) => counts[i]).map(([name, i]) =>
      el("button.gu-answer-one", { type: "button", "aria-pressed": "false", title: `${counts[i]} of ${of.length}: show only these`, onclick: (event) => this.filter(i, event.currentTarget) },
        el("i", { style: `background:${this.map.colour(i)}` }), name)));
    this.map.draw();
    this.tab.viewed();
  }

  filter(answer, button) {
    this.map.only = this.map.only === answer ? null : answer;
    for (const each of this.legend.children) each.setAttribute("aria-pressed", String(each === button && this.map.only !== null));
    this.map.draw();
  }

  // What the link remembers of the map.
  get view() { return { map: genui.LatentMap.MAPS.indexOf(this.map.map), head: Math.max(0, Object.keys(this.map.answers).indexOf(this.map.head)) }; }

  put(view) {
    this.change(genui.LatentMap.MAPS[view.map]);
    this.colour(Object.keys(this.map.answers)[view.head] ?? this.map.head);
  }

  // --- fingers

  spot({ clientX, clientY }) {
    const { left, top } = this.map.canvas.getBoundingClientRect();
    return [clientX - left, clientY - top];
  }

  down(event) {
    if (event.button > 1) return;
    this.map.canvas.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, this.spot(event));
    this.point(null);
    if (this.fingers.size === 2) { // the second finger says that the first one was no touch
      this.map.path = [];
      this.began = null;
      this.pinch = this.spread();
      return;
    }
    const spot = this.spot(event);
    this.began = { spot, tool: event.button === 1 ? "move" : this.tool, visited: false };
    if (this.began.tool === "path") { this.map.path = [this.map.toMap(...spot)]; this.map.draw(); }
    if (this.began.tool === "look" && event.pointerType !== "touch") this.visit(spot, true); // a finger may be one of two
  }

  spread() {
    const [a, b] = [...this.fingers.values()];
    return { wide: Math.hypot(a[0] - b[0], a[1] - b[1]) || 1, middle: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] };
  }

  moved(event) {
    const spot = this.spot(event), before = this.fingers.get(event.pointerId);
    if (!before) { if (event.pointerType !== "touch") this.point(spot); return; }
    this.fingers.set(event.pointerId, spot);
    if (this.fingers.size === 2) {
      const now = this.spread();
      this.map.pan(now.middle[0] - this.pinch.middle[0], now.middle[1] - this.pinch.middle[1]);
      this.map.zoom(now.wide / this.pinch.wide, ...now.middle);
      this.pinch = now;
      return;
    }
    if (!this.began) return;
    const far = Math.hypot(spot[0] - this.began.spot[0], spot[1] - this.began.spot[1]) > 4;
    if (this.began.tool === "move") this.map.pan(spot[0] - before[0], spot[1] - before[1]);
    else if (this.began.tool === "path") this.extend(spot);
    else if (far) this.visit(spot, false);
  }

  up(event) {
    if (!this.fingers.delete(event.pointerId)) return;
    const { began } = this;
    if (this.fingers.size || !began) { this.began = null; return; }
    if (began.tool === "path") this.finish();
    else if (began.tool === "look") {
      if (!began.visited) this.visit(began.spot, true);
      if (this.scrub.wish) this.scrub.wish.settle = true; else this.scrub.push({ settle: true });
    }
    this.began = null;
  }

  extend(spot) {
    const { path } = this.map, last = this.map.toScreen(...path.at(-1));
    if (Math.hypot(spot[0] - last[0], spot[1] - last[1]) < 3) return;
    path.push(this.map.toMap(...spot));
    this.map.draw();
  }

  // A line on the map is a walk when it leads somewhere.
  finish() {
    const spots = this.map.path.map((spot) => this.map.toScreen(...spot));
    const long = spots.slice(1).reduce((sum, [x, y], i) => sum + Math.hypot(x - spots[i][0], y - spots[i][1]), 0);
    if (long < 24) {
      this.map.path = [];
      this.map.draw();
      this.tab.complain("A walk needs a line: drag from one place of the map to another.", "quiet");
      return;
    }
    this.tab.complain("");
    this.tab.walkAlong(this.map.path.map(genui.LatentMap.held), this.map.map);
  }

  wheel(event) {
    if (event.deltaY > 0 && this.map.eye.zoom <= 0.7) return; // the page scrolls on
    event.preventDefault();
    this.map.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), ...this.spot(event));
  }

  // --- looking

  // The place at a screen position; on a thumbnail its own very place.
  visit(spot, exact) {
    const index = exact ? this.map.near(...spot, 7) : null;
    this.began.visited = true;
    this.scrub.push({ wish: index === null ? { xy: genui.LatentMap.held(this.map.toMap(...spot)), map: this.map.map } : { index } });
  }

  async decode({ wish, settle }) {
    if (wish) {
      const { world } = this.tab, answer = await this.tab.explorer.ask(world, "place", wish);
      if (world !== this.tab.world) return;
      if (answer.error) { this.tab.complain(answer.error, answer.offline ? "quiet" : "error"); return; }
      this.tab.go(answer.place, false);
    }
    if (settle) this.tab.settle();
  }

  // The picture under the pointer.
  point(spot) {
    const { map } = this, index = spot ? map.near(...spot) : null;
    if (index === map.hover) return;
    map.hover = index;
    this.glass.hidden = index === null || !map.atlas;
    if (this.glass.hidden) return;
    const { columns, thumb } = map.world.about.map, [x, y] = map.toScreen(map.now[2 * index], map.now[2 * index + 1]), by = 96 / thumb;
    const [picture, text] = this.glass.children, words = Object.values(map.answers).map(({ answers, of }) => answers[of[index]]);
    const style = { backgroundImage: `url("${map.atlas.src}")`, backgroundSize: `${columns * thumb * by}px auto`,
      backgroundPosition: `${-(index % columns) * 96}px ${-Math.floor(index / columns) * 96}px` };
    Object.assign(picture.style, style);
    text.textContent = words.filter((word) => word && word !== "none").slice(0, 4).join(", ");
    const left = Math.max(4, Math.min(map.width - 116, x - 56)), top = y > 160 ? y - 156 : y + 24;
    Object.assign(this.glass.style, { left: `${left}px`, top: `${top}px` });
  }

  // --- keys

  keys(event) {
    const { map } = this, by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (by) {
      const step = (event.shiftKey ? 48 : 12) / (map.side * map.eye.zoom), [x, y] = map.cursor ?? map.here?.[map.map] ?? [0.5, 0.5];
      map.cursor = genui.LatentMap.held([x + by[0] * step, y + by[1] * step]);
      const [left, top] = map.toScreen(...map.cursor);
      if (left < 20 || top < 20 || left > map.width - 20 || top > map.height - 20) map.look(...map.cursor);
      this.point([left, top]);
    } else if (event.key === "Enter" || event.key === " ") {
      const cursor = map.cursor ?? map.here?.[map.map] ?? [0.5, 0.5];
      if (this.tool === "path") map.path.push(cursor);
      else this.scrub.push({ wish: { xy: cursor, map: map.map }, settle: true });
    } else if ((event.key === "p" || event.key === "P") && this.tool === "path" && map.path.length) this.finish();
    else if (event.key === "+" || event.key === "=") map.zoom(1.6);
    else if (event.key === "-") map.zoom(1 / 1.6);
    else if (event.key === "0") map.home();
    else return;
    event.preventDefault();
    map.draw();
  }
};
