/* A spoken text: waveform, the words that follow the voice, phonemes. */
"use strict";

genui.SpeechCard = class extends genui.SoundCard {
  begin(generation) {
    this.segments = [];
    this.text = this.request.inputs.text || generation?.text || "";
    this.waves = new genui.Waves(this);
  }

  name() { return `Speech: ${this.text.slice(0, 60)}`; }
  faces() { return this.waves.nodes; }
  facts() { return [`Speed ${Number(this.request.options.speed ?? 1).toFixed(2)}`]; }
  nothing() { return "Stopped before the first sentence."; }
  part() {
    const { length } = this.segments;
    return !length ? super.part() : `Stopped after ${length === 1 ? "the first sentence" : `${length} sentences`}; what was made is kept.`;
  }

  body() {
    const { el } = genui;
    this.said = el("div.gu-said.gu-speech", { dir: "auto", tabIndex: 0, role: "group", "aria-label": "What is said" });
    this.rest = document.createTextNode(this.text);
    this.said.append(this.rest);
    return [this.said];
  }

  panels() {
    this.phonemes = genui.el("div.gu-phonemes.gu-hidden");
    return [this.phonemes];
  }

  measure() {
    super.measure();
    this.waves.measure();
  }

  redraw() { this.waves.redraw(); }

  painted() {
    this.waves.mark(this.segments.slice(1).map((segment) => segment.start));
    this.follows();
  }

  spokenChars() { return this.text.length - this.rest.data.trimStart().length; }

  // While the sound grows the picture leaves room for what is still to come.
  get view() {
    const { total, done } = this.sound;
    if (done || !this.segments.length) return total;
    return Math.max(total, total * Math.min(40, this.text.length / Math.max(1, this.spokenChars())));
  }

  // --- sentences ----------------------------------------------------------------------------

  hear(event) {
    if (event.type !== "segment") return;
    this.segments.push(event);
    this.mark(event);
    const spoken = Math.min(1, this.spokenChars() / Math.max(1, this.text.length));
    this.status.show(`Sentence ${event.index + 1}, ${Math.round(100 * spoken)} %`, spoken);
    this.grow(event.start + event.seconds);
  }

  // An old result fetches its sentences when it is opened.
  async recall() {
    if (this.folded || this.segments.length) return;
    const parts = this.generation.artifacts.find((artifact) => artifact.name === "segments");
    try {
      const segments = await (await fetch(genui.media(parts))).json();
      if (this.segments.length) return;
      for (const segment of segments) { this.segments.push(segment); this.mark(segment); }
      this.offer();
      this.redraw();
    } catch { /* offline for a moment: asked again when it is opened again */ }
  }

  // Wraps a spoken sentence where it stands in the text; what is not spoken yet stays as it is.
  mark(segment) {
    const at = segment.text ? this.rest.data.indexOf(segment.text) : -1;
    const before = this.segments.at(this.segments.indexOf(segment) - 1);
    if (at < 0 && before?.span) { segment.span = before.span; return; } // a long sentence comes in parts
    const span = genui.el("span.gu-sentence", { onclick: () => {
      if (getSelection().isCollapsed) this.jump(segment.start);
    } }, ...this.words(segment));
    if (at >= 0) {
      const after = this.rest.splitText(at);
      after.deleteData(0, segment.text.length);
      this.said.insertBefore(span, after);
      this.rest = after;
    } else this.said.insertBefore(span, this.rest);
    segment.span = span;
  }

  // The text of a sentence, each word whose time is known in a span of its own.
  words(segment) {
    const nodes = [];
    let from = 0;
    segment.heard = (segment.words ?? []).map(([word, start, seconds]) => {
      const at = segment.text.indexOf(word, from), node = genui.el("span.gu-heard", {}, word);
      nodes.push(segment.text.slice(from, at), node);
      from = at + word.length;
      return { node, start, end: start + seconds };
    });
    return [...nodes, segment.text.slice(from)];
  }

  moves(now, active) {
    this.points(active ? now + 0.02 : null);
    const spoken = active ? this.segments.findLast((segment) => segment.start <= now + 0.02) : null;
    if (spoken === this.spoken) return;
    this.spoken?.span.classList.remove("now");
    spoken?.span.classList.add("now");
    this.spoken = spoken;
    if (spoken && this.said.scrollHeight > this.said.clientHeight && !this.folded) {
      const { offsetTop, offsetHeight } = spoken.span;
      this.said.scrollTo({ top: offsetTop - this.said.offsetTop - (this.said.clientHeight - offsetHeight) / 2, behavior: "smooth" });
    }
  }

  // Marks the word that is heard at this moment, or none.
  points(now) {
    const heard = now === null ? null : this.segments.findLast((segment) => segment.start <= now)?.heard
      ?.find(({ start, end }) => start <= now && now < end)?.node ?? null;
    if (heard === this.heard) return;
    this.heard?.classList.remove("now");
    heard?.classList.add("now");
    this.heard = heard;
  }

  // --- what can be done with it -------------------------------------------------------------

  deeds() {
    const { el, media } = genui, { inputs, options, model, seed } = this.request;
    return [
      el("span.gu-peek-label", {}, "Peek inside"),
      this.toggle("Spectrogram", "Which pitches sound when", this.waves.shows, (on) => { this.waves.show(on); this.follows(); }),
      this.segments.length ? this.toggle("Phonemes", "The sounds the voice was asked for", false, (on) => this.showPhonemes(on)) : null,
      el("span.gu-gap"),
      el("button.gu-quiet", { type: "button", title: "Put text and settings into the form",
        onclick: () => { this.tab.restore({ text: inputs.text, voice: model, speed: options.speed, seed }); scrollTo({ top: 0, behavior: "smooth" }); } }, "Edit"),
      this.file("WAV", media(this.audio), "wav"), this.file("FLAC", media(this.audio, "flac"), "flac"),
    ];
  }

  showPhonemes(on) {
    if (on && !this.phonemes.firstChild) genui.phonemes(this, this.phonemes);
    this.phonemes.classList.toggle("gu-hidden", !on);
  }

  // Says the same again with other phonemes, one string a sentence.
  respeak(phonemes) {
    genui.sound.wake(this.sound.rate);
    const { kind, model, options, seed, inputs } = this.request;
    const parents = [this.generation.id];
    this.tab.submit({ kind, model, options, seed, inputs: { ...inputs, phonemes }, parents });
  }
};
