/* Sound in the Audio tab: what its composer asks for, examples, and the card of a result. */
"use strict";

genui.MadeSoundCard = class extends genui.SoundCard {
  begin() { this.waves = new genui.Waves(this); }

  name() { return `Sound: ${this.request.inputs.prompt.slice(0, 60)}`; }
  faces() { return this.waves.nodes; }
  body() {
    const { el } = genui, { prompt, lyrics } = this.request.inputs;
    return [el("h4.gu-said", { dir: "auto" }, prompt), ...(lyrics ? [el("p.gu-sung", { dir: "auto" }, lyrics)] : [])];
  }

  facts() {
    const { inputs, options } = this.request, asked = `${Number(options.seconds)} seconds asked`;
    if (!inputs.sound) return [asked];
    if (options.use === "repaint") return [`Seconds ${Number(options.start)} to ${Number(options.end)} made anew`];
    const how = { melody: "Follows a tune", vary: "After a sound", timbre: "Sounds like another" };
    return [how[options.use] ?? "Goes on from a sound", asked];
  }

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
    const { cut, ignored } = generation.usage, said = { negative: "what not to hear", lyrics: "the lyrics" };
    if (this.note.firstChild) return;
    const deaf = (ignored ?? []).map((name) => said[name] ?? name).join(", ");
    if (cut) this.note.append(genui.notice(`The model read no further than “… ${cut.slice(0, 60)}”.`, "quiet"));
    if (deaf) this.note.append(genui.notice(`This model does not listen to: ${deaf}.`, "quiet"));
  }

  deeds() {
    const { el, media } = genui, { inputs, options, model, seed } = this.request;
    return [
      el("span.gu-peek-label", {}, "Peek inside"),
      this.toggle("Spectrogram", "Which pitches sound when", this.waves.shows, (on) => { this.waves.show(on); this.follows(); }),
      el("span.gu-gap"),
      this.tab.start.uses.length ? el("button.gu-chip", { type: "button", title: "Go on from this sound, or make it in another way",
        onclick: () => { this.tab.startFrom(this); scrollTo({ top: 0, behavior: "smooth" }); } }, "Start from it") : null,
      el("button.gu-quiet", { type: "button", title: "Put words and settings into the form",
        onclick: () => { this.tab.put({ inputs, options, model, seed }); scrollTo({ top: 0, behavior: "smooth" }); } }, "Edit"),
      ...[["WAV", "media"], ["FLAC", "flac"], ["MP3", "mp3"], ["OGG", "ogg"]].map(([label, form]) =>
        this.file(label, media(this.audio, form), label.toLowerCase())),
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
    this.start = new genui.SoundStart();
    Object.assign(this, { names: props.names, takes: props.takes });
    this.fit(props.first);
    this.empty.append(el("b", {}, "Press Make to hear the words above"), "Or try:",
      el("div.gu-row.gu-examples", {}, genui.SoundMaker.EXAMPLES.map((prompt) =>
        el("button.gu-chip", { type: "button", onclick: () => this.restore({ prompt }) }, prompt))));
    element.querySelector(".gu-stage").replaceChildren(...this.nodes);
    this.welcome();
  }

  // Another model was chosen.
  fit(model) { this.start.settle(this.takes[model] ?? []); }

  startFrom({ audio, request }) {
    this.start.put({ sha256: audio.sha256, token: audio.token, seconds: audio.meta.seconds }, request.inputs.prompt);
  }

  put({ inputs, options, model, seed }) {
    this.start.recall({ inputs, options });
    const { prompt, lyrics = "", negative = "" } = inputs, { seconds, steps, guidance, temperature } = options;
    const asked = { prompt, lyrics, negative, model, seconds, steps, guidance, temperature, seed };
    this.restore(Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)));
  }
};

genui.soundmaker = (() => {
  let tab = null, place = null; // Gradio mounts them when the Audio tab is first opened

  const named = (values) => Object.fromEntries(tab.names.map((name, i) => [name, values[i]]));
  const meet = () => { if (tab && place) place.replaceChildren(tab.start.node); };

  // Called in the click of Make, once `ready`; returns the seed to show.
  function make(...values) {
    const { prompt, model, seconds, seed, each, ...rest } = named(values), { inputs, options, error } = tab.start.asked();
    if (error) { tab.say(error, "quiet"); return seed; }
    genui.sound.wake(genui.MadeSoundCard.FORM.rate);
    const drawn = each || seed === null || seed === "";
    const used = drawn ? crypto.getRandomValues(new Uint32Array(1))[0] % (2 ** 32 - 1) : seed;
    const heard = (names) => Object.fromEntries(names.filter((name) => tab.takes[model]?.includes(name) && rest[name] !== "").map((name) => [name, rest[name]]));
    tab.submit({ kind: "sound", model, seed: used,
      inputs: { prompt: prompt ?? "", ...heard(["lyrics", "negative"]), ...inputs },
      options: { seconds, ...heard(["steps", "guidance", "temperature"]), ...options } });
    return used;
  }

  // Called by the event that `restore` triggers; returns the new values of the controls.
  function restored(...values) {
    if (tab.wish.seed !== undefined) tab.wish.each = false;
    const now = tab.restored(named(values));
    return tab.names.map((name) => now[name]);
  }

  genui.tabs.soundmaker = (element, tools) => { tab = new genui.SoundMaker(element, tools); meet(); };
  return {
    make, restored,
    settle: (model) => tab?.fit(model),
    starting: (element) => { place = element.querySelector(".gu-start-place"); meet(); },
    get ready() { return tab !== null; },
  };
})();
