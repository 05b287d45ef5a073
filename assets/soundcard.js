/* One sound and everything around it: transport, waveform, spectrogram, the text that follows the
   voice, downloads, rating. The same card shows a running job, a fresh result and an old one; folded
   it is one line of the history. */
"use strict";

genui.SoundCard = class SoundCard {
  static LISTEN = 2;        // seconds to hear before rating
  static PEEK = 120;        // seconds up to which a folded card measures its sound by itself
  static ICONS = {
    play: "M8 5.5v13l11-6.500z", pause: "M7 5.500h3.600v13H7zm6.400 0H17v13h-3.600z",
    fold: "m6 9.500 6 6 6-6",
  };

  constructor(tab, { request, generation = null, job = null, expect = null, autoplay = false }) {
    this.tab = tab;
    this.server = tab.server;
    this.request = generation?.request ?? request;
    this.generation = null;
    this.job = job;
    this.expect = expect;
    this.autoplay = autoplay;
    this.segments = [];
    this.text = this.request.inputs.text || generation?.text || "";
    this.folded = false;
    this.sound = new genui.sound.Sound(job ? genui.sound.fromJob(this.server, job) : null);
    this.player = new genui.sound.Player(this.sound, (state) => this.playState(state));
    this.sound.addEventListener("grow", () => this.measure());
    this.trace = null;
    this.draw();
    if (generation) this.finish(generation);
    else this.follow();
  }

  // --- the card -----------------------------------------------------------------------------

  draw() {
    const { el } = genui, { ICONS } = SoundCard;
    this.button = el("button.gu-play", { type: "button", disabled: true, onclick: () => this.player.toggle() });
    this.face = genui.icon(ICONS.play);
    this.button.append(this.face);
    this.waves = el("canvas.gu-wave", { "aria-hidden": "true" });
    this.played = el("canvas.gu-wave.gu-played", { "aria-hidden": "true" });
    this.ticks = el("div.gu-ticks", { "aria-hidden": "true" });
    this.heat = el("canvas.gu-heat", { "aria-hidden": "true" });
    const labels = [200, 500, 1000, 2000, 5000, 10_000].map((hz) => el("span", {
      style: `bottom:${(100 * genui.scope.height(hz)).toFixed(1)}%` }, hz < 1000 ? `${hz}` : `${hz / 1000}k`));
    this.spectrum = el("div.gu-spectrum", { title: "Pitch from low to high; the brighter, the louder" },
      this.heat, el("div.gu-hertz", { "aria-hidden": "true" }, labels, el("i", {}, "Hz")));
    this.cursor = el("i.gu-cursor", { "aria-hidden": "true" });
    this.rail = el("div.gu-rail", { role: "slider", tabIndex: 0, "aria-label": "Place in the sound",
      "aria-valuemin": "0", "aria-valuemax": "0", "aria-valuenow": "0",
      onpointerdown: (event) => this.grab(event), onkeydown: (event) => this.keys(event) },
    el("div.gu-waves", {}, this.waves, this.played, this.ticks), this.spectrum, this.cursor);
    this.clock = el("div.gu-clock", {}, "0:00");
    this.unfolder = el("button.gu-quiet.gu-unfold", { type: "button", onclick: () => {
      if (this.folded) this.tab.unfold(this); else this.fold(true);
    } }, genui.icon(ICONS.fold));

    this.said = el("div.gu-said.gu-speech", { dir: "auto", tabIndex: 0, role: "group", "aria-label": "What is said" });
    this.rest = document.createTextNode(this.text);
    this.said.append(this.rest);
    this.status = new genui.Status(() => this.stop());
    this.note = el("div.gu-sound-note");
    this.actions = el("div.gu-row.gu-sound-actions", {}, this.status.node); // replaced when the job ends
    this.meta = el("div.gu-meta");
    this.phonemes = el("div.gu-phonemes.gu-hidden");
    this.strip = genui.strip(this.server, { request: this.request }, { locked: true });
    this.strip.title = "Listen for a moment, then rate";
    this.node = el("article.gu-card.gu-sound", { "aria-label": `Speech: ${this.text.slice(0, 60)}` },
      el("div.gu-deck", {}, this.button, this.rail, this.clock, this.unfolder),
      this.said, this.note, this.actions, this.phonemes, this.meta, this.strip);
    this.showSpectrum(!window.matchMedia("(max-width: 860px)").matches);
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
    if (this.generation && this.audio) this.recall();
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

  // One line of facts: voice, speed, seed, how long it took.
  describe() {
    const { request, generation } = this, { el } = genui;
    const voice = generation?.model.title ?? this.tab.voices[request.model] ?? request.model;
    const facts = [voice, `Speed ${Number(request.options.speed ?? 1).toFixed(2)}`, `Seed ${request.seed}`];
    if (generation) {
      facts.push(`${genui.seconds(this.sound.seconds)} made in ${genui.seconds(generation.timings.run)}`,
        genui.ago(generation.created));
    }
    this.meta.replaceChildren(...facts.map((fact) => el("span", {}, fact)));
  }

  // --- the job ------------------------------------------------------------------------------

  async follow() {
    await genui.follow(this.server, this.job, (event) => this.on(event),
      (gone) => this.status.offline(gone));
  }

  on(event) {
    this.status.on(event);
    if (event.type === "started") { this.request = { ...this.request, seed: event.seed }; this.describe(); }
    else if (event.type === "segment") this.segment(event);
    else if (event.type === "finished") this.finish(event.generation);
    else if (event.type === "stopped") this.end(genui.notice("Stopped before the first sentence.", "quiet"));
    else if (event.type === "failed") this.end(genui.notice(event.message));
  }

  segment(segment) {
    this.segments.push(segment);
    this.mark(segment);
    const spoken = Math.min(1, this.spokenChars() / Math.max(1, this.text.length));
    this.status.show(`Sentence ${segment.index + 1}, ${Math.round(100 * spoken)} %`, spoken);
    this.sound.grow(Math.round((segment.start + segment.seconds) * genui.sound.RATE));
    if (this.autoplay) { this.autoplay = false; this.player.play(0); }
  }

  async stop() {
    this.status.show("Stopping…");
    const answer = await genui.ask(this.server, "stop", { job: this.job });
    if (answer.error) this.status.show(answer.error);
  }

  // The job ended with nothing to hear: say why, offer to try again.
  end(notice) {
    const { el } = genui;
    this.node.classList.add("silent");
    this.strip.remove();
    this.note.replaceChildren(notice);
    this.actions.replaceChildren(
      el("button.gu-chip", { type: "button", onclick: () => this.again() }, "Try again"),
      el("button.gu-quiet", { type: "button", onclick: () => this.tab.remove(this) }, "Remove"));
  }

  again() {
    genui.sound.wake();
    this.tab.remove(this);
    this.tab.submit(this.request, this.expect);
  }

  finish(generation) {
    this.generation = generation;
    this.request = generation.request;
    const audio = this.audio = generation.artifacts.find((artifact) => artifact.name === "audio");
    if (!audio) { this.end(genui.notice("This result has no sound.", "quiet")); return; }
    this.sound.settle(genui.sound.fromFile(genui.media(audio)), Math.round(audio.meta.seconds * genui.sound.RATE));
    if (!this.segments.length) this.recall();
    if (this.autoplay) { this.autoplay = false; this.player.play(0); }
    if (generation.status === "stopped") {
      const part = this.segments.length;
      this.note.replaceChildren(genui.notice(
        `Stopped after ${part === 1 ? "the first sentence" : `${part} sentences`}; what was made is kept.`, "quiet"));
    }
    this.offer();
    this.describe();
    this.seeButton();
    if (generation.rating) this.unlock();
    if (this.expect) this.compare();
  }

  // An old result fetches its sentences when it is opened.
  async recall() {
    if (this.folded || this.segments.length) return;
    const parts = this.generation.artifacts.find((artifact) => artifact.name === "segments");
    try {
      const segments = await (await fetch(genui.media(parts))).json();
      if (this.segments.length) return;
      for (const segment of segments) { this.segments.push(segment); this.mark(segment); }
      this.offer();
      this.redraw();
    } catch { /* offline for a moment: asked again when it is opened again */ }
  }

  async compare() {
    const { record, name } = this.expect;
    const answer = await genui.ask(this.server, "verdict", { generation: this.generation.id, record });
    const note = genui.notice("", answer.same ? "good" : "quiet");
    if (answer.error) note.append(answer.error);
    else note.append(genui.el("bdi", {}, name), `, made again. ${answer.sentence}`);
    this.note.replaceChildren(note);
  }

  // What can be done with a finished sound.
  offer() {
    const { el, media } = genui, audio = this.audio, short = audio.sha256.slice(0, 8);
    const toggle = (label, title, on, act) => {
      const button = el("button.gu-chip", { type: "button", title, "aria-pressed": String(on), onclick: () => {
        const next = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", String(next));
        act(next);
      } }, label);
      return button;
    };
    const file = (label, form, suffix) => el("a.gu-chip.gu-file", {
      href: media(audio, form), download: `genui-${short}.${suffix}`, "aria-label": `Download ${label}` }, label);
    const { inputs, options, model, seed } = this.request;
    this.actions.replaceChildren(...[
      el("span.gu-peek-label", {}, "Peek inside"),
      toggle("Spectrogram", "Which pitches sound when", !this.spectrum.hidden, (on) => this.showSpectrum(on)),
      this.segments.length ? toggle("Phonemes", "The sounds the voice was asked for", false, (on) => this.showPhonemes(on)) : null,
      el("span.gu-gap"),
      el("button.gu-quiet", { type: "button", title: "Put text and settings into the form",
        onclick: () => { this.tab.restore({ text: inputs.text, voice: model, speed: options.speed, seed }); scrollTo({ top: 0, behavior: "smooth" }); } }, "Edit"),
      file("WAV", "media", "wav"), file("FLAC", "flac", "flac"),
    ].filter(Boolean));
  }

  // --- text and phonemes --------------------------------------------------------------------

  // Wraps a spoken sentence where it stands in the text; what is not spoken yet stays as it is.
  mark(segment) {
    const at = segment.text ? this.rest.data.indexOf(segment.text) : -1;
    const before = this.segments.at(this.segments.indexOf(segment) - 1);
    if (at < 0 && before?.span) { segment.span = before.span; return; } // a long sentence comes in parts
    const span = genui.el("span.gu-sentence", { onclick: () => this.jump(segment) }, segment.text);
    if (at >= 0) {
      const after = this.rest.splitText(at);
      after.deleteData(0, segment.text.length);
      this.said.insertBefore(span, after);
      this.rest = after;
    } else this.said.insertBefore(span, this.rest);
    segment.span = span;
  }

  jump(segment) {
    if (getSelection().isCollapsed) this.player.play(segment.start * genui.sound.RATE);
  }

  showPhonemes(on) {
    if (on && !this.phonemes.firstChild) genui.phonemes(this, this.phonemes);
    this.phonemes.classList.toggle("gu-hidden", !on);
  }

  // Says the same again with other phonemes, one string a sentence.
  respeak(phonemes) {
    genui.sound.wake();
    const { kind, model, options, seed, inputs } = this.request;
    const parents = [this.generation.id];
    this.tab.submit({ kind, model, options, seed, inputs: { ...inputs, phonemes }, parents });
  }

  // --- time ---------------------------------------------------------------------------------

  playState(state) {
    this.seeButton();
    if (state === "playing" && !this.frame) this.beat();
    else this.follows();
  }

  beat() {
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.player.tick();
      this.follows();
      if (this.player.state === "playing") this.beat();
    });
  }

  // Moves everything that moves with the voice.
  follows() {
    const { RATE } = genui.sound, now = this.player.position / RATE, all = this.sound.seconds;
    const part = this.view ? Math.min(1, this.player.position / this.view) : 0;
    this.node.style.setProperty("--gu-part", part);
    const text = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;
    const shown = `${text(now)} / ${text(all)}${this.sound.done ? "" : "…"}`;
    if (this.clock.textContent !== shown) {
      this.clock.textContent = shown;
      this.rail.setAttribute("aria-valuemax", all.toFixed(1));
      this.rail.setAttribute("aria-valuenow", now.toFixed(1));
      this.rail.setAttribute("aria-valuetext", `${text(now)} of ${text(all)}`);
    }
    const active = this.player.state !== "paused" || now > 0;
    const spoken = active ? this.segments.findLast((segment) => segment.start <= now + 0.02) : null;
    if (spoken !== this.spoken) {
      this.spoken?.span.classList.remove("now");
      spoken?.span.classList.add("now");
      this.spoken = spoken;
      if (spoken && this.said.scrollHeight > this.said.clientHeight && !this.folded) {
        const { offsetTop, offsetHeight } = spoken.span;
        this.said.scrollTo({ top: offsetTop - this.said.offsetTop - (this.said.clientHeight - offsetHeight) / 2, behavior: "smooth" });
      }
    }
    if (this.generation && this.player.heard >= Math.min(SoundCard.LISTEN, all * 0.95)) this.unlock();
  }

  // Who has listened may rate.
  unlock() {
    if (this.unlocked) return;
    this.unlocked = true;
    this.strip.removeAttribute("title");
    this.strip.unlock(this.generation);
  }

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
    const { RATE } = genui.sound, here = this.player.position;
    const to = { ArrowRight: here + 2 * RATE, ArrowLeft: here - 2 * RATE, Home: 0, End: this.sound.total }[event.key];
    if (event.key === " ") this.player.toggle();
    else if (to !== undefined) this.player.seek(to);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // --- pictures -----------------------------------------------------------------------------

  showSpectrum(on) {
    this.spectrum.hidden = !on;
    this.measure();
    this.redraw();
  }

  // Runs the sound through the trace, as far as it exists.
  async measure() {
    this.seeButton();
    this.follows();
    const wanted = !this.spectrum.hidden && !this.folded;
    const idle = !this.visible || (this.folded && this.sound.seconds > SoundCard.PEEK && !this.trace);
    if (wanted && this.trace && !this.trace.bands) this.trace = null;
    if (this.measuring || idle || this.closed) return;
    this.measuring = true;
    this.trace ??= new genui.scope.Trace(wanted);
    try {
      for (const trace = this.trace; trace === this.trace && trace.samples < this.sound.total;) {
        const samples = await this.sound.read(trace.samples, 48_000);
        if (!samples.length) break;
        trace.push(samples);
        this.redraw();
        await genui.pause(0); // the page breathes between seconds of sound
      }
    } catch { /* offline for a moment */ } finally { this.measuring = false; }
    const missing = !this.trace || this.trace.samples < this.sound.total;
    if (missing) { await genui.pause(this.trace ? 400 : 0); this.measure(); }
  }

  spokenChars() { return this.text.length - this.rest.data.trimStart().length; }

  // While the sound grows the picture leaves room for what is still to come.
  get view() {
    const { total, done } = this.sound;
    if (done || !this.segments.length) return total;
    return Math.max(total, total * Math.min(40, this.text.length / Math.max(1, this.spokenChars())));
  }

  redraw() {
    if (this.drawing || this.closed) return;
    this.drawing = true;
    const wait = this.measuring ? 200 : 30; // pictures that will be redone soon come less often
    setTimeout(() => requestAnimationFrame(() => { this.drawing = false; this.paint(); }), wait);
  }

  paint() {
    const { view, trace } = this;
    if (!trace || !view || !this.waves.clientWidth) return;
    const style = getComputedStyle(this.node);
    genui.scope.wave(this.waves, trace, view, style.getPropertyValue("--gu-wave"));
    genui.scope.wave(this.played, trace, view, style.getPropertyValue("--gu-accent"));
    if (!this.spectrum.hidden && trace.bands) genui.scope.spectrum(this.heat, trace, view);
    const dense = this.segments.length > this.waves.clientWidth / 12; // more ticks than one can tell apart
    this.ticks.replaceChildren(...(dense ? [] : this.segments.slice(1)).map((segment) => genui.el("i", {
      style: `left:${(100 * segment.start * genui.sound.RATE / view).toFixed(3)}%` })));
    this.follows();
  }
};

