/* Two tunes side by side, made of the same wish and seed by two models; the better one is a vote that
   training may learn from. */
"use strict";

genui.Duet = class Duet {
  // Whether two requests ask two models for the same.
  static same(one, other) {
    const wish = ({ inputs, options, seed }) => JSON.stringify([inputs, Object.entries(options).sort(), seed]);
    return one.model !== other.model && wish(one) === wish(other);
  }

  constructor(tab, cards) {
    const { el } = genui, models = Object.keys(tab.titles);
    cards.sort((one, other) => models.indexOf(one.request.model) - models.indexOf(other.request.model));
    Object.assign(this, { tab, cards });
    for (const card of cards) card.duet = this;
    this.said = el("span.gu-set-said", { role: "status" });
    this.buttons = cards.map((card, at) => el("button.gu-chip", { type: "button", "aria-pressed": "false", disabled: true, onclick: () => this.choose(at) },
      tab.titles[card.request.model] ?? card.request.model));
    this.undo = el("button.gu-quiet", { type: "button", hidden: true, onclick: () => this.choose(this.chosen, true) }, "Undo");
    this.vote = el("div.gu-row.gu-vote", { role: "group", "aria-label": "Which one is better?" }, el("b", {}, "Which one is better?"), this.buttons, this.undo, this.said);
    this.vote.hidden = genui.feedback.mode === "off";
    this.node = el("section.gu-duet", { "aria-label": "Two models, the same wish" }, el("div.gu-duet-pair", {}, cards.map((card) => card.node)), this.vote);
    this.update();
  }

  // Who has listened to both may say which is better.
  update() {
    const [first, second] = this.cards, known = this.cards.every((card) => card.generation);
    const before = this.cards.findIndex((card, at) => card.generation?.better_than?.includes(this.cards[1 - at].generation?.id));
    if (before >= 0 && this.chosen === undefined) this.mark(before);
    const open = known && (first.unlocked && second.unlocked);
    for (const button of this.buttons) button.disabled = !open;
    if (!open && this.chosen === undefined) this.said.textContent = "Listen to both for a moment.";
    else if (this.chosen === undefined) this.said.textContent = "";
  }

  mark(at) {
    this.chosen = at;
    this.buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(i === at)));
    this.undo.hidden = at === null;
  }

  async choose(at, withdrawn = false) {
    const ids = this.cards.map((card) => card.generation.id);
    this.said.textContent = "Saving…";
    const answer = await genui.ask(this.tab.server, "prefer", { chosen: ids[at], others: [ids[1 - at]], side: true, withdrawn });
    if (answer.error) { this.said.textContent = answer.error; return; }
    this.mark(withdrawn ? null : at);
    this.said.textContent = withdrawn ? "Taken back." : "Thanks.";
  }

  // One of the two went: the other stands alone.
  part() {
    for (const card of this.cards) card.duet = null;
    this.node.replaceWith(...this.cards.filter((card) => !card.closed).map((card) => card.node));
  }
};
