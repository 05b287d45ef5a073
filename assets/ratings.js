/* The Ratings tab: live counts, each model's share of thumbs up with its uncertainty, and the
   rated results themselves. The server decides what this visitor may see; see genui/ratings.py. */
"use strict";

genui.tabs.ratings = (element, { server, trigger, watch, props }) => {
  const { el, ask } = genui;
  const stage = element.querySelector(".gu-stage");
  const EVERY = 3000; // ms between two looks at the counts, while the tab is open
  const counts = genui.counts(), bars = genui.bars();
  const files = genui.exports(trigger, watch, props);
  const offline = genui.notice("The server does not answer. This page tries again by itself.", "quiet");
  const rated = genui.ratedList(server);
  const empty = emptyState();
  const full = el("div.gu-ratings-full.gu-hidden", {}, counts.node, bars.node, rated.node, files.node);
  offline.classList.add("gu-hidden");
  stage.append(offline, empty, full);
  empty.classList.add("gu-hidden");
  genui.outbox.connect(server);

  let seen = -1, opened = false;

  async function look() {
    const stale = !opened; // the sums and the rows need not wait for each other
    if (stale) rated.load();
    const sums = await ask(server, "summary");
    offline.classList.toggle("gu-hidden", !sums.offline);
    if (sums.error) return;
    const opinions = sums.ratings + sums.pairs;
    const none = opinions === 0 && seen <= 0;
    empty.classList.toggle("gu-hidden", !none);
    full.classList.toggle("gu-hidden", none);
    rated.shown();
    counts.show(sums);
    bars.show(sums.models);
    rated.models(sums.models);
    if (!stale && seen !== opinions && rated.idle()) rated.load();
    opened = true;
    seen = opinions;
  }

  async function watchOver() {
    for (;;) {
      const open = stage.isConnected && stage.offsetParent !== null && !document.hidden;
      if (open) await look(); else opened = false; // what came meanwhile shows at the next opening
      await genui.pause(open ? EVERY : 250);
    }
  }
  watchOver();

  function emptyState() {
    return el("div.gu-empty.gu-ratings-empty", {}, el("b", {}, "Nobody has rated anything yet"),
      el("p", {}, "Make something, give it a thumb, and this page begins to show what people like."),
      el("div.gu-row", {}, ...genui.goTo("Text", "Write with a model"),
        ...genui.goTo("Image", "Draw a picture"), ...genui.goTo("Audio", "Let it speak")));
  }
};

// A button that opens another tab of the page, in a list; an empty list where the page has no such tab.
genui.goTo = (name, label) => {
  const find = () => [...document.querySelectorAll("[role=tab]")].find((tab) => tab.textContent.trim() === name);
  return find() ? [genui.el("button.gu-chip", { type: "button", onclick: () => find()?.click() }, label)] : [];
};

