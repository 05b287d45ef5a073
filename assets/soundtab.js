/* What every part of the Audio tab has: the list of results with the newest one open, what runs and
   what was made found again after a reload, files opened. Each result is a card; see soundcard.js. */
"use strict";

genui.SoundTab = class SoundTab {
  static SHOWN = 60; // cards on the page; older ones stay on the server

  // kind: of the requests; call: the server function that submits one; Card: what draws a result;
  // titles: model id -> title; refill: puts `this.wish` into Gradio's controls.
  constructor({ server, kind, call, Card, titles, refill }) {
    const { el } = genui;
    Object.assign(this, { server, kind, call, Card, titles, refill, cards: [], last: 0, wish: {} });
    this.notices = el("div.gu-sound-notices", { "aria-live": "polite" });
    this.empty = el("div.gu-empty.gu-hidden");
    this.list = el("div.gu-sounds", { role: "feed", "aria-label": "Results" });
    this.older = el("h3.gu-older.gu-hidden", {}, "Earlier");
    this.nodes = [this.notices, this.empty, this.list];
  }

  // After a reload: what runs goes on, what was made is there.
  async welcome() {
    let past = await genui.ask(this.server, "past", { kind: this.kind });
    while (past.offline) {
      this.say(past.error, "quiet");
      await genui.pause(2000);
      past = await genui.ask(this.server, "past", { kind: this.kind });
    }
    this.say(past.error ?? "");
    const begun = this.cards.length > 0;
    for (const generation of (past.generations ?? []).reverse()) {
      if (!this.cards.some((card) => card.generation?.id === generation.id)) this.add({ generation });
    }
    for (const { job, request } of past.jobs ?? []) {
      if (!this.cards.some((card) => card.job === job)) this.add({ job, request });
    }
    this.cards.sort((a, b) => (a.generation?.created ?? "9").localeCompare(b.generation?.created ?? "9"));
    this.settle();
    const newest = this.cards.at(-1);
    if (newest) this.unfold(newest);
    if (newest && !begun) this.put((newest.generation ?? newest).request, false);
    this.arrange();
  }

  // Puts the cards into the list, newest first.
  settle() { this.list.replaceChildren(...this.cards.map((card) => card.node).reverse(), this.older); }

  // What stands in the list for a card.
  place(card) { return card.node; }

  say(message, tone = "error") {
    this.notices.replaceChildren(...(message ? [genui.notice(message, tone)] : []));
  }

  add(what) {
    const card = new this.Card(this, what);
    this.cards.push(card);
    this.list.prepend(card.node);
    if (this.cards.length > SoundTab.SHOWN) this.remove(this.cards[0]);
    return card;
  }

  remove(card) {
    this.cards = this.cards.filter((other) => other !== card);
    card.close();
    this.arrange();
  }

  unfold(card) {
    for (const other of this.cards) other.fold(other !== card);
  }

  // The newest is large; a heading stands between it and the earlier ones.
  arrange() {
    this.empty.classList.toggle("gu-hidden", this.cards.length > 0);
    const newest = this.cards.at(-1), places = new Set(this.cards.map((card) => this.place(card)));
    this.older.classList.toggle("gu-hidden", places.size < 2);
    if (newest) this.place(newest).after(this.older);
  }

  // What a card tells: it came to its end, it plays, it was listened to.
  ended() {}
  played() {}
  listened() {}

  // Sends a request; resolves to its card, or null. `expect` is the opened file it repeats.
  async submit(request, { expect = null, autoplay = true } = {}) {
    const { model, inputs, options, seed } = request, wish = JSON.stringify([model, inputs, options]);
    const twice = wish === this.sent && (autoplay || seed === this.seed);
    if (twice && performance.now() - this.last < 600) return null; // a double click
    Object.assign(this, { sent: wish, seed, last: performance.now() });
    const answer = await genui.ask(this.server, this.call, { request, tokens: genui.tokens.of(request.inputs) });
    this.say(answer.offline ? "The server does not answer; try again in a moment." : answer.error ?? "");
    this.offline = Boolean(answer.offline);
    if (answer.error) { this.sent = null; return null; } // the next click is no second one
    const card = this.add({ job: answer.job, request: answer.request, expect, autoplay });
    if (autoplay) this.unfold(card); else card.fold(true);
    this.arrange();
    return card;
  }

  // Puts values into the controls; what is left out stays as it is.
  restore(values) {
    this.wish = values;
    this.refill();
  }

  // Called by the event that `refill` triggers: the new values of the controls, given the old.
  restored(now) {
    const values = { ...now, ...this.wish };
    this.wish = {};
    return values;
  }

  async open(file) {
    genui.sound.wake(this.Card.FORM.rate);
    this.say(`Reading ${file.name}…`, "quiet");
    const answer = await genui.opened(file);
    const record = answer.record;
    if (record?.request.kind !== this.kind) {
      answer.error ??= "This file was made in another tab; open it there.";
    }
    this.say(answer.error ?? "");
    if (answer.error) return;
    this.put(record.request);
    await this.submit(record.request, { expect: { record, name: file.name } });
  }

  put() {} // the request of an opened file goes into the form
};
