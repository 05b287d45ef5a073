/* One picture of a card: a place of the right size from the start, then what each step made of the
   noise, then the picture. Under it the seed, two thumbs and, among several, the crown for the best. */
"use strict";

genui.picture = {
  artifact: (generation, name = "picture") => generation.artifacts.find((a) => a.name === name),
  src: (generation) => genui.media(genui.picture.artifact(generation)),
  // The same picture with pixels enough for a large place, so that no browser has to blur it.
  sharp(generation) {
    const { media, picture } = genui, artifact = picture.artifact(generation), { width, height } = artifact.meta;
    const wanted = 480 * Math.min(2, devicePixelRatio);
    const scale = [1, 2, 4, 8].find((by) => Math.min(width, height) * by >= wanted) ?? 8;
    return scale === 1 ? media(artifact) : `${media(artifact, "upscaled")}&scale=${scale}&form=webp`;
  },
  // What a picture is called where it cannot be seen.
  name: (request) => request.inputs.prompt || "A picture from a picture",
  // A neutral ground of the picture's shape; squares show through what is transparent.
  ground(options, ...children) {
    const ground = genui.el("div.gu-ground", {}, ...children);
    ground.style.aspectRatio = `${options.width ?? 128} / ${options.height ?? 128}`;
    ground.classList.toggle("clear", Boolean(options.transparent));
    return ground;
  },
  // Shows another picture without a blank moment: it takes the old one's place when it is decoded.
  async swap(img, src, ground) {
    img.next = src;
    if (!src.startsWith("data:")) {
      const ahead = genui.el("img", { src });
      try { await ahead.decode(); } catch { /* the place shows what the browser shows for it */ }
    }
    if (img.next !== src) return; // a newer one came meanwhile
    img.src = src;
    img.hidden = false;
    ground.classList.add("seen");
  },
  // A slider that knows how far it is filled, for its own track.
  slider(attributes, moved) {
    const input = genui.el("input.gu-slide", { type: "range", ...attributes, oninput: () => { input.fill(); moved?.(input); } });
    input.fill = () => input.style.setProperty("--part", (input.value - input.min) / Math.max(1e-9, input.max - input.min));
    input.put = (value) => { input.value = value; input.fill(); };
    input.put(attributes.value);
    return input;
  },
  icons: {
    crown: "M4 8l4.2 3.6L12 5l3.800 6.600L20 8l-1.500 10h-13z",
    lock: "M7 11V8a5 5 0 0 1 10 0v3M5.500 11h13v9h-13z",
    unlock: "M7 11V8a5 5 0 0 1 9.600-2M5.500 11h13v9h-13z",
    dice: "M7 4h10a3 3 0 0 1 3 3v10a3 3 0 0 1-3 3H7a3 3 0 0 1-3-3V7a3 3 0 0 1 3-3zM8 9a1 1 0 1 0 2 0a1 1 0 1 0-2 0M14 15a1 1 0 1 0 2 0a1 1 0 1 0-2 0M14 9a1 1 0 1 0 2 0a1 1 0 1 0-2 0M8 15a1 1 0 1 0 2 0a1 1 0 1 0-2 0",
    play: "M8 5.500v13l10.500-6.500z",
    pause: "M8 5.500v13M16 5.500v13",
  },
};

genui.Tile = class {
  constructor(card, index, { seed = null, label = null } = {}) {
    const { el } = genui;
    Object.assign(this, { card, index, seed, label, generation: null, image: null, noise: 1, step: 0 });
    this.img = el("img", { alt: "", draggable: "false", hidden: true });
    this.ground = genui.picture.ground(card.request.options, this.img);
    this.shot = el("button.gu-shot", { type: "button", "aria-label": this.title(),
      onclick: () => card.look(this) }, this.ground);
    this.seedText = el("span.gu-tile-seed", {}, this.caption());
    this.crown = el("button.gu-tool.gu-crown", { type: "button", "aria-label": "Best of these", title: "Best of these",
      "aria-pressed": "false", onclick: () => card.crown(this) }, genui.icon(genui.picture.icons.crown));
    this.thumbs = [["up", "Good picture"], ["down", "Bad picture"]].map(([side, label]) => el(`button.gu-tool.gu-thumb-${side}`, {
      type: "button", "aria-label": label, title: label, "aria-pressed": "false", onclick: () => this.rate(side) }, genui.thumb(side)));
    this.tools = el("div.gu-tile-tools", {}, genui.feedback.mode === "off" ? [] : [...this.thumbs, this.crown]);
    this.node = el("figure.gu-tile", {}, this.shot, el("figcaption.gu-tile-foot", {}, this.seedText, this.tools));
    this.settle();
  }

  title() { return `Picture ${this.index + 1}${this.label ? `, ${this.label}` : ""}`; }

  caption() { return this.label ?? (this.seed === null ? "" : `Seed ${this.seed}`); }

  // What it looks like after a step.
  preview({ image, step, noise }) {
    Object.assign(this, { image, step, noise });
    this.show(image);
  }

  show(src) {
    this.image = src;
    genui.picture.swap(this.img, src, this.ground);
  }

  made(generation) {
    this.generation = generation;
    if (generation.usage.morph !== undefined) this.label = `${Math.round(100 * generation.usage.morph)} %`;
    if (!this.label) this.seed = generation.request.seed;
    const picture = genui.picture.artifact(generation);
    if (picture) { // which may have another shape than the one before, in a grid of sizes
      this.ground.style.aspectRatio = `${picture.meta.width} / ${picture.meta.height}`;
      this.ground.classList.toggle("clear", Boolean(generation.request.options.transparent));
      this.show(genui.picture.sharp(generation));
    }
    this.img.alt = genui.picture.name(generation.request);
    this.seedText.textContent = this.caption();
    this.settle();
    if (genui.feedback.mode !== "off") this.listen();
  }

  // Only what is stored can be opened or rated.
  settle() {
    this.node.classList.toggle("made", Boolean(this.generation));
    this.node.classList.toggle("stopped", this.generation?.status === "stopped");
    for (const button of [...this.thumbs, this.crown]) button.disabled = !this.generation;
    this.crown.hidden = !this.card.choosable;
  }

  // --- rating: through the same outbox as the strip, so that both always show the same

  listen() {
    const { outbox } = genui;
    this.rating = outbox.waiting(this.generation.id) ?? this.generation.rating ?? null;
    outbox.connect(this.card.tab.server);
    outbox.listen(this.generation.id, { node: this.node, hear: ({ state, wish }) => {
      if (state !== "saved") return;
      this.generation.rating = wish;
      this.rating = wish;
      this.drawRating();
    } });
    this.drawRating();
  }

  rate(side) {
    const { rating } = this, same = rating && !rating.withdrawn && rating.thumb === side;
    const { stars = null, reasons = [], comment = "" } = rating && !rating.withdrawn ? rating : {};
    this.rating = same ? { thumb: null, stars: null, reasons: [], comment: "", withdrawn: true }
      : { thumb: side, stars, reasons: rating?.thumb === side ? reasons : [], comment, withdrawn: false };
    this.generation.rating = this.rating;
    genui.outbox.put(this.generation.id, this.rating);
    this.drawRating();
  }

  drawRating() {
    const now = this.rating && !this.rating.withdrawn ? this.rating.thumb : null;
    this.thumbs.forEach((button, at) => button.setAttribute("aria-pressed", String(now === ["up", "down"][at])));
    this.node.classList.toggle("rated", Boolean(now));
  }
};