// The numbers at the top; they count up to a new value and keep their width.
genui.counts = () => {
  const { el } = genui;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const figures = ["ratings", "raters", "results", "pairs"].map((name) => {
    const number = el("b", {}, "0");
    return { name, number, value: 0, node: el("div.gu-count", {}, number, el("span", {}, name)) };
  });

  function tick(figure, target) {
    const from = figure.value, began = performance.now();
    figure.value = target;
    const step = (moment) => {
      if (figure.value !== target) return; // a newer value took over
      const part = calm.matches ? 1 : Math.min(1, (moment - began) / 450);
      const value = Math.round(from + (target - from) * (1 - (1 - part) ** 3));
      figure.number.textContent = value.toLocaleString("en");
      if (part < 1) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  return {
    node: el("div.gu-counts", { "aria-label": "So far" }, figures.map((figure) => figure.node)),
    show(sums) {
      for (const figure of figures) if (figure.value !== sums[figure.name]) tick(figure, sums[figure.name]);
      figures.at(-1).node.classList.toggle("gu-hidden", !sums.pairs); // none where nobody compares
    },
  };
};

// One bar for each model: the share of thumbs up, with a whisker for the 95 % Wilson interval.
genui.bars = () => {
  const { el } = genui;
  const FEW = 5; // below this many thumbs nothing can be said
  const rows = new Map();
  const list = el("ul.gu-bars");
  const percent = (share) => `${Math.round(share * 100)} %`;

  function row() {
    const name = el("span.gu-bar-name"), kind = el("span.gu-bar-kind");
    const fill = el("i.gu-bar-fill"), whisker = el("i.gu-bar-whisker");
    const share = el("b.gu-bar-share"), count = el("span.gu-bar-n"), stars = el("span.gu-bar-stars");
    const node = el("li", {}, el("div.gu-bar-title", {}, name, kind),
      el("div.gu-bar-track", { "aria-hidden": "true" }, fill, whisker), share, count, stars);
    return { node, show(model) {
      const few = model.votes < FEW;
      name.textContent = model.title;
      kind.textContent = model.kind;
      fill.style.width = `${(model.share ?? 0) * 100}%`;
      whisker.style.left = `${model.low * 100}%`;
      whisker.style.width = `${(model.high - model.low) * 100}%`;
      whisker.classList.toggle("gu-hidden", model.votes === 0);
      node.dataset.low = model.low;
      node.dataset.high = model.high;
      share.textContent = model.share === null ? "–" : percent(model.share);
      count.textContent = few ? "too few to say" : `${model.votes.toLocaleString("en")} thumbs`;
      stars.textContent = model.stars_n ? `★ ${model.stars.toFixed(1)}` : "";
      node.classList.toggle("few", few);
      const between = `between ${percent(model.low)} and ${percent(model.high)}`;
      node.title = model.votes ? `${model.up} of ${model.votes} thumbs up; ${between}` : "No thumbs yet";
    } };
  }

  // The surest first: by the low end of the interval, and those with too few thumbs last.
  const order = (one, other) => (one.votes < FEW) - (other.votes < FEW) || other.low - one.low;

  return {
    node: el("section.gu-card.gu-ratings-bars", {}, el("h2", {}, "What people liked"), list,
      el("div.gu-bar-axis", { "aria-hidden": "true" }, el("div", {}, ["0 %", "50 %", "100 %"].map((mark) => el("span", {}, mark)))),
      el("p.gu-fine", {}, "Each bar is the share of thumbs up. The thin line across its end is the honest part: " +
        "if everybody rated, the share would very likely (19 times in 20) fall inside it. More ratings make it shorter.")),
    show(models) {
      for (const [name, { node }] of rows) {
        if (!models.some((model) => model.model === name)) { node.remove(); rows.delete(name); }
      }
      [...models].sort(order).forEach((model, at) => {
        if (!rows.has(model.model)) rows.set(model.model, row());
        const { node, show } = rows.get(model.model);
        show(model);
        if (list.children[at] !== node) list.insertBefore(node, list.children[at] ?? null);
      });
    },
  };
};

// Files to take away. The server prepares one, then the browser fetches it.
genui.exports = (trigger, watch, props) => {
  const { el } = genui;
  const KINDS = [
    ["jsonl", "JSON Lines", "Every rating ever given, each with the whole record of what it rates."],
    ["parquet", "Parquet", "The ratings that count now as one table, for pandas or datasets."],
    ["kto", "KTO rows", "Prompt, completion, good or not: what TRL’s KTO trainer reads."],
    ["dpo", "DPO pairs", "Prompt, chosen, rejected, from answers to the same prompt: for TRL’s DPO trainer."],
    ["image-pairs", "Picture pairs", "The picked one of a batch and each other one, with prompt and pictures, for datasets."],
  ];
  const shared = genui.feedback.mode === "shared";
  const comments = el("input", { type: "checkbox" });
  const said = el("span.gu-fine", { role: "status", "aria-live": "polite" });
  const buttons = KINDS.map(([format, label, what]) => el("button.gu-export", {
    type: "button", onclick: () => prepare(format) }, el("b", {}, label), el("span", {}, what)));
  let waiting = null;

  function prepare(format) {
    if (waiting) return;
    said.textContent = "Preparing the file…";
    waiting = setTimeout(() => done("The server has not answered; try again in a moment."), 60_000);
    for (const button of buttons) button.disabled = true;
    genui.pending = { key: genui.key(), format, comments: comments.checked };
    trigger("download");
  }

  function done(text) {
    clearTimeout(waiting);
    waiting = null;
    for (const button of buttons) button.disabled = false;
    said.textContent = text;
  }

  watch("value", () => {
    if (!waiting || !props.value) return;
    const answer = JSON.parse(props.value);
    if (answer.error) { done(answer.error); return; }
    el("a", { href: `genui/export/${answer.file}`, download: answer.name }).click();
    done(`${answer.rows.toLocaleString("en")} ${answer.rows === 1 ? "row" : "rows"} in ${answer.name} ${answer.left_out}`.trim());
  });

  return { node: el("section.gu-card.gu-ratings-exports", {}, el("h2", {}, "Take the ratings with you"),
    el("p.gu-fine", {}, shared
      ? "All ratings given to the public data set, and those of your own results."
      : "The ratings of your own results. Who runs this server can export everything."),
    el("div.gu-exports", {}, buttons),
    el("div.gu-row", {}, el("label.gu-check", {}, comments, "Include comments"), said)) };
};
