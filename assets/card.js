/* What one request drew, as a card: one large picture, several side by side, a morph that plays or
   a labelled grid. Follows the job; a click on a picture looks at it closely (look.js). */
"use strict";

genui.PictureCard = class {
  // `job` is followed; `generations` are results that are there already.
  constructor(tab, { job = null, request, generations = [], expect = null, live = false }) {
    const { el } = genui;
    Object.assign(this, { tab, job, request, expect, live, done: !job, best: null });
    this.layout();
    this.board = el("div.gu-board", { role: "group", "aria-label": "Pictures" });
    this.place = el("div.gu-place");
    this.note = el("div.gu-card-note", { "aria-live": "polite" });
    this.line = el("div.gu-card-line");
    this.status = new genui.Status(() => this.stop());
    this.node = el("article.gu-card.gu-pictures", { onkeydown: (event) => this.keys(event),
      "aria-label": `Pictures of: ${genui.picture.name(request).slice(0, 80)}` }, this.board, this.place, this.note, this.line);
    this.draw();
    generations.forEach((generation, i) => this.made(i, generation));
    if (this.done) this.mark();
    if (this.total === 1) this.look(this.tiles[0]);
    this.drawLine();
    const ids = this.results().map(({ id }) => id); // a pick of the best from before a reload
    const best = this.tiles.find((tile) => tile.generation?.better_than?.some((id) => ids.includes(id)));
    if (best) this.shine(best);
  }

  // How many pictures there will be, and how they stand.
  layout() {
    const { inputs, options, seed } = this.request, { x, y } = options;
    this.total = x ? x.values.length * (y?.values.length ?? 1) : options.count ?? 4;
    this.kind = x ? "grid" : inputs.to && this.total > 1 ? "morph" : "batch";
    this.columns = x ? x.values.length : this.kind === "morph" || this.total === 1 ? this.total
      : this.total === 4 ? 2 : Math.min(3, this.total);
    this.choosable = this.kind === "batch" && this.total > 1;
    const places = Array.from({ length: this.total }, (_, i) => i);
    this.marks = places.map((i) => {
      if (this.kind === "morph") return { label: `${Math.round((100 * i) / Math.max(1, this.total - 1))} %` };
      if (this.kind === "batch") return { seed: seed === null || seed === undefined ? null : options.variation > 0 ? seed : seed + i };
      const across = genui.axes.say(x, i % this.columns), down = y ? genui.axes.say(y, Math.floor(i / this.columns)) : null;
      return { label: down ? `${across}, ${down}` : across };
    });
  }

  draw() {
    this.tiles = this.marks.map((mark, i) => new genui.Tile(this, i, mark));
    this.board.className = `gu-board ${this.kind}`;
    this.board.style.setProperty("--columns", this.columns);
    this.board.replaceChildren(...(this.kind === "grid" ? genui.axes.table(this) : this.tiles.map((tile) => tile.node)));
    this.player = this.kind === "morph" ? new genui.Player(this) : null;
    if (this.player) this.board.prepend(this.player.node);
  }

  // --- the job

  async follow() {
    const { job } = this;
    await genui.follow(this.tab.server, job, (event) => { if (job === this.job) this.on(event); },
      (gone) => this.status.offline(gone));
  }

  on(event) {
    this.status.on(event);
    if (event.type === "started") this.seeded(event.seed);
    else if (event.type === "preview") {
      const tile = this.tiles[event.index], { draft } = this.request.options;
      if (this.live && !draft) return; // the draft stays until it is there again
      this.drafted = Boolean(draft);
      tile?.preview(event);
      this.closer?.preview(tile);
      this.player?.update();
      this.together ||= event.index > this.results().length;
    } else if (event.type === "progress") this.progress(event);
    else if (event.type === "made") this.made(event.index, event.generation);
    else if (event.type === "finished") this.finish(event.generation);
    else if (event.type === "stopped" && this.request.options.draft) this.close();
    else if (event.type === "stopped") this.end(genui.notice("Stopped before the first step.", "quiet"));
    else if (event.type === "failed") this.end(genui.notice(event.message), /memory/i.test(event.message));
  }

  // A CPU draws one picture after another, a GPU all in one pass.
  progress({ step, total: steps }) {
    const done = this.results().length, alone = this.total === 1 || this.together;
    const words = `Step ${step} of ${steps}`;
    if (alone) this.status.show(words, step / Math.max(1, steps));
    else this.status.show(`Picture ${Math.min(done + 1, this.total)} of ${this.total}, step ${step}`, (done + step / steps) / this.total);
  }

  seeded(seed) {
    if (this.request.seed === seed) return;
    this.request = { ...this.request, seed };
    this.tiles.forEach((tile, i) => { if (this.kind === "batch") { tile.seed = seed + i; tile.seedText.textContent = tile.caption(); } });
  }

  made(index, generation) {
    const tile = this.tiles[Math.min(index, this.tiles.length - 1)];
    if (tile.generation?.id === generation.id) return;
    tile.made(generation);
    this.closer?.settle(tile);
    this.player?.update();
    this.tab.gallery.add(generation);
  }

  finish(generation) {
    if (!this.tiles.some((tile) => tile.generation?.id === generation.id)) this.made(0, generation);
    if (generation.status === "stopped" && !this.live) this.say(genui.notice("Stopped; what was drawn so far is kept.", "quiet"));
    if (this.expect) this.judge();
    this.close();
  }

  // The job ended with nothing: say why, offer to try again.
  end(notice, tooMuch = false) {
    this.failed = true;
    this.tooMuch = tooMuch;
    this.node.classList.add("void");
    this.say(notice);
    this.close();
  }

  close() {
    this.done = true;
    this.status.remove();
    this.mark();
    this.drawLine();
    this.tab.ended(this);
  }

  // Nothing more will come: what is not there is missing.
  mark() { for (const tile of this.tiles) tile.node.classList.toggle("missing", !tile.generation && !this.drafted); }

  // A live card keeps its picture until the next one is there.
  restart(job, request) {
    Object.assign(this, { job, request, done: false, failed: false, drafted: false });
    this.note.replaceChildren();
    this.node.classList.remove("void");
    const [tile] = this.tiles;
    tile.generation = null;
    tile.seed = request.seed;
    tile.settle();
    this.status = new genui.Status(() => this.stop());
    this.closer?.restart();
    this.drawLine();
    this.follow();
  }

  async stop() {
    this.status.show("Stopping…");
    this.live?.pause?.();
    const answer = await genui.ask(this.tab.server, "stop", { job: this.job });
    if (answer.error) this.status.show(answer.error);
  }

  // --- the line under the pictures

  drawLine() {
    const { el } = genui;
    this.line.hidden = this.total === 1 && !this.failed; // a single picture has its place for it beside it
    if (!this.done) { (this.closer && this.total === 1 ? this.closer.deeds : this.line).replaceChildren(this.status.node); return; }
    if (this.failed) {
      this.line.replaceChildren(el("div.gu-row", {}, this.tooMuch && this.choosable ? el("button.gu-chip", { type: "button", onclick: () => this.fewer() }, "Try fewer pictures") : null,
        el("button.gu-chip", { type: "button", onclick: () => this.tab.submit(this.request, { instead: this, expect: this.expect }) }, "Try again"),
        el("button.gu-quiet", { type: "button", onclick: () => this.tab.remove(this) }, "Remove")));
      return;
    }
    const made = this.results();
    if (this.total > 1) this.line.hidden = made.length < 2;
    this.line.replaceChildren(el("div.gu-row.gu-set", {},
      el("span.gu-set-said", { role: "status" }, this.choosable ? "Click a picture to look closely; crown the best." : "Click a picture to look closely."),
      made.length > 1 ? el("a.gu-chip.gu-file", { href: genui.sheet(this), download: "genui-sheet.png" }, "Sheet") : null,
      this.choosable ? el("button.gu-chip", { type: "button", onclick: () => this.tab.more(this) }, "Draw more") : null));
  }

  // The machine had not enough memory for all at once.
  fewer() {
    const { request } = this, count = Math.ceil(this.total / 2);
    this.tab.submit({ ...request, options: { ...request.options, count } }, { instead: this });
  }

  results() { return this.tiles.map((tile) => tile.generation).filter(Boolean); }

  say(notice) { this.note.replaceChildren(...(notice ? [notice] : [])); }

  // --- looking closely

  look(tile) {
    this.closer = new genui.Look(this, tile);
    this.board.hidden = true;
    this.place.replaceChildren(this.closer.node);
    if (this.total > 1) { this.line.classList.add("gu-hidden"); this.closer.focus(); }
  }

  back() {
    const { tile } = this.closer;
    this.closer = null;
    this.board.hidden = false;
    this.line.classList.remove("gu-hidden");
    this.place.replaceChildren();
    tile.shot.focus();
  }

  step(by) {
    const made = this.tiles.filter((tile) => tile.generation || tile === this.closer.tile);
    const next = made[(made.indexOf(this.closer.tile) + by + made.length) % made.length];
    if (next !== this.closer.tile) this.look(next);
  }

  keys(event) {
    if (!this.closer || this.total === 1 || event.target.matches("input, textarea, select, [role=radio]")) return;
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by) this.step(by);
    else if (event.key === "Escape" && this.done) this.back();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // --- the best of several: it counts as better than each of the others

  async crown(tile) {
    const again = this.best === tile, others = this.results().filter((g) => g !== tile.generation);
    if (!others.length) return;
    this.shine(again ? null : tile);
    this.tell("Saving…");
    const answer = await genui.ask(this.tab.server, "prefer", { chosen: tile.generation.id,
      others: others.map((g) => g.id), withdrawn: again });
    if (answer.error) { this.shine(again ? tile : null); this.tell(answer.error); return; }
    this.tell(again ? "Taken back." : `Thanks: best of ${others.length + 1}.`);
  }

  shine(tile) {
    this.best = tile;
    for (const each of this.tiles) {
      each.crown.setAttribute("aria-pressed", String(each === tile));
      each.node.classList.toggle("best", each === tile);
    }
  }

  tell(text) { const said = this.line.querySelector(".gu-set-said"); if (said) said.textContent = text; }

  // --- an opened picture, made again

  async judge() {
    const { name, record: { rating, better_than, ...record } } = this.expect, results = this.results();
    const again = results.find(({ usage }) => usage.index === record.usage.index && usage.morph === record.usage.morph) ?? results.at(-1);
    const answer = await genui.ask(this.tab.server, "verdict", { generation: again.id, record: { ...record, artifacts: [] } });
    const note = genui.notice("", answer.same ? "good" : "quiet");
    if (answer.error) note.append(answer.error);
    else note.append(genui.el("bdi", {}, name), `, made again. ${answer.sentence}`);
    this.say(note);
  }
};
