/* A melody to start from: a stored tune, a file, or one tapped on the piano; and what to do with it. */
"use strict";

genui.starting = {
  MODES: [["continue", "Continue"], ["fill", "Fill bars"], ["vary", "Vary"], ["morph", "Morph"]],
  title: (abc) => /^T:(.*)$/m.exec(abc ?? "")?.[1].trim() || "a melody",
};

// One place for a melody. `changed(tune)` hears of {title, abc, bars, key, metre} or null.
genui.Melody = class {
  constructor(tab, label, changed) {
    const { el } = genui;
    Object.assign(this, { tab, changed, tune: null });
    const { stored } = tab.config;
    this.pick = el("select.gu-pick", { "aria-label": `${label}: a stored tune`, onchange: () => { const { value } = this.pick; this.pick.value = ""; this.use(stored[value]); } },
      el("option", { value: "" }, `${label} a tune…`), stored.map((tune, i) => el("option", { value: String(i) }, tune.title)));
    this.piano = new genui.Piano(() => this.tapped());
    this.pianoButton = el("button.gu-chip", { type: "button", "aria-expanded": "false", onclick: () => this.openPiano(this.piano.node.hidden) }, "Piano");
    this.opener = genui.opener("label.gu-chip.gu-open-tune", { accept: ".mid,.midi,.abc,.xml,.musicxml,.mxl,.txt", label: `${label}: open MIDI, ABC or MusicXML`, take: (file) => this.take(file) }, "Open a file");
    this.note = el("div", { "aria-live": "polite" });
    this.name = el("span.gu-melody-name", { dir: "auto" });
    this.clear = el("button.gu-quiet", { type: "button", title: "Without this melody", onclick: () => this.use(null) }, "Remove");
    this.score = new genui.Score("The melody to start from", (at) => this.picked?.(at));
    this.had = el("div.gu-melody-had", {}, el("div.gu-row", {}, this.name, this.clear), this.score.node);
    this.piano.node.hidden = true;
    this.node = el("div.gu-melody", {}, el("div.gu-row.gu-melody-from", {}, this.pick, this.opener, this.pianoButton),
      this.piano.node, this.note, this.had);
    this.had.hidden = true;
  }

  openPiano(on) {
    this.piano.node.hidden = !on;
    this.pianoButton.setAttribute("aria-expanded", String(on));
    if (on) this.piano.node.focus({ preventScroll: true });
  }

  say(sentence, tone = "error") { this.note.replaceChildren(...(sentence ? [genui.notice(sentence, tone)] : [])); }

  use(tune) {
    this.tune = tune ?? null;
    this.say("");
    this.had.hidden = !tune;
    if (tune) {
      this.name.replaceChildren(genui.el("b", {}, tune.title || "A melody"), ` ${tune.bars} bars, ${tune.key}, ${tune.metre}`);
      this.score.put(tune.abc, tune.bars, tune.bars);
    }
    this.changed(this.tune);
  }

  // Makes ABC regular; `guess`: in the key that is heard.
  async read(abc, guess = false) {
    const turn = this.turn = (this.turn ?? 0) + 1, answer = await genui.ask(this.tab.server, "melody", { abc, guess });
    if (turn !== this.turn) return;
    if (answer.error) { this.say(answer.error, answer.offline ? "quiet" : "error"); return; }
    this.use(answer);
  }

  tapped() {
    clearTimeout(this.waiting);
    const abc = this.piano.abc();
    if (!abc) { this.use(null); return; }
    this.waiting = setTimeout(() => this.read(abc, true), 250);
  }

  async take(file) {
    this.say(`Reading ${file.name}…`, "quiet");
    try {
      const answer = await (await fetch(`genui/tune?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file })).json();
      if (answer.error) this.say(answer.error); else { this.use(answer); this.say(answer.note, "quiet"); }
    } catch { this.say("That file could not be sent; try again."); }
  }
};

// The whole fold under the prompt: melody, what to do with it, which bars, and where to morph.
genui.Starting = class {
  constructor(tab) {
    const { el } = genui;
    this.tab = tab;
    this.from = new genui.Melody(tab, "Start from", () => this.settle());
    this.to = new genui.Melody(tab, "Arrive at", () => {});
    this.from.picked = (at) => this.pickBar(at);
    this.modes = new genui.Segments("What to do with it", genui.starting.MODES, (mode) => this.setMode(mode));
    const number = (label) => el("input.gu-field", { type: "number", min: "1", max: "64", value: "1", "aria-label": label, oninput: () => this.mark() });
    this.first = number("From bar");
    this.last = number("To bar");
    this.bars = el("label.gu-fill-bars", {}, "Bars", this.first, "to", this.last, el("small", {}, "or click the first and the last one"));
    this.choice = el("div.gu-row.gu-start-choice", {}, this.modes.node, this.bars);
    this.node = el("div.gu-starting", {}, this.from.node, this.choice, this.to.node);
    this.setMode("continue");
    this.settle();
  }

  get mode() { return this.from.tune ? this.chosen : "write"; }

  setMode(mode) {
    this.chosen = mode;
    this.modes.put(mode);
    this.settle();
  }

  settle() {
    const { tune } = this.from;
    this.choice.hidden = !tune;
    this.bars.hidden = this.chosen !== "fill";
    this.to.node.hidden = !tune || this.chosen !== "morph";
    if (tune && tune !== this.known) {
      this.first.value = Math.min(5, tune.bars);
      this.last.value = Math.min(8, tune.bars);
    }
    this.known = tune;
    this.mark();
    this.tab.form?.settle();
  }

  // Bars that are to be filled stand out in the melody; the second click ends what the first began.
  pickBar(at) {
    if (this.chosen !== "fill") return;
    const bar = this.from.tune.places[at] + 1;
    if (this.begun && bar >= Number(this.first.value)) { this.last.value = bar; this.begun = false; } else { this.first.value = this.last.value = bar; this.begun = true; }
    this.mark();
  }

  mark() {
    const { score, tune } = this.from;
    const [first, last] = [this.first, this.last].map((field) => Number(field.value) - 1);
    score.tints = (at) => (this.chosen === "fill" && tune?.places[at] >= first && tune.places[at] <= last ? 1 : null);
    score.tint();
  }

  // Inputs of a request, or {error}.
  inputs() {
    const { mode } = this;
    if (mode === "write") return {};
    const inputs = { mode, start: this.from.tune.abc };
    if (mode === "morph") {
      if (!this.to.tune) return { error: "Choose a second melody to arrive at." };
      inputs.to = this.to.tune.abc;
    }
    if (mode === "fill") {
      const [first, last] = [this.first, this.last].map((field) => Number(field.value));
      if (!(first >= 1 && last >= first && last <= this.from.tune.bars)) return { error: `Choose bars between 1 and ${this.from.tune.bars} to fill.` };
      Object.assign(inputs, { first: first - 1, count: last - first + 1 });
    }
    return inputs;
  }

  put({ mode = "write", start, to, first = 0, count = 1 }) {
    if (mode === "write" || !start) { this.from.use(null); return; }
    this.setMode(mode);
    this.from.read(start).then(() => { this.first.value = first + 1; this.last.value = first + count; this.mark(); });
    if (to) this.to.read(to);
  }
};
