/* Inside an image model, as a part of the Latent space tab: what it reads (a map of words), what it
   draws from that, and panels for ways between prompts, sums of words and the latent itself. */
"use strict";

genui.Inside = class {
  static PANELS = { ways: "Between", sums: "A − B + C", cells: "Its latent" };
  static FIRST = "apple";
  static LONGEST = 400; // characters of a prompt
  static RECENT = 16;

  constructor(tab, model) {
    const { el, Segments } = genui;
    Object.assign(this, { tab, model, server: tab.server, mix: [], generation: null, recent: [], spots: new Map(), job: null, wish: null, style: "" });
    this.board = new genui.WordBoard(this);
    this.box = el("input.gu-field.gu-reads-box", { type: "text", maxlength: String(genui.Inside.LONGEST), dir: "auto", autocomplete: "off", "aria-label": "Your own words", placeholder: "Your own words",
      onkeydown: (event) => { if (event.key === "Enter") { event.preventDefault(); this.say(); } } });
    this.seed = new genui.Seed();
    this.seed.lock(true);
    this.styles = el("select.gu-pick", { "aria-label": "Style", onchange: () => { this.style = this.styles.value; if (this.mix.length) this.draw(this.mix); } },
      el("option", { value: "" }, "Any style"), (model.styles ?? []).map(([name, words]) => el("option", { value: words }, name)));
    this.near = el("ol.gu-nearest", { "aria-label": "Nearest words" });
    this.spoken = el("p.gu-reads-mix", { role: "status" });
    this.img = el("img", { alt: "", draggable: "false", hidden: true });
    this.ground = el("div.gu-ground", {}, this.img);
    this.wait = el("div.gu-seen-wait", { role: "status" });
    this.deeds = el("div.gu-row.gu-inside-deeds");
    this.note = el("div.gu-card-note", { "aria-live": "polite" });
    this.strip = el("div.gu-inside-strip");
    this.row = el("div.gu-shots.gu-inside-row", { "aria-label": "Drawn here, newest first" });
    this.seen = el("section.gu-seen", { "aria-label": "Picture" }, el("div.gu-seen-frame", {}, this.ground, this.wait), this.deeds, this.note, this.strip);
    const reads = el("section.gu-reads", { "aria-label": "What it reads" }, el("h3", {}, "What it reads"),
      el("div.gu-reads-own", {}, this.box, el("button.gu-main-button", { type: "button", onclick: () => this.say() }, "Draw")),
      el("div.gu-row", {}, this.styles, this.seed.node), this.spoken,
      el("h4", {}, "Nearest words", el("small", {}, "by the angle between their vectors")), this.near,
      this.about = el("p.gu-panel-said"));
    this.panels = { ways: new genui.Ways(this), sums: new genui.Sums(this), cells: new genui.Cells(this) };
    this.choice = new Segments("What to do inside the model", Object.entries(genui.Inside.PANELS), (name) => this.open(name));
    this.panel = el("div.gu-panel");
    this.node = el("div.gu-inside", {}, el("div.gu-instrument", {}, this.seen, reads, this.board.node), this.row,
      el("div.gu-latent-choice", {}, this.choice.node), this.panel);
    this.open("ways");
  }

  // What MapBoard asks of its tab.
  complain(sentence, tone = "quiet") { this.tab.complain(sentence, tone); }

  viewed() { this.tab.viewed(); }

  ask(name, question = {}) { return this.tab.explorer.ask(this.model.id, name, question); }

  // --- coming in

  // The map of words, and what was drawn here last; `state` comes from a link.
  async enter(state = null) {
    if (!this.ready) {
      this.loading("Loading the model…");
      const about = await this.ask("words");
      this.loading("");
      if (about.error) { this.tab.complain(about.error, about.offline ? "quiet" : "error"); return false; }
      this.ready = true;
      this.words = about;
      this.board.load(about);
      this.about.textContent = `Each word is ${about.dimensions} numbers to this model, from a small language model that was never shown a picture. The map squeezes them into two; `
        + `its straight version (PCA) shows ${Math.round(100 * about.explained)} % of their differences, the other one keeps neighbours together.`;
      const running = await this.remember();
      if (running) { this.tell(running.request); this.follow(running.job); return true; }
    }
    if (state) this.put(state);
    else if (this.recent.length && !this.generation) this.show(this.recent[0]);
    else if (!this.generation && !this.job) await this.draw([{ prompt: genui.Inside.FIRST, weight: 1 }]);
    return true;
  }

  // Pictures that were drawn here before; resolves to a job that still runs, if there is one.
  async remember() {
    const past = await genui.ask(this.server, "past", { kind: "image", limit: 60 });
    if (past.error) return null;
    const here = ({ request }) => request.model === this.model.id && request.inputs.edit;
    this.recent = past.generations.filter((made) => here(made) && made.usage.latent).slice(0, genui.Inside.RECENT);
    this.paintRow();
    this.paint();
    return past.jobs.find(here) ?? null;
  }

  loading(text) { this.wait.textContent = text; this.seen.classList.toggle("waiting", Boolean(text)); }

  open(name) {
    this.opened = name;
    this.choice.put(name);
    this.panel.replaceChildren(this.panels[name].node);
    this.panels[name].opened?.();
    if (this.ready) this.viewed();
  }

  // --- words

  async say() {
    const prompt = this.box.value.trim();
    if (!prompt) { this.complain("Write a word or a short sentence first, or touch one on the map."); this.box.focus(); return; }
    await this.draw([{ prompt, weight: 1 }]);
  }

  // The words around a place of the map, shown as what would be drawn.
  async around(question) {
    const found = await this.ask("spot", question);
    if (found.error) { this.complain(found.error); return null; }
    this.place(found, found.mix);
    return found.mix;
  }

  async locate(mix) {
    const found = await this.ask("locate", { mix });
    if (!found.error && mix === this.mix) this.place(found, mix);
  }

  place({ nearest, pca, neighbours }, mix) {
    const { el } = genui;
    this.mix = mix;
    Object.assign(this.board.map, { here: { pca, neighbours }, marked: mix.map(({ prompt }) => this.words.words.indexOf(prompt)).filter((i) => i >= 0) });
    this.board.map.draw();
    this.spoken.textContent = mix.length > 1 ? `${genui.Inside.name(mix)}` : mix[0].prompt;
    this.near.replaceChildren(...nearest.map(([word, cosine]) => el("li", {}, el("button.gu-near-word", { type: "button", title: `Draw ${word}`, style: `--near:${Math.max(0, cosine).toFixed(3)}`,
      onclick: () => this.draw([{ prompt: word, weight: 1 }]) }, el("span", {}, word), el("small", {}, cosine.toFixed(2))))));
  }

  // How a sum is called: "60 % cat + 40 % fox", "king − man + woman".
  static name(mix) {
    const whole = mix.every(({ weight }) => Math.abs(Math.abs(weight) - 1) < 0.005), positive = mix.every(({ weight }) => weight >= 0);
    const part = ({ prompt, weight }) => (whole ? prompt : positive ? `${Math.round(100 * weight)} % ${prompt}` : `${Math.abs(weight).toFixed(1).replace(/\.0$/, "")} ${prompt}`);
    return mix.map((each, i) => `${i ? (each.weight < 0 ? " − " : " + ") : each.weight < 0 ? "−" : ""}${part(each)}`).join("");
  }

  styled(prompt) { return this.style ? `${prompt}, ${this.style}` : prompt; }

  // --- drawing: one job at a time, the newest wish next

  request(mix, edit = {}) {
    const inputs = mix.length === 1 ? { prompt: this.styled(mix[0].prompt) } : { prompt: genui.Inside.name(mix), mix: mix.map(({ prompt, weight }) => ({ prompt: this.styled(prompt), weight })) };
    return { model: this.model.id, inputs: { ...inputs, edit }, options: { count: 1 }, seed: this.seed.next() };
  }

  async draw(mix, edit = {}) {
    this.mix = mix;
    this.locate(mix);
    const request = this.request(mix, edit);
    if (request.seed === null) { this.complain("A seed is a whole number up to 4,294,967,294."); return; }
    await this.submit(request);
  }

  async submit(request, expect = null) {
    this.wish = { request, expect };
    if (this.job) { await genui.ask(this.server, "stop", { job: this.job }); return; } // its end takes the wish
    if (this.sending) return;
    this.sending = true;
    const { wish } = this;
    this.wish = null;
    const answer = await genui.ask(this.server, "make", { request: wish.request, tokens: {} });
    this.sending = false;
    if (answer.error) { this.tab.complain(answer.offline ? "The server does not answer; try again in a moment." : answer.error, answer.offline ? "quiet" : "error"); return; }
    this.tab.complain("");
    await this.follow(answer.job, wish.expect);
  }

  async follow(job, expect = null) {
    const status = new genui.Status(() => { status.show("Stopping…"); genui.ask(this.server, "stop", { job }); });
    this.job = job;
    this.note.replaceChildren();
    this.deeds.replaceChildren(status.node);
    await genui.follow(this.server, job, (event) => {
      status.on(event);
      if (event.type === "preview" && !this.wish) genui.picture.swap(this.img, event.image, this.ground);
      else if (event.type === "finished") this.made(event.generation, expect);
      else if (event.type === "stopped" && !this.wish) this.note.replaceChildren(genui.notice("Stopped before the first step.", "quiet"));
      else if (event.type === "failed") this.note.replaceChildren(genui.notice(event.message));
    }, (gone) => status.offline(gone));
    this.job = null;
    if (this.wish) { await this.submit(this.wish.request, this.wish.expect); return; }
    if (this.generation) this.show(this.generation); else this.deeds.replaceChildren();
  }

  made(generation, expect) {
    this.recent = [generation, ...this.recent.filter(({ id }) => id !== generation.id)].slice(0, genui.Inside.RECENT);
    this.generation = generation;
    this.paintRow();
    if (expect) this.judge(generation, expect);
  }

  // A picture made again, compared with the first one.
  async judge(generation, { rating, better_than, ...record }) {
    const answer = await genui.ask(this.server, "verdict", { generation: generation.id, record: { ...record, artifacts: [] } });
    this.note.replaceChildren(genui.notice(answer.error ?? `Made again. ${answer.sentence}`, answer.same ? "good" : "quiet"));
  }

  // --- what was drawn

  // What a request draws from, without the words of its style.
  mixOf({ inputs }) {
    const bare = (text) => { const style = (this.model.styles ?? []).find(([, words]) => text.endsWith(`, ${words}`))?.[1]; return style ? text.slice(0, -style.length - 2) : text; };
    return inputs.mix?.length ? inputs.mix.map(({ prompt, weight }) => ({ prompt: bare(prompt), weight })) : [{ prompt: bare(inputs.prompt), weight: 1 }];
  }

  // The words and settings of a request, back where a visitor set them.
  tell({ inputs, seed }) {
    const mix = this.mixOf({ inputs });
    this.style = (inputs.mix?.[0]?.prompt ?? inputs.prompt).slice(mix[0].prompt.length + 2);
    this.styles.value = this.style;
    this.seed.keep(seed);
    this.mix = mix;
    this.locate(mix);
  }

  show(generation) {
    const { el } = genui, picture = genui.picture.artifact(generation);
    if (this.generation !== generation) this.tell(generation.request);
    this.generation = generation;
    this.img.alt = genui.picture.name(generation.request);
    genui.picture.swap(this.img, genui.media(picture), this.ground);
    this.deeds.replaceChildren(el("button.gu-chip", { type: "button", onclick: () => this.submit(generation.request, generation) }, "Make again"),
      el("button.gu-chip", { type: "button", onclick: () => { this.seed.box.value = genui.Seed.roll(); this.draw(this.mix); } }, "Another seed"),
      el("a.gu-chip.gu-file", { href: genui.media(picture), download: `genui-${generation.id.slice(0, 8)}.png` }, "Download PNG"));
    this.strip.replaceChildren(genui.strip(this.server, generation));
    genui.outbox.listen(generation.id, { node: this.strip, hear: ({ state, wish }) => { if (state === "saved") { generation.rating = wish; this.paint(); } } });
    for (const shot of this.row.children) shot.setAttribute("aria-pressed", String(shot.dataset.id === generation.id));
    this.panels[this.opened].opened?.();
    this.tab.write();
  }

  paintRow() {
    const { el } = genui;
    this.row.hidden = this.recent.length < 2;
    this.row.replaceChildren(...this.recent.map((made) => el("button.gu-place-shot", { type: "button", "data-id": made.id, "aria-pressed": String(made === this.generation), title: genui.picture.name(made.request),
      "aria-label": `Show: ${genui.picture.name(made.request)}`, onclick: () => { if (!this.job) this.show(made); } }, el("img", { src: genui.picture.src(made), alt: "", draggable: "false" }))));
  }

  // Own ratings of what was drawn here, on the map of words.
  async paint() {
    const said = ({ rating }) => rating && !rating.withdrawn && (rating.thumb || rating.stars), rated = this.recent.filter(said);
    for (const { id, request } of rated) {
      if (this.spots.has(id)) continue;
      const { error, pca, neighbours } = await this.ask("locate", { mix: this.mixOf(request) });
      if (!error) this.spots.set(id, { pca, neighbours });
    }
    this.board.rate(rated.filter(({ id }) => this.spots.has(id)).map(({ id, rating }) => ({ xy: this.spots.get(id), rating })));
  }

  surprise() {
    if (!this.ready) return;
    const { words } = this.words, word = words[genui.Seed.roll() % words.length];
    this.draw([{ prompt: word, weight: 1 }]);
  }

  // --- the link: words, seed, style, map, panel and edit

  get state() {
    const { cells } = this.panels, edit = cells.of === this.generation ? cells.edit : this.generation.request.inputs.edit;
    return { mix: this.mix.map(({ prompt, weight }) => [prompt, weight]), seed: this.seed.now(), style: this.style, map: this.board.map.map, panel: this.opened, edit };
  }

  // Draws what a link says, unless that is here already; throws for what no page would have written.
  put({ mix, seed, style, map, panel, edit }) {
    const { Inside, LatentMap } = genui, parts = mix.map(([prompt, weight]) => ({ prompt, weight }));
    const right = parts.length && parts.length <= 8 && parts.every(({ prompt, weight }) => typeof prompt === "string" && prompt.trim() && prompt.length <= Inside.LONGEST && Number.isFinite(weight))
      && Number.isInteger(seed) && LatentMap.MAPS.includes(map) && Object.hasOwn(Inside.PANELS, panel);
    if (!right) throw new RangeError("no state");
    this.seed.keep(seed);
    this.style = (this.model.styles ?? []).some(([, words]) => words === style) ? style : "";
    this.styles.value = this.style;
    this.board.change(map);
    this.open(panel);
    const told = ({ inputs, seed: own }) => JSON.stringify([inputs.prompt, inputs.mix ?? null, inputs.edit, own]);
    const wanted = told(this.request(parts, edit ?? {})), here = this.recent.find(({ request }) => told(request) === wanted);
    if (here) this.show(here); else this.draw(parts, edit ?? {});
  }
};
