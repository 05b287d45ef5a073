/* Ways between two prompts, two seeds or both, as a film that one scrubs; and sums of words. */
"use strict";

genui.Ways = class {
  static KINDS = { words: "Two prompts", seeds: "Two seeds", both: "Both" };
  static SAID = {
    words: "The noise stays, the words change: what the model reads goes in a straight line from one prompt to the other.",
    seeds: "The words stay, the noise changes: it goes round on the sphere on which all noises lie, as a straight line would lead through weaker noise.",
    both: "Words and noise change together.",
  };

  constructor(inside) {
    const { el, Segments } = genui, { Inside } = genui;
    Object.assign(this, { inside, kind: "words" });
    const words = (label, value) => el("input.gu-field", { type: "text", value, maxlength: String(Inside.LONGEST), dir: "auto", autocomplete: "off", "aria-label": label });
    this.from = words("From", "a red apple");
    this.to = words("To", "a yellow banana");
    const seed = (label) => el("input.gu-field.gu-way-seed", { type: "text", inputmode: "numeric", value: String(genui.Seed.roll()), autocomplete: "off", "aria-label": label });
    this.start = seed("First seed");
    this.end = seed("Second seed");
    this.kinds = new Segments("What changes on the way", Object.entries(genui.Ways.KINDS), (kind) => this.turn(kind));
    const said = el("output", {}, "7");
    this.count = genui.picture.slider({ min: "3", max: "9", step: "1", value: "7", "aria-label": "Pictures" }, ({ value }) => { said.textContent = value; });
    this.status = el("div.gu-way-status");
    this.film = el("div.gu-way-film", {}, el("p.gu-panel-said", {}, "The pictures of the way come here, one after another; then drag the slider under them."));
    this.strip = el("div");
    this.about = el("p.gu-panel-said");
    this.node = el("div.gu-ways", {}, el("div.gu-way-form", {}, this.kinds.node,
      el("div.gu-way-ends", {}, el("b", {}, "From"), this.from, this.start, this.arrow = el("b", {}, "To"), this.to, this.end),
      el("label.gu-range", {}, el("span", {}, "Pictures"), this.count, said),
      el("div.gu-row", {}, el("button.gu-main-button", { type: "button", onclick: () => this.go() }, "Draw the way"), el("button.gu-quiet", { type: "button", onclick: () => this.swap() }, "Turn round")), this.status, this.about),
    el("div.gu-way-seen", {}, this.film, this.strip));
    this.turn("words");
  }

  turn(kind) {
    this.kind = kind;
    this.kinds.put(kind);
    this.to.hidden = kind === "seeds";
    this.end.hidden = kind === "words";
    this.node.dataset.kind = kind;
    this.about.textContent = genui.Ways.SAID[kind];
  }

  swap() {
    [this.from.value, this.to.value] = [this.to.value, this.from.value];
    [this.start.value, this.end.value] = [this.end.value, this.start.value];
  }

  // What is asked for, or one sentence that says what is missing.
  request() {
    const { inside, kind } = this, prompt = this.from.value.trim(), to = kind === "seeds" ? prompt : this.to.value.trim(), seeds = [this.start, this.end].map(({ value }) => Number(value));
    if (!prompt || !to) return { error: "A way needs words at both ends; write them first." };
    if (kind === "words" && prompt === to) return { error: "Both ends are the same; write other words, or go between two seeds." };
    if (seeds.some((seed) => !Number.isInteger(seed) || seed < 0 || seed > genui.Seed.MOST)) return { error: "A seed is a whole number up to 4,294,967,294." };
    const noise = kind === "words" ? {} : { variation: 1, variation_seed: seeds[1] };
    return { request: { model: inside.model.id, inputs: { prompt: inside.styled(prompt), to: inside.styled(to) }, options: { count: Number(this.count.value), ...noise }, seed: seeds[0] } };
  }

  async go() {
    const { inside } = this, { request, error } = this.request();
    if (error) { inside.complain(error); return; }
    const answer = await genui.ask(inside.server, "make", { request, tokens: {} });
    if (answer.error) { inside.complain(answer.offline ? "The server does not answer; try again in a moment." : answer.error); return; }
    inside.complain("");
    const film = this.show(answer.request), status = new genui.Status(() => { status.show("Stopping…"); genui.ask(inside.server, "stop", { job: answer.job }); });
    this.status.replaceChildren(status.node);
    await genui.follow(inside.server, answer.job, (event) => {
      if (film !== this.card) return;
      status.on(event);
      if (event.type === "preview") film.put(event.index, event.image);
      else if (event.type === "made") film.made(event.index, event.generation);
      else if (event.type === "failed") this.status.replaceChildren(genui.notice(event.message));
      else if (event.type === "stopped") this.status.replaceChildren(genui.notice("Stopped before the first step.", "quiet"));
      else if (event.type === "finished") status.remove();
    }, (gone) => status.offline(gone));
  }

  // A film of the way: what image.js calls a card, as far as the player asks for it.
  show(request) {
    const { el } = genui, total = request.options.count, film = { request, total };
    film.tiles = Array.from({ length: total }, (_, i) => {
      const img = el("img", { alt: "", hidden: true, draggable: "false" }), label = `${Math.round((100 * i) / (total - 1))} %`;
      return { label, image: null, generation: null, img, node: el("button.gu-place-shot.gu-way-shot", { type: "button", "aria-label": `Show ${label} of the way`, onclick: () => { film.player.pause(); film.player.show(i); } }, img) };
    });
    film.shown = (i) => { const { generation } = film.tiles[i]; this.strip.replaceChildren(generation ? genui.strip(this.inside.server, generation) : ""); };
    film.put = (i, src) => {
      const tile = film.tiles[i];
      if (!tile) return;
      Object.assign(tile, { image: src });
      tile.img.src = src;
      tile.img.hidden = false;
      if (!film.chosen) film.player.show(i); else film.player.update();
    };
    film.made = (i, generation) => { film.tiles[i].generation = generation; film.put(i, genui.picture.src(generation)); };
    film.player = new genui.WayPlayer(film);
    this.card = film;
    this.film.replaceChildren(film.player.node, el("div.gu-way-row", {}, film.tiles.map(({ node }) => node)));
    return film;
  }
};

