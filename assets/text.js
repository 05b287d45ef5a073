/* The Text tab: the composer on top, the newest exchange under it, earlier ones below. Keeps the
   threads (thread.js), draws each exchange as a card of answers (answer.js). */
"use strict";

// What Gradio's events read, and what its controls tell (see genui/ui/tabs/text.py).
genui.text = {
  pending: null, seed: null, opened: null, settings: {},
  settle(values) { genui.text.settings = values; genui.chart.settle(values); genui.text.changed?.(); },
};

genui.TextTab = class {
  static MODES = { chat: "Chat", complete: "Complete", code: "Code" };
  static HINTS = { chat: "Say something…", complete: "Begin a text; the model goes on from it…",
    code: "Ask for a piece of code…" };
  static INVITES = {
    chat: ["Talk to a small model", "It runs on this machine alone. Ask it anything, or start here:"],
    complete: ["Begin a sentence", "The model does one thing only: it guesses what comes next. Watch it:"],
    code: ["Ask for a little code", "Short functions work best. Try one:"],
  };

  constructor(element, page) {
    const { el } = genui;
    Object.assign(this, page);
    this.threads = new genui.Threads();
    this.answers = new Map(); // node -> Answer
    this.cards = new Map(); // first node of a variant -> card
    this.mode = "chat";
    this.root = null; // the chat that is open
    this.stage = element.querySelector(".gu-stage");
    this.composer = this.drawComposer();
    this.notices = el("div.gu-notices");
    this.list = el("div.gu-list", { "aria-label": "Answers, newest first" });
    this.earlier = el("nav.gu-earlier", { "aria-label": "Earlier chats" });
    this.stage.append(this.composer, this.notices, this.list, this.earlier, this.drawOpener());
    const { config } = JSON.parse(this.props.value);
    this.config = config;
    genui.text.settle({ ...config.settings });
    genui.text.changed = () => this.preview();
    this.watch("value", () => this.hear(JSON.parse(this.props.value)));
    this.setMode("chat");
    this.remember();
  }

  // --- the composer

  drawComposer() {
    const { el } = genui;
    this.modes = new genui.Segments("Mode", Object.entries(genui.TextTab.MODES), (mode) => this.setMode(mode));
    this.fresh = el("button.gu-quiet", { type: "button", onclick: () => this.newChat() }, "New chat");
    this.box = el("textarea.gu-prompt", { rows: 2, dir: "auto", "aria-label": "Prompt",
      onpaste: (event) => this.bound(event, event.clipboardData),
      ondrop: (event) => this.bound(event, event.dataTransfer),
      oninput: () => { this.fit(); this.preview(); }, onkeydown: (event) => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        this.send();
      } });
    this.button = el("button.gu-main-button", { type: "button", onclick: () => this.send() }, "Send");
    return el("div.gu-composer", {}, el("div.gu-composer-top", {}, this.modes.node, this.fresh), this.box,
      el("div.gu-composer-foot", {}, el("small", {}, "Enter sends · Shift + Enter for a new line"), this.button));
  }

  // Megabytes in a text field stop the whole page for minutes, so they never get in.
  bound(event, carried) {
    const length = carried.getData("text/plain").length, { longest } = this.config;
    if (this.box.value.length + length <= longest) return;
    event.preventDefault();
    this.complain(`That is ${length.toLocaleString("en")} characters; at most ${longest.toLocaleString("en")} can be read. Shorten it.`);
  }

  fit() {
    this.box.style.height = "auto";
    this.box.style.height = `${Math.min(this.box.scrollHeight + 2, 320)}px`;
  }

  setMode(mode) {
    this.mode = mode;
    this.modes.put(mode);
    this.box.placeholder = genui.TextTab.HINTS[mode];
    this.button.textContent = { chat: "Send", complete: "Complete", code: "Write code" }[mode];
    this.notices.replaceChildren();
    this.render();
    this.preview();
  }

  newChat() {
    this.root = null;
    this.fresh.blur();
    this.render();
    this.box.focus();
  }

  running() { return this.threads.all().some((node) => node.status === "running"); }

  send(text = this.box.value) {
    if (this.asking || this.running()) return;
    this.draft = this.box.value;
    const leaf = this.mode === "chat" ? this.leaf() : null;
    this.act({ do: "say", mode: this.mode, text, of: leaf?.generation.id ?? null });
  }

  // The answer that the next message goes on from.
  leaf() {
    const turns = this.root ? this.threads.path(this.root) : [];
    return turns.map(({ variant }) => this.threads.active(variant)).filter((n) => n.generation).at(-1) ?? null;
  }

  // --- asking

  act(wish) {
    if (this.asking || this.running()) { this.complain("One answer at a time: wait for it, or stop it.", "quiet"); return; }
    this.notices.replaceChildren();
    this.asking = wish;
    this.sync();
    genui.text.pending = { key: genui.key(), ...wish };
    this.trigger("send");
    clearTimeout(this.late);
    this.late = setTimeout(() => { if (this.asking === wish) this.hear({ error: "The server does not answer. Try again in a moment." }); }, 15_000);
  }

  hear(answer) {
    if (!answer.jobs && !answer.error) return;
    clearTimeout(this.late);
    const wish = this.asking;
    this.asking = null;
    this.sync();
    if (answer.error) { this.complain(answer.error); return; }
    if (wish?.do === "say" && this.box.value === this.draft && wish.text === this.draft) {
      this.box.value = "";
      this.fit();
    }
    const nodes = answer.jobs.map(({ job, request }) => this.watchJob(job, request, wish));
    if (wish?.do === "rerun") nodes[0].original = wish.record;
    this.threads.reveal(nodes[0]);
    this.mode = nodes[0].request.inputs.mode;
    this.root = this.mode === "chat" ? this.threads.root(nodes[0]) : this.root;
    this.setMode(this.mode);
  }

  watchJob(job, request, wish = null) {
    const node = this.threads.add({ id: `job ${job}`, job, request, wish, seed: request.seed, tokens: [],
      text: "", status: "running", generation: null });
    node.text = request.inputs.prefix_text ?? "";
    this.answer(node).follow();
    return node;
  }

  ended(node) {
    this.sync();
    this.render();
    if (node.original && node.generation) this.judge(node);
    if (node.status === "failed" && node.wish?.do === "say" && !this.box.value) {
      this.box.value = node.wish.text; // to be changed and sent again
      this.fit();
    }
    this.preview();
  }

  retry(node) {
    for (const each of this.threads.all()) { // both columns of a comparison came from one wish
      if (each === node || (node.wish && each.wish === node.wish && !each.generation)) this.threads.nodes.delete(each.id);
    }
    if (node.wish) this.act(node.wish);
    else {
      const { messages, prompt } = node.request.inputs;
      this.box.value = prompt || messages.at(-1).content;
      this.fit();
      this.box.focus();
    }
    this.render();
  }

  pin(seed) {
    genui.text.seed = seed;
    this.trigger("pin");
    this.complain(`Seed ${seed} stays for the next answers; “New seed each time” lets it go.`, "good");
  }

  trigger(name) { this[{ send: "fireSend", pin: "firePin", restore: "fireRestore" }[name]](); }

  complain(sentence, tone = "error") { this.notices.replaceChildren(genui.notice(sentence, tone)); }

  // --- looking back

  async remember() {
    const past = await genui.ask(this.server, "past", { kind: "text", limit: 60 });
    if (past.error) {
      this.complain(past.error);
      if (past.offline) setTimeout(() => this.remember(), 4000);
      return;
    }
    this.notices.replaceChildren();
    for (const generation of past.generations.reverse()) {
      this.threads.add({ id: generation.id, request: generation.request, seed: generation.request.seed,
        generation, tokens: [], text: genui.Answer.whole(generation), status: generation.status });
    }
    for (const { job, request } of past.jobs) this.watchJob(job, request);
    const newest = this.threads.all().at(-1);
    if (newest) {
      if (!this.asking && newest.request.model in this.config.titles) this.refill(newest.request, true);
      this.threads.reveal(newest);
      this.root = this.threads.roots("chat")[0] ?? null;
      this.mode = newest.request.inputs.mode;
    }
    this.setMode(this.mode);
    this.sync();
  }

  // --- a file dropped back

  drawOpener() {
    return genui.opener("label.gu-open", { accept: ".md,.json,.wav,.flac", label: "Open a file made by genui", take: (file) => this.open(file) },
      genui.el("b", {}, "Open a file"), " made by genui, or drop it here: it is made again and compared.");
  }

  async open(file) {
    const found = await genui.opened(file);
    if (found.error) { this.complain(found.error); return; }
    const { record } = found;
    if (record?.request.kind !== "text") {
      this.complain("This file was made in another tab; open it there.", "quiet");
      return;
    }
    const { inputs } = record.request;
    this.setMode(inputs.mode);
    this.box.value = inputs.prompt || inputs.messages.at(-1).content;
    this.fit();
    this.refill(record.request, false);
    this.act({ do: "rerun", record });
  }

  // Sets the controls as they were for a request; without `fresh` its seed stays for the next ones.
  refill(request, fresh) {
    genui.text.opened = { request, fresh };
    this.trigger("restore");
  }

  async judge(node) {
    const { same, sentence, error } = await genui.ask(this.server, "verdict",
      { generation: node.generation.id, record: node.original });
    this.answer(node).say(error ?? sentence, Boolean(same));
  }

  // --- drawing

  answer(node) {
    if (!this.answers.has(node)) this.answers.set(node, new genui.Answer(this, node));
    return this.answers.get(node);
  }

  sync() {
    const busy = Boolean(this.asking) || this.running();
    this.button.disabled = busy;
    this.stage.classList.toggle("busy", busy);
  }

  // The places to show, newest first.
  places() {
    if (this.mode === "chat") return this.root ? this.threads.path(this.root).reverse() : [];
    return this.threads.roots(this.mode).map((family) => this.threads.shown(family));
  }

  render() {
    const places = this.places().filter(({ variant }) => variant);
    this.fresh.hidden = this.mode !== "chat" || !places.length;
    const wanted = places.length ? places.map((place) => this.card(place)) : [this.empty()];
    wanted.forEach((node, i) => {
      if (this.list.children[i] !== node) this.list.insertBefore(node, this.list.children[i] ?? null);
    });
    while (this.list.children.length > wanted.length) this.list.lastChild.remove();
    this.drawEarlier();
    this.sync();
  }

  empty() {
    const { el } = genui, [title, line] = genui.TextTab.INVITES[this.mode];
    return el("div.gu-empty", {}, el("b", {}, title), el("p", {}, line),
      el("div.gu-row.gu-examples", {}, this.config.examples[this.mode].map((text) =>
        el("button.gu-chip", { type: "button", onclick: () => this.send(text) }, text))));
  }

  card(place) {
    const node = place.variant[0];
    if (!this.cards.has(node)) this.cards.set(node, new genui.TurnCard(this));
    const card = this.cards.get(node);
    card.show(place);
    return card.element;
  }

  drawEarlier() {
    const { el } = genui;
    const others = this.mode === "chat" ? this.threads.roots("chat").filter((family) => family !== this.root) : [];
    this.earlier.hidden = !others.length;
    if (!others.length) return;
    this.earlier.replaceChildren(el("h3", {}, "Earlier chats"), ...others.slice(0, 12).map((family) => {
      const { request } = this.threads.shown(family).variant[0];
      return el("button.gu-chip", { type: "button", onclick: () => { this.root = family; this.render(); this.stage.scrollIntoView({ block: "start" }); } },
        request.inputs.messages.at(-1).content.slice(0, 60));
    }));
  }

  // What the chart looks at while the visitor writes: the end of the thread with the draft.
  preview() {
    genui.chart.soon(() => {
      const text = this.box.value.trim(), { model, system } = genui.text.settings;
      if (!text || !model || text.length > 20_000) return [null];
      if (this.mode === "complete") return [{ model, inputs: { mode: "complete", prompt: this.box.value } }, text];
      const leaf = this.mode === "chat" ? this.leaf() : null;
      const said = leaf ? [...leaf.request.inputs.messages, { role: "assistant", content: leaf.text }] : [];
      return [{ model, inputs: { mode: this.mode, system: system ?? "", messages: [...said, { role: "user", content: text }] } }, text];
    });
  }
};

genui.tabs.text = (element, { server, watch, props, send, pin, restore }) =>
  new genui.TextTab(element, { server, watch, props, fireSend: send, firePin: pin, fireRestore: restore });
