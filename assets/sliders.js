/* The sliders of the Latent space tab: named directions and those that were found without names,
   each with what it was measured to do. One can be locked, so that the others leave it alone. */
"use strict";

genui.Sliders = class {
  static FIRST = 6; // found directions that are shown before "Show all"
  static WORKS = 0.05; // a named direction that does less often what it says is no slider

  constructor(tab) {
    const { el } = genui;
    Object.assign(this, { tab, rows: new Map() });
    const tool = (label, act) => el("button.gu-quiet", { type: "button", onclick: act }, label);
    this.undo = tool("Undo", () => tab.back(-1));
    this.redo = tool("Redo", () => tab.back(1));
    this.reset = tool("Reset all", () => this.zero());
    this.list = el("div.gu-knob-list");
    this.node = el("section.gu-knobs", { "aria-label": "Sliders" },
      el("div.gu-knob-head", {}, el("h3", {}, "Change it"), this.undo, this.redo, this.reset), this.list);
  }

  // The directions of another model.
  load(world) {
    const { el } = genui, { FIRST, WORKS } = genui.Sliders;
    const named = world.about.directions.filter(({ kind, accuracy }) => kind === "attribute" && (accuracy ?? 1) >= WORKS);
    const found = world.about.directions.filter(({ kind }) => kind === "found");
    this.rows.clear();
    const rows = (directions) => directions.map((direction) => this.row(direction));
    const rest = found.length > FIRST ? el("details.gu-knob-rest", {}, el("summary", {}, `Show ${found.length - FIRST} more`), rows(found.slice(FIRST))) : null;
    this.list.replaceChildren(
      named.length ? el("h4", {}, "By name", el("small", {}, "learned from labelled pictures")) : "", ...rows(named),
      found.length ? el("h4", {}, "Found without names", el("small", {}, "strongest first; say yourself what they do")) : "", ...rows(found.slice(0, FIRST)), rest ?? "",
      el("h4", {}, "Truncation", el("small", {}, "below 1 nearer to the average: cleaner, less varied")), this.truncation());
    this.show(world);
  }

  // A slider that undo takes back in one piece, however long it was dragged.
  slide(attributes, moved) {
    const input = genui.picture.slider(attributes, ({ value }) => moved(Number(value)));
    input.addEventListener("change", () => this.tab.settle());
    return input;
  }

  row(direction) {
    const { el } = genui, { name, title, low, high, range } = direction;
    const said = el("output", {}, "0");
    const input = this.slide({ min: String(range[0]), max: String(range[1]), step: "0.05", value: "0", "aria-label": title }, (amount) => this.move(name, amount));
    input.classList.add("two-way");
    const lock = el("button.gu-tool.gu-lock", { type: "button", "aria-pressed": "false", "aria-label": `Lock ${title}`,
      title: "Locked: no other slider changes it", onclick: () => this.lock(name) }, genui.icon(genui.picture.icons.unlock));
    const zero = el("button.gu-tool.gu-zero", { type: "button", "aria-label": `Reset ${title}`, title: "Back to 0",
      onclick: () => { this.move(name, 0); this.tab.settle(); } }, genui.icon(genui.Sliders.ZERO));
    const node = el("div.gu-knob", { role: "group", "aria-label": title }, el("div.gu-knob-top", {}, el("b", {}, title), said, zero, lock),
      input, el("div.gu-knob-ends", {}, el("span", {}, low), el("small", { title: this.whole(direction) }, this.measured(direction)), el("span", {}, high)));
    this.rows.set(name, { input, said, lock, zero, node });
    return node;
  }

  static ZERO = "M5 12a7 7 0 1 0 2.200-5.100M5 5v4h4";

  // What was measured, in as few words as there is room for.
  measured({ kind, accuracy, leakage, effect }) {
    const [most] = Object.entries(leakage).sort((a, b) => b[1] - a[1]), share = (part) => `${Math.round(100 * part)} %`;
    const facts = [];
    if (accuracy !== null && accuracy !== undefined) facts.push(`right ${share(accuracy)}`);
    if (most && most[1] >= 0.005) facts.push(`${genui.said(most[0])} changes ${share(most[1])}`);
    if (kind === "found" && !facts.length) facts.push(`changes ${share(effect / 2)} of the picture`);
    return facts.join(" · ");
  }

  whole({ accuracy, leakage }) {
    const leaks = Object.entries(leakage).map(([head, part]) => `${genui.said(head)} ${Math.round(100 * part)} %`);
    return [accuracy ? `Two steps do what the slider says in ${Math.round(100 * accuracy)} % of pictures.` : "",
      leaks.length ? `In so many something else changes too: ${leaks.join(", ")}.` : ""].filter(Boolean).join(" ");
  }

  truncation() {
    const { el } = genui, said = el("output", {}, "1");
    const input = this.slide({ min: "0", max: "1.5", step: "0.05", value: "1", "aria-label": "Truncation" }, (truncation) => this.tab.change({ truncation }));
    this.cut = { input, said };
    return el("div.gu-knob", {}, el("div.gu-knob-top", {}, el("b", {}, "To the average"), said), input,
      el("div.gu-knob-ends", {}, el("span", {}, "average"), el("span", {}, "wilder")));
  }

  move(name, amount) { this.tab.change({ moves: { ...this.tab.world.now.moves, [name]: amount } }); }

  lock(name) {
    const { locked } = this.tab.world.now;
    this.tab.change({ locked: locked.includes(name) ? locked.filter((each) => each !== name) : [...locked, name] });
    this.tab.settle();
  }

  // Everything that is not locked back to nothing.
  zero() {
    const { moves, locked } = this.tab.world.now;
    this.tab.change({ moves: Object.fromEntries(Object.entries(moves).filter(([name]) => locked.includes(name))), truncation: 1 });
    this.tab.settle();
  }

  show(world) {
    const { now } = world, write = (amount) => (amount > 0 ? `+${amount.toFixed(2)}` : amount.toFixed(2).replace("-", "−")).replace(/\.?0+$/, "") || "0";
    for (const [name, { input, said, lock, zero, node }] of this.rows) {
      const amount = now.moves[name] ?? 0, held = now.locked.includes(name);
      if (Number(input.value) !== amount) input.put(amount);
      said.textContent = write(amount);
      zero.disabled = !amount;
      node.classList.toggle("moved", Boolean(amount));
      node.classList.toggle("locked", held);
      if ((lock.getAttribute("aria-pressed") === "true") !== held) {
        lock.setAttribute("aria-pressed", String(held));
        lock.replaceChildren(genui.icon(genui.picture.icons[held ? "lock" : "unlock"]));
      }
    }
    if (Number(this.cut.input.value) !== now.truncation) this.cut.input.put(now.truncation);
    this.cut.said.textContent = now.truncation.toFixed(2).replace(/\.?0+$/, "");
    this.undo.disabled = !world.past.length && world.now === world.kept;
    this.redo.disabled = !world.future.length;
    this.reset.disabled = now.truncation === 1 && !Object.entries(now.moves).some(([name, amount]) => amount && !now.locked.includes(name));
  }
};

// "hair_color" → "hair colour": how the page says what a judge calls an attribute.
genui.said = (head) => head.replaceAll("_", " ").replaceAll("-", " ").replace("color", "colour");
