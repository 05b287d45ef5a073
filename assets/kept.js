/* What a visitor keeps of the latent space: pictures, walks and searches as cards with a record, a
   file and the feedback strip. A card follows its job and draws itself. */
"use strict";

genui.Kept = class {
  static NAMES = { picture: "Picture", walk: "Walk", sheet: "Sheet", invert: "Search" };

  // `job` is followed; `generation` is a result that is there already; `after(card)` hears of the end.
  constructor(shelf, { job = null, request, generation = null, expect = null, after = null }) {
    const { el } = genui;
    Object.assign(this, { shelf, tab: shelf.tab, job, request, generation, expect, after });
    this.task = request.inputs.task ?? "picture";
    this.face = el("div.gu-ground.gu-kept-face");
    this.right = el("div.gu-kept-right");
    this.note = el("div.gu-card-note", { "aria-live": "polite" });
    this.foot = el("div.gu-kept-foot");
    this.status = new genui.Status(() => this.stop());
    this.node = el("article.gu-card.gu-kept", { "aria-label": genui.Kept.NAMES[this.task] }, this.face, this.right, this.note, this.foot);
    if (generation) this.made(); else this.working();
  }

  working() {
    this.right.replaceChildren(this.title(), this.status.node);
    this.follow();
  }

  title() {
    const { el } = genui, { models } = this.tab.config, { model, seed, options, inputs } = this.request;
    const facts = [models.find(({ id }) => id === model)?.title ?? model, ...(this.task === "walk" ? [`${options.frames ?? 120} frames`, `${inputs.places.length} places`] : []),
      ...(options.truncation !== undefined && options.truncation !== 1 ? [`truncation ${options.truncation}`] : []), inputs.places?.length || seed === null || seed === undefined ? null : `Seed ${seed}`];
    return el("div.gu-kept-title", {}, el("h3", {}, genui.Kept.NAMES[this.task]), el("div.gu-meta", {}, facts.filter(Boolean).map((fact) => el("span", {}, fact))));
  }

  async follow() { await genui.follow(this.tab.server, this.job, (event) => this.on(event), (gone) => this.status.offline(gone)); }

  on(event) {
    this.status.on(event);
    if (event.type === "preview") this.draw(event.image);
    else if (event.type === "finished") { this.generation = event.generation; this.made(); this.after?.(this); if (this.expect) this.judge(); }
    else if (event.type === "stopped") this.end(genui.notice("Stopped before there was anything to keep.", "quiet"));
    else if (event.type === "failed") this.end(genui.notice(event.message));
  }

  async stop() {
    this.status.show("Stopping…");
    const answer = await genui.ask(this.tab.server, "stop", { job: this.job });
    if (answer.error) this.status.show(answer.error);
  }

  end(notice) {
    const { el } = genui;
    this.status.remove();
    this.ended = true;
    this.face.classList.add("seen");
    this.note.replaceChildren(notice);
    this.foot.replaceChildren(el("div.gu-row", {}, el("button.gu-chip", { type: "button", onclick: () => this.shelf.submit(this.request, { instead: this, after: this.after }) }, "Try again"),
      el("button.gu-quiet", { type: "button", onclick: () => this.shelf.drop(this) }, "Remove")));
    this.after?.(this);
  }

  draw(src) {
    this.img ??= genui.el("img", { alt: genui.Kept.NAMES[this.task], draggable: "false" });
    if (!this.img.isConnected) this.face.replaceChildren(this.img);
    genui.picture.swap(this.img, src, this.face);
  }

  // The film of a walk, if there is one.
  get film() { return this.generation.artifacts.find(({ name }) => name.startsWith("walk-")); }

  made() {
    const { el } = genui, { generation, film, task } = this, picture = genui.picture.artifact(generation);
    this.ended = true;
    this.request = generation.request;
    this.status.remove();
    this.node.classList.toggle("film", Boolean(film));
    if (film?.mime === "video/mp4") {
      const video = el("video", { src: genui.media(film), loop: this.request.options.loop !== false, muted: true, playsInline: true, controls: true, preload: "metadata", "aria-label": "The walk" });
      if (!matchMedia("(prefers-reduced-motion: reduce)").matches) video.autoplay = true;
      this.face.replaceChildren(video);
      this.face.classList.add("seen");
    } else if (film) this.draw(genui.media(film));
    else if (picture) this.draw(genui.media(picture));
    const file = (artifact, words) => el("a.gu-chip.gu-file", { href: genui.media(artifact), download: `genui-${generation.id.slice(0, 8)}.${words.toLowerCase()}` }, `Download ${words}`);
    const deed = (label, act, kind = "gu-chip") => el(`button.${kind}`, { type: "button", onclick: act }, label);
    const { distance, far } = generation.usage;
    this.right.replaceChildren(this.title(),
      generation.status === "stopped" ? genui.notice("Stopped; what was found so far is kept.", "quiet") : "",
      distance === undefined ? "" : el("p.gu-kept-said", {}, genui.Own.found(distance, far)),
      el("div.gu-row", {}, task === "walk" ? deed("Open its places", () => this.shelf.openWalk(generation)) : deed("Go there", () => this.shelf.goTo(generation)),
        film ? file(film, { "video/mp4": "MP4", "image/gif": "GIF", "image/webp": "WebP" }[film.mime] ?? "File") : file(picture, "PNG"),
        deed("Make again", () => this.shelf.again(generation))));
    this.foot.replaceChildren(genui.strip(this.tab.server, generation));
    this.listen();
  }

  // What is thought of it is painted on the map.
  listen() {
    genui.outbox.listen(this.generation.id, { node: this.node, hear: ({ state, wish }) => {
      if (state !== "saved") return;
      this.generation.rating = wish;
      this.shelf.rated(this.generation);
    } });
  }

  // An opened file, made again.
  async judge() {
    const { name, record: { rating, better_than, ...record } } = this.expect;
    const answer = await genui.ask(this.tab.server, "verdict", { generation: this.generation.id, record: { ...record, artifacts: [] } });
    const note = genui.notice("", answer.same ? "good" : "quiet");
    if (answer.error) note.append(answer.error);
    else note.append(genui.el("bdi", {}, name), `, made again. ${answer.sentence}`);
    this.note.replaceChildren(note);
  }
};
