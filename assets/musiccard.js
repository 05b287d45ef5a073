/* A tune: piano roll, sheet music that grows while it plays, what the model thought of each note,
   and what can be made of it next. */
"use strict";

genui.MusicCard = class extends genui.SoundCard {
  static FORM = { rate: 32_000, channels: 2 };

  begin() {
    Object.assign(this, { said: new Map(), notes: [], heard: new Map(), abc: "", key: "C major", metre: "4/4", bars: 0, total: 0 });
    this.roll = new genui.Roll();
    this.waves = null;
  }

  name() { return `Music: ${this.title()}`; }
  nothing() { return "Stopped before the first bar."; }
  part() { return this.bars ? `Stopped after ${this.bars === 1 ? "the first bar" : `${this.bars} bars`}; what was made is kept.` : super.part(); }

  // What the tune is called: what was asked for, else what it is.
  title() {
    const { prompt, mode } = this.request.inputs, start = genui.starting.title(this.request.inputs.start);
    const after = { continue: "Going on from", fill: "New bars in", vary: "After", morph: "Away from" }[mode];
    if (after) return `${after} ${start}`;
    return prompt?.trim() || (this.kind ? `${/^[aeiou]/.test(this.kind) ? "An" : "A"} ${this.kind} in ${this.key}` : "A tune");
  }

  faces() {
    this.legend = genui.el("div.gu-roll-key", { "aria-hidden": "true" }, "sure", genui.el("i"), "surprised");
    return [this.roll.node];
  }

  body() {
    const { el } = genui;
    this.heading = el("h4.gu-said.gu-tune-name", { dir: "auto" }, this.title());
    this.deck.append(this.legend);
    this.score = new genui.Score("Sheet music; arrow keys move from note to note, Enter shows what else could stand there",
      (at, byKey) => this.look(at, byKey));
    this.score.moved = (at) => { this.score.said.textContent = this.describeNote(at); };
    this.score.node.classList.toggle("gu-wanting", !this.abc);
    this.mind = new genui.Mind(this);
    this.score.marked = () => this.mind.tint();
    this.others = new genui.Alternatives((token, id) => this.branch(token, id));
    return [this.heading, this.mind.said, el("div.gu-score-place", {}, this.score.node, this.others.node)];
  }

  close() {
    this.score.close();
    this.others.close();
    super.close();
  }

  facts() {
    return [this.abc ? this.key : null, this.abc ? this.metre : null, this.instrument, this.tempo ? `${Math.round(this.tempo)} beats a minute` : null].filter(Boolean);
  }

  // --- what the job tells -------------------------------------------------------------------

  hear(event) {
    if (event.type === "token") this.said.set(event.index, event);
    if (event.type !== "bars") return;
    const { abc, notes, bars, total, seconds, tempo, metre, key } = event;
    this.hold({ abc, notes, bars, total, tempo, metre, key });
    this.status.show(`Bar ${bars} of ${total}`, bars / Math.max(1, total));
    this.grow(seconds);
  }

  // Takes in what is known of the tune; `notes` are new ones.
  hold({ abc, notes, bars, total, tempo, metre, key }) {
    const first = !this.abc;
    Object.assign(this, { abc, bars, total: total ?? bars, tempo, metre, key });
    if (first) this.describe();
    const found = notes.map(([event, token, pitch, start, seconds]) => ({ event, token, pitch, start, seconds,
      surprise: token < 0 ? null : genui.notes.surprise(this.said.get(token)?.logprob) }));
    for (const note of found) if (!this.heard.has(note.event)) this.heard.set(note.event, note);
    this.notes.push(...found);
    this.roll.add(found);
    this.score.node.classList.remove("gu-wanting");
    this.score.put(abc, bars, this.total);
    if (this.bars > 1 && !this.pace && found.length) this.pace = (this.notes.at(-1).start + this.notes.at(-1).seconds) / bars;
    this.redraw();
  }

  // While it grows the roll leaves room for what is still to come.
  get view() {
    const { rate, total, done } = this.sound, all = this.pace * this.total * (/\|:|:\|/.test(this.abc) ? 2 : 1);
    return done || !this.pace ? total : Math.max(total, all * rate);
  }

  // An old result fetches its notes when it is seen.
  async recall() {
    const file = (name) => this.generation.artifacts.find((artifact) => artifact.name === name);
    if (this.scored || !file("score") || !(this.visible || !this.folded)) return;
    this.scored = true;
    try {
      const [score, tokens] = await Promise.all(["score", "tokens"].map(async (name) =>
        (file(name) ? (await fetch(genui.media(file(name)))).json() : [])));
      this.row = score.tokens;
      for (const token of tokens) this.said.set(token.index, token);
      Object.assign(this, { abc: "", notes: [], heard: new Map(), pace: 0, kind: score.kind });
      this.instrument = this.tab.config.instruments[score.instrument] ?? score.instrument;
      this.roll.clear();
      this.hold(score);
      this.sound.joins = Math.round(Math.max(0, ...this.notes.map((note) => note.start + note.seconds)) * this.sound.rate);
      this.heading.textContent = this.title();
      this.describe();
      this.offer();
    } catch { this.scored = false; /* offline for a moment: asked again when it is seen again */ }
  }

  // --- pictures and time --------------------------------------------------------------------

  measure() {
    super.measure();
    if (this.audio && this.visible) this.recall();
    this.waves?.measure();
    this.redraw();
  }

  redraw() {
    if (this.drawing || this.closed) return;
    this.drawing = true;
    requestAnimationFrame(() => {
      this.drawing = false;
      this.roll.paint(this.view / this.sound.rate, getComputedStyle(this.node));
      this.follows();
    });
    this.waves?.redraw();
  }

  painted() {}

  moves(now, active) {
    const at = active ? this.notes.findLastIndex((note) => note.start <= now + 0.02) : -1;
    if (at === this.roll.on) return;
    this.roll.on = at;
    this.roll.paint(this.view / this.sound.rate, getComputedStyle(this.node));
    if (!this.folded) this.score.show(at < 0 ? -1 : this.notes[at].event);
  }

  // A press on a note of the roll also shows what else it could have been.
  grab(event) {
    super.grab(event);
    const note = this.folded ? null : this.roll.at(event.clientX, event.clientY, this.view / this.sound.rate);
    if (!note) return;
    this.rail.addEventListener("pointerup", ({ clientX }) => {
      if (Math.abs(clientX - event.clientX) < 4) this.look(note.event);
    }, { once: true });
  }

  // --- inside -------------------------------------------------------------------------------

  // The tokens that led to a written event, the last one first: those after the note before it.
  tokensOf(at) {
    const note = this.heard.get(at);
    if (!note || note.token < 0) return [];
    const found = [];
    for (let index = note.token; this.said.has(index); index -= 1) {
      if (index < note.token && /^(pitch|rest|tie)/.test(this.said.get(index).text)) break;
      found.push(this.said.get(index));
    }
    return found;
  }

  describeNote(at) {
    const note = this.heard.get(at);
    if (!note) return "a rest, or a note that is held";
    const sure = this.said.get(note.token)?.logprob;
    return genui.notes.pitch(note.pitch, this.key) + (sure === undefined || note.token < 0 ? "" : `, ${genui.percent(Math.exp(sure))}`);
  }

  look(at, byKey = false) {
    const note = this.heard.get(at);
    if (!note) return;
    this.player.seek(note.start * this.sound.rate);
    this.score.show(at);
    const { left, bottom } = this.score.spot(this.score.events[at]);
    this.others.show({ title: this.describeNote(at), tokens: this.tokensOf(at), key: this.key, free: Boolean(this.row),
      back: byKey ? this.score.node : null }, left - 12, bottom - this.score.node.scrollTop + 10);
    if (byKey) this.others.focus();
  }

  // Goes on from another token, with the same seed.
  branch(token, id) {
    const { model, options, seed, inputs } = this.request;
    this.ask({ prompt: inputs.prompt, tokens: [...this.row.slice(0, token.index), id] }, { model, options, seed });
  }

  ask(inputs, { model = this.request.model, options = this.request.options, seed = genui.Seed.roll() } = {}) {
    genui.sound.wake(this.sound.rate);
    this.tab.submit({ kind: "music", model, inputs, options, seed, parents: [this.generation.id] });
    this.tab.toResults();
  }

  // Colours the score by how sure the model was ("sure"), by its attention or memory ("mind"), or not.
  async colour(by) {
    for (const [name, chip] of Object.entries(this.colours)) chip.setAttribute("aria-pressed", String(name === by));
    this.score.tints = (at) => (by === "sure" ? this.heard.get(at)?.surprise ?? null : null);
    this.score.tint();
    await this.mind.show(by === "mind");
  }

  showWaves(on) {
    if (on && !this.waves) {
      this.waves = new genui.Waves(this);
      this.wavePlace = genui.el("div", {}, this.waves.nodes);
      this.rail.insertBefore(this.wavePlace, this.cursor);
    }
    this.wavePlace.hidden = !on;
    this.measure();
  }

  // --- what can be done with it -------------------------------------------------------------

  deeds() {
    const { el } = genui, { inputs } = this.request, start = this.abc;
    const chip = (label, title, act) => el("button.gu-chip", { type: "button", title, disabled: !start, onclick: act }, label);
    const on = (button) => button?.getAttribute("aria-pressed") === "true";
    const tint = (name, label, title) => this.toggle(label, title, on(this.colours?.[name]), (now) => this.colour(now ? name : null));
    this.waveChip = this.toggle("Sound", "Waveform and spectrogram", on(this.waveChip), (now) => this.showWaves(now));
    this.colours = { sure: tint("sure", "How sure", "The stronger the colour, the less the model expected the note"),
      mind: tint("mind", "Looks back", "Attention or memory, note by note") };
    this.colours.mind.disabled = !this.row;
    return [
      el("span.gu-peek-label", {}, "Peek inside"), this.colours.sure, this.colours.mind, this.waveChip, el("span.gu-gap"),
      chip("Variation", "Another tune like this one", () => this.ask({ prompt: "", mode: "vary", start })),
      chip("Continue", "Compose on where it ends", () => this.ask({ prompt: "", mode: "continue", start })),
      chip("Rework", "Put the tune into the form: to fill bars, to vary, to morph", () => this.tab.startFrom(this)),
      el("button.gu-quiet", { type: "button", title: "Put words and settings into the form", onclick: () => { this.tab.put(this.request); this.tab.toTop(); } }, inputs.mode === "write" || !inputs.mode ? "Edit" : "Edit request"),
    ];
  }

  offer() {
    super.offer();
    this.files.replaceChildren(...genui.tunes.files(this));
  }

  panels() {
    this.files = genui.el("div.gu-row.gu-files", { role: "group", "aria-label": "Download" });
    return [this.files];
  }
};

// Downloads of a tune: its sound in four formats, its notes in three.
genui.tunes = {
  files(card) {
    const { el, media } = genui, score = card.generation.artifacts.find((artifact) => artifact.name === "score");
    const sound = [["WAV", "media", "wav"], ["FLAC", "flac", "flac"], ["MP3", "mp3", "mp3"], ["OGG", "ogg", "ogg"]]
      .map(([label, form, suffix]) => card.file(label, media(card.audio, form), suffix));
    const notes = score ? [["MIDI", "mid"], ["ABC", "abc"], ["MusicXML", "musicxml"]]
      .map(([label, form]) => card.file(label, `${media(score, "tune")}&form=${form}`, form)) : [];
    return [el("span.gu-peek-label", {}, "Download"), ...sound, el("i.gu-files-rule"), ...notes];
  },
};
