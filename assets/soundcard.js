/* One sound and everything around it: transport, a picture of it, progress, rating. The same card
   shows a running job, a fresh result and an old one; folded it is one line of the history. What is
   particular to a kind of sound stands in its own card; see speechcard.js and musiccard.js. */
"use strict";

genui.SoundCard = class SoundCard {
  static LISTEN = 2;        // seconds to hear before rating
  static ICONS = {
    play: "M8 5.5v13l11-6.500z", pause: "M7 5.500h3.600v13H7zm6.400 0H17v13h-3.600z",
    fold: "m6 9.500 6 6 6-6",
  };
  static FORM = { rate: 24_000, channels: 1 };

  // `tab` is a genui.SoundTab.
  constructor(tab, { request, generation = null, job = null, expect = null, autoplay = false }) {
    Object.assign(this, { tab, server: tab.server, job, expect, autoplay, generation: null, folded: false });
    this.request = generation?.request ?? request;
    const form = this.form = this.constructor.FORM;
    this.sound = new genui.sound.Sound(job ? genui.sound.fromJob(this.server, job, form.channels) : null, form);
    this.player = new genui.sound.Player(this.sound, (state) => this.playState(state));
    this.sound.addEventListener("grow", () => this.measure());
    this.begin(generation);
    this.draw();
    if (generation) this.finish(generation);
    else this.follow();
  }

  // --- what each kind of sound has to say ---------------------------------------------------

  begin() {}                        // before anything is drawn
  name() { return "Sound"; }        // for screen readers
  faces() { return []; }            // what the rail shows
  body() { return []; }             // what stands under it
  panels() { return []; }           // what opens under the actions
  facts() { return []; }            // one line: model, settings
  hear() {}                         // an event of the job
  deeds() { return []; }            // what can be done with a finished sound
  part() { return "Stopped; what was made is kept."; }
  nothing() { return "Stopped before anything was made."; }
  recall() {}                       // an old result is opened
  measure() { this.seeButton(); this.follows(); } // there is more to show
  redraw() {}                       // size or colours changed
  moves() {}                        // now(seconds) moved
  get view() { return this.sound.total; } // frames that the width of the rail stands for

  // --- the card -----------------------------------------------------------------------------

  draw() {
    const { el } = genui, { ICONS } = SoundCard;
    this.button = el("button.gu-play", { type: "button", disabled: true, onclick: () => this.player.toggle() });
    this.face = genui.icon(ICONS.play);
    this.button.append(this.face);
    this.cursor = el("i.gu-cursor", { "aria-hidden": "true" });
    this.rail = el("div.gu-rail", { role: "slider", tabIndex: 0, "aria-label": "Place in the sound",
      "aria-valuemin": "0", "aria-valuemax": "0", "aria-valuenow": "0",
      onpointerdown: (event) => this.grab(event), onkeydown: (event) => this.keys(event) }, this.faces(), this.cursor);
    this.clock = el("div.gu-clock", {}, "0:00");
    this.unfolder = el("button.gu-quiet.gu-unfold", { type: "button", onclick: () => {
      if (this.folded) this.tab.unfold(this); else this.fold(true);
    } }, genui.icon(ICONS.fold));
    this.deck = el("div.gu-deck", {}, this.button, this.rail, this.clock, this.unfolder);
    this.status = new genui.Status(() => this.stop());
    this.note = el("div.gu-sound-note");
    this.actions = el("div.gu-row.gu-sound-actions", {}, this.status.node); // replaced when the job ends
    this.meta = el("div.gu-meta");
    this.strip = genui.strip(this.server, { request: this.request }, { locked: true });
    this.strip.title = "Listen for a moment, then rate";
    this.node = el("article.gu-card.gu-sound", { "aria-label": this.name() },
      this.deck, this.body(), this.note, this.actions, this.panels(), this.meta, this.strip);
    this.resized = new ResizeObserver(() => this.redraw());
    this.resized.observe(this.rail);
    this.themed = new MutationObserver(() => this.redraw()); // what is drawn has the theme's colours
    this.themed.observe(document.body, { attributeFilter: ["class"] });
    this.seen = new IntersectionObserver((entries) => {
      this.visible = entries.at(-1).isIntersecting;
      if (this.visible) this.measure();
    });
    this.seen.observe(this.node);
    this.seeButton();
    this.describe();
  }

  close() {
    this.player.pause();
    this.closed = true;
    this.resized.disconnect();
    this.themed.disconnect();
    this.seen.disconnect();
    this.node.remove();
  }

  fold(folded) {
    this.folded = folded;
    this.node.classList.toggle("folded", folded);
    this.unfolder.setAttribute("aria-expanded", String(!folded));
    this.unfolder.setAttribute("aria-label", folded ? "Open this result" : "Fold this result");
    this.unfolder.title = folded ? "Open" : "Fold";
    if (this.audio) this.recall();
    this.measure();
    this.redraw();
  }

  seeButton() {
    const on = !this.player.silent;
    this.face.firstChild.setAttribute("d", SoundCard.ICONS[on ? "pause" : "play"]);
    this.button.setAttribute("aria-label", on ? "Pause" : "Play");
    this.button.title = on ? "Pause (Space)" : "Play (Space)";
    this.button.classList.toggle("waiting", this.player.state === "waiting");
    this.button.disabled = !this.sound.total;
  }

  // One line of facts: model, settings, seed, how long it took.
  describe() {
    const { request, generation } = this;
    const model = generation?.model.title ?? this.tab.titles[request.model] ?? request.model;
    const facts = [model, ...this.facts(), `Seed ${request.seed}`];
    if (generation) {
      facts.push(`${genui.seconds(this.sound.seconds)} made in ${genui.seconds(generation.timings.run)}`,
        genui.ago(generation.created));
    }
    this.meta.replaceChildren(...facts.map((fact) => genui.el("span", {}, fact)));
  }

  // --- the job ------------------------------------------------------------------------------

  async follow() {
    await genui.follow(this.server, this.job, (event) => this.on(event),
      (gone) => this.status.offline(gone));
  }

  on(event) {
    this.status.on(event);
    if (event.type === "started") { this.request = { ...this.request, seed: event.seed }; this.describe(); }
    else if (event.type === "finished") this.finish(event.generation);
    else if (event.type === "stopped") this.end(genui.notice(this.nothing(), "quiet"));
    else if (event.type === "failed") this.end(genui.notice(event.message));
    else this.hear(event);
  }

  // There are now so many seconds of sound.
  grow(seconds) {
    this.sound.grow(Math.round(seconds * this.sound.rate));
    this.start();
  }

  start() {
    if (this.autoplay && this.sound.total) { this.autoplay = false; this.player.play(0); }
  }

  async stop() {
    this.status.show("Stopping…");
    const answer = await genui.ask(this.server, "stop", { job: this.job });
    if (answer.error) this.status.show(answer.error);
  }

  // The job ended with nothing to hear: say why, offer to try again.
  end(notice) {
    const { el } = genui;
    this.over = true;
    this.node.classList.add("silent");
    this.strip.remove();
    this.note.replaceChildren(notice);
    this.actions.replaceChildren(
      el("button.gu-chip", { type: "button", onclick: () => this.again() }, "Try again"),
      el("button.gu-quiet", { type: "button", onclick: () => this.tab.remove(this) }, "Remove"));
    this.tab.ended(this);
  }

  again() {
    genui.sound.wake(this.sound.rate);
    this.tab.remove(this);
    this.tab.submit(this.request, { expect: this.expect });
  }

  finish(generation) {
    this.generation = generation;
    this.request = generation.request;
    const audio = this.audio = generation.artifacts.find((artifact) => artifact.name === "audio");
    if (!audio) { this.end(genui.notice("This result has no sound.", "quiet")); return; }
    this.over = true;
    this.sound.settle(genui.sound.fromFile(genui.media(audio), this.form.channels), Math.round(audio.meta.seconds * this.sound.rate));
    this.recall();
    this.start();
    if (generation.status === "stopped") this.note.replaceChildren(genui.notice(this.part(), "quiet"));
    this.offer();
    this.describe();
    this.seeButton();
    if (generation.rating) this.unlock();
    if (this.expect) this.compare();
    this.tab.ended(this);
  }

  async compare() {
    const { record, name } = this.expect;
    const answer = await genui.ask(this.server, "verdict", { generation: this.generation.id, record });
    const note = genui.notice("", answer.same ? "good" : "quiet");
    if (answer.error) note.append(answer.error);
    else note.append(genui.el("bdi", {}, name), `, made again. ${answer.sentence}`);
    this.note.replaceChildren(note);
  }

  offer() { this.actions.replaceChildren(...this.deeds().filter(Boolean)); }

  // A chip that is on or off.
  toggle(label, title, on, act) {
    const button = genui.el("button.gu-chip", { type: "button", title, "aria-pressed": String(on), onclick: () => {
      const next = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(next));
      act(next);
    } }, label);
    return button;
  }

  // A chip that downloads; `address` is a link to the file.
  file(label, address, suffix) {
    const name = `genui-${this.audio.sha256.slice(0, 8)}.${suffix}`;
    return genui.el("a.gu-chip.gu-file", { href: address, download: name, "aria-label": `Download ${label}` }, label);
  }

  // --- time ---------------------------------------------------------------------------------

  playState(state) {
    this.seeButton();
    if (state === "playing" && !this.frame) this.beat();
    else this.follows();
    this.tab.played(this, state);
  }

  beat() {
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.player.tick();
      this.follows();
      if (this.player.state === "playing") this.beat();
    });
  }

  // Moves everything that moves with the sound.
  follows() {
    const now = this.player.position / this.sound.rate, all = this.sound.seconds;
    this.node.style.setProperty("--gu-part", this.view ? Math.min(1, this.player.position / this.view) : 0);
    const text = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;
    const shown = `${text(now)} / ${text(all)}${this.sound.done ? "" : "…"}`;
    if (this.clock.textContent !== shown) {
      this.clock.textContent = shown;
      this.rail.setAttribute("aria-valuemax", all.toFixed(1));
      this.rail.setAttribute("aria-valuenow", now.toFixed(1));
      this.rail.setAttribute("aria-valuetext", `${text(now)} of ${text(all)}`);
    }
    this.moves(now, this.player.state !== "paused" || now > 0);
    if (this.generation && this.player.heard >= Math.min(SoundCard.LISTEN, all * 0.95)) this.unlock();
  }

  // Who has listened may rate.
  unlock() {
    if (this.unlocked) return;
    this.unlocked = true;
    this.strip.removeAttribute("title");
    this.strip.unlock(this.generation);
    this.tab.listened(this);
  }

  // Plays from a place, in seconds.
  jump(seconds) { this.player.play(seconds * this.sound.rate); }

  grab(event) {
    if (!this.sound.total || event.button) return;
    const to = ({ clientX }) => {
      const box = this.rail.getBoundingClientRect();
      this.player.seek(Math.max(0, Math.min(1, (clientX - box.left) / box.width)) * this.view);
    };
    this.rail.setPointerCapture(event.pointerId);
    this.rail.onpointermove = to;
    this.rail.onlostpointercapture = () => { this.rail.onpointermove = null; };
    to(event);
  }

  keys(event) {
    const { rate, total } = this.sound, here = this.player.position;
    const to = { ArrowRight: here + 2 * rate, ArrowLeft: here - 2 * rate, Home: 0, End: total }[event.key];
    if (event.key === " ") this.player.toggle();
    else if (to !== undefined) this.player.seek(to);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
};
