/* One answer on the page: its words as they come, where its job stands, what can be done with it,
   and the strip that rates it. Knows its node (see thread.js) and tells its tab what was clicked. */
"use strict";

genui.Answer = class {
  constructor(tab, node) {
    const { el } = genui;
    this.tab = tab;
    this.node = node;
    this.mode = node.request.inputs.mode;
    this.heading = el("h3.gu-column-name");
    this.body = el("div.gu-body", { dir: "auto" });
    this.body.classList.add(`gu-${this.mode}`);
    this.status = new genui.Status(() => this.stop());
    this.meta = el("div.gu-meta");
    this.actions = el("div.gu-row.gu-actions");
    this.choice = el("button.gu-quiet", { type: "button", hidden: true });
    this.foot = el("div.gu-foot", {}, this.status.node);
    this.strip = genui.strip(tab.server, node.generation, { locked: !node.generation });
    this.element = el("div.gu-answer", {}, this.heading, this.body, this.foot, this.strip);
    this.draw();
    if (node.status !== "running") this.settle();
  }

  // The line over a column of a comparison.
  name(shown, withModel) {
    const { model, options } = this.node.request;
    this.heading.hidden = !shown;
    this.heading.textContent = [withModel ? this.tab.config.titles[model] ?? model : null,
      `temperature ${options.temperature ?? 0.7}`, `top-p ${options.top_p ?? 0.95}`].filter(Boolean).join(" · ");
  }

  // In a comparison one column is the one that the chat goes on from.
  offer(choice) {
    this.choice.hidden = !choice;
    this.choice.onclick = choice?.choose;
    this.choice.setAttribute("aria-pressed", String(Boolean(choice?.active)));
    this.choice.textContent = choice?.active ? "Chat goes on from this" : "Go on from this one";
  }

  async follow() {
    const { server } = this.tab;
    await genui.follow(server, this.node.job, (event) => this.on(event),
      (gone) => this.status.offline(gone));
  }

  on(event) {
    const { node } = this;
    this.status.on(event);
    if (event.type === "started") node.seed = event.seed;
    if (event.type === "token") {
      node.tokens.push(event);
      node.text += event.text;
      this.soon();
    }
    if (event.type === "progress" && node.tokens.length) this.status.show("Writing…");
    if (event.type === "finished") {
      this.tab.threads.settle(node, event.generation);
      node.status = event.generation.status;
      node.text = genui.Answer.whole(event.generation);
    } else if (event.type === "stopped" || event.type === "failed") {
      node.status = event.type === "failed" ? "failed" : "dropped";
      node.error = event.message;
    } else return;
    this.settle();
    this.tab.ended(node);
  }

  static whole(generation) { return generation.text ?? ""; }

  stop() {
    this.status.show("Stopping…");
    genui.ask(this.tab.server, "stop", { job: this.node.job });
  }

  // At most one drawing for each frame, however many tokens arrive.
  soon() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.draw(); });
  }

  draw() {
    const { node, body, mode } = this;
    const running = node.status === "running";
    body.classList.toggle("live", running);
    body.setAttribute("aria-busy", String(running));
    if (this.peek) { this.peek.grow(); return; }
    if (mode === "complete") {
      if (!this.words) {
        this.words = genui.el("span", {}, "");
        body.append(genui.el("span.gu-given", {}, node.request.inputs.prompt), this.words);
      }
      this.words.textContent = node.text;
    } else genui.prose.draw(body, mode === "code" ? genui.prose.codeOnly(node.text) : node.text.trimStart());
  }

  // The job is over: the words are final, the buttons take the place of the status line.
  settle() {
    const { node } = this, { el } = genui;
    this.draw();
    if (!node.generation) {
      const sentence = node.error ?? "Stopped before the first word.";
      this.foot.replaceChildren(genui.notice(sentence, node.error ? "error" : "quiet"),
        el("button.gu-chip", { type: "button", onclick: () => this.tab.retry(node) }, "Try again"));
      this.strip.hidden = true;
      return;
    }
    const button = (label, title, act) =>
      el("button.gu-quiet", { type: "button", title, onclick: act }, label);
    const copy = button("Copy", "Copy this answer", () => genui.copy(node.text, copy));
    this.peeker = button("Peek inside", "See how sure the model was of each token", () => this.toggle());
    this.peeker.setAttribute("aria-pressed", "false");
    this.actions.replaceChildren(this.peeker, copy,
      button("Regenerate", "Ask the same again with a new seed", () => this.tab.act({ do: "repeat", of: node.generation.id })),
      ...(node.status === "stopped" || node.generation.usage.finish === "length" ? [button("Continue", "Write on from here", () => this.goOn())] : []),
      button("Save", "Save as Markdown, with everything needed to repeat it", () => this.save()), this.choice);
    this.drawMeta();
    this.foot.replaceChildren(this.actions, this.meta);
    this.strip.unlock(node.generation);
  }

  drawMeta() {
    const { generation } = this.node, { el } = genui;
    const { usage, model, request, status } = generation;
    const facts = [model.title, `temperature ${request.options.temperature ?? 0.7}`];
    if (usage.tokens) facts.push(`${usage.tokens} tokens`);
    if (usage.tokens_per_second) facts.push(`${Math.round(usage.tokens_per_second)} tokens/s`);
    if (status === "stopped") facts.push("stopped");
    this.meta.replaceChildren(...facts.map((fact) => el("span", {}, fact)),
      el("button.gu-seed", { type: "button", title: "Use this seed again",
        "aria-label": `Seed ${request.seed}; use it again`,
        onclick: () => this.tab.pin(request.seed) }, `seed ${request.seed}`));
    if (this.verdict) this.meta.append(this.verdict);
  }

  say(sentence, good) {
    this.verdict = genui.el("span.gu-verdict", { role: "status" }, sentence);
    this.verdict.classList.toggle("good", good);
    this.drawMeta();
  }

  async save() {
    const answer = await genui.ask(this.tab.server, "save", { generation: this.node.generation.id });
    if (answer.error) this.tab.complain(answer.error);
    else genui.save(answer.name, answer.text, "text/markdown");
  }

  // [{id, text, logprob, top}] of the whole answer, also after a reload
  async tokens() {
    const { node } = this;
    if (node.tokens.length) return node.tokens;
    const artifact = node.generation?.artifacts.find((a) => a.name === "tokens");
    if (!artifact) return [];
    try {
      const found = await fetch(genui.media(artifact));
      node.tokens = found.ok ? await found.json() : [];
    } catch { node.tokens = []; }
    return node.tokens;
  }

  async goOn() {
    const tokens = await this.tokens();
    if (!tokens.length) { this.tab.complain("The tokens of this answer are gone; regenerate it instead."); return; }
    this.tab.act({ do: "grow", of: this.node.generation.id, ids: tokens.map((t) => t.id),
      text: tokens.map((t) => t.text).join("") });
  }

  async toggle() {
    if (this.peek) {
      this.peek.close();
      this.peek = null;
      this.body.replaceChildren();
      this.body.drawn = this.words = null;
      this.draw();
    } else {
      const tokens = await this.tokens();
      if (!tokens.length) { this.tab.complain("The tokens of this answer are gone; regenerate it to look inside."); return; }
      this.peek = new genui.Peek(this, tokens);
      this.body.replaceChildren(this.peek.element);
    }
    this.body.classList.toggle("open", Boolean(this.peek));
    this.peeker.setAttribute("aria-pressed", String(Boolean(this.peek)));
    this.peeker.textContent = this.peek ? "Close" : "Peek inside";
  }
};
