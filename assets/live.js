/* Two small parts of the composer: the seed, and drawing while one types. */
"use strict";

// The seed: always in sight, new for each drawing unless it is locked.
genui.Seed = class {
  static MOST = 4294967294;
  static roll() { return crypto.getRandomValues(new Uint32Array(1))[0] % 1_000_000_000; }

  constructor(label = "Seed of the picture") {
    const { el, icon } = genui, { icons } = genui.picture;
    this.kept = false; // the number shown is meant for the next drawing
    this.box = el("input.gu-field.gu-seed-box", { type: "text", inputmode: "numeric", autocomplete: "off", "aria-label": "Seed",
      oninput: () => { this.lock(true); } });
    this.lockButton = el("button.gu-tool", { type: "button", onclick: () => this.lock(!this.locked) });
    this.dice = el("button.gu-tool", { type: "button", "aria-label": "Roll a new seed", title: "Roll a new seed",
      onclick: () => { this.box.value = genui.Seed.roll(); this.kept = true; } }, icon(icons.dice));
    this.node = el("div.gu-seed-row", { role: "group", "aria-label": label }, el("span", { "aria-hidden": "true" }, "Seed"), this.box, this.lockButton, this.dice);
    this.box.value = genui.Seed.roll();
    this.lock(false);
    this.kept = true;
  }

  lock(on) {
    const { icon } = genui, { icons } = genui.picture;
    this.locked = on;
    this.lockButton.replaceChildren(icon(on ? icons.lock : icons.unlock));
    this.lockButton.setAttribute("aria-pressed", String(on));
    this.lockButton.setAttribute("aria-label", "Keep this seed");
    this.lockButton.title = on ? "This seed stays; click for a new one each time" : "A new seed each time; click to keep this one";
  }

  keep(seed) {
    this.box.value = seed;
    this.lock(true);
  }

  // The seed of what is drawn already.
  show(seed) {
    this.box.value = seed;
    this.kept = false;
  }

  // The seed of the next drawing, or null when what stands there is none.
  next() {
    if (!this.locked && !this.kept) this.box.value = genui.Seed.roll();
    this.kept = false;
    return this.now();
  }

  now() {
    const text = this.box.value.trim(), value = Number(text);
    return /^\d{1,10}$/.test(text) && value <= genui.Seed.MOST ? value : null;
  }
};

// Draws while the visitor types: the newest wish wins, and never more than one job is on its way.
// What is drawn on the way is a draft, shown and forgotten; after a rest it is drawn to be kept.
genui.Live = class {
  static PAUSE = 220; // ms without a key until a draft
  static REST = 1500; // ms that a draft stands until it is kept

  constructor(tab) {
    Object.assign(this, { tab, on: false, want: null, busy: false, card: null, timer: null });
    this.button = genui.el("button.gu-switch", { type: "button", role: "switch", "aria-checked": "false",
      onclick: () => this.turn(!this.on) }, genui.el("i"), "Draw while I type");
  }

  turn(on) {
    this.on = on;
    this.button.setAttribute("aria-checked", String(on));
    if (on) this.poke();
    else { this.pause(); this.rest(0); }
  }

  pause() { clearTimeout(this.timer); this.want = null; }

  // Something else is drawn now; what was shown last is not kept.
  leave() {
    this.pause();
    this.card = null;
  }

  poke() { if (this.on) this.soon(() => this.tab.form.sketch(), genui.Live.PAUSE); }

  // Keeps the draft that is shown, unless something else is wanted first.
  rest(ms = genui.Live.REST) {
    const { card } = this;
    if (this.busy || !card?.drafted || !this.tab.cards.includes(card)) return;
    const { draft, ...options } = card.request.options;
    this.soon(() => ({ ...card.request, options }), ms);
  }

  // `want()` is the request, once the time has come; null for none.
  soon(want, ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { this.want = want; this.go(); }, ms);
  }

  async go() {
    if (!this.want) return;
    if (this.busy) { // the end of the job that runs calls again
      if (this.card && !this.card.done && this.card.request.options.draft) await genui.ask(this.tab.server, "stop", { job: this.card.job });
      return;
    }
    const request = this.want();
    this.want = null;
    if (!request) return;
    this.busy = true;
    const card = await this.tab.submit(request, { live: this });
    if (card) this.card = card; else this.busy = false;
    if (this.want) this.go();
  }

  ended(card) {
    if (card !== this.card && this.card) return;
    this.busy = false;
    if (this.want) this.go(); else this.rest();
  }
};
