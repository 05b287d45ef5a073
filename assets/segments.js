/* A row of choices of which one is on; arrow keys move along it. */
"use strict";

// choices: [value, what a button shows (text or nodes), its spoken name or null]; `choose(value)`
// hears what a visitor picks; `put(value)` shows it.
genui.Segments = class {
  constructor(label, choices, choose) {
    const { el } = genui;
    Object.assign(this, { choose, buttons: choices.map(([value, shown, spoken = null]) => el("button", { type: "button", role: "radio",
      "data-value": value, "aria-label": spoken, onclick: () => choose(value) }, shown)) });
    this.node = el("div.gu-segmented", { role: "radiogroup", "aria-label": label, onkeydown: (event) => this.move(event) }, this.buttons);
  }

  move(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key], { length } = this.buttons;
    if (!step) return;
    event.preventDefault();
    const at = this.buttons.findIndex((button) => button.getAttribute("aria-checked") === "true");
    const next = this.buttons[(at + step + length) % length];
    this.choose(next.dataset.value);
    next.focus();
  }

  put(value) {
    for (const button of this.buttons) {
      const on = button.dataset.value === value;
      button.setAttribute("aria-checked", String(on));
      button.tabIndex = on ? 0 : -1;
    }
  }
};
