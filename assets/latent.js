/* The Latent space tab: picture, sliders and map side by side over one place, panels for what to do
   with it below, and what was kept. Holds the worlds (one for each model) and the parts together. */
"use strict";

genui.LatentTab = class {
  static INSIDE = "The image model from the inside: where it places words, what lies between two prompts, and the small latent that becomes the picture.";
  static PANELS = { between: "Between", own: "Your own picture", walk: "Walks", learned: "What it learned", bias: "Bias" };

  constructor(element, { server, props }) {
    const { el } = genui;
    Object.assign(this, { server, config: JSON.parse(props.value), worlds: new Map(), world: null, insides: new Map(), inside: null });
    this.stage = element.querySelector(".gu-stage");
    this.explorer = new genui.Explorer(server, (news) => this.seen(news), (error, offline) => this.trouble(error, offline));
    this.notices = el("div.gu-notices");
    this.parts = { seen: new genui.Seen(this), sliders: new genui.Sliders(this), map: new genui.MapBoard(this) };
    this.panels = { between: new genui.Between(this), own: new genui.Own(this), walk: new genui.Walk(this), learned: new genui.Learned(this), bias: new genui.Bias(this) };
    this.kinds = new genui.Segments("Model", this.config.models.map(({ id, title }) => [id, title]), (id) => this.choose(id));
    this.about = el("p.gu-note.gu-latent-about");
    this.again = el("button.gu-main-button", { type: "button", onclick: () => this.surprise() }, "Surprise me");
    this.copier = el("button.gu-chip", { type: "button", title: "Brings another browser to this very place", onclick: () => genui.copy(this.address(), this.copier) }, "Copy link");
    this.choice = new genui.Segments("What to do with places", Object.entries(genui.LatentTab.PANELS), (name) => this.open(name));
    this.panel = el("div.gu-panel");
    this.shelf = new genui.Shelf(this);
    const { seen, sliders, map } = this.parts;
    this.places = el("div.gu-latent-places", {}, el("div.gu-instrument", {}, seen.node, sliders.node, map.node),
      el("div.gu-latent-choice", {}, this.choice.node), this.panel, this.shelf.node, this.shelf.drawOpener());
    this.insidePlace = el("div.gu-latent-places", { hidden: true });
    this.stage.append(el("div.gu-latent-bar", {}, this.kinds.node, el("span.gu-grow"), this.copier, this.again), this.about, this.notices, this.places, this.insidePlace);
    this.open("between");
    addEventListener("hashchange", () => this.arrive(new URLSearchParams(location.hash.slice(1)).get(genui.link.NAME)));
    this.begin();
  }

  complain(sentence, tone = "error") { this.notices.replaceChildren(...(sentence ? [genui.notice(sentence, tone)] : [])); }

  // The live picture could not be drawn; the notice goes when it can.
  trouble(error, offline) {
    if (error) this.complain(error, offline ? "quiet" : "error");
    else if (this.troubled) this.complain("");
    this.troubled = Boolean(error);
  }

  // --- models

  async begin() {
    const arrived = genui.link.arrived;
    genui.link.arrived = null;
    if (!arrived || !await this.arrive(arrived)) await this.choose(this.config.model, arrived ? this.notices.firstChild : null);
    this.shelf.remember();
  }

  // A model's world, loaded once.
  async load(id, quietly = false) {
    if (this.worlds.has(id)) return this.worlds.get(id);
    if (!quietly) this.parts.seen.loading("Loading the model…");
    const about = await this.explorer.ask(id, "describe");
    if (about.error) {
      this.trouble(about.error, about.offline);
      if (!quietly) this.parts.seen.loading("");
      return null;
    }
    this.trouble("");
    const world = new genui.World(id, about);
    this.worlds.set(id, world);
    return world;
  }

  model(id) { return this.config.models.find((model) => model.id === id); }

  async choose(id, notice = null) {
    if (this.model(id)?.kind === "image") { await this.goInside(id); return; }
    this.outside();
    this.kinds.put(id);
    const wanted = this.wanted = id, known = this.worlds.has(id), world = await this.load(id);
    if (this.wanted !== wanted) return;
    if (!world) { if (this.world) this.kinds.put(this.world.id); else { await genui.pause(3000); if (!this.world) this.choose(id); } return; }
    this.enter(world);
    if (notice) this.notices.replaceChildren(notice);
    if (!known) await this.start();
    else this.poke();
  }

  // Into an image model; `state` comes from a link.
  async goInside(id, state = null) {
    if (!this.insides.has(id)) this.insides.set(id, new genui.Inside(this, this.model(id)));
    this.wanted = id;
    this.kinds.put(id);
    this.inside = this.insides.get(id);
    this.about.textContent = genui.LatentTab.INSIDE;
    this.places.hidden = true;
    this.insidePlace.hidden = false;
    if (this.inside.node.parentNode !== this.insidePlace) this.insidePlace.replaceChildren(this.inside.node);
    this.complain("");
    return this.inside.enter(state);
  }

  outside() {
    this.inside = null;
    this.places.hidden = false;
    this.insidePlace.hidden = true;
  }

  enter(world) {
    this.world = world;
    this.outside();
    this.kinds.put(world.id);
    this.about.textContent = this.model(world.id)?.summary ?? "";
    this.parts.sliders.load(world);
    this.parts.map.load(world);
    for (const panel of Object.values(this.panels)) panel.load?.(world);
    this.panels[this.opened].opened?.();
    this.shelf.paint();
  }

  // A first picture that is a good one: a place of the map that faces the visitor.
  async start() {
    const { world } = this, index = { vae: 1, gan: 0 }[world.about.model.kind];
    const { place } = await this.explorer.ask(world, "place", { index });
    if (world !== this.world) return;
    if (place) world.go(place);
    world.kept = world.now;
    this.poke();
    this.viewed();
  }

  // --- moving

  // While a slider is dragged, and once it is let go.
  change(patch) { this.world.change(patch); this.poke(); }

  settle() {
    this.world.settle();
    this.parts.sliders.show(this.world);
    this.viewed();
  }

  go(place, settle = true) {
    this.world.go(place);
    if (settle) this.settle();
    this.poke();
  }

  back(by) {
    if (by < 0) this.world.undo(); else this.world.redo();
    this.poke();
    this.viewed();
  }

  async surprise() {
    if (this.inside) { this.inside.surprise(); return; }
    const { world } = this;
    if (!world) return;
    const answer = await this.explorer.ask(world, "sample", { count: 1, seed: genui.Seed.roll() });
    if (answer.error) { this.trouble(answer.error, answer.offline); return; }
    if (world === this.world) this.go(answer.places[0]);
  }

  poke() {
    this.parts.sliders.show(this.world);
    this.explorer.poke(this.world);
  }

  // The newest state has its picture.
  seen({ look, world }) {
    if (world !== this.world) return;
    this.look = look;
    this.parts.seen.show(look, world);
    Object.assign(this.parts.map.map, { here: { pca: look.pca, neighbours: look.neighbours } });
    this.parts.map.map.draw();
    this.panels[this.opened].seen?.(look);
  }

  open(name) {
    this.opened = name;
    this.choice.put(name);
    this.panel.replaceChildren(this.panels[name].node);
    if (this.world) this.panels[name].opened?.();
  }

  // A line on the map becomes the places of a walk.
  async walkAlong(line, map) {
    this.world.walked = true;
    this.open("walk");
    await this.panels.walk.along(line, map);
  }

  // Comes to the world of a model, if it is here.
  async into(model) {
    if (!this.config.models.some(({ id }) => id === model)) { this.complain("Its model is not set up here.", "quiet"); return false; }
    if (this.world?.id !== model || this.inside) await this.choose(model);
    return this.world?.id === model;
  }

  top() { this.stage.scrollIntoView({ block: "start", behavior: "smooth" }); }

  // --- the link

  get letters() { return this.inside ? genui.link.inside(this.inside.model.id, this.inside.state) : genui.link.write(this.world, this.parts.map.view); }

  address() {
    const { origin, pathname } = location;
    return `${origin}${pathname}?tab=latent#${genui.link.NAME}=${this.letters}`;
  }

  // The address follows the state, so that a reload comes back to it; not at every step of a drag.
  viewed() { this.writing ??= setTimeout(() => this.write(), 300); }

  write() {
    clearTimeout(this.writing);
    this.writing = null;
    if (!this.stage.offsetParent || (this.inside ? !this.inside.generation : !this.world)) return;
    history.replaceState(null, "", `${location.search || "?tab=latent"}#${genui.link.NAME}=${this.letters}`);
  }

  // Takes a link's state; false, and one sentence, when it is none.
  async arrive(letters) {
    if (!letters) return false;
    try {
      const { model, open, inside } = genui.link.read(letters);
      if (!this.model(model)) { this.complain(genui.link.MISSING, "quiet"); return false; }
      if (inside) return await this.goInside(model, inside);
      const world = await this.load(model);
      if (!world) return false;
      const { error, state, corners, view } = open(world.about);
      if (error) { this.complain(error, "quiet"); return false; }
      world.change(state);
      if (this.worlds.size === 1 && !this.world) world.kept = world.now; else world.settle();
      corners.forEach((corner, i) => { world.corners[i] = corner; });
      this.wanted = model;
      this.enter(world);
      this.parts.map.put(view);
      this.poke();
      return true;
    } catch {
      this.complain(genui.link.DAMAGED);
      return false;
    }
  }
};

genui.tabs.latent = (element, tools) => new genui.LatentTab(element, tools);
