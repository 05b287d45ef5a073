/* What comes next: the model's probabilities for the next token, and what temperature, top-k,
   top-p and min-p make of them, recomputed here while the sliders move. The server is asked for
   the likeliest tokens once a place; what lies beyond them counts as one rest.

   Order of the filters as in TextOptions: top-k, top-p, min-p, then temperature. The repetition
   penalty is left out: it needs the ids of all earlier tokens. */
"use strict";

genui.chart = (() => {
  const { el } = genui;
  const COUNT = 400, BARS = 30;
  let server = null, box = null, parts = null;
  let place = null; // {model, inputs}
  let top = null; // [[id, text, p]…] best first
  let asked = 0, settings = {}, waiting = null;

  // [{text, raw, kept}…] with `kept` = probability after the filters (0 if cut off), and the rest
  function filtered(tokens, { temperature, top_k, top_p, min_p }) {
    const seen = tokens.reduce((sum, [, , p]) => sum + p, 0);
    const rest = Math.max(0, 1 - seen), last = tokens.at(-1)?.[2] ?? 0, best = tokens[0]?.[2] ?? 1;
    let alive = top_k > 0 ? Math.min(top_k, tokens.length) : tokens.length;
    let restAlive = !(top_k > 0);
    if (top_p < 1) {
      const mass = tokens.slice(0, alive).reduce((sum, [, , p]) => sum + p, 0) + (restAlive ? rest : 0);
      let sum = 0, n = 0;
      while (n < alive && sum < top_p * mass) sum += tokens[n++][2];
      if (sum >= top_p * mass) restAlive = false;
      alive = Math.max(1, n);
    }
    if (min_p > 0) {
      const floor = min_p * best;
      if (last < floor) restAlive = false;
      while (alive > 1 && tokens[alive - 1][2] < floor) alive -= 1;
    }
    const power = (p) => (temperature > 0 ? (p / best) ** (1 / temperature) : Number(p === best));
    const weights = tokens.map(([, , p], i) => (i < alive ? power(p) : 0));
    if (temperature === 0) weights.fill(0, 1);
    // the rest is as many tokens as fit into its mass if each were as likely as the last one seen
    const restWeight = restAlive && last > 0 && temperature > 0 ? (rest / last) * power(last) : 0;
    const total = weights.reduce((sum, w) => sum + w, 0) + restWeight;
    const mass = tokens.slice(0, alive).reduce((sum, [, , p]) => sum + p, 0) + (restAlive ? rest : 0);
    return { rows: tokens.map(([id, text, p], i) => ({ id, text, raw: p, kept: weights[i] / total })),
      rest, restKept: restWeight / total, alive, restAlive, mass };
  }

  function mount(element, link) {
    server = link;
    box = element.querySelector(".gu-next");
    parts = { where: el("p.gu-next-where", { dir: "auto" }), bars: el("ol.gu-next-bars", { tabindex: "0", "aria-label": "Likeliest next tokens" }),
      line: el("p.gu-next-line", { role: "status" }) };
    const details = el("details", { ontoggle: () => ask() },
      el("summary", {}, "What comes next"),
      parts.where, el("div.gu-next-key", { "aria-hidden": "true" }, el("i.raw"), "model", el("i.kept"), "with your settings"),
      parts.bars, parts.line);
    box.replaceChildren(details);
    draw();
  }

  const isOpen = () => Boolean(box?.querySelector("details").open);

  // Looks at a place of a text: {model, inputs}, or null for none. `before` is shown. What is known
  // of the place stays: a slider that moves must not ask for the same tokens again.
  function look(next, before = "") {
    const same = JSON.stringify(next) === JSON.stringify(place);
    place = next;
    if (!same) top = null;
    if (!parts) return;
    parts.where.textContent = next ? `after “…${before.replace(/\s+/g, " ").slice(-48)}”`
      : "Write a prompt, or pick a token while you peek inside an answer.";
    draw();
    ask();
  }

  async function ask() {
    if (!place || top || !isOpen()) return;
    const turn = ++asked;
    parts.line.textContent = "Asking the model…";
    const answer = await genui.ask(server, "next_token", { ...place, count: COUNT });
    if (turn !== asked) return; // a newer place was asked for meanwhile
    if (answer.error) { parts.line.textContent = answer.error; return; }
    top = answer.top.map(([id, text, logprob]) => [id, text, Math.exp(logprob)]);
    draw();
  }

  // The next place once typing pauses.
  function soon(make) {
    clearTimeout(waiting);
    waiting = setTimeout(() => look(...make()), 350);
  }

  function settle(values) { settings = values; draw(); }

  function row(text, raw, kept, cut) {
    const was = el("i.raw"), is = el("i.kept");
    was.style.width = `${raw * 100}%`;
    is.style.width = `${kept * 100}%`;
    return el(`li${cut ? ".cut" : ""}`, { title: `model ${genui.percent(raw)}, with your settings ${cut ? "cut off" : genui.percent(kept)}` },
      el("code", {}, text), el("span.gu-next-track", {}, was, is),
      el("span.gu-next-p", {}, cut ? "cut" : genui.percent(kept)));
  }

  function draw() {
    if (!parts) return;
    if (!top?.length) { parts.bars.replaceChildren(); parts.line.textContent = ""; return; }
    const { rows, rest, restKept, alive, restAlive, mass } = filtered(top, settings);
    const shown = rows.slice(0, BARS);
    const others = rows.slice(BARS);
    const sum = (key) => others.reduce((total, r) => total + r[key], 0);
    const scroll = parts.bars.scrollTop;
    parts.bars.replaceChildren(
      ...shown.map((r) => row(r.text ? genui.visible(r.text) : "(end)", r.raw, r.kept, r.kept === 0)),
      row("all others", sum("raw") + rest, sum("kept") + restKept, sum("kept") + restKept === 0));
    parts.bars.scrollTop = scroll;
    const count = settings.temperature === 0 ? 1 : alive;
    parts.line.textContent = restAlive && settings.temperature > 0
      ? "No token is cut off."
      : `${count} ${count === 1 ? "token survives" : "tokens survive"} of all, holding ${genui.percent(mass)} of the model's probability.`;
  }

  return { mount, look, soon, settle, filtered };
})();
