/* The feedback strip: one calm line under every result. It shows a choice at once, and says
   thanks only when the server has it on disk. Ratings that could not be sent wait in the outbox,
   also over a reload, until they are. */
"use strict";

// What the server said of ratings: {mode, note, reasons}; see genui/ui/feedback.py.
Object.defineProperty(genui, "feedback", {
  get() { return JSON.parse(document.getElementById("gu-feedback").textContent); },
});

// The newest unsent rating of each result. One sender; a later choice replaces an earlier one.
genui.outbox = (() => {
  const KEEP = "genui-unsent";
  const watchers = new Map();
  let server = null, sending = false, wake = () => {};
  let unsent = {};
  try { unsent = JSON.parse(localStorage.getItem(KEEP) ?? "{}") ?? {}; } catch { /* private mode */ }

  function keep() {
    try { localStorage.setItem(KEEP, JSON.stringify(unsent)); } catch { /* lives with the page */ }
  }

  function tell(id, news) {
    const listening = watchers.get(id) ?? new Set();
    for (const watcher of listening) {
      if (watcher.node.isConnected) watcher.hear(news); else listening.delete(watcher);
    }
    if (!listening.size) watchers.delete(id);
  }

  async function send() {
    if (sending || !server) return;
    sending = true;
    let misses = 0;
    for (let id; (id = Object.keys(unsent)[0]);) {
      const wish = unsent[id];
      const answer = await genui.ask(server, "rate", { generation: id, ...wish });
      if (answer.offline) {
        for (const waiting of Object.keys(unsent)) tell(waiting, { state: "offline" });
        misses += 1;
        await Promise.race([genui.pause(Math.min(500 * 2 ** misses, 8000)),
          new Promise((done) => { wake = done; })]);
        continue;
      }
      misses = 0;
      if (unsent[id] !== wish) continue; // changed meanwhile: the newer choice goes next
      delete unsent[id];
      keep();
      tell(id, answer.error ? { state: "failed", message: answer.error } : { state: "saved", wish });
    }
    sending = false;
  }

  window.addEventListener("online", () => wake());

  return {
    connect(link) { server = link; send(); },
    put(id, wish) { unsent[id] = wish; keep(); wake(); send(); },
    waiting: (id) => unsent[id] ?? null,
    // `watcher` is {node, hear}; it is forgotten once its node has left the page.
    listen(id, watcher) {
      if (!watchers.has(id)) watchers.set(id, new Set());
      watchers.get(id).add(watcher);
    },
  };
})();

// Icons are drawn by hand, so that no markup is ever parsed.
genui.icon = (path, turn = "") => {
  const make = (tag, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  const svg = make("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", class: "gu-icon" });
  svg.append(make("path", { d: path, ...(turn ? { transform: turn } : {}) }));
  return svg;
};
genui.thumb = (side) => genui.icon("M7 11v9H4v-9zm0 0 4.2-7.600c1.6 0 2.6 1.2 2.3 2.800L12.9 9.500h5.7" +
  "a2 2 0 0 1 2 2.300l-1 6.500a2 2 0 0 1-2 1.700H7", side === "down" ? "rotate(180 12 12)" : "");
genui.star = () => genui.icon("m12 3.6 2.6 5.3 5.8.8-4.2 4.1 1 5.8-5.2-2.7-5.2 2.7 1-5.8-4.2-4.1 5.8-.8z");

