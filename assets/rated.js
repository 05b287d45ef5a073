/* The list of rated results in the Ratings tab: filters, pages, playing, reading, taking back. */
"use strict";

genui.ratedList = (server) => {
  const { el, ask, feedback, outbox } = genui;
  const wanted = { kind: null, model: null, thumb: null, reason: null, mine: false, page: 0 };
  const list = el("ul.gu-rated");
  const newer = el("button.gu-chip", { type: "button", onclick: () => turn(-1) }, "Newer");
  const older = el("button.gu-chip", { type: "button", onclick: () => turn(1) }, "Older");
  const page = el("span.gu-fine");
  const pager = el("div.gu-row.gu-pager", {}, newer, page, older);
  const known = new Map(); // model id -> {title, kind}
  let asked = 0;

  // --- filters
  const kinds = pick("Kind", "Every kind", (value) => { wanted.kind = value; wanted.reason = null; options(); });
  const models = pick("Model", "Every model", (value) => { wanted.model = value; });
  const reasons = pick("Reason", "Any reason", (value) => { wanted.reason = value; });
  const thumbs = [[null, "All"], ["up", "Up"], ["down", "Down"]].map(([value, label]) =>
    el("button.gu-chip", { type: "button", "aria-pressed": String(value === null), onclick: (event) => {
      wanted.thumb = value;
      for (const chip of thumbs) chip.setAttribute("aria-pressed", String(chip === event.currentTarget));
      first();
    } }, label));
  const mine = el("button.gu-chip", { type: "button", role: "switch", "aria-checked": "false", onclick: () => {
    wanted.mine = !wanted.mine;
    mine.setAttribute("aria-checked", String(wanted.mine));
    first();
  } }, "My ratings");
  const filters = el("div.gu-row.gu-filters", { role: "group", "aria-label": "Filters" }, kinds, models,
    reasons, el("div.gu-row", { role: "group", "aria-label": "Thumb" }, thumbs), mine);

  function pick(label, all, change) {
    return el("select.gu-pick", { "aria-label": label, "data-all": all, onchange: (event) => {
      change(event.currentTarget.value || null);
      first();
    } }, el("option", { value: "" }, all));
  }

  function fill(select, pairs, chosen) {
    const marks = JSON.stringify(pairs);
    if (select.dataset.of !== marks) {
      select.dataset.of = marks;
      select.replaceChildren(el("option", { value: "" }, select.dataset.all),
        ...pairs.map(([value, label]) => el("option", { value }, label)));
    }
    select.value = chosen ?? "";
  }

  function options() {
    const of = [...known].filter(([, model]) => !wanted.kind || model.kind === wanted.kind);
    if (wanted.model && !of.some(([id]) => id === wanted.model)) wanted.model = null;
    fill(kinds, [...new Set([...known.values()].map((model) => model.kind))].map((kind) => [kind, kind]), wanted.kind);
    fill(models, of.map(([id, model]) => [id, model.title]), wanted.model);
    fill(reasons, [...labels(wanted.kind)], wanted.reason);
  }

  // slug -> label, of one kind or of all
  function labels(kind) {
    const lists = kind ? [feedback.reasons[kind] ?? feedback.reasons[""]] : Object.values(feedback.reasons);
    return new Map(lists.flatMap((sides) => [...sides.up, ...sides.down]));
  }

  function first() { wanted.page = 0; load(); }
  function turn(by) { wanted.page = Math.max(0, wanted.page + by); load().then(() => node.scrollIntoView({ block: "start" })); }

  function reset() {
    Object.assign(wanted, { kind: null, model: null, thumb: null, reason: null, mine: false });
    mine.setAttribute("aria-checked", "false");
    thumbs.forEach((chip, at) => chip.setAttribute("aria-pressed", String(at === 0)));
    options();
    first();
  }

  // --- rows
  async function load() {
    const turnOf = ++asked;
    list.setAttribute("aria-busy", "true");
    const answer = await ask(server, "table", { ...wanted });
    if (turnOf !== asked) return; // a later question is on its way
    list.removeAttribute("aria-busy");
    if (answer.error) { list.replaceChildren(el("li.gu-rated-none", {}, genui.notice(answer.error, "quiet"))); return; }
    list.replaceChildren(...(answer.rows.length ? answer.rows.map(row) : [nothing()]));
    clampAll();
    pager.classList.toggle("gu-hidden", wanted.page === 0 && !answer.more);
    newer.disabled = wanted.page === 0;
    older.disabled = !answer.more;
    page.textContent = `Page ${wanted.page + 1}`;
  }

  function nothing() {
    const narrowed = wanted.kind || wanted.model || wanted.thumb || wanted.reason || wanted.mine;
    if (narrowed) {
      return el("li.gu-rated-none", {}, "Nothing here fits these filters. ",
        el("button.gu-quiet", { type: "button", onclick: reset }, "Show everything"));
    }
    return el("li.gu-rated-none", {}, "What other people made stays theirs; only the sums above are shared. " +
      "Rate something of yours and it shows here. ", ...genui.goTo("Text", "Write with a model"));
  }

  function row({ generation, kind, title, asked: prompt, text, audio, picture, mine: own, rating }) {
    const names = labels(kind);
    const said = el("div.gu-rated-text.gu-said", { dir: "auto" }, text);
    const body = el("div.gu-rated-body", {},
      kind === "text" || picture ? el("p.gu-rated-asked", { dir: "auto", title: prompt.slice(0, 400) }, prompt) : null,
      audio ? el("audio", { controls: true, preload: "none", src: genui.media(audio), "aria-label": "Rated sound" }) : null,
      picture ? el("img", { src: genui.media(picture), alt: prompt.slice(0, 400), loading: "lazy" }) : null,
      said, rating.comment ? el("p.gu-rated-comment", { dir: "auto" }, rating.comment) : null);
    const node = el("li", { "data-generation": generation }, mark(rating.thumb), body,
      el("div.gu-rated-about", {},
        el("span.gu-rated-model", {}, title),
        rating.stars ? el("span.gu-rated-stars", { "aria-label": `${rating.stars} of 5 stars` },
          "★".repeat(rating.stars), el("i", {}, "★".repeat(5 - rating.stars))) : null,
        el("div.gu-tags", {}, rating.reasons.map((slug) => el("span.gu-tag-small", {}, names.get(slug) ?? slug))),
        el("div.gu-rated-when", {},
          el("time", { datetime: rating.created, title: new Date(rating.created).toLocaleString() }, genui.ago(rating.created)),
          own ? el("button.gu-quiet", { type: "button", onclick: () => withdraw(node, generation, rating) }, "Withdraw") : null)));
    return node;
  }

  function mark(thumb) {
    const label = { up: "Thumb up", down: "Thumb down" }[thumb] ?? "Stars only";
    return el(`div.gu-rated-mark.${thumb ?? "none"}`, { role: "img", "aria-label": label },
      thumb ? genui.thumb(thumb) : genui.star());
  }

  // A long text shows its first lines; the rest is one click away. Measured when the list shows.
  function clampAll() {
    for (const node of list.querySelectorAll(".gu-rated-text")) clamp(node);
  }

  function clamp(said) {
    const unfolds = said.nextSibling?.classList.contains("gu-rated-more");
    if (unfolds || said.scrollHeight <= said.clientHeight + 2) return;
    const more = el("button.gu-quiet.gu-rated-more", { type: "button", "aria-expanded": "false", onclick: () => {
      const open = said.classList.toggle("open");
      more.textContent = open ? "Show less" : "Show all";
      more.setAttribute("aria-expanded", String(open));
    } }, "Show all");
    said.after(more);
  }

  // The strip of the same result hears of it through the outbox and empties itself.
  function withdraw(node, generation, rating) {
    const { thumb, stars, reasons, comment } = rating;
    const before = [...node.childNodes];
    const line = el("span", { role: "status" }, "Taking it back…");
    const undo = el("button.gu-quiet", { type: "button", onclick: () => {
      undo.disabled = true;
      outbox.put(generation, { thumb, stars, reasons, comment, withdrawn: false });
    } }, "Undo");
    outbox.listen(generation, { node, hear({ state, message, wish }) {
      if (state === "saved" && !wish.withdrawn) { node.replaceChildren(...before); return; }
      if (state === "saved") { line.textContent = "Withdrawn; it no longer counts."; undo.hidden = false; undo.disabled = false; }
      else line.textContent = message ?? "No connection; it is taken back as soon as there is one.";
    } });
    undo.hidden = true;
    node.replaceChildren(el("div.gu-rated-gone", {}, line, undo));
    outbox.put(generation, { thumb: null, stars: null, reasons: [], comment: "", withdrawn: true });
  }

  const node = el("section.gu-card.gu-ratings-list", {}, el("h2", {}, "Rated results"), filters, list, pager);
  options();
  return {
    node, load, shown: clampAll,
    idle: () => wanted.page === 0 && !list.matches(":hover, :focus-within") &&
      ![...list.querySelectorAll("audio")].some((sound) => !sound.paused),
    models(found) {
      known.clear();
      for (const { model, title, kind } of found) known.set(model, { title, kind });
      options();
    },
  };
};
