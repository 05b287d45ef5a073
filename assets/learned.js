/* "What it learned": what each dimension is used for, what it changes, samples beside the data, what
   the discriminator makes of them, and what was measured; a plain paragraph under each. */
"use strict";

genui.Learned = class {
  static AMOUNTS = [-3, -2, -1, 0, 1, 2, 3];
  static ROWS = 8;

  constructor(tab) {
    const { el } = genui;
    this.tab = tab;
    const part = (title, ...children) => el("section.gu-learned-part", {}, el("h4", {}, title), ...children);
    this.bars = el("div.gu-bars", { role: "group", "aria-label": "Dimensions" });
    this.barsSaid = el("p.gu-panel-said");
    this.sheet = el("div.gu-sheet-place");
    this.sheetTitle = el("span.gu-grow");
    this.every = el("button.gu-quiet", { type: "button", onclick: () => this.traverse(null) }, "Every dimension");
    this.samples = el("div.gu-shots", { "aria-label": "Samples" });
    this.data = el("div.gu-shots", { "aria-label": "Training pictures" });
    this.critic = el("div.gu-critic-place");
    this.criticPart = part("What the critic thinks", this.critic, el("p.gu-panel-said", {}, "While it was trained, a second network, the discriminator, tried to tell drawn pictures from real ones. The hill shows its opinion of training pictures, the line that of the picture above: the further right, the more it takes it for real."));
    this.figures = new genui.Figures();
    this.figuresPart = part("Measured", this.figures.node, el("p.gu-panel-said", {}, "Measured once, when the model was made. “Training avatars” is what real avatars score in place of the samples; no model can be expected to do better."));
    this.figuresPart.classList.add("gu-learned-figures");
    this.node = el("div.gu-learned", {},
      el("div.gu-learned-side", {}, part("How much each dimension is used", this.bars, this.barsSaid),
        part("Samples beside the data", el("div.gu-row", {}, el("span.gu-grow", {}, "Drawn from random places"), el("button.gu-quiet", { type: "button", onclick: () => this.sample() }, "Others")), this.samples, el("p.gu-panel-label", {}, "Pictures it learned from"), this.data,
          el("p.gu-panel-said", {}, "Where the upper rows look like the lower ones, random places are as good as those of real pictures. Where they do not, the model left gaps between them.")),
        this.criticPart),
      part("Turn one dimension at a time", el("div.gu-row", {}, this.sheetTitle, this.every), this.sheet, el("p.gu-panel-said", {}, "Each row changes one dimension of the picture above and nothing else, from three standard deviations below to three above. Rows that hardly change are dimensions it does not use.")),
      this.figuresPart);
  }

  load(world) {
    this.done = null;
    const { kl, spread, scores } = world.about.statistics, used = kl.length ? kl : spread, unit = kl.length ? "nats" : "spread";
    const { el } = genui, order = [...used.keys()].sort((a, b) => used[b] - used[a]), most = used[order[0]] || 1;
    this.order = order;
    this.bars.replaceChildren(...order.map((dimension) => el("button.gu-bar-one", { type: "button", "aria-label": `Dimension ${dimension + 1}: ${used[dimension].toFixed(2)} ${unit}`, title: `Dimension ${dimension + 1}: ${used[dimension].toFixed(2)} ${unit}`,
      onclick: () => this.traverse([dimension]) }, el("i", { style: `height:${Math.max(1, 100 * used[dimension] / most)}%` }))));
    const busy = used.filter((value) => value > (kl.length ? 0.1 : most * 0.1)).length;
    this.barsSaid.textContent = kl.length
      ? `Each bar is one of ${kl.length} numbers, and how much it tells about a picture (its KL divergence, ${kl.reduce((sum, value) => sum + value, 0).toFixed(0)} nats in all). ${busy === kl.length ? "All carry something." : `${busy} carry something; the others stay at the prior, as if they were not there.`} Press a bar to see what it does.`
      : `Each bar is one of ${spread.length} numbers, and how widely it varies among pictures. ${busy} vary at least a tenth as much as the widest. Press a bar to see what it does.`;
    this.criticPart.hidden = !scores;
    this.figuresPart.hidden = !this.figures.show(world.about.metrics);
  }

  // Drawn when it is looked at, once for each model.
  async opened() {
    const { world } = this.tab;
    if (this.done === world) { this.seen(this.tab.look); return; }
    this.done = world;
    this.seen(this.tab.look);
    await Promise.all([this.traverse(this.order.slice(0, genui.Learned.ROWS)), this.sample()]);
  }

  async traverse(dimensions) {
    const { el } = genui, { world, explorer } = this.tab, rows = dimensions ?? this.order.slice(0, 64), { AMOUNTS } = genui.Learned;
    this.sheetTitle.textContent = rows.length === 1 ? `Dimension ${rows[0] + 1}` : `The ${rows.length} most used`;
    const answer = await explorer.ask(world, "traverse", { place: world.place, rows, amounts: AMOUNTS, truncation: world.now.truncation });
    if (world !== this.tab.world) return;
    if (answer.error) { this.sheet.replaceChildren(genui.notice(answer.error, "quiet")); return; }
    this.sheet.replaceChildren(el("div.gu-sheet-heads", { "aria-hidden": "true" }, AMOUNTS.map((amount) => el("span", {}, amount > 0 ? `+${amount}` : String(amount).replace("-", "−")))),
      el("div.gu-sheet", { style: `--rows:${rows.length}` }, el("div.gu-sheet-names", {}, rows.map((row) => el("span", {}, String(row + 1)))),
        el("img", { src: answer.sheet, alt: `Dimensions ${rows.map((row) => row + 1).join(", ")}, each from −3 to +3`, draggable: "false" })));
  }

  async sample() {
    const { world, explorer } = this.tab, answer = await explorer.ask(world, "sample", { count: 10, seed: genui.Seed.roll() });
    if (answer.error || world !== this.tab.world) return;
    genui.shots(this.samples, answer.places, await explorer.thumbs(world, answer.places), (place) => this.tab.go(place));
    const { count, columns, thumb } = world.about.map, src = genui.media(world.about.atlas), side = 64;
    this.data.replaceChildren(...answer.places.map(() => {
      const index = Math.floor(Math.random() * count), cell = genui.el("button.gu-place-shot", { type: "button", "aria-label": `Go to training picture ${index + 1}`, onclick: () => this.visit(index) }, genui.el("i.gu-thumb-cell"));
      const part = (at, of) => (of > 1 ? `${(100 * at) / (of - 1)}%` : "0%"), rows = Math.ceil(count / columns);
      Object.assign(cell.firstChild.style, { backgroundImage: `url("${src}")`, backgroundSize: `${100 * columns}% ${100 * rows}%`, backgroundPosition: `${part(index % columns, columns)} ${part(Math.floor(index / columns), rows)}` });
      return cell;
    }));
  }

  async visit(index) {
    const { world } = this.tab, answer = await this.tab.explorer.ask(world, "place", { index });
    if (answer.place && world === this.tab.world) this.tab.go(answer.place);
  }

  // The newest picture among what the discriminator thinks of real ones.
  seen(look) {
    const { el } = genui, { scores } = this.tab.world.about.statistics;
    if (!scores || !look || look.score === null) return;
    const { values } = scores, low = Math.min(values[0], look.score), high = Math.max(values.at(-1), look.score), wide = high - low || 1;
    const heights = new Array(24).fill(0), at = (value) => (value - low) / wide;
    for (const value of values) heights[Math.min(23, Math.floor(at(value) * 24))] += 1;
    const most = Math.max(...heights);
    this.critic.replaceChildren(el("div.gu-critic", { role: "img", "aria-label": `The critic gives this picture ${look.score.toFixed(2)}; training pictures have ${values[0].toFixed(2)} to ${values.at(-1).toFixed(2)}` },
      heights.map((height) => el("i", { style: `height:${(100 * height) / most}%` })), el("b", { style: `left:${100 * at(look.score)}%` })),
    el("div.gu-knob-ends", {}, el("span", {}, "drawn"), el("span", {}, `this one: ${look.score.toFixed(2)}`), el("span", {}, "real")));
  }
};
