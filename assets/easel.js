/* The composer of the Image tab: mode, prompt, style, seed and what each mode needs besides; turns
   it all into one request. */
"use strict";

genui.Easel = class {
  static UNSENT = "genui-mask"; // where this browser tab keeps a mask until it is drawn
  static MODES = { text: ["", "Text"], picture: ["From a ", "picture"], inpaint: ["", "Inpaint"], morph: ["", "Morph"], grid: ["", "Grid"] };
  static HINTS = { text: "What do you want to see?", picture: "What should it become?", inpaint: "What should be there instead?",
    morph: "From…", grid: "What do you want to see?" };

  constructor(tab) {
    const { el } = genui;
    Object.assign(this, { tab, mode: "text", style: null });
    this.seed = new genui.Seed();
    this.live = new genui.Live(tab);
    this.brush = new genui.Brush(() => this.keepMask());
    this.unsent = genui.Easel.unsent();
    this.source = new genui.Source((picture) => { this.brush.load(picture); if (!picture) this.keepMask(); });
    this.axes = new genui.axes.Form(tab.config, () => this.seeSource());
    this.modes = this.drawModes();
    const field = (label, hint) => el("textarea.gu-prompt", { rows: 2, dir: "auto", "aria-label": label, placeholder: hint,
      maxlength: "2000", oninput: (event) => { this.fit(event.target); this.live.poke(); }, onkeydown: (event) => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        tab.draw();
      } });
    this.box = field("Prompt", genui.Easel.HINTS.text);
    this.to = field("Morph into", "…to");
    this.to.rows = 1;
    this.strength = this.range("Strength", { min: "0.05", max: "1", step: "0.05", value: "0.6" }, "1 forgets the picture");
    this.frames = this.range("Pictures on the way", { min: "2", max: "9", step: "1", value: "7" }, "");
    this.other = el("button.gu-switch", { type: "button", role: "switch", "aria-checked": "false",
      onclick: () => this.reseed(!this.reseeded) }, el("i"), "To another seed");
    this.chips = el("div.gu-styles", { role: "group", "aria-label": "Style" });
    this.button = el("button.gu-main-button", { type: "button", onclick: () => tab.draw() }, "Draw");
    this.extras = el("div.gu-extras", {}, this.source.node, this.brush.node, this.axes.node);
    this.node = el("div.gu-composer", { onpaste: (event) => this.carried(event, event.clipboardData),
      ondragover: (event) => { if (event.dataTransfer.types.includes("Files")) { event.preventDefault(); this.node.classList.add("over"); } },
      ondragleave: () => this.node.classList.remove("over"),
      ondrop: (event) => { this.node.classList.remove("over"); this.carried(event, event.dataTransfer); } },
    el("div.gu-composer-top", {}, this.modes.node, this.live.button),
    this.extras, this.box, this.to, this.strength.node, this.frames.node, this.other, this.chips,
    el("div.gu-composer-foot", {}, this.seed.node, genui.drawer(() => this.node.closest(".gu-sheet-work")), this.button));
    this.brush.load(null);
    this.setMode("text");
  }

  range(label, bounds, hint) {
    const { el } = genui;
    const said = el("output", {}, bounds.value);
    const input = genui.picture.slider({ ...bounds, "aria-label": label }, () => { said.textContent = input.value; });
    return { input, node: el("label.gu-range", {}, el("span", {}, label), input, said, el("small", {}, hint)),
      set(value) { input.put(value); said.textContent = input.value; } };
  }

  drawModes() {
    const { el } = genui;
    return new genui.Segments("Mode", Object.entries(genui.Easel.MODES).map(([mode, [before, label]]) =>
      [mode, [before ? el("span.gu-wide", {}, before) : null, el("span", {}, label)], before + label]), (mode) => this.setMode(mode));
  }

  setMode(mode) {
    this.mode = mode;
    this.modes.put(mode);
    const from = mode === "picture" || mode === "inpaint";
    this.node.dataset.mode = mode;
    this.seeSource();
    this.brush.node.hidden = mode !== "inpaint" || !this.brush.open;
    this.axes.node.hidden = mode !== "grid";
    this.extras.hidden = !from && mode !== "grid";
    this.to.hidden = this.frames.node.hidden = this.other.hidden = mode !== "morph";
    this.strength.node.hidden = !from;
    if (from) this.strength.set(mode === "inpaint" ? 1 : 0.6);
    this.box.rows = mode === "morph" ? 1 : 2;
    this.box.placeholder = genui.Easel.HINTS[mode];
    this.button.textContent = { morph: "Draw morph", grid: "Draw grid" }[mode] ?? "Draw";
    this.settle();
  }

  // A grid needs a picture only where it varies how much is left of it.
  seeSource() { this.source.node.hidden = !(this.mode === "picture" || this.mode === "inpaint" || (this.mode === "grid" && this.axes.starts)); }

  // The controls at the side have other values, or the mode is another one.
  settle() {
    const { model } = genui.image.settings, { models } = this.tab.config, known = models[model];
    this.live.button.hidden = !known?.few || this.mode !== "text";
    if (this.live.button.hidden && this.live.on) this.live.turn(false);
    this.button.disabled = !known;
    if (this.chips.dataset.of !== String(model)) this.drawStyles(known?.styles ?? []);
    this.chips.dataset.of = String(model);
    this.live.poke();
  }

  drawStyles(styles) {
    if (!styles.some(([, words]) => words === this.style)) this.style = null;
    this.chips.hidden = !styles.length;
    this.chips.replaceChildren(...[["Any style", null], ...styles].map(([label, words]) => genui.el("button.gu-chip", {
      type: "button", "aria-pressed": String(words === this.style), "data-words": words ?? "", onclick: () => { this.choose(words); this.live.poke(); } }, label)));
  }

  choose(words) {
    this.style = words;
    for (const chip of this.chips.children) chip.setAttribute("aria-pressed", String(chip.dataset.words === (words ?? "")));
  }

  fit(box) {
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight + 2, 260)}px`;
  }

  write(text) { this.box.value = text; this.fit(this.box); }

  // Writes the next example.
  suggest() {
    const { examples } = this.tab.config;
    this.suggested = ((this.suggested ?? -1) + 1) % examples.length;
    this.write(examples[this.suggested]);
  }

  carried(event, data) {
    const file = genui.Source.file(data);
    if (!file) return;
    event.preventDefault();
    if (this.mode !== "picture" && this.mode !== "inpaint") this.setMode("picture");
    this.source.take(file);
  }

  // --- from the composer to a request and back

  styled(text) { return this.style && text.trim() ? `${text.trim()}, ${this.style}` : text.trim(); }

  // {request} of what stands in the composer; {error} says in one sentence what is missing.
  async request() {
    const { source, mode } = this;
    if (!this.box.value.trim() && (mode === "text" || mode === "grid")) this.suggest(); // the button works at once
    const { options, inputs, model, error } = this.common();
    if (error) return { error };
    if (mode === "picture" || mode === "inpaint") {
      if (!source.picture) { source.ask(); return {}; }
      inputs.image = source.picture.sha256;
      options.strength = Number(this.strength.input.value);
    } else if (!inputs.prompt) return { error: "Write what you want to see first." };
    if (mode === "inpaint") {
      if (!this.brush.part) return { error: "Paint over the part that should be drawn anew first." };
      const mask = await genui.upload(await this.brush.file());
      if (mask.error) return { error: mask.error };
      genui.tokens.put(mask.sha256, mask.token);
      inputs.mask = mask.sha256;
    }
    if (mode === "morph") {
      if (!this.to.value.trim() && !this.reseeded) return { error: "Write what it should become, or let it go to another seed." };
      inputs.to = this.to.value.trim() ? this.styled(this.to.value) : inputs.prompt;
      options.count = Number(this.frames.input.value);
      if (this.reseeded) Object.assign(options, { variation: 1, variation_seed: this.target ?? genui.Seed.roll() });
    }
    if (mode === "grid") {
      const axes = this.axes.read();
      if (axes.error) return axes;
      for (const { name, values } of Object.values(axes)) {
        if (name === "style") inputs.prompt = this.box.value.trim(); // in place of the one chosen above
        if (name === "prompt") values.forEach((text, at) => { values[at] = this.styled(text); });
      }
      if (this.axes.starts && !source.picture) { source.ask(); return {}; }
      if (this.axes.starts) inputs.image = source.picture.sha256;
      Object.assign(options, axes, { count: 1 });
    }
    const seed = this.seed.next();
    if (seed === null) return { error: `A seed is a whole number up to ${genui.Seed.MOST}.` };
    this.forgetMask();
    return { request: { model, inputs, options, seed } };
  }

  // --- a mask outlives a reload, also before it is drawn

  static unsent() {
    try { return JSON.parse(sessionStorage.getItem(genui.Easel.UNSENT)); } catch { return null; }
  }

  keepMask() {
    const { brush, source, box } = this;
    try {
      if (!brush.part || !source.picture) this.forgetMask();
      else sessionStorage.setItem(genui.Easel.UNSENT, JSON.stringify({ picture: source.picture, mask: brush.mask.toDataURL(), prompt: box.value }));
    } catch { /* private mode, or too large: it lives with the page */ }
  }

  forgetMask() { try { sessionStorage.removeItem(genui.Easel.UNSENT); } catch { /* private mode */ } }

  // What was painted when the page was left, and not drawn; for the page that just came.
  resume() {
    if (!this.unsent) return;
    const { picture, mask, prompt } = this.unsent;
    this.setMode("inpaint");
    this.write(prompt);
    this.source.use(picture);
    this.brush.fill(mask);
  }

  // The source and the mask of an earlier request, as far as this browser may have them.
  async startAgain({ image, mask }) {
    const { tokens, media, el } = genui, { source } = this, token = tokens.get(image), turn = source.turn;
    if (!token) return;
    const picture = el("img", { src: media({ sha256: image, token, name: "picture" }) });
    try { await picture.decode(); } catch { return; } // it is no longer kept
    if (turn !== source.turn) return; // another one was chosen meanwhile
    source.use({ sha256: image, token, width: picture.naturalWidth, height: picture.naturalHeight });
    const painted = tokens.get(mask);
    if (painted) this.brush.fill(media({ sha256: mask, token: painted, name: "picture" }));
  }

  // Whether a morph ends at another seed, and at which; null draws a new one each time.
  reseed(on, target = null) {
    Object.assign(this, { reseeded: on, target });
    this.other.setAttribute("aria-checked", String(on));
  }

  // The request of one quick picture for what stands there now, to be shown and not kept.
  sketch() {
    const { options, inputs, model, error } = this.common(), seed = this.seed.now();
    if (error || !inputs.prompt || seed === null) return null;
    return { model, inputs, options: { ...options, count: 1, draft: true }, seed };
  }

  common() {
    const { model, size, negative, ...rest } = genui.image.settings;
    const [, width, height] = /^\D*(\d{2,5})\D+(\d{2,5})\D*$/.exec(String(size)) ?? [];
    if (!width) return { error: "Write the size as two numbers, such as 128 × 128." };
    const options = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null && value !== ""));
    const inputs = { prompt: this.styled(this.box.value) };
    if (negative?.trim() && !this.tab.config.models[model]?.few) inputs.negative = negative.trim();
    return { model, inputs, options: { ...options, width: Number(width), height: Number(height) } };
  }

  // Fills the composer and the controls with what was drawn; the seed stays for the next pictures
  // where they are to repeat it.
  put({ model, inputs = {}, options = {}, seed }, repeat = true) {
    const { models } = this.tab.config, known = models[model] ? model : genui.image.settings.model;
    const style = (models[known]?.styles ?? []).find(([, words]) => inputs.prompt?.endsWith(`, ${words}`))?.[1] ?? null;
    const bare = (text) => (style && text?.endsWith(`, ${style}`) ? text.slice(0, -style.length - 2) : text ?? "");
    this.setMode(options.x ? "grid" : inputs.to ? "morph" : inputs.mask ? "inpaint" : inputs.image ? "picture" : "text");
    this.write(bare(inputs.prompt));
    this.to.value = bare(inputs.to);
    this.choose([options.x, options.y].some((axis) => axis?.name === "style") ? null : style); // a grid of styles has chosen none
    if (inputs.to && options.count) this.frames.set(options.count);
    this.reseed(Boolean(inputs.to && options.variation), options.variation_seed);
    if (options.strength) this.strength.set(options.strength);
    if (options.x) this.axes.put(options, bare);
    this.startAgain(inputs);
    if (seed !== undefined && seed !== null) this.seed[repeat ? "keep" : "show"](seed);
    const wish = { model: known, negative: inputs.negative ?? "", clean: false };  // older records do not say clean
    for (const name of ["steps", "guidance", "scheduler", "transparent", "clean", "preview"]) if (options[name] !== undefined) wish[name] = options[name];
    if (options.count && genui.ImageTab.FREE.includes(this.mode)) wish.count = options.count;
    if (options.width && options.height) wish.size = `${options.width} × ${options.height}`;
    genui.image.wish = wish;
    this.tab.restore();
  }
};
