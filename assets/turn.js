/* One exchange as a card: what the visitor said, with its branches, and one answer or two columns
   of answers. */
"use strict";

genui.TurnCard = class {
  constructor(tab) {
    const { el } = genui;
    this.tab = tab;
    this.flipper = el("div.gu-flip", { role: "group", "aria-label": "Branches" });
    this.words = el("div.gu-asked", { dir: "auto" });
    this.change = el("button.gu-quiet", { type: "button", onclick: () => this.edit() }, "Edit");
    this.ask = el("div.gu-ask", {}, this.words, el("div.gu-ask-side", {}, this.flipper, this.change));
    this.columns = el("div.gu-columns");
    this.element = el("article.gu-card.gu-turn", {}, this.ask, this.columns);
  }

  show(place) {
    this.place = place;
    const [node] = place.variant;
    const { mode, messages, prompt } = node.request.inputs;
    this.asked = mode === "complete" ? prompt : messages.at(-1).content;
    if (!this.editing) this.words.textContent = this.asked;
    this.ask.classList.toggle("given", mode === "complete" && !this.editing);
    const pair = place.variant.length > 1;
    this.columns.classList.toggle("pair", pair);
    const wanted = place.variant.map((each) => this.column(each, pair));
    if (wanted.some((column, i) => this.columns.children[i] !== column) || this.columns.children.length !== wanted.length) {
      this.columns.replaceChildren(...wanted);
    }
    this.drawFlipper();
    // hidden from eye and keyboard, but holding its place: nothing moves when the answer is there
    this.change.classList.toggle("gu-later", this.editing || !place.variant.some((each) => each.generation));
  }

  column(node, pair) {
    const answer = this.tab.answer(node);
    const { variant } = this.place, models = new Set(variant.map((each) => each.request.model));
    answer.name(pair, models.size > 1);
    answer.offer(pair && node.request.inputs.mode === "chat" ? {
      active: this.tab.threads.active(variant) === node,
      choose: () => { this.tab.threads.pick(variant, node); this.tab.render(); this.tab.preview(); },
    } : null);
    return answer.element;
  }

  drawFlipper() {
    const { family, variants, index } = this.place, { threads } = this.tab, { el } = genui;
    this.flipper.hidden = variants.length < 2;
    if (variants.length < 2) return;
    const turn = (step, label, sign) => el("button.gu-quiet", { type: "button", "aria-label": label,
      disabled: !variants[index + step], onclick: () => {
        threads.choose(family, variants[index + step]);
        this.tab.render();
        const shown = this.tab.card(threads.shown(family)).querySelector(`[aria-label="${label}"]`);
        (shown.disabled ? shown.parentElement.querySelector("button:enabled") : shown)?.focus();
      } }, sign);
    this.flipper.replaceChildren(turn(-1, "Earlier branch", "‹"),
      el("span", {}, `${index + 1}/${variants.length}`), turn(1, "Later branch", "›"));
  }

  edit() {
    const { el } = genui;
    this.editing = true;
    const box = el("textarea.gu-prompt", { "aria-label": "Edit your message", dir: "auto", rows: 3, onkeydown: (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); done(); }
      if (event.key === "Escape") { event.stopPropagation(); close(); }
    } });
    box.value = this.asked;
    const close = () => { this.editing = false; this.words.textContent = this.asked; this.show(this.place); this.change.focus(); };
    const done = () => {
      const of = this.place.variant.find((each) => each.generation).generation.id;
      this.tab.act({ do: "edit", of, text: box.value });
      close();
    };
    this.words.replaceChildren(box, el("div.gu-row", {},
      el("button.gu-chip", { type: "button", onclick: done }, "Send as a new branch"),
      el("button.gu-quiet", { type: "button", onclick: close }, "Cancel")));
    this.change.classList.add("gu-later");
    this.ask.classList.remove("given");
    box.focus();
  }
};
