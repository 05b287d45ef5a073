/* The shelf of the Latent space tab: what was made there, newest first, going back to it, and files
   dropped back. Submits jobs; each card (kept.js) follows its own. */
"use strict";

genui.Shelf = class {
  static PAGE = 12;

  constructor(tab) {
    const { el } = genui;
    Object.assign(this, { tab, cards: [], kept: null });
    this.list = el("div.gu-list", { "aria-label": "Kept, newest first" });
    this.older = el("button.gu-chip", { type: "button", hidden: true, onclick: () => this.remember() }, "Show older");
    this.node = el("section.gu-latent-kept", { hidden: true }, el("h3", {}, "Kept"), this.list, this.older);
  }

  // A request to the queue; `place` takes the card, else it stands first among what was kept.
  async submit(request, { place = null, instead = null, ...more } = {}) {
    const answer = await genui.ask(this.tab.server, "make", { request, tokens: genui.tokens.of({ image: request.inputs.picture }) });
    if (answer.error) { this.tab.complain(answer.offline ? "The server does not answer; try again in a moment." : answer.error, answer.offline ? "quiet" : "error"); return null; }
    this.tab.complain("");
    const card = new genui.Kept(this, { job: answer.job, request: answer.request, ...more }), at = instead?.node;
    this.cards.unshift(card);
    if (at?.isConnected) { at.replaceWith(card.node); this.cards = this.cards.filter((each) => each !== instead); }
    else if (place) {
      this.list.prepend(...place.children);
      place.replaceChildren(card.node);
    } else this.list.prepend(card.node);
    this.node.hidden = !this.list.children.length;
    return card;
  }

  drop(card) {
    this.cards = this.cards.filter((each) => each !== card);
    card.node.remove();
    this.node.hidden = !this.list.children.length;
  }

  // The picture of this place as a file with a record; `thumb` rates it. The same place is kept once.
  async keep(thumb = null) {
    const { world } = this.tab, { now } = world, { seen } = this.tab.parts;
    if (this.kept?.now !== now || this.kept.card.request.model !== world.id) {
      seen.say("Keeping…");
      const done = (card) => this.rate(card);
      const card = await this.submit({ model: world.id, inputs: { task: "picture", places: [world.place] }, options: { truncation: now.truncation, scale: 8 } }, { after: done });
      if (!card) { seen.say(""); return; }
      this.kept = { now, card };
    }
    this.kept.thumb = thumb;
    if (this.kept.card.ended) this.rate(this.kept.card);
  }

  rate(card) {
    const { seen } = this.tab.parts, thumb = card === this.kept?.card ? this.kept.thumb : null;
    if (!card.generation) { seen.say(""); return; }
    if (thumb) genui.outbox.put(card.generation.id, { thumb, stars: null, reasons: [], comment: "", withdrawn: false });
    seen.say(thumb ? "Rated, and kept below." : "Kept below.");
  }

  again(generation) {
    const { model, inputs, options, seed } = generation.request;
    this.submit({ model, inputs, options, seed, parents: [generation.id] }, { expect: { record: generation, name: "This one" } });
  }

  async goTo(generation) {
    const { model, inputs, options } = generation.request, [made] = generation.usage.places ?? [];
    if (!await this.tab.into(model)) return;
    const [asked] = inputs.task === "picture" ? inputs.places : [];
    this.tab.world.change({ truncation: inputs.task === "picture" && asked ? options.truncation ?? 1 : 1 });
    this.tab.world.go(asked ? { moves: {}, ...asked } : { ...made, moves: {} });
    this.tab.settle();
    this.tab.poke();
    this.tab.top();
  }

  async openWalk(generation) {
    if (!await this.tab.into(generation.request.model)) return;
    this.tab.world.walked = true;
    this.tab.open("walk");
    this.tab.panels.walk.take(generation.request.inputs.places, generation.request.options);
  }

  // --- looking back

  async remember() {
    const past = await genui.ask(this.tab.server, "past", { kind: "latent", limit: genui.Shelf.PAGE, before: this.last });
    if (past.error) { if (past.offline) setTimeout(() => this.remember(), 3000); else this.tab.complain(past.error); return; }
    if (!this.last) for (const { job, request } of past.jobs) this.put(new genui.Kept(this, { job, request }), true);
    for (const generation of past.generations) {
      this.last = generation.id;
      if (!this.cards.some((card) => card.generation?.id === generation.id)) this.put(new genui.Kept(this, { request: generation.request, generation }), false);
    }
    this.older.hidden = past.generations.length < genui.Shelf.PAGE;
    this.node.hidden = !this.list.children.length;
    this.paint();
  }

  put(card, first) {
    if (first) { this.cards.unshift(card); this.list.prepend(card.node); } else { this.cards.push(card); this.list.append(card.node); }
  }

  rated() { this.paint(); }

  // Own ratings of places of this model, on the map.
  async paint() {
    const { world } = this.tab, said = (rating) => rating && !rating.withdrawn && (rating.thumb || rating.stars);
    if (!world) return;
    const rated = this.cards.map(({ generation }) => generation).filter((made) => made?.request.model === world.id && said(made.rating)
      && made.request.inputs.task !== "walk" && made.usage.places?.length).slice(0, 64);
    const answer = rated.length ? await this.tab.explorer.ask(world, "look", { places: rated.map(({ usage }) => ({ at: usage.places[0].at })) }) : { looks: [] };
    if (world !== this.tab.world || answer.error) return;
    this.tab.parts.map.rate(answer.looks.map(({ pca, neighbours }, i) => ({ xy: { pca, neighbours }, rating: rated[i].rating })));
  }

  // --- a file dropped back

  drawOpener() {
    const accept = "image/*,video/mp4,.json";
    return genui.opener("label.gu-open", { accept, label: "Open a picture or walk made by genui", take: (file) => this.openFile(file) },
      genui.el("b", {}, "Open a picture or walk"), " made in this tab, or drop it here: its place is opened, it is made again and compared.");
  }

  async openFile(file) {
    this.tab.complain(`Reading ${file.name}…`, "quiet");
    const { record, error } = await genui.opened(file);
    if (error || !record) { this.tab.complain(error ?? "This file was made by another tool, which has no places here."); return; }
    if (record.request.kind !== "latent") { this.tab.complain("This file was made in another tab; open it there.", "quiet"); return; }
    this.tab.complain("");
    const { model, inputs, options, seed } = record.request;
    if (inputs.task === "walk") await this.openWalk(record); else await this.goTo(record);
    if (this.tab.world?.id !== model) return;
    await this.submit({ model, inputs, options, seed, parents: [] }, { expect: { record, name: file.name } });
  }
};