// genui.strip(server, generation, {locked}) -> Node with unlock(generation). A locked strip takes
// its place in the layout and waits for a finished result.
genui.strip = (server, generation, { locked = false } = {}) => {
  const { el, outbox, feedback } = genui;
  const LONGEST = 2000; // characters of a comment
  const NONE = { thumb: null, stars: null, reasons: [], comment: "", withdrawn: false };

  const node = el("div.gu-strip", { role: "group", "aria-label": "Rate this result" });
  node.unlock = () => {};
  if (feedback.mode === "off") { node.hidden = true; return node; }

  let choice = { ...NONE };
  const rated = () => Boolean(choice.thumb || choice.stars);

  // --- the line
  const thumb = (side, label, key) => el(`button.gu-thumb.${side}`, {
    type: "button", "aria-label": label, title: `${label} (${key})`, "aria-keyshortcuts": key,
    onclick: () => rate({ thumb: side }) }, genui.thumb(side));
  const up = thumb("up", "Good result", "u"), down = thumb("down", "Bad result", "d");
  const stars = [1, 2, 3, 4, 5].map((value) => el("button.gu-star", {
    type: "button", role: "radio", title: `${value} of 5 (${value})`, "aria-keyshortcuts": String(value),
    "aria-label": value === 1 ? "1 star" : `${value} stars`, onclick: () => rate({ stars: value }) }, genui.star()));
  const starRow = el("div.gu-stars", { role: "radiogroup", "aria-label": "Stars, if you like",
    onkeydown: moveStars }, stars);
  const said = el("span.gu-strip-said", { role: "status", "aria-live": "polite" });
  const retry = el("button.gu-quiet", { type: "button", onclick: () => send() }, "Try again");
  const undo = el("button.gu-quiet", { type: "button", onclick: takeBack, title: "Take the rating back" }, "Undo");
  const line = el("div.gu-strip-line", {}, el("div.gu-thumbs", {}, up, down), starRow,
    el("div.gu-strip-after", {}, undo, el("span.gu-strip-mark", { "aria-hidden": "true" }), said, retry,
      el("small.gu-strip-note", {}, feedback.note)));

  // --- why: chips and a comment, folded until there is a rating
  const chips = el("div.gu-row.gu-strip-chips", { role: "group", "aria-label": "Why? Choose any" });
  const field = el("textarea.gu-strip-field", { rows: 3, maxlength: String(LONGEST), dir: "auto",
    "aria-label": "Comment", placeholder: "What should the next model learn from this?",
    oninput: count, onkeydown: (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) saveComment();
    } });
  const left = el("span.gu-strip-left", { "aria-live": "polite" });
  const saver = el("button.gu-chip", { type: "button", onclick: saveComment }, "Save comment");
  const box = el("div.gu-fold", {}, el("div.gu-fold-in", {}, field, el("div.gu-row", {}, saver, left)));
  const opener = el("button.gu-quiet.gu-strip-opener", { type: "button", "aria-expanded": "false",
    onclick: () => fold(box.classList.contains("open") ? false : "focus") }, "Add a comment");
  const why = el("div.gu-fold", {}, el("div.gu-fold-in", {}, el("div.gu-row.gu-strip-why", {}, chips, opener), box));
  node.append(line, why);

  function rate(change) {
    const next = { ...choice, ...change, withdrawn: false };
    if (next.thumb === choice.thumb && next.stars === choice.stars) return; // a second click says nothing new
    next.reasons = next.reasons.filter((slug) => offered(next).some(([known]) => known === slug));
    choice = next;
    send();
  }

  function toggle(slug) {
    const reasons = choice.reasons.includes(slug)
      ? choice.reasons.filter((other) => other !== slug) : [...choice.reasons, slug];
    choice = { ...choice, reasons };
    send();
  }

  function saveComment() {
    const comment = field.value.trim();
    fold(false);
    opener.focus();
    if (comment === choice.comment) return;
    choice = { ...choice, comment };
    send();
  }

  function takeBack() {
    choice = { ...NONE, withdrawn: true };
    field.value = "";
    fold(false);
    up.focus();
    send();
  }

  const watcher = { node, hear };

  function send() {
    outbox.listen(generation.id, watcher); // again: the card may have been off the page meanwhile
    outbox.put(generation.id, choice);
    draw("sending");
  }

  function hear(news) {
    if (news.state === "saved") {
      choice = { ...NONE, ...news.wish };
      if (document.activeElement !== field) field.value = choice.comment;
    }
    draw(news.state, news.message);
  }

  function offered({ thumb, stars }) {
    const known = feedback.reasons[generation.request?.kind] ?? feedback.reasons[""];
    return known[thumb ?? (stars >= 3 ? "up" : "down")];
  }

  function moveStars(event) {
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const value = Math.min(5, Math.max(1, (choice.stars ?? (step > 0 ? 0 : 6)) + step));
    rate({ stars: value });
    stars[value - 1].focus();
  }

  function fold(open) {
    box.classList.toggle("open", Boolean(open));
    box.firstChild.inert = !open;
    opener.setAttribute("aria-expanded", String(Boolean(open)));
    if (open === "focus") field.focus();
    count();
  }

  function count() {
    const room = LONGEST - field.value.length;
    left.textContent = room < 300 ? `${room} characters left` : "";
  }

  function draw(state, message = "") {
    for (const button of [up, down, ...stars]) button.disabled = locked;
    up.setAttribute("aria-pressed", String(choice.thumb === "up"));
    down.setAttribute("aria-pressed", String(choice.thumb === "down"));
    stars.forEach((star, at) => {
      star.classList.toggle("on", at < (choice.stars ?? 0));
      star.setAttribute("aria-checked", String(at + 1 === choice.stars));
      star.tabIndex = at + 1 === (choice.stars ?? 1) ? 0 : -1;
    });
    if (rated()) {
      const slugs = offered(choice);
      if (chips.dataset.of !== slugs.join()) {
        chips.dataset.of = slugs.join();
        chips.replaceChildren(...slugs.map(([slug, label]) => el("button.gu-chip", {
          type: "button", "data-slug": slug, onclick: () => toggle(slug) }, label)));
      }
      for (const chip of chips.children) {
        chip.setAttribute("aria-pressed", String(choice.reasons.includes(chip.dataset.slug)));
      }
    }
    opener.textContent = choice.comment ? "Your comment" : "Add a comment";
    why.classList.toggle("open", rated());
    why.firstChild.inert = !rated();
    node.dataset.state = state;
    said.textContent = {
      saved: choice.withdrawn ? "Taken back" : "Thanks", failed: message,
      offline: "No connection: kept here, and sent later.",
    }[state] ?? "";
    said.classList.toggle("bad", state === "failed");
    retry.hidden = state !== "failed";
    undo.hidden = !rated();
  }

  // Called by a key pressed anywhere in the card that holds this strip.
  node.press = (key) => {
    if (locked) return false;
    if (key === "u" || key === "d") rate({ thumb: key === "u" ? "up" : "down" });
    else if (/^[1-5]$/.test(key)) rate({ stars: Number(key) });
    else return false;
    return true;
  };

  node.unlock = (finished = generation) => {
    locked = false;
    attach(finished);
  };

  function attach(finished) {
    generation = finished;
    const waiting = outbox.waiting(generation.id);
    choice = { ...NONE, ...(waiting ?? pick(generation.rating)) };
    field.value = choice.comment;
    outbox.listen(generation.id, watcher);
    outbox.connect(server);
    draw(waiting ? "sending" : "quiet");
  }

  function pick(rating) {
    if (!rating || rating.withdrawn) return {};
    const { thumb, stars, reasons, comment } = rating;
    return { thumb, stars, reasons, comment };
  }

  fold(false);
  if (locked || !generation) draw("quiet"); else attach(generation);
  return node;
};

// u, d and 1 to 5 rate the result whose card holds the focus.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const from = event.target;
  if (!(from instanceof Element) || from.matches("input, textarea, select, [contenteditable]")) return;
  for (let place = from; place && !place.matches(".gu-stage"); place = place.parentElement) {
    const strips = place.querySelectorAll(".gu-strip");
    if (place.matches(".gu-strip") || strips.length) {
      const strip = place.matches(".gu-strip") ? place : strips.length === 1 ? strips[0] : null;
      if (strip?.press?.(event.key)) event.preventDefault();
      return;
    }
  }
});
