/* Sound in the Audio tab: what its composer asks for, examples, and the card of a result. */
"use strict";

genui.MadeSoundCard = class extends genui.SoundCard {
  begin() { this.waves = new genui.Waves(this); }

  name() { return `Sound: ${this.request.inputs.prompt.slice(0, 60)}`; }
  faces() { return this.waves.nodes; }
  body() { return [genui.el("h4.gu-said", { dir: "auto" }, this.request.inputs.prompt)]; }
  facts() { return [`${Number(this.request.options.seconds)} seconds asked`]; }

  measure() {
    super.measure();
    this.waves.measure();
  }

  redraw() { this.waves.redraw(); }
  painted() { this.follows(); }

  // Each model has its own rate and channels; the file says which.
  finish(generation) {
    const audio = generation.artifacts.find((artifact) => artifact.name === "audio");
    if (audio) {
      const { sample_rate: rate, channels } = audio.meta;
      this.form = { rate, channels };
      Object.assign(this.sound, this.form);
    }
    super.finish(generation);
    const { cut } = generation.usage;
    if (cut && !this.note.firstChild) {
      this.note.replaceChildren(genui.notice(`The model read no further than “… ${cut.slice(0, 60)}”.`, "quiet"));
    }
  }

  deeds() {
    const { el, media } = genui, { inputs, options, model, seed } = this.request;
    return [
      el("span.gu-peek-label", {}, "Peek inside"),
      this.toggle("Spectrogram", "Which pitches sound when", this.waves.shows, (on) => { this.waves.show(on); this.follows(); }),
      el("span.gu-gap"),
      el("button.gu-quiet", { type: "button", title: "Put words and settings into the form",
        onclick: () => { this.tab.put({ inputs, options, model, seed }); scrollTo({ top: 0, behavior: "smooth" }); } }, "Edit"),
      this.file("WAV", media(this.audio), "wav"), this.file("FLAC", media(this.audio, "flac"), "flac"),
    ];
  }
};

genui.SoundMaker = class extends genui.SoundTab {
  static EXAMPLES = [
    "lo-fi hip hop with a soft piano", "a heavy door creaks open in a hall",
    "upbeat 8-bit game music", "waves on a pebble beach, gulls",
  ];

  constructor(element, { server, props, restore }) {
    super({ server, kind: "sound", call: "make", Card: genui.MadeSoundCard, titles: props.models, refill: restore });
    const { el } = genui;
    this.empty.append(el("b", {}, "Press Make to hear the words above"), "Or try:",
      el("div.gu-row.gu-examples", {}, genui.SoundMaker.EXAMPLES.map((prompt) =>
        el("button.gu-chip", { type: "button", onclick: () => this.restore({ prompt }) }, prompt))));
    element.querySelector(".gu-stage").replaceChildren(...this.nodes);
    this.welcome();
  }

  put({ inputs, options, model, seed }) {
    this.restore({ prompt: inputs.prompt, model, seconds: options.seconds, seed });
  }
};

genui.soundmaker = (() => {
  let tab = null; // Gradio mounts it when the Audio tab is first opened

  // Called in the click of Make, once `ready`; returns the seed to show.
  function make(prompt, model, seconds, seed, each) {
    genui.sound.wake(genui.MadeSoundCard.FORM.rate);
    const drawn = each || seed === null || seed === "";
    const used = drawn ? crypto.getRandomValues(new Uint32Array(1))[0] % (2 ** 32 - 1) : seed;
    tab.submit({ kind: "sound", model, inputs: { prompt: prompt ?? "" }, options: { seconds }, seed: used });
    return used;
  }

  // Called by the event that `restore` triggers; returns the new values of the controls.
  function restored(prompt, model, seconds, seed, each) {
    if (tab.wish.seed !== undefined) tab.wish.each = false;
    const now = tab.restored({ prompt, model, seconds, seed, each });
    return [now.prompt, now.model, now.seconds, now.seed, now.each];
  }

  genui.tabs.soundmaker = (element, tools) => { tab = new genui.SoundMaker(element, tools); };
  return { make, restored, get ready() { return tab !== null; } };
})();
