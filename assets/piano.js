/* A small piano to tap a melody on, by pointer or by the keys of a computer; the melody as ABC. */
"use strict";

// `changed(melody)` hears every change; read the melody with `abc()`.
genui.Piano = class {
  static LOW = 60; static HIGH = 83;      // C4 to B5
  static KEYS = "awsedftgyhujkolp;'";     // a computer's keys from C up
  static LENGTHS = [[1, "⅛", "Eighth"], [2, "¼", "Quarter"], [3, "⅜", "Dotted quarter"], [4, "½", "Half"]]; // in eighths
  static METRES = { "4/4": 8, "3/4": 6, "6/8": 6 };
  static MOST = 128; // notes

  constructor(changed) {
    const { el } = genui;
    Object.assign(this, { changed, notes: [], octave: 0 });
    this.lengths = new genui.Segments("Length of the next note", genui.Piano.LENGTHS.map(([value, sign, name]) => [String(value), sign, name]), (value) => this.take(value));
    this.metre = el("select.gu-pick", { "aria-label": "Metre", onchange: () => this.changed() },
      Object.keys(genui.Piano.METRES).map((name) => el("option", { value: name }, name)));
    this.keyboard = el("div.gu-keys", { role: "group", "aria-label": "Piano" }, this.drawKeys());
    const quiet = (label, title, act) => el("button.gu-quiet", { type: "button", title, onclick: act }, label);
    this.node = el("div.gu-piano", { tabIndex: 0, "aria-label": "Piano: tap a melody; the keys A to ' play it, 1 to 4 choose the length, R is a rest, Backspace takes back",
      onkeydown: (event) => this.key(event) },
    el("div.gu-row", {}, this.lengths.node, this.metre, quiet("Rest", "A rest of this length (R)", () => this.put(null)),
      quiet("Take back", "Remove the last note (Backspace)", () => this.back()), quiet("Clear", "Remove all notes", () => { this.notes = []; this.changed(); })),
    this.keyboard);
    this.take("2");
  }

  drawKeys() {
    const { el } = genui, { LOW, HIGH } = genui.Piano, whites = 14;
    let white = 0;
    return Array.from({ length: HIGH - LOW + 1 }, (_, i) => {
      const midi = LOW + i, black = [1, 3, 6, 8, 10].includes(midi % 12);
      const key = el(`button.gu-key${black ? ".black" : ""}`, { type: "button", tabIndex: -1, "aria-label": genui.notes.pitch(midi),
        "data-midi": midi, onpointerdown: (event) => { event.preventDefault(); this.node.focus({ preventScroll: true }); this.put(midi); } });
      key.style.left = `${100 * (black ? white - 0.3 : white) / whites}%`;
      if (!black) white += 1;
      return key;
    });
  }

  take(value) { this.length = Number(value); this.lengths.put(String(value)); }

  put(midi) {
    if (this.notes.length >= genui.Piano.MOST) return;
    this.notes.push({ midi, length: this.length });
    if (midi !== null) this.sing(midi);
    this.changed();
  }

  back() { this.notes.pop(); this.changed(); }

  // A short plain tone, and the key goes down.
  sing(midi) {
    const clock = genui.sound.wake(genui.MusicCard.FORM.rate), now = clock.currentTime;
    const tone = new OscillatorNode(clock, { type: "triangle", frequency: 440 * 2 ** ((midi - 69) / 12) }), gain = clock.createGain();
    gain.gain.setValueAtTime(0, now);
    gain.gain.linearRampToValueAtTime(0.25, now + 0.01);
    gain.gain.exponentialRampToValueAtTime(0.001, now + 0.5);
    tone.connect(gain).connect(clock.destination);
    tone.start(now);
    tone.stop(now + 0.55);
    const key = this.keyboard.querySelector(`[data-midi="${midi}"]`);
    key?.classList.add("down");
    setTimeout(() => key?.classList.remove("down"), 160);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select")) return;
    const { KEYS, LOW, HIGH } = genui.Piano, at = KEYS.indexOf(event.key.toLowerCase());
    if (at >= 0 && LOW + at + 12 * this.octave <= HIGH) { if (!event.repeat) this.put(LOW + at + 12 * this.octave); }
    else if (event.key === "z") this.octave = 0;
    else if (event.key === "x") this.octave = 1;
    else if (event.key === "r") this.put(null);
    else if (event.key === "Backspace") this.back();
    else if ("1234".includes(event.key)) this.take(event.key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // The melody in ABC, the last note held to the end of its bar; "" without a note. Every note says
  // its accidental; the server writes it well.
  abc() {
    if (!this.notes.some(({ midi }) => midi !== null)) return "";
    const whole = genui.Piano.METRES[this.metre.value], out = [];
    let room = whole;
    const write = (midi, length, tie) => {
      const sharp = [1, 3, 6, 8, 10].includes((midi ?? 0) % 12), step = midi === null ? "z" : "CCDDEFFGGAAB"[midi % 12];
      const high = midi === null ? 0 : Math.floor(midi / 12) - 5;
      const letter = midi === null ? "z" : `${sharp ? "^" : "="}${high > 0 ? step.toLowerCase() : step}${"'".repeat(Math.max(0, high - 1))}`;
      out.push(`${letter}${length}${tie && midi !== null ? "-" : ""}`);
      room -= length;
      if (!room) { out.push("|"); room = whole; }
    };
    this.notes.forEach(({ midi, length }, i) => {
      let left = length;
      if (i === this.notes.length - 1) left += (whole - ((whole - room + left) % whole)) % whole;
      while (left) { const now = Math.min(left, room); write(midi, now, left > now); left -= now; }
    });
    return `X:1\nT:My melody\nM:${this.metre.value}\nL:1/8\nK:C\n${out.join("")}\n`;
  }
};
