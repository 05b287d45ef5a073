/* The sound to start from: dropped, chosen or taken from a result, and what to do with it. It is sent
   at once, so that a file that is no sound is refused before anybody has waited for it. */
"use strict";

genui.SoundStart = class {
  // use -> what its button says, and what it does
  static USES = {
    continue: ["Continue", "The model goes on where the sound ends, for the seconds chosen."],
    melody: ["Follow the tune", "The model takes over the melody and plays it as the words say."],
    vary: ["Vary", "The sound is made again in another way; it is no longer than the seconds chosen."],
    repaint: ["Redo a part", "The seconds from here to there are made anew, the rest stays."],
    timbre: ["Sound like it", "Voices and instruments sound as in this one; the music is new."],
  };

  constructor() {
    const { el } = genui, take = (file) => this.take(file);
    Object.assign(this, { sound: null, turn: 0, use: "continue", uses: [] });
    this.well = genui.opener("label.gu-sound-well", { accept: "audio/*,.wav,.flac,.mp3,.ogg", label: "Start from a sound", take },
      el("b", {}, "Start from a sound"), el("span", {}, "choose or drop a WAV, FLAC, MP3 or OGG"));
    this.heard = el("audio", { preload: "metadata", onended: () => this.seePlay(), onpause: () => this.seePlay(),
      onplay: () => this.seePlay(), onloadedmetadata: () => this.measured(this.heard.duration) });
    this.play = el("button.gu-quiet.gu-start-play", { type: "button", onclick: () => { if (this.heard.paused) this.heard.play(); else this.heard.pause(); } });
    this.name = el("span.gu-start-name", { dir: "auto" });
    this.place = el("div.gu-start-uses");
    const number = (label) => el("input.gu-field", { type: "number", min: "0", max: "300", step: "0.5", "aria-label": label });
    this.from = number("From second");
    this.to = number("To second");
    this.part = el("label.gu-start-part", {}, "Seconds", this.from, "to", this.to);
    this.strength = el("input", { type: "range", min: "0.05", max: "1", step: "0.05", value: "0.6", "aria-label": "Strength",
      oninput: () => { this.amount.textContent = Number(this.strength.value).toFixed(2); } });
    this.amount = el("output", {}, "0.60");
    this.far = el("label.gu-start-part", {}, "Strength", this.strength, this.amount);
    this.says = el("p.gu-start-says");
    this.had = el("div.gu-start-had", { hidden: true },
      el("div.gu-row", {}, this.play, this.name, el("button.gu-quiet", { type: "button", onclick: () => this.put(null) }, "Remove")),
      el("div.gu-row.gu-start-choice", {}, this.place, this.part, this.far), this.says);
    this.note = el("div.gu-source-note", { "aria-live": "polite" });
    this.node = el("div.gu-sound-start", { hidden: true }, this.well, this.had, this.note);
    this.seePlay();
  }

  // What the chosen model takes (see Model.takes in the catalog).
  settle(takes) {
    this.uses = Object.keys(genui.SoundStart.USES).filter((use) => takes.includes(use));
    this.node.hidden = !this.uses.length;
    this.modes = new genui.Segments("What to do with the sound", this.uses.map((use) => [use, genui.SoundStart.USES[use][0]]), (use) => this.choose(use));
    this.place.replaceChildren(...(this.uses.length > 1 ? [this.modes.node] : []));
    this.choose(this.uses.includes(this.use) ? this.use : this.uses[0] ?? this.use);
    if (this.node.hidden) this.heard.pause();
  }

  choose(use) {
    this.use = use;
    this.modes.put(use);
    this.part.hidden = use !== "repaint";
    this.far.hidden = use !== "vary";
    this.says.textContent = genui.SoundStart.USES[use][1];
  }

  async take(file) {
    const turn = ++this.turn, { notice } = genui;
    this.note.replaceChildren(notice("Reading the sound…", "quiet"));
    let answer;
    try {
      answer = await (await fetch("genui/sound", { method: "POST", body: file })).json();
    } catch { answer = { error: "The sound did not arrive; look at your connection and try again." }; }
    if (turn !== this.turn) return; // another one came meanwhile
    if (answer.error) { this.note.replaceChildren(notice(answer.error)); return; }
    this.put(answer, file.name);
  }

  // {sha256, token, seconds}, or null for none.
  put(sound, name = "") {
    this.turn += 1;
    this.sound = sound;
    this.note.replaceChildren();
    this.well.hidden = Boolean(sound);
    this.had.hidden = !sound;
    this.heard.pause();
    if (!sound) { this.heard.removeAttribute("src"); return; }
    genui.tokens.put(sound.sha256, sound.token);
    this.title = name.slice(0, 60) || "A sound";
    this.heard.src = genui.media({ ...sound, name: "audio" });
    this.measured(sound.seconds);
  }

  measured(seconds) {
    if (!this.sound || !Number.isFinite(seconds)) return;
    const { el } = genui, first = !Number(this.to.value) || Number(this.to.value) > seconds;
    this.name.replaceChildren(el("b", {}, this.title), ` ${genui.seconds(seconds)}`);
    if (first) { this.from.value = 0; this.to.value = Math.max(0.5, Math.round(seconds) / 2); }
  }

  seePlay() {
    const on = !this.heard.paused;
    this.play.replaceChildren(genui.icon(genui.SoundCard.ICONS[on ? "pause" : "play"]));
    this.play.setAttribute("aria-label", on ? "Pause the sound to start from" : "Play the sound to start from");
  }

  // {inputs, options} of a request, or {error}.
  asked() {
    if (!this.sound || this.node.hidden) return { inputs: {}, options: {} };
    const options = { use: this.use };
    if (this.use === "vary") options.strength = Number(this.strength.value);
    if (this.use === "repaint") {
      Object.assign(options, { start: Number(this.from.value), end: Number(this.to.value) });
      if (!(options.end > options.start)) return { error: "Choose a later second to end with than to begin with." };
    }
    return { inputs: { sound: this.sound.sha256 }, options };
  }

  // Shows what a request started from.
  recall({ inputs, options }) {
    if (!inputs.sound) { this.put(null); return; }
    const token = genui.tokens.get(inputs.sound);
    this.put(token ? { sha256: inputs.sound, token } : null);
    if (!token) this.note.replaceChildren(genui.notice("The sound it started from was not sent from this browser; add it again.", "quiet"));
    if (options.strength) { this.strength.value = options.strength; this.strength.oninput(); }
    if (options.end) { this.from.value = options.start ?? 0; this.to.value = options.end; }
    this.use = options.use ?? "continue";
    if (this.uses.includes(this.use)) this.choose(this.use);
  }
};
