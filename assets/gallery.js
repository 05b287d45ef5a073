/* All pictures of this browser, newest first, and two of them side by side. */
"use strict";

genui.Gallery = class {
  static PAGE = 36; // as many as the largest grid

  constructor(tab) {
    const { el } = genui;
    Object.assign(this, { tab, shots: new Map(), last: null, picking: null });
    this.shelf = el("div.gu-shelf");
    this.older = el("button.gu-chip.gu-older-button", { type: "button", hidden: true, onclick: () => this.more() }, "Show older");
    this.prompt = el("div.gu-picking", { role: "status", hidden: true });
    this.node = el("section.gu-gallery", { hidden: true, "aria-label": "Your pictures" },
      el("h3", {}, "Your pictures"), this.prompt, this.shelf, this.older);
  }

  // What the newest job was asked for and the results it made, in their order, from a history that
  // begins with them.
  static together([newest, ...older]) {
    const axes = ({ usage: { grid } }) => (grid ? { x: grid.x, y: grid.y } : {});
    const face = ({ request, usage, model }) => JSON.stringify([model.id, ...(usage.grid ? [axes({ usage })]
      : [request.inputs, { ...request.options, variation_seed: 0 }])]);
    const place = ({ request, usage }) => usage.grid?.at ?? usage.index ?? usage.morph ?? request.seed + (request.options.variation > 0 ? request.options.variation_seed : 0);
    const generations = [newest], { options, inputs } = newest.request, most = newest.usage.grid ? genui.Gallery.PAGE : 9;
    for (const generation of older) {
      const by = place(generations[0]) - place(generation), before = by === 1 || (by > 0 && (inputs.to || options.count > 1));
      if (generations.length >= most || face(generation) !== face(newest) || !before) break;
      generations.unshift(generation);
    }
    const [{ request }] = generations;
    return { generations, request: { ...request, options: { ...request.options, count: generations.length, ...axes(newest) } } };
  }

  // A new result, in front.
  add(generation) {
    if (this.shots.has(generation.id) || !genui.picture.artifact(generation)) return;
    const shot = this.draw(generation);
    this.shelf.prepend(shot.node);
    this.shots = new Map([[generation.id, shot], ...this.shots]);
    this.node.hidden = false;
  }

  // Older results, behind.
  extend(generations) {
    for (const generation of generations) {
      this.last = generation.id;
      if (this.shots.has(generation.id) || !genui.picture.artifact(generation)) continue;
      const shot = this.draw(generation);
      this.shelf.append(shot.node);
      this.shots.set(generation.id, shot);
    }
    this.older.hidden = generations.length < genui.Gallery.PAGE;
    this.node.hidden = !this.shots.size;
  }

  async more() {
    this.older.disabled = true;
    const past = await genui.ask(this.tab.server, "past", { kind: "image", limit: genui.Gallery.PAGE, before: this.last });
    this.older.disabled = false;
    if (past.error) { this.tab.complain(past.error); return; }
    this.extend(past.generations);
  }

  draw(generation) {
    const { el } = genui, { request } = generation;
    const label = `${genui.picture.name(request)}, seed ${request.seed}`;
    const img = el("img", { src: genui.picture.src(generation), alt: "", loading: "lazy", draggable: "false" });
    const shown = el("div.gu-shot-ground", {}, img);
    shown.classList.toggle("clear", Boolean(request.options.transparent));
    const node = el("button.gu-shelf-shot", { type: "button", title: label.slice(0, 200), "aria-label": label.slice(0, 200),
      onclick: () => { if (this.picking) this.picked(generation); else this.tab.open(generation); } }, shown);
    return { generation, node };
  }

  // Asks for one picture: `then(generation)` is called with the one that is clicked.
  pick(words, not, then) {
    this.picking = { then, not };
    this.prompt.hidden = false;
    this.node.classList.add("picking");
    this.prompt.replaceChildren(words, genui.el("button.gu-quiet", { type: "button", onclick: () => this.stopPicking() }, "Never mind"));
    const own = this.shots.get(not)?.node;
    if (own) own.disabled = true;
    this.node.scrollIntoView({ block: "nearest", behavior: "smooth" });
    [...this.shots.values()].find((shot) => !shot.node.disabled)?.node.focus({ preventScroll: true });
  }

  picked(generation) {
    const { then } = this.picking;
    this.stopPicking();
    then(generation);
  }

  stopPicking() {
    this.picking = null;
    this.prompt.hidden = true;
    this.node.classList.remove("picking");
    for (const shot of this.shots.values()) shot.node.disabled = false;
  }
};

// Two pictures side by side; the better one is a vote that training may learn from.
genui.Compare = class {
  constructor(tab) {
    this.tab = tab;
    this.place = genui.el("div.gu-compare-place");
  }

  begin(generation) {
    if (this.tab.gallery.shots.size < 2) { this.tab.complain("Draw another picture first; then the two can stand side by side.", "quiet"); return; }
    this.tab.gallery.pick("Choose the picture to compare it with. ", generation.id, (other) => this.show(generation, other));
  }

  show(first, second) {
    const { el } = genui, pair = [first, second];
    this.said = el("span.gu-set-said", { role: "status" }, "Which one is better?");
    this.undo = el("button.gu-quiet", { type: "button", hidden: true, onclick: () => this.choose(this.chosen, true) }, "Undo");
    this.pair = pair;
    this.buttons = pair.map((generation, at) => el("button.gu-chip", { type: "button", "aria-pressed": "false",
      "aria-label": `${at ? "Right" : "Left"} one is better`, onclick: () => this.choose(at) }, "This one is better"));
    const sides = pair.map((generation, at) => el("figure.gu-side-by", {},
      genui.picture.ground(generation.request.options, el("img", { src: genui.picture.src(generation), alt: genui.picture.name(generation.request) })),
      el("figcaption", {}, el("p.gu-look-prompt", { dir: "auto" }, genui.picture.name(generation.request)),
        el("div.gu-meta", {}, this.differences(generation, pair[1 - at]).map((fact) => el("span", {}, fact))),
        genui.feedback.mode === "off" ? null : this.buttons[at])));
    const card = el("article.gu-card.gu-compare", { "aria-label": "Two pictures side by side" }, el("div.gu-pair", {}, sides),
      el("div.gu-row.gu-set", {}, genui.feedback.mode === "off" ? el("span.gu-set-said") : this.said, this.undo,
        el("button.gu-quiet", { type: "button", onclick: () => this.place.replaceChildren() }, "Close")));
    this.place.replaceChildren(card);
    card.scrollIntoView({ block: "nearest", behavior: "smooth" });
    this.buttons[0].focus({ preventScroll: true });
  }

  // What is different is what the eye should know of.
  differences(one, other) {
    const facts = [`Seed ${one.request.seed}`], options = one.request.options;
    for (const name of ["steps", "guidance", "scheduler", "strength", "variation"]) {
      if (options[name] !== other.request.options[name]) facts.push(`${name[0].toUpperCase()}${name.slice(1)} ${options[name]}`);
    }
    if (one.model.id !== other.model.id) facts.push(one.model.title);
    return facts;
  }

  async choose(at, withdrawn = false) {
    this.said.textContent = "Saving…";
    const answer = await genui.ask(this.tab.server, "prefer", { chosen: this.pair[at].id, others: [this.pair[1 - at].id], side: true, withdrawn });
    if (answer.error) { this.said.textContent = answer.error; return; }
    this.chosen = withdrawn ? null : at;
    this.buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(i === this.chosen)));
    this.said.textContent = withdrawn ? "Taken back." : "Thanks.";
    this.undo.hidden = withdrawn;
  }
};
