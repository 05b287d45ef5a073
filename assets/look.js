/* One picture looked at closely: large, with its film, its facts, what can be done with it, its
   files and the strip that rates it. */
"use strict";

genui.Look = class {
  constructor(card, tile) {
    const { el } = genui;
    Object.assign(this, { card, tab: card.tab });
    this.img = el("img", { alt: "", draggable: "false", hidden: true });
    this.screen = el("div.gu-screen");
    this.ground = genui.picture.ground(card.request.options, this.img, this.screen);
    this.film = el("div.gu-film-place");
    this.words = el("p.gu-look-prompt", { dir: "auto" });
    this.facts = el("div.gu-meta");
    this.deeds = el("div.gu-deeds");
    this.plot = el("div.gu-plot-place");
    this.rate = el("div.gu-rate-place");
    this.node = el("div.gu-look", {}, card.total > 1 ? this.drawTrail(tile) : null,
      el("div.gu-look-left", {}, this.ground, this.film),
      el("div.gu-look-right", {}, this.words, this.facts, this.deeds, this.plot), this.rate);
    this.tile = tile;
    this.restart();
  }

  // All pictures of the card, small, to go from one to the next.
  drawTrail(tile) {
    const { el } = genui, { card } = this;
    this.out = el("button.gu-chip", { type: "button", title: "Back to all (Esc)", onclick: () => card.back() }, `All ${card.total}`);
    return el("div.gu-trail", { role: "group", "aria-label": "Pictures" }, this.out, card.tiles.map((each) => el("button.gu-trail-shot", {
      type: "button", "aria-label": each.title(), "aria-current": each === tile ? "true" : null, disabled: !each.image,
      onclick: () => card.look(each) }, each.image ? el("img", { src: each.image, alt: "" }) : null)));
  }

  focus() { this.out?.focus({ preventScroll: true }); }

  restart() {
    const { tile } = this;
    if (!tile.generation) {
      this.describe(this.card.request);
      this.rate.replaceChildren(genui.strip(this.tab.server, { request: this.card.request }, { locked: true }));
    }
    if (tile.image) this.preview(tile);
    if (tile.generation) this.settle(tile);
  }

  preview(tile) {
    if (tile === this.tile && tile.image) genui.picture.swap(this.img, tile.image, this.ground);
  }

  // The picture is stored.
  settle(tile) {
    if (tile !== this.tile || !tile.generation) return;
    const { generation } = tile;
    this.preview(tile);
    this.img.alt = genui.picture.name(generation.request);
    this.describe(generation.request, generation);
    const film = genui.film(generation, this.screen);
    this.film.replaceChildren(...(film ? [film.node] : []));
    this.plot.replaceChildren(...(film?.plot ? [film.plot] : []));
    this.deeds.replaceChildren(...this.offer(generation));
    this.rate.replaceChildren(genui.strip(this.tab.server, generation));
  }

  describe(request, generation = null) {
    const { el } = genui, { inputs, options } = request, { config } = this.tab;
    this.words.textContent = inputs.to ? `${inputs.prompt} → ${inputs.to}` : genui.picture.name(request);
    const seed = generation ? request.seed : this.tile.seed ?? request.seed;
    const facts = [
      this.tile.label && this.card.kind !== "batch" ? el("span", {}, this.tile.label) : null,
      seed === null || seed === undefined ? null : el("button.gu-seed", { type: "button", title: "Keep this seed for the next pictures",
        onclick: () => this.tab.seed.keep(seed) }, `Seed ${seed}`),
      generation ? el("button.gu-seed", { type: "button", "aria-label": "Copy seed", title: "Copy the seed",
        onclick: ({ currentTarget }) => genui.copy(String(seed), currentTarget) }, "Copy") : null,
      el("span", {}, `${options.steps} ${options.steps === 1 ? "step" : "steps"}`),
      el("span", {}, `Guidance ${options.guidance}`),
      options.scheduler && options.scheduler !== "default" ? el("span", {}, options.scheduler) : null,
      inputs.image ? el("span", {}, `Strength ${options.strength}`) : null,
      options.variation > 0 ? el("span", {}, `Variation ${options.variation}`) : null,
      inputs.negative ? el("span", { dir: "auto" }, `Without ${inputs.negative}`) : null,
      el("span", {}, `${options.width} × ${options.height}`),
      el("span", {}, generation?.model.title ?? config.models[request.model]?.title ?? request.model),
      generation ? el("span", {}, genui.seconds(generation.timings.run)) : null,
      generation ? el("span", { title: new Date(generation.created).toLocaleString() }, genui.ago(generation.created)) : null,
      generation ? el("button.gu-seed", { type: "button", title: "Everything needed to make it again", onclick: () => this.record(generation) }, "Record") : null,
      generation?.usage.cut ? el("span.gu-cut", { dir: "auto" }, `Too long for this model; not read: “${generation.usage.cut}”`) : null,
      generation?.usage.ignored?.includes("negative") ? el("span.gu-cut", {}, "This model takes no negative prompt.") : null,
    ];
    this.facts.replaceChildren(...facts.filter(Boolean));
  }

  // What can be done with a picture.
  offer(generation) {
    const { el } = genui, { tab } = this;
    const deed = (label, title, act) => el("button.gu-chip", { type: "button", title, onclick: act }, label);
    return [
      el("div.gu-row", { role: "group", "aria-label": "Go on with this picture" },
        deed("Vary", "Pictures near this one", () => tab.vary(generation)),
        deed("Start from it", "Draw something new over it", () => tab.startFrom(generation, "picture")),
        deed("Inpaint", "Redraw a part of it", () => tab.startFrom(generation, "inpaint")),
        deed("Morph", "From its prompt to another one", () => tab.morphFrom(generation)),
        deed("Compare", "Beside another picture", () => tab.compare.begin(generation)),
        deed("Make again", "Run the same request again and say whether it is identical", () => tab.again(generation))),
      this.files(generation),
    ];
  }

  // As made, or larger; PNG keeps the record, WebP too.
  files(generation) {
    const { el, media } = genui, picture = genui.picture.artifact(generation);
    if (!picture) return el("div");
    const { width, height } = picture.meta, name = `genui-${generation.id.slice(0, 8)}`;
    const links = ["png", "webp"].map((form) => el("a.gu-chip.gu-file", { download: `${name}.${form}`,
      "aria-label": `Download ${form === "png" ? "PNG" : "WebP"}` }, form === "png" ? "PNG" : "WebP"));
    const scale = el("select.gu-pick", { "aria-label": "Size of the download", onchange: point },
      [1, 2, 4, 8].map((by) => el("option", { value: String(by) }, `${width * by} × ${height * by}`)));
    function point() {
      links.forEach((link, at) => {
        const form = ["png", "webp"][at];
        const made = scale.value === "1" && form === "png";
        link.setAttribute("href", made ? media(picture) : `${media(picture, "upscaled")}&scale=${scale.value}&form=${form}`);
      });
    }
    point();
    return el("div.gu-row.gu-files", { role: "group", "aria-label": "Download" }, scale, links);
  }

  async record(generation) {
    const { name, text, error } = await genui.ask(this.tab.server, "record", { generation: generation.id });
    if (error) this.card.say(genui.notice(error));
    else genui.save(name, text, "application/json");
  }
};

// The address of a sheet with all pictures of a card, labelled where it is a grid.
genui.sheet = (card) => {
  const of = card.tiles.map(({ generation }) => generation && genui.picture.artifact(generation))
    .map((artifact) => (artifact ? `${artifact.sha256}.${artifact.token}` : "-"));
  const { x, y } = card.kind === "grid" ? card.request.options : {};
  const columns = x ? x.values.map((_, at) => genui.axes.say(x, at)) : Array(card.columns).fill("");
  const rows = y ? y.values.map((_, at) => genui.axes.say(y, at)) : [];
  return `genui/sheet?${new URLSearchParams({ of: of.join(" "), columns: JSON.stringify(columns), rows: JSON.stringify(rows) })}`;
};
