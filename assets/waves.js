/* A sound as waveform and spectrogram, inside the rail of its card. Measured block by block as far
   as the sound exists; plays nothing. */
"use strict";

// card: {sound, view, folded, visible, closed, node, follows()}; `after` measuring the card follows.
genui.Waves = class Waves {
  static PEEK = 120; // seconds up to which a folded card measures its sound by itself

  constructor(card) {
    const { el } = genui;
    Object.assign(this, { card, trace: null });
    this.waves = el("canvas.gu-wave", { "aria-hidden": "true" });
    this.played = el("canvas.gu-wave.gu-played", { "aria-hidden": "true" });
    this.ticks = el("div.gu-ticks", { "aria-hidden": "true" });
    this.heat = el("canvas.gu-heat", { "aria-hidden": "true" });
    const labels = [200, 500, 1000, 2000, 5000, 10_000].map((hz) => el("span", {
      style: `bottom:${(100 * genui.scope.height(hz)).toFixed(1)}%` }, hz < 1000 ? `${hz}` : `${hz / 1000}k`));
    this.spectrum = el("div.gu-spectrum", { title: "Pitch from low to high; the brighter, the louder" },
      this.heat, el("div.gu-hertz", { "aria-hidden": "true" }, labels, el("i", {}, "Hz")));
    this.spectrum.hidden = window.matchMedia("(max-width: 860px)").matches;
    this.nodes = [el("div.gu-waves", {}, this.waves, this.played, this.ticks), this.spectrum];
  }

  get shows() { return !this.spectrum.hidden; }

  show(on) {
    this.spectrum.hidden = !on;
    this.measure();
    this.redraw();
  }

  // Places (in seconds) that are marked in the waveform.
  mark(seconds) {
    const { view, sound } = this.card;
    const dense = seconds.length > this.waves.clientWidth / 12; // more ticks than one can tell apart
    this.ticks.replaceChildren(...(dense ? [] : seconds).map((at) => genui.el("i", {
      style: `left:${(100 * at * sound.rate / view).toFixed(3)}%` })));
  }

  // Runs the sound through the trace, as far as it exists.
  async measure() {
    const { card } = this, { sound } = card;
    const wanted = this.shows && !card.folded;
    const idle = !card.visible || (card.folded && sound.seconds > Waves.PEEK && !this.trace);
    if (wanted && this.trace && !this.trace.bands) this.trace = null;
    if (this.measuring || idle || card.closed) return;
    this.measuring = true;
    this.trace ??= new genui.scope.Trace(wanted, sound);
    try {
      for (const trace = this.trace; trace === this.trace && trace.frames < sound.total;) {
        const samples = await sound.read(trace.frames, 2 * sound.rate);
        if (!samples.length) break;
        trace.push(samples);
        this.redraw();
        await genui.pause(0); // the page breathes between seconds of sound
      }
    } catch { /* offline for a moment */ } finally { this.measuring = false; }
    const missing = !this.trace || this.trace.frames < sound.total;
    if (missing) { await genui.pause(this.trace ? 400 : 0); this.measure(); }
  }

  redraw() {
    if (this.drawing || this.card.closed) return;
    this.drawing = true;
    const wait = this.measuring ? 200 : 30; // pictures that will be redone soon come less often
    setTimeout(() => requestAnimationFrame(() => { this.drawing = false; this.paint(); }), wait);
  }

  paint() {
    const { trace, card } = this, { view } = card;
    if (!trace || !view || !this.waves.clientWidth) return;
    const style = getComputedStyle(card.node);
    genui.scope.wave(this.waves, trace, view, style.getPropertyValue("--gu-wave"));
    genui.scope.wave(this.played, trace, view, style.getPropertyValue("--gu-accent"));
    if (this.shows && trace.bands) genui.scope.spectrum(this.heat, trace, view);
    card.painted();
  }
};
