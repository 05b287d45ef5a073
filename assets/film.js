/* How a picture came out of the noise: a strip of what it looked like after each step, a slider
   over it, and a plot of how the scheduler mixed picture and noise. */
"use strict";

genui.film = (() => {
  const { el, icon } = genui;
  const THUMBS = 8;
  const SVG = "http://www.w3.org/2000/svg";

  const percent = (share) => `${Math.round(100 * share)} %`;

  function svg(tag, attributes, ...children) {
    const node = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  // One frame of the sprite fills `node`.
  function place(node, film, frame) {
    const { frames } = film.meta;
    node.style.backgroundImage = `url("${genui.media(film)}")`;
    node.style.backgroundSize = `${frames * 100}% 100%`;
    node.style.backgroundPosition = `${frames > 1 ? (100 * frame) / (frames - 1) : 0}% 0`;
  }

  // At most THUMBS of n places, first and last among them.
  function chosen(n) {
    const count = Math.min(n, THUMBS);
    return Array.from({ length: count }, (_, i) => (count > 1 ? Math.round((i * (n - 1)) / (count - 1)) : 0));
  }

  // -> {node, plot}; `show(frame)` is called with a frame's node, or null for the finished picture.
  function film(generation, screen) {
    const strip = genui.picture.artifact(generation, "film");
    if (!strip) return null;
    const { frames, noise = [] } = strip.meta;
    const graph = plot(generation.usage.schedule ?? [], noise);
    const said = el("span.gu-film-said", {});
    const thumbs = chosen(frames + 1).map((frame) => {
      const whole = frame === frames;
      const thumb = el("button.gu-film-thumb", { type: "button", tabindex: "-1", "aria-label": whole ? "The picture" : `After step ${frame + 1}`,
        onclick: () => { slider.put(frame); seek(); } });
      if (whole) thumb.style.backgroundImage = `url("${genui.picture.src(generation)}")`;
      else place(thumb, strip, frame);
      return [frame, thumb];
    });
    const slider = genui.picture.slider({ min: "0", max: String(frames), step: "1", value: String(frames),
      "aria-label": "From noise to picture" }, seek);

    function seek() {
      const at = Number(slider.value), whole = at >= frames;
      if (whole) screen.style.backgroundImage = "none"; else place(screen, strip, at);
      screen.classList.toggle("on", !whole);
      const text = whole ? "The picture" : `Step ${at + 1} of ${frames}` + (noise[at] === undefined ? "" : `, ${percent(noise[at])} noise`);
      said.textContent = text;
      slider.setAttribute("aria-valuetext", text);
      for (const [frame, thumb] of thumbs) thumb.classList.toggle("on", frame === at);
      graph?.mark(whole ? null : at);
    }
    seek();
    const node = el("div.gu-film", {}, el("div.gu-film-strip", {}, thumbs.map(([, thumb]) => thumb)), slider,
      el("div.gu-film-ends", {}, el("span", {}, "Noise"), said, el("span", {}, "Picture")));
    return { node, plot: graph?.node ?? null };
  }

  // How much of the picture (alpha) and how much noise (sigma) stands in what the model sees at
  // each step: rows of (time, alpha, sigma), or the noise's share alone where there are none.
  function curves(schedule, noise) {
    const rows = schedule.length ? schedule.map(([, alpha, sigma]) => [alpha, sigma]) : noise.map((share) => [1 - share, share]);
    const top = Math.max(1, ...rows.flat());
    return [["alpha", "Picture (α)", rows.map(([alpha]) => alpha / top)], ["sigma", "Noise (σ)", rows.map(([, sigma]) => sigma / top)]];
  }

  function plot(schedule, noise) {
    if (!schedule.length && !noise.length) return null;
    const lines = curves(schedule, noise);
    const WIDE = 260, HIGH = 92, PAD = 6, n = lines[0][2].length;
    const x = (i) => PAD + (n > 1 ? (i * (WIDE - 2 * PAD)) / (n - 1) : (WIDE - 2 * PAD) / 2);
    const y = (v) => PAD + (1 - v) * (HIGH - 2 * PAD);
    const needle = svg("line", { class: "needle", y1: 0, y2: HIGH, x1: 0, x2: 0 });
    const drawing = svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, class: "gu-plot-face", role: "img",
      "aria-label": `What the scheduler did in ${n} steps: noise goes from ${percent(lines[1][2][0])} to ${percent(lines[1][2].at(-1))}` },
    svg("line", { class: "axis", x1: PAD, x2: WIDE - PAD, y1: y(0), y2: y(0) }),
    svg("line", { class: "axis", x1: PAD, x2: WIDE - PAD, y1: y(1), y2: y(1) }), needle);
    for (const [name, , values] of lines) {
      drawing.append(svg("polyline", { class: name, points: values.map((v, i) => `${x(i).toFixed(1)},${y(v).toFixed(1)}`).join(" ") }));
      if (n <= 32) drawing.append(...values.map((v, i) => svg("circle", { class: name, cx: x(i), cy: y(v), r: n > 12 ? 1.8 : 3 })));
    }
    const node = el("figure.gu-plot", {}, el("figcaption", {}, el("b", {}, "What the scheduler did"),
      lines.map(([name, label]) => el(`span.${name}`, {}, label))), drawing);
    return { node, mark(step) {
      drawing.classList.toggle("marked", step !== null);
      if (step !== null) for (const end of ["x1", "x2"]) needle.setAttribute(end, x(Math.min(step, n - 1)));
    } };
  }

  return film;
})();
