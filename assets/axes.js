/* The X/Y grid: a form for two settings and their values, and the labelled table of what came out. */
"use strict";

genui.axes = (() => {
  const { el } = genui;
  // option -> [what it is called, values to begin with]
  const AXES = {
    steps: ["Steps", "1, 2, 4, 8"], guidance: ["Guidance", "1, 3, 6"], seed: ["Seed", "1, 2, 3, 4"],
    scheduler: ["Scheduler", ""], prompt: ["Prompt", ""], style: ["Style", ""], negative: ["Without", ""],
    size: ["Size", ""], variation: ["Variation", "0, 0.2, 0.4, 0.6"], strength: ["Strength", "0.3, 0.5, 0.7, 0.9"], clean: ["Clean", "off, on"],
    transparent: ["Transparent", "off, on"],
  };
  const WORDS = ["prompt", "style", "negative"]; // with commas in them, so ";" stands between them
  const HINTS = { prompt: "a cat; a dog; a fox", negative: "text; a frame", style: "3d style; flat", size: "128 × 128, 192 × 128" };

  const name = (axis) => AXES[axis]?.[0] ?? axis;

  // The label of one place of an axis.
  function say(axis, at) {
    const value = axis.values[at];
    return axis.name === "prompt" ? String(value) : `${name(axis.name)} ${value}`;
  }

  function values(axis, text) {
    const between = WORDS.includes(axis) ? ";" : axis === "size" ? /[,;]/ : /[,;\s]+/;
    const parts = text.split(between).map((part) => part.trim()).filter(Boolean);
    if (WORDS.includes(axis) || axis === "scheduler" || axis === "size") return parts;
    return parts.map((part) => (Number.isFinite(Number(part)) ? Number(part) : part));
  }

  class Form {
    // `changed()` is called when other settings are chosen.
    constructor(config, changed) {
      Object.assign(this, { config, changed, cells: config.cells });
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
      text.value = this.begin(axis);
      text.placeholder = HINTS[axis] ?? "";
      if (!this.said) return; // both rows are not there yet
      this.count();
      this.changed();
    }

    // Whether the grid varies how much is left of a picture to start from.
    get starts() { return [this.x, this.y].some(({ pick }) => pick.value === "strength"); }

    // Values to begin with, as far as the model and the controls say them.
    begin(axis) {
      const { model, size } = genui.image.settings, { schedulers, models } = this.config;
      if (axis === "scheduler") return schedulers.slice(1, 5).join(", ");
      if (axis === "style") return (models[model]?.styles ?? []).slice(0, 4).map(([, words]) => words).join("; ");
      const [, wide, high] = /(\d+)\D+(\d+)/.exec(String(size)) ?? [];
      if (axis === "size" && wide) return `${wide} × ${high}, ${wide * 1.5} × ${high}`;
      return AXES[axis]?.[1] ?? "";
    }

    axis({ pick, text }) { return pick.value ? { name: pick.value, values: values(pick.value, text.value) } : null; }

    count() {
      const x = this.axis(this.x), y = this.axis(this.y), n = x.values.length * (y?.values.length ?? 1);
      this.said.textContent = n > this.cells ? `${n} pictures; at most ${this.cells} fit into a grid.` : n === 1 ? "1 picture" : `${n} pictures`;
    }

    // {x, y} for the options of a request, or a sentence on what is missing.
    read() {
      const x = this.axis(this.x), y = this.axis(this.y);
      const empty = [[x, "columns"], [y, "rows"]].find(([axis]) => axis && !axis.values.length);
      if (empty) return { error: `Write the values for the ${empty[1]} first, such as ${AXES[empty[0].name][1] || HINTS[empty[0].name] || "ddim, euler"}.` };
      return y ? { x, y } : { x };
    }

    // `bare(prompt)` is a prompt without the style that is chosen.
    put({ x, y }, bare) {
      for (const [row, axis] of [[this.x, x], [this.y, y]]) {
        row.pick.value = axis?.name ?? "";
        row.text.disabled = !axis;
        row.text.placeholder = HINTS[axis?.name] ?? "";
        row.text.value = axis ? axis.values.map((value) => (axis.name === "prompt" ? bare(value) : value)).join(WORDS.includes(axis.name) ? "; " : ", ") : "";
      }
      this.count();
      this.changed();
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
