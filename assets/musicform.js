/* The composer of Music: words, examples, a melody to start from, seed, and the two buttons. Turns it
   all into requests. */
"use strict";

genui.MusicForm = class {
  static WISHES = ["rhythm", "key", "metre", "bars", "tempo", "instrument", "accompaniment"];

  constructor(tab) {
    const { el } = genui, { examples } = tab.config;
    this.tab = tab;
    this.seed = new genui.Seed("Seed of the tune");
    this.box = el("textarea.gu-prompt", { rows: 1, dir: "auto", "aria-label": "What to play", placeholder: examples[0], maxlength: "500",
      oninput: () => this.fit(), onkeydown: (event) => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        tab.compose();
      } });
    this.chips = el("div.gu-styles", { role: "group", "aria-label": "Examples" }, examples.map((text) =>
      el("button.gu-chip", { type: "button", onclick: (event) => { this.write(text); tab.compose(event); } }, text)));
    this.starting = new genui.Starting(tab);
    this.button = el("button.gu-main-button", { type: "button", onclick: (event) => tab.compose(event) }, "Compose");
    this.endless = el("button.gu-switch", { type: "button", role: "switch", "aria-checked": "false", title: "One tune after another, without a gap",
      onclick: () => tab.radio.toggle() }, el("i"), "Endless");
    this.node = el("div.gu-composer", { ondragover: (event) => { if (event.dataTransfer.types.includes("Files")) { event.preventDefault(); this.node.classList.add("over"); } },
      ondragleave: () => this.node.classList.remove("over"), ondrop: (event) => {
        this.node.classList.remove("over");
        if (!event.dataTransfer.files[0] || event.defaultPrevented) return;
        event.preventDefault();
        this.starting.from.take(event.dataTransfer.files[0]);
      } },
    this.box, this.chips, this.starting.node,
    el("div.gu-composer-foot", {}, this.seed.node, genui.drawer(() => this.node.closest(".gu-sheet-work")), this.endless, this.button));
  }

  // On a phone the line breaks and grows.
  fit() {
    this.box.style.height = "auto";
    this.box.style.height = `${Math.min(this.box.scrollHeight + 2, 160)}px`;
  }

  write(text) { this.box.value = text; this.fit(); }

  settle() {
    const { mode } = this.starting;
    this.button.textContent = mode === "write" ? "Compose" : genui.starting.MODES.find(([name]) => name === mode)[1];
    this.box.placeholder = mode === "write" ? this.tab.config.examples[0] : "Wishes in words, if you have any";
  }

  // What is wished for in words; where words and controls leave everything open, what the box suggests.
  words() {
    const { settings } = genui.music, { settings: first, examples } = this.tab.config;
    const open = this.starting.mode === "write" && genui.MusicForm.WISHES.every((name) => String(settings[name]) === String(first[name]));
    return this.box.value.trim() || (open ? examples[0] : "");
  }

  // {requests}: one, or one a model with the same seed; {error} says in one sentence what is wrong.
  requests({ prompt = this.words(), seed = this.seed.next() } = {}) {
    const { model, tempo, ...rest } = genui.music.settings, { config } = this.tab;
    const start = this.starting.inputs(), beats = Number(tempo);
    if (start.error) return start;
    if (!Number.isInteger(beats)) return { error: "Write the tempo as a whole number of beats a minute, such as 120." };
    if (seed === null) return { error: `A seed is a whole number up to ${genui.Seed.MOST}.` };
    const models = model === config.both ? Object.keys(config.models).slice(0, 2) : [model];
    const inputs = { prompt, ...start }, options = { ...rest, tempo: beats };
    return { requests: models.map((each) => ({ kind: "music", model: each, inputs, options, seed })) };
  }

  // Fills composer and controls with a request.
  put({ model, inputs = {}, options = {}, seed }, repeat = true) {
    this.write(inputs.prompt ?? "");
    this.starting.put(inputs);
    if (seed !== undefined && seed !== null) this.seed[repeat ? "keep" : "show"](seed);
    const known = this.tab.config.models[model] ? { model } : {};
    this.tab.restore({ ...this.tab.config.settings, ...genui.music.settings, ...known, ...options });
  }
};
