/* Sheet music: ABC that our server wrote, engraved by abcjs, with a cursor. It may grow while it
   plays: a new engraving takes the old one's place when it is whole, at most twice a second. */
"use strict";

// The engraver, fetched when music is first shown.
genui.engraver = () => {
  genui.engraving ??= new Promise((done, failed) => {
    document.head.append(genui.el("script", { src: "genui/assets/vendor/abcjs-basic-min.js",
      onload: () => done(window.ABCJS), onerror: () => { genui.engraving = null; failed(new Error("offline")); } }));
  });
  return genui.engraving;
};

// `pick(event)` hears which written event (notes and rests, from 0) a visitor chose.
genui.Score = class Score {
  static PAUSE = 500; // ms between engravings
  static LINE = 4;    // bars of a line; half as many where it is narrow

  constructor(label, pick = null) {
    const { el } = genui;
    Object.assign(this, { pick, events: [], abc: "", at: -1, bars: 0, total: 0, drawn: 0, tints: () => null });
    this.paper = el("div.gu-paper", { "aria-hidden": "true" });
    this.draft = el("div.gu-paper.gu-paper-draft", { "aria-hidden": "true" });
    this.bar = el("i.gu-score-cursor", { "aria-hidden": "true", hidden: true });
    this.said = el("span.gu-sr", { "aria-live": "polite" });
    this.node = el("div.gu-score", { tabIndex: pick ? 0 : -1, role: pick ? "group" : "img", "aria-label": label,
      onclick: (event) => this.click(event), onkeydown: (event) => this.key(event) },
    el("div.gu-score-in", {}, this.paper, this.bar, this.draft), this.said);
    this.resized = new ResizeObserver(() => { if (this.width() !== this.wide) this.draw(); });
    this.resized.observe(this.node);
  }

  close() { this.resized.disconnect(); clearTimeout(this.timer); }

  width() { return Math.floor(this.paper.clientWidth); }

  // `bars` are written of `total`, so that room for the rest can be kept free.
  put(abc, bars = 0, total = 0) {
    if (abc === this.abc) return;
    Object.assign(this, { abc, bars, total });
    const wait = Math.max(0, this.drawn + Score.PAUSE - performance.now());
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.draw(), wait);
  }

  async draw() {
    if (!this.abc || !this.width() || !this.node.isConnected) return;
    let ABCJS;
    try { ABCJS = await genui.engraver(); } catch { this.timer = setTimeout(() => this.draw(), 3000); return; }
    this.drawn = performance.now();
    this.wide = this.width();
    const narrow = this.wide < 520, scale = narrow ? 0.9 : 1;
    this.draft.style.width = `${this.wide}px`;
    let line = narrow ? Score.LINE / 2 : Score.LINE, engraved = null, needed = 0;
    for (;; line /= 2) { // bars with very many notes need lines of fewer
      ABCJS.renderAbc(this.draft, Score.bare(this.abc, line), { scale, add_classes: true, staffwidth: this.wide - 2, stretchlast: 0.8,
        paddingleft: 0, paddingright: 0, paddingtop: 4, paddingbottom: 4, ariaLabel: "" });
      engraved = this.draft.firstElementChild;
      if (!engraved) return;
      needed = Math.max(...[...engraved.querySelectorAll(".abcjs-staff")].map((staff) => { const { x, width } = staff.getBBox(); return (x + width) * scale; }));
      if (needed <= this.wide * 1.1 || line === 1) break;
    }
    if (needed > this.wide + 1) Score.shrink(engraved, this.wide / needed);
    const lines = Math.ceil(this.bars / line), all = Math.ceil(Math.max(this.total, this.bars) / line);
    const tall = engraved.getBoundingClientRect().height || parseFloat(engraved.getAttribute("height")) || 0;
    this.paper.style.minHeight = `${Math.ceil(Math.max(all > lines ? tall / Math.max(1, lines) * all : 0, tall))}px`;
    this.paper.replaceChildren(...this.draft.childNodes);
    this.draft.removeAttribute("style");
    this.events = [...this.paper.querySelectorAll(".abcjs-note, .abcjs-rest")];
    this.tint();
    const { at } = this;
    this.at = -1;
    this.show(at, false);
  }

  static shrink(svg, share) {
    const [width, height] = ["width", "height"].map((name) => parseFloat(svg.getAttribute(name)));
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("width", width * share);
    svg.setAttribute("height", height * share);
  }

  // Only what is engraved: titles stand elsewhere on the page. Lines have as many bars as fit; a
  // pickup counts as none.
  static bare(abc, bars) {
    const lines = abc.split("\n").filter((line) => line && !/^[TRQS]:/.test(line));
    if (bars === Score.LINE) return lines.join("\n");
    const [, beats, unit] = /^M:(\d+)\/(\d+)/m.exec(abc) ?? [0, 4, 4], whole = 8 * beats / unit;
    return lines.map((line) => {
      if (/^[A-Z]:/.test(line)) return line;
      const parts = line.match(/(?:\|:)?[^|]+(?::?\|[|\]]?)?/g) ?? [line], rows = [];
      const first = Score.eighths(parts[0]) < whole - 0.5 ? bars + 1 : bars;
      for (let i = 0; i < parts.length; i += rows.length > 1 ? bars : first) rows.push(parts.slice(i, i + (i ? bars : first)).join(""));
      return rows.join("\n");
    }).join("\n");
  }

  // About how many eighths a bar lasts.
  static eighths(bar) {
    return [...bar.replace(/"[^"]*"/g, "").matchAll(/[A-Ga-gz][,']*(\d*)(\/?)(\d*)/g)]
      .reduce((sum, [, over, slash, under]) => sum + (Number(over) || 1) / (slash ? Number(under) || 2 : 1), 0);
  }

  // Colours events by `tints(event)`: 0 for sure to 1 for surprised, null for none.
  tint() {
    this.events.forEach((node, i) => {
      const value = this.tints(i);
      node.classList.toggle("tinted", value !== null);
      if (value !== null) node.style.setProperty("--surprise", value.toFixed(2));
    });
  }

  // Moves the cursor to an event; -1 for nowhere.
  show(at, follow = true) {
    if (at === this.at) return;
    this.events[this.at]?.classList.remove("now");
    this.at = at;
    this.marked?.(at);
    const node = this.events[at];
    this.bar.hidden = !node;
    if (!node) return;
    node.classList.add("now");
    const { left, right, line } = this.spot(node);
    this.bar.style.cssText = `left:${left - 4}px;width:${right - left + 8}px;top:${line.top}px;height:${line.height}px`;
    if (follow && this.node.scrollHeight > this.node.clientHeight + 4) {
      const middle = line.top - (this.node.clientHeight - line.height) / 2;
      if (Math.abs(this.node.scrollTop - middle) > this.node.clientHeight / 3) this.node.scrollTo({ top: middle, behavior: "smooth" });
    }
  }

  // Where an event stands on the paper, and its line of music.
  spot(node) {
    const paper = this.paper.getBoundingClientRect(), box = node.getBoundingClientRect();
    const staff = (node.closest(".abcjs-staff-wrapper") ?? node).getBoundingClientRect();
    return { left: box.left - paper.left, right: box.right - paper.left, bottom: box.bottom - paper.top,
      line: { top: staff.top - paper.top, height: staff.height } };
  }

  click(event) {
    if (!this.pick) return;
    const at = this.events.indexOf(event.target.closest?.(".abcjs-note, .abcjs-rest"));
    if (at >= 0) this.pick(at);
  }

  // Arrow keys move from note to note, Enter opens what else could stand there.
  key(event) {
    if (!this.pick || event.target !== this.node) return;
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) { this.show(Math.max(0, Math.min(this.events.length - 1, this.at + step))); this.moved?.(this.at); }
    else if (event.key === "Enter" && this.at >= 0) this.pick(this.at, true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
};
