/* Inside an answer: every token tinted by how surprised the model was, its alternatives in a
   popover, a branch from any of them. Everything comes with the token; hovering asks nobody. */
"use strict";

// Makes blanks and line ends visible where a token stands alone.
genui.visible = (text) => text.replaceAll("\n", "⏎").replaceAll("\t", "⇥").replace(/^ +| +$/g, (s) => "·".repeat(s.length)) || "(nothing)";

genui.percent = (p) => (p >= 0.1 ? `${Math.round(p * 100)} %` : p >= 0.001 ? `${(p * 100).toFixed(1)} %` : "< 0.1 %");

genui.Peek = class {
  static SURE = 6; // nats of surprise at which the tint is full; e^-6 is 1 in 400

  constructor(answer, tokens) {
    const { el } = genui;
    this.answer = answer;
    this.tokens = tokens;
    this.at = 0;
    this.block = el("div.gu-tokens", { role: "group", onkeydown: (event) => this.key(event),
      "aria-label": "Tokens; arrow keys move, Enter shows the alternatives" });
    this.popover = el("div.gu-pop", { role: "dialog", hidden: true, onkeydown: (event) => this.popKey(event),
      onpointerenter: () => clearTimeout(this.leaving), onpointerleave: (event) => this.leave(event) });
    const { prompt, prefix_text: begun } = answer.node.request.inputs;
    const given = answer.mode === "complete" ? prompt + (begun ?? "") : begun;
    this.element = el("div.gu-peek", {},
      el("div.gu-legend", { "aria-hidden": "true" }, "sure", el("i"), "surprised",
        el("span", {}, "hover, tap or Enter for what else it could have said")),
      el("div.gu-words", {}, given ? el("span.gu-given", {}, given) : null, this.block), this.popover);
    this.outside = (event) => { if (!this.element.contains(event.target)) this.hide(); };
    document.addEventListener("pointerdown", this.outside);
    this.grow();
  }

  close() { document.removeEventListener("pointerdown", this.outside); }

  grow() {
    for (let i = this.block.childElementCount; i < this.tokens.length; i += 1) this.block.append(this.span(i));
  }

  span(i) {
    const { text, logprob } = this.tokens[i];
    const surprise = Math.min(1, -(logprob ?? 0) / genui.Peek.SURE);
    const shown = text.replaceAll("\n", "⏎\n");
    const node = genui.el("span.gu-token", { role: "button", tabindex: i === this.at ? "0" : "-1",
      "aria-haspopup": "dialog", "aria-label": `${genui.visible(text)}, ${genui.percent(Math.exp(logprob ?? 0))}`,
      onpointerenter: (event) => { if (event.pointerType === "mouse" && !this.pinned) this.show(i); },
      onpointerleave: (event) => this.leave(event), onclick: () => this.pin(i) }, shown);
    node.style.setProperty("--surprise", surprise.toFixed(2));
    return node;
  }

  leave(event) {
    if (this.pinned || event.pointerType !== "mouse") return;
    clearTimeout(this.leaving);
    this.leaving = setTimeout(() => this.hide(), 160);
  }

  pin(i) {
    this.pinned = true;
    this.show(i);
    this.move(i, false);
    const { inputs } = this.answer.node.request;
    const before = this.tokens.slice(0, i);
    genui.chart.look({ model: this.answer.node.request.model, inputs: { ...inputs,
      prefix: [...(inputs.prefix ?? []), ...before.map((t) => t.id)],
      prefix_text: (inputs.prefix_text ?? "") + before.map((t) => t.text).join("") } },
      (inputs.mode === "complete" ? inputs.prompt : "") + before.map((t) => t.text).join(""));
  }

  show(i) {
    const { el } = genui;
    clearTimeout(this.leaving);
    const token = this.tokens[i], span = this.block.children[i];
    this.block.querySelector(".gu-token.on")?.classList.remove("on");
    span.classList.add("on");
    const rows = [...token.top];
    if (!rows.some(([id]) => id === token.id)) rows.push([token.id, token.text, token.logprob]);
    this.popover.setAttribute("aria-label", `What else could stand at ${genui.visible(token.text)}`);
    this.popover.replaceChildren(
      el("p", {}, rows.length > 1 ? "Choose one and the text goes on from there" : "No alternatives were kept"),
      ...rows.map(([id, text, logprob]) => this.row(i, id, text, logprob, id === token.id)));
    this.popover.hidden = false;
    this.place(span);
  }

  row(i, id, text, logprob, chosen) {
    const { el } = genui, p = Math.exp(logprob ?? 0);
    const fixed = chosen || !text || !this.answer.node.generation;
    const bar = el("i");
    bar.style.width = `${Math.max(1, p * 100)}%`;
    return el("button.gu-alt", { type: "button", disabled: fixed, "aria-current": chosen ? "true" : null,
      title: chosen ? "This is what it said" : "", onclick: () => this.branch(i, id, text) },
      el("span.gu-alt-bar", {}, bar), el("code", {}, text ? genui.visible(text) : "(end)"),
      el("span", {}, genui.percent(p)));
  }

  place(span) {
    const box = this.element.getBoundingClientRect();
    const spot = span.getClientRects()[0] ?? span.getBoundingClientRect();
    const left = Math.min(spot.left - box.left, box.width - this.popover.offsetWidth);
    this.popover.style.left = `${Math.max(0, left)}px`;
    this.popover.style.top = `${spot.bottom - box.top + 6}px`;
  }

  hide() {
    this.pinned = false;
    this.popover.hidden = true;
    this.block.querySelector(".gu-token.on")?.classList.remove("on");
  }

  branch(i, id, text) {
    const before = this.tokens.slice(0, i);
    this.hide();
    this.answer.tab.act({ do: "grow", of: this.answer.node.generation.id,
      ids: [...before.map((t) => t.id), id], text: before.map((t) => t.text).join("") + text });
  }

  // Roving focus: one stop for Tab, arrows inside.
  move(i, preview = true) {
    const next = Math.min(this.tokens.length - 1, Math.max(0, i));
    this.block.children[this.at]?.setAttribute("tabindex", "-1");
    this.at = next;
    this.block.children[next].setAttribute("tabindex", "0");
    this.block.children[next].focus();
    if (preview) { this.pinned = false; this.show(next); }
  }

  key(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step) this.move(this.at + step);
    else if (event.key === "Home") this.move(0);
    else if (event.key === "End") this.move(this.tokens.length - 1);
    else if (event.key === "Enter" || event.key === " ") {
      this.pin(this.at);
      this.popover.querySelector("button:enabled")?.focus();
    } else if (event.key === "Escape" && !this.popover.hidden) this.hide();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  popKey(event) {
    const rows = [...this.popover.querySelectorAll("button:enabled")];
    const at = rows.indexOf(document.activeElement);
    if (event.key === "ArrowDown") rows[Math.min(rows.length - 1, at + 1)]?.focus();
    else if (event.key === "ArrowUp") rows[Math.max(0, at - 1)]?.focus();
    else if (event.key === "Escape") { this.hide(); this.block.children[this.at].focus(); }
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
};
