/* The X/Y grid: a form for two settings and their values, and the labelled table of what came out. */
"use strict";

genui.axes = (() => {
  const { el } = genui;
  // option -> [what it is called, values to begin with]
  const AXES = {
    steps: ["Steps", "1, 2, 4, 8"], guidance: ["Guidance", "1, 3, 6"], seed: ["Seed", "1, 2, 3, 4"],
    scheduler: ["Scheduler", ""], prompt: ["Prompt", ""], variation: ["Variation", "0, 0.2, 0.4, 0.6"],
    strength: ["Strength", "0.3, 0.5, 0.7, 0.9"],
  };

  const name = (axis) => AXES[axis]?.[0] ?? axis;

  // The label of one place of an axis.
  function say(axis, at) {
    const value = axis.values[at];
    return axis.name === "prompt" ? String(value) : `${name(axis.name)} ${value}`;
  }

  // Words are separated by ";" (prompts have commas in them), everything else by commas.
  function values(axis, text) {
    const parts = text.split(axis === "prompt" ? ";" : /[,;\s]+/).map((part) => part.trim()).filter(Boolean);
    if (axis === "prompt" || axis === "scheduler") return parts;
    return parts.map((part) => (Number.isFinite(Number(part)) ? Number(part) : part));
  }

  class Form {
    // `schedulers` are the names of all; `changed()` is called when the number of pictures may be another.
    constructor({ schedulers, cells }, changed) {
      Object.assign(this, { schedulers, cells, changed });
      this.x = this.row("Columns", "steps", false);
      this.y = this.row("Rows", "guidance", true);
      this.said = el("span.gu-axes-said", { role: "status" });
      this.node = el("div.gu-axes", {}, this.x.node, this.y.node, this.said);
      this.count();
    }

    row(title, first, optional) {
      const text = el("input.gu-field", { type: "text", autocomplete: "off", "aria-label": `${title}: values`, oninput: () => this.count() });
      const pick = el("select.gu-pick", { "aria-label": `${title}: setting`, onchange: () => this.fill({ pick, text }) },
        optional ? el("option", { value: "" }, "nothing") : null,
        Object.entries(AXES).map(([value, [label]]) => el("option", { value }, label)));
      pick.value = first;
      const row = { pick, text, node: el("div.gu-axis", {}, el("b", {}, title), pick, text) };
      this.fill(row);
      return row;
    }

    fill({ pick, text }) {
      const axis = pick.value;
      text.disabled = !axis;
      text.value = axis === "scheduler" ? this.schedulers.slice(1, 5).join(", ") : AXES[axis]?.[1] ?? "";
      text.placeholder = axis === "prompt" ? "a cat; a dog; a fox" : "";
      if (this.said) this.count();
    }

    axis({ pick, text }) { return pick.value ? { name: pick.value, values: values(pick.value, text.value) } : null; }

    count() {
      const x = this.axis(this.x), y = this.axis(this.y), n = x.values.length * (y?.values.length ?? 1);
      this.said.textContent = n > this.cells ? `${n} pictures; at most ${this.cells} fit into a grid.` : n === 1 ? "1 picture" : `${n} pictures`;
      this.changed?.();
    }

    // {x, y} for the options of a request, or a sentence on what is missing.
    read() {
      const x = this.axis(this.x), y = this.axis(this.y);
      const empty = [[x, "columns"], [y, "rows"]].find(([axis]) => axis && !axis.values.length);
      if (empty) return { error: `Write the values for the ${empty[1]} first, such as ${AXES[empty[0].name][1] || "a cat; a dog"}.` };
      return y ? { x, y } : { x };
    }

    put({ x, y }) {
      for (const [row, axis] of [[this.x, x], [this.y, y]]) {
        row.pick.value = axis?.name ?? "";
        row.text.disabled = !axis;
        row.text.value = axis ? axis.values.join(axis.name === "prompt" ? "; " : ", ") : "";
      }
      this.count();
    }
  }

  // The board of a grid card: column heads, then a head and its pictures for each row.
  function table(card) {
    const { x, y } = card.request.options;
    const head = (axis, at) => el("div.gu-axis-head", { dir: "auto" }, el("span", {}, name(axis.name)), el("b", {}, String(axis.values[at])));
    const tops = x.values.map((_, i) => head(x, i));
    const rows = (y?.values ?? [null]).flatMap((_, j) => [y ? head(y, j) : el("div"),
      ...card.tiles.slice(j * x.values.length, (j + 1) * x.values.length).map((tile) => tile.node)]);
    card.board.classList.toggle("rows", Boolean(y));
    return y ? [el("div"), ...tops, ...rows] : [...tops, ...card.tiles.map((tile) => tile.node)];
  }

  return { Form, say, table, name };
})();