// The player of the Image tab that also tells which picture stands still.
genui.WayPlayer = class extends genui.Player {
  show(at) {
    super.show(at);
    if (!this.timer) this.card.shown(at);
  }

  pause() {
    super.pause();
    this.card.chosen = true; // a visitor took the slider: new pictures no longer move it
  }
};

// A − B + C on what the model reads.
genui.Sums = class {
  static TRIED = [["red heart", "red", "blue"], ["king", "man", "woman"], ["kitten", "cat", "dog"], ["snowman", "winter", "summer"]];

  constructor(inside) {
    const { el } = genui;
    this.inside = inside;
    const [first] = genui.Sums.TRIED, word = (letter, value) => el("input.gu-field", { type: "text", value, maxlength: String(genui.Inside.LONGEST), dir: "auto", autocomplete: "off", "aria-label": letter,
      onkeydown: (event) => { if (event.key === "Enter") this.go(); } });
    this.words = ["A", "B", "C"].map((letter, i) => word(letter, first[i]));
    const said = el("output", {}, "1"), sign = (text) => el("span.gu-sum-sign", { "aria-hidden": "true" }, text);
    this.far = genui.picture.slider({ min: "0", max: "1.5", step: "0.1", value: "1", "aria-label": "How far" }, ({ value }) => { said.textContent = value; });
    this.far.addEventListener("change", () => this.go());
    this.node = el("div.gu-sums", {}, el("div.gu-sum-words", {}, this.words[0], sign("−"), this.words[1], sign("+"), this.words[2], el("button.gu-main-button", { type: "button", onclick: () => this.go() }, "Draw it")),
      el("label.gu-range", {}, el("span", {}, "How far"), this.far, said),
      el("div.gu-row", {}, genui.Sums.TRIED.map((three) => el("button.gu-chip", { type: "button", onclick: () => { this.words.forEach((box, i) => { box.value = three[i]; }); this.go(); } }, `${three[0]} − ${three[1]} + ${three[2]}`))),
      el("p.gu-panel-said", {}, "The step from B to C is taken from A. The picture above is drawn from the sum, the ring on the map shows where it lies, and the list beside it which words are nearest. Often the answer is only half right: these vectors were made to compare sentences, and the image model never saw such sums."));
  }

  async go() {
    const [a, b, c] = this.words.map(({ value }) => value.trim()), far = Number(this.far.value);
    if (!a || !b || !c) { this.inside.complain("Write three words: what B has and A has not goes, what C has comes."); return; }
    await this.inside.draw(far ? [{ prompt: a, weight: 1 }, { prompt: b, weight: -far }, { prompt: c, weight: far }] : [{ prompt: a, weight: 1 }]);
  }
};
