/* The Image tab: the composer on top, the newest pictures under it, all others in the gallery.
   Submits requests and keeps the cards; each card follows its job and draws itself (card.js). */
"use strict";

// What Gradio's controls tell, and what goes back into them (see genui/ui/tabs/image.py).
genui.image = {
  settings: {}, wish: {},
  settle(values) { genui.image.settings = values; genui.image.changed?.(); },
  // Called by the event that `restore` triggers; the new values of the controls, in their order.
  restored() {
    const values = Object.entries(genui.image.settings).map(([name, value]) => genui.image.wish[name] ?? value);
    genui.image.wish = {};
    return values;
  },
};

genui.ImageTab = class {
  static FREE = ["text", "picture", "inpaint"]; // modes that draw `count` pictures

  constructor(element, { server, props, restore }) {
    const { el } = genui;
    Object.assign(this, { server, restore, cards: [], sent: 0 });
    this.config = JSON.parse(props.value);
    genui.image.settle({ ...this.config.settings });
    this.stage = element.querySelector(".gu-stage");
    this.form = new genui.Easel(this);
    this.seed = this.form.seed;
    this.notices = el("div.gu-notices");
    this.list = el("div.gu-list.gu-cards", { "aria-label": "Pictures, newest first" });
    this.gallery = new genui.Gallery(this);
    this.compare = new genui.Compare(this);
    this.stage.append(this.form.node, this.notices, this.list, this.compare.place, this.gallery.node, this.drawOpener());
    genui.image.changed = () => this.form.settle();
    this.form.settle();
    this.arrange();
    this.remember();
  }

  complain(sentence, tone = "error") { this.notices.replaceChildren(...(sentence ? [genui.notice(sentence, tone)] : [])); }

  // --- drawing

  // What the button does: everything the composer and the controls say, as one request.
  async draw() {
    const wish = [this.form.mode, this.form.box.value, this.form.to.value].join("\n");
    if (this.sending || (wish === this.wish && performance.now() - this.sent < 400)) return; // a double click
    Object.assign(this, { wish, sending: true, sent: 0 });
    this.form.live.leave();
    this.complain("");
    const { request, error } = await this.form.request();
    if (error) this.complain(error, "quiet");
    if (request && await this.submit(request)) this.sent = performance.now();
    this.sending = false;
  }

  // Sends a request; `expect` is the opened file it repeats, `instead` a failed card it replaces.
  async submit(request, { expect = null, instead = null, live = null } = {}) {
    const answer = await genui.ask(this.server, "draw", { request, tokens: genui.tokens.of(request.inputs) });
    this.complain(answer.offline ? "The server does not answer; draw again in a moment." : answer.error ?? "");
    if (answer.error) return null;
    if (live?.card && this.cards.includes(live.card)) { live.card.restart(answer.job, answer.request); return live.card; }
    this.clear(instead);
    this.compare.place.replaceChildren();
    const card = this.add({ job: answer.job, request: answer.request, expect, live });
    this.show(card);
    return card;
  }

  add(what) {
    const card = new genui.PictureCard(this, what);
    this.cards.unshift(card);
    this.list.prepend(card.node);
    this.arrange();
    if (what.job) card.follow();
    return card;
  }

  // The gallery keeps what is done, so only what runs, and the newest, needs a card.
  clear(instead = null) {
    for (const card of this.cards.filter((each) => each.done || each === instead)) this.drop(card);
  }

  drop(card) {
    this.cards = this.cards.filter((other) => other !== card);
    card.node.remove();
  }

  remove(card) { this.drop(card); this.arrange(); }

  show(card) {
    if (matchMedia("(max-width: 640px)").matches && !card.live) { // the composer fills a phone
      document.activeElement?.blur();
      card.node.scrollIntoView({ block: "start", behavior: "smooth" });
      return;
    }
    const { top, bottom } = card.node.getBoundingClientRect();
    if (top > innerHeight - 160 || bottom < 80) card.node.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  // A job of this card came to its end.
  ended(card) {
    card.live?.ended?.(card);
    this.arrange();
  }

  arrange() {
    const empty = this.list.querySelector(".gu-empty");
    if (this.cards.length) empty?.remove();
    else if (!empty) this.list.append(this.empty());
  }

  empty() {
    const { el } = genui;
    if (!Object.keys(this.config.models).length) {
      return el("div.gu-empty.gu-easel-empty", {}, el("b", {}, "Nothing to draw with"), el("p", {}, "No image model is set up here; ask the operator to add one."));
    }
    return el("div.gu-empty.gu-easel-empty", {}, el("b", {}, "Draw something"), el("p", {}, "Say it in a few words, or start with one of these:"),
      el("div.gu-row.gu-examples", {}, this.config.examples.map((text) =>
        el("button.gu-chip", { type: "button", onclick: () => { this.form.write(text); this.draw(); } }, text))));
  }

  // --- going on from a picture

  sourceOf(generation) {
    const { sha256, token, meta } = genui.picture.artifact(generation);
    return { sha256, token, width: meta.width, height: meta.height };
  }

  toTop() { this.form.node.scrollIntoView({ block: "start", behavior: "smooth" }); }

  startFrom(generation, mode) {
    this.form.setMode(mode);
    this.form.write(generation.request.inputs.prompt ?? "");
    this.form.source.use(this.sourceOf(generation));
    this.toTop();
    this.form.box.focus({ preventScroll: true });
  }

  morphFrom(generation) {
    this.form.setMode("morph");
    this.form.write(generation.request.inputs.prompt ?? "");
    this.seed.keep(generation.request.seed);
    this.toTop();
    this.form.to.focus({ preventScroll: true });
  }

  // Four pictures near this one.
  vary(generation) {
    const { inputs, options, model, seed } = generation.request;
    const asked = { ...options, count: 4, variation: 0.3, variation_seed: genui.Seed.roll() };
    this.submit({ model, inputs, options: asked, seed, parents: [generation.id] });
    this.toTop();
  }

  // The same request; the card says whether the same picture came out.
  again(generation) {
    const { model, inputs, options, seed } = generation.request;
    this.submit({ model, inputs, options, seed, parents: [generation.id] }, { expect: { record: generation, name: "This picture" } });
    this.toTop();
  }

  // The same again with other seeds.
  more(card) {
    const { model, inputs, options } = card.request;
    this.submit({ model, inputs, options, seed: genui.Seed.roll() });
  }

  open(generation) {
    const card = this.cards.find((each) => each.tiles.some((tile) => tile.generation?.id === generation.id));
    if (card) {
      const tile = card.tiles.find((each) => each.generation?.id === generation.id);
      if (card.closer?.tile !== tile) card.look(tile);
      card.node.scrollIntoView({ block: "start", behavior: "smooth" });
      return;
    }
    this.clear();
    const { options } = generation.request;
    const request = { ...generation.request, options: { ...options, count: 1, x: null, y: null }, inputs: { ...generation.request.inputs } };
    const shown = this.add({ request, generations: [generation] });
    shown.node.scrollIntoView({ block: "start", behavior: "smooth" });
  }

  // --- looking back

  async remember() {
    const past = await genui.ask(this.server, "past", { kind: "image", limit: genui.Gallery.PAGE });
    if (past.error) {
      this.complain(past.error, past.offline ? "quiet" : "error");
      if (past.offline) setTimeout(() => this.remember(), 3000);
      return;
    }
    this.complain("");
    this.gallery.extend(past.generations);
    const fresh = !this.cards.length && !this.form.box.value; // nothing was begun since the page came
    for (const { job, request } of past.jobs.filter((each) => !each.request.options.draft)) if (!this.cards.some((card) => card.job === job)) this.add({ job, request });
    const made = past.generations.filter((each) => genui.picture.artifact(each));
    if (!this.cards.length && made.length) this.add(genui.Gallery.together(made));
    if (fresh && this.cards.length) this.form.put(this.cards[0].request, false);
    if (fresh) this.form.resume();
  }

  // --- a file dropped back

  drawOpener() {
    const accept = "image/png,image/webp,image/jpeg,.json";
    return genui.opener("label.gu-open", { accept, label: "Open a picture made by genui", take: (file) => this.openFile(file) },
      genui.el("b", {}, "Open a picture"), " made by genui, or drop it here: it is made again and compared. Pictures of other tools bring their prompt and settings.");
  }

  async openFile(file) {
    this.complain(`Reading ${file.name}…`, "quiet");
    const { record, parameters, note, error } = await genui.opened(file);
    this.toTop();
    if (error) { this.complain(error); return; }
    if (record && record.request.kind !== "image") { this.complain("This file was made in another tab; open it there.", "quiet"); return; }
    this.form.put(record ? record.request : parameters);
    if (!record) { this.complain(note, "good"); return; }
    const { model, inputs, options, seed } = record.request;
    if (!this.config.models[model]) { this.complain(`Its model, ${record.model.title}, is not set up here; prompt and settings were taken from it.`, "quiet"); return; }
    await this.submit({ model, inputs, options, seed, parents: [] }, { expect: { record, name: file.name } });
    if (note) this.complain(note, "quiet");
  }
};

genui.tabs.image = (element, tools) => new genui.ImageTab(element, tools);
