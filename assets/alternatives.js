/* What else could stand at a note: for each decision that led to it (how long, which note) the
   likeliest answers with their probabilities; choosing one composes on from there. */
"use strict";

// `choose(token, id)` hears the choice: another id in the place of a token event.
genui.Alternatives = class {
  constructor(choose) {
    this.choose = choose;
    this.node = genui.el("div.gu-pop.gu-note-pop", { role: "dialog", hidden: true, onkeydown: (event) => this.key(event) });
    this.outside = (event) => { if (!this.node.hidden && !event.target.closest?.(".gu-note-pop, .gu-score, .gu-rail")) this.hide(); };
    document.addEventListener("pointerdown", this.outside);
  }

  close() { document.removeEventListener("pointerdown", this.outside); }

  // title: of the note; tokens: the token events that made it, the last one first; key: of the tune;
  // free: whether one may choose; back: takes the focus when it closes.
  show({ title, tokens, key, free, back = null }, left, top) {
    const { el } = genui;
    this.back = back;
    const shown = tokens.filter((token) => token.top?.length > 1);
    const hint = !tokens.length ? "This note was given, not composed." : !shown.length ? "Nothing else would fit here."
      : free ? "Choose another and the tune goes on from there" : "While it composes you can look; choose when it is done";
    this.node.setAttribute("aria-label", `What else could stand at ${title}`);
    this.node.replaceChildren(el("b.gu-note-name", {}, title), el("p", {}, hint),
      ...shown.flatMap((token) => this.group(token, key, free)));
    this.node.hidden = false;
    const room = this.node.parentElement.clientWidth - this.node.offsetWidth;
    this.node.style.left = `${Math.max(0, Math.min(left, room))}px`;
    this.node.style.top = `${top}px`;
  }

  group(token, key, free) {
    const { el, notes } = genui, rows = [...token.top];
    if (!rows.some(([id]) => id === token.id)) rows.push([token.id, token.text, token.logprob]);
    return [el("h4", {}, notes.question(token.text)), ...rows.map(([id, text, logprob]) => {
      const chosen = id === token.id, p = Math.exp(logprob ?? 0), bar = el("i");
      bar.style.width = `${Math.max(1, p * 100)}%`;
      return el("button.gu-alt", { type: "button", disabled: chosen || !free, "aria-current": chosen ? "true" : null,
        title: chosen ? "This is what it chose" : "", onclick: () => { this.hide(); this.choose(token, id); } },
      el("span.gu-alt-bar", {}, bar), el("code", {}, notes.token(text, key)), el("span", {}, genui.percent(p)));
    })];
  }

  focus() { this.node.querySelector("button:enabled")?.focus(); }

  hide() {
    this.node.hidden = true;
    this.back?.focus({ preventScroll: true });
    this.back = null;
  }

  key(event) {
    const rows = [...this.node.querySelectorAll("button:enabled")], at = rows.indexOf(document.activeElement);
    if (event.key === "ArrowDown") rows[Math.min(rows.length - 1, at + 1)]?.focus();
    else if (event.key === "ArrowUp") rows[Math.max(0, at - 1)]?.focus();
    else if (event.key === "Escape") this.hide();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
};
