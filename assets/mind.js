/* Inside a music model while it reads its tune: the transformer's attention from the marked note back
   to the others, or how strongly the LSTM's memory changes at each note, as colour in the score. */
"use strict";

genui.Mind = class {
  static SAID = {
    attention: "The stronger the colour, the more the model looks back at that note from the marked one. Choose another note to see its view.",
    state: "The stronger the colour, the more the model’s memory changes at that note.",
  };

  constructor(card) {
    this.card = card;
    this.said = genui.el("p.gu-mind", { role: "status", hidden: true });
  }

  // Notes and rests that the model read are the written events, in order.
  async show(on) {
    this.on = on;
    this.said.hidden = !on;
    if (on && !this.seen) {
      this.said.textContent = "Reading the tune…";
      const { card } = this, answer = await genui.ask(card.server, "look", { model: card.request.model, tokens: card.row });
      this.said.textContent = answer.error ?? genui.Mind.SAID[answer.kind];
      if (answer.error) return;
      this.seen = answer;
      if (answer.kind === "attention" && card.score.at < 0) card.score.show(Math.min(answer.notes, card.score.events.length) - 1, false);
    }
    if (this.on === on) this.tint();
  }

  tint() {
    const { score } = this.card, { seen } = this;
    if (!this.on || !seen) return;
    if (seen.kind === "state") score.tints = (at) => seen.norms[at] ?? null;
    else {
      const row = seen.matrix[score.at] ?? [], most = Math.max(1e-9, ...row.filter((_, at) => at !== score.at));
      score.tints = (at) => (at === score.at || row[at] === undefined ? null : Math.min(1, row[at] / most));
    }
    score.tint();
  }
};
