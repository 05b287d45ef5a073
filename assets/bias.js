/* Bias made visible: how often samples have each skin tone, hair colour or glasses, beside the
   pictures the model learned from, for every model that can be counted in the same way. */
"use strict";

genui.Bias = class {
  static COUNT = 1000;
  static STEP = 100; // pictures at a time, so that the bars move while they are counted
  static FIRST = ["skin", "hair_color", "glasses"];

  constructor(tab) {
    const { el } = genui;
    Object.assign(this, { tab, turn: 0 });
    this.button = el("button.gu-main-button", { type: "button", onclick: () => (this.running ? this.stop() : this.run()) }, "Count 1,000 samples");
    this.said = el("span.gu-bias-count", { role: "status" });
    this.heads = el("select.gu-pick", { "aria-label": "Attribute", onchange: () => this.draw() });
    this.table = el("div.gu-bias-table");
    this.node = el("div.gu-bias", {}, el("div.gu-row", {}, this.button, el("label.gu-map-by", {}, "Attribute", this.heads), this.said), this.table,
      el("p.gu-panel-said", {}, "A model gives back what it was shown. The line on each bar is the share in the pictures it learned from, the bar the share among its samples, and the thin whisker where the true share lies with 95 % certainty. What the data lacks, the samples lack too, and often more so; balanced data repairs it."));
  }

  // The models to count: the open one, and those that differ from it only in their data.
  get models() {
    const { id } = this.tab.world, alike = (other) => other.startsWith(id.replace(/-skewed$/, ""));
    return this.tab.config.models.filter((model) => model.id === id || alike(model.id));
  }

  load() {
    this.stop();
    this.counts = null;
    this.heads.replaceChildren();
    this.said.textContent = "";
  }

  async opened() {
    if (this.counts) return;
    this.counts = Object.fromEntries(this.models.map(({ id }) => [id, { count: 0, heads: {} }]));
    for (const { id } of this.models) {
      const world = await this.tab.load(id, true);
      if (!world || !this.counts) return;
      this.counts[id].heads = Object.fromEntries(Object.entries(world.about.statistics.shares).map(([head, answers]) => {
        const sum = Object.values(answers).reduce((all, each) => all + each, 0) || 1;
        return [head, Object.fromEntries(Object.entries(answers).map(([answer, count]) => [answer, { count: 0, data: count / sum }]))];
      }));
    }
    const { FIRST } = genui.Bias, all = Object.keys(this.counts[this.tab.world.id].heads), heads = [...FIRST.filter((head) => all.includes(head)), ...all.filter((head) => !FIRST.includes(head))];
    this.heads.replaceChildren(...heads.map((head) => genui.el("option", { value: head }, genui.said(head))));
    this.draw();
  }

  stop() {
    this.turn += 1;
    this.running = false;
    this.button.textContent = "Count 1,000 samples";
  }

  async run() {
    const { COUNT, STEP } = genui.Bias, turn = ++this.turn, { models } = this, { truncation } = this.tab.world.now;
    await this.opened();
    const shown = this.counts;
    for (const counted of Object.values(shown)) { counted.count = 0; for (const answers of Object.values(counted.heads)) for (const each of Object.values(answers)) each.count = 0; }
    this.running = true;
    this.button.textContent = "Stop";
    const seed = genui.Seed.roll() % 2 ** 31;
    for (let done = 0; done < COUNT; done += STEP) {
      for (const { id } of models) {
        const answer = await this.tab.explorer.ask(id, "shares", { count: STEP, seed: seed + done, truncation });
        if (turn !== this.turn) return;
        if (answer.error) { this.stop(); this.said.textContent = answer.error; return; }
        const counted = shown[id];
        counted.count += answer.count;
        for (const [head, rows] of Object.entries(answer.heads)) for (const { answer: name, count, data } of rows) {
          const each = ((counted.heads[head] ??= {})[name] ??= { count: 0, data });
          each.count += count;
        }
      }
      this.said.textContent = `${(done + STEP).toLocaleString("en")} of ${COUNT.toLocaleString("en")}`;
      this.draw();
    }
    this.stop();
  }

  // 95 % interval of a share (Wilson 1927).
  static interval(count, all) {
    const z = 1.96, share = count / all, middle = (share + z * z / (2 * all)) / (1 + z * z / all);
    const half = (z / (1 + z * z / all)) * Math.sqrt((share * (1 - share)) / all + (z * z) / (4 * all * all));
    return [Math.max(0, middle - half), Math.min(1, middle + half)];
  }

  draw() {
    const { el } = genui, head = this.heads.value, { models } = this, percent = (part) => `${(100 * part).toFixed(part < 0.1 ? 1 : 0)} %`;
    if (!head) return;
    const answers = Object.keys(this.counts[this.tab.world.id].heads[head]);
    const row = (id, answer, i) => {
      const { heads } = this.counts[id], found = heads[head]?.[answer] ?? { count: 0, data: null }, { count, data } = found;
      const all = Object.values(heads[head] ?? {}).reduce((sum, each) => sum + each.count, 0), [low, high] = all ? genui.Bias.interval(count, all) : [0, 0];
      const label = all ? `${answer}: ${percent(count / all)} of samples (${percent(low)} to ${percent(high)})${data === null ? "" : `, ${percent(data)} of the data`}` : `${answer}: ${data === null ? "" : `${percent(data)} of the data`}`;
      return el("div.gu-share", { role: "img", "aria-label": label, title: label }, el("span.gu-share-name", {}, answer),
        el("div.gu-share-line", {}, el("i.gu-share-bar", { style: `width:${all ? (100 * count) / all : 0}%;background:${genui.colours.of(head, answers, i)}` }),
          all ? el("i.gu-share-whisker", { style: `left:${100 * low}%;width:${100 * (high - low)}%` }) : null, data === null ? null : el("i.gu-share-data", { style: `left:${100 * data}%` })),
        el("span.gu-share-number", {}, all ? percent(count / all) : data === null ? "" : percent(data)));
    };
    this.table.replaceChildren(...models.map(({ id, title }) => el("section.gu-bias-model", { "aria-label": title }, el("h4", {}, title,
      el("small", {}, this.counts[id].count ? `${this.counts[id].count.toLocaleString("en")} samples` : "training data; not counted yet")), answers.map((answer, i) => row(id, answer, i)))));
  }
};
