/* A piano roll: when each note of the melody sounds and how high, coloured by how sure the model was
   of it. Seconds run to the right over `view` seconds. */
"use strict";

genui.Roll = class {
  static ROOM = 2; // semitones kept free above and below

  constructor() {
    const { el } = genui;
    Object.assign(this, { notes: [], low: 60, high: 72, on: -1 });
    this.canvas = el("canvas.gu-roll-face", { "aria-hidden": "true" });
    this.node = el("div.gu-roll", {}, this.canvas);
  }

  // notes: [{pitch, start, seconds, surprise (null: given)}…]
  add(notes) {
    for (const note of notes) {
      if (!this.notes.length) this.low = this.high = note.pitch;
      this.low = Math.min(this.low, note.pitch);
      this.high = Math.max(this.high, note.pitch);
      this.notes.push(note);
    }
  }

  clear() { this.notes = []; }

  // Rows from the lowest shown pitch up, and where they lie in a face so tall.
  rows(tall) {
    const low = this.low - genui.Roll.ROOM, row = tall / (this.high - low + genui.Roll.ROOM + 1);
    return { low, row, middle: (pitch) => tall - (pitch - low + 0.5) * row };
  }

  // The note at a place on the screen, or null.
  at(clientX, clientY, view) {
    const box = this.canvas.getBoundingClientRect(), now = (clientX - box.left) / box.width * view;
    const { row, middle } = this.rows(box.height), near = Math.max(row, 12) / 2 + 2;
    return this.notes.find((note) => note.start <= now && now < note.start + note.seconds
      && Math.abs(clientY - box.top - middle(note.pitch)) < near) ?? null;
  }

  paint(view, style) {
    if (!view || !this.canvas.clientWidth) return;
    const { pen, width, tall } = genui.scope.paper(this.canvas), { low, row, middle } = this.rows(tall);
    for (let pitch = Math.ceil(low / 12) * 12; middle(pitch) > 0; pitch += 12) {
      pen.fillStyle = style.getPropertyValue("--gu-line");
      pen.fillRect(0, Math.round(middle(pitch) + row / 2), width, 1);
    }
    const [sure, surprised] = ["--gu-roll-sure", "--gu-roll-surprised"].map((name) => genui.Roll.rgb(style.getPropertyValue(name)));
    const thick = Math.max(4, Math.min(11, row));
    this.notes.forEach((note, i) => {
      const x = note.start / view * width, wide = Math.max(2.5, note.seconds / view * width - 0.75);
      pen.beginPath();
      pen.roundRect(x, middle(note.pitch) - thick / 2, wide, thick, Math.min(thick / 2, 3));
      const mixed = () => sure.map((part, at) => Math.round(part + (surprised[at] - part) * note.surprise));
      pen.fillStyle = note.surprise === null ? style.getPropertyValue("--gu-wave") : `rgb(${mixed()})`;
      pen.fill();
      if (i !== this.on) return;
      pen.strokeStyle = style.getPropertyValue("--gu-ink");
      pen.lineWidth = 2;
      pen.stroke();
    });
  }

  static rgb(hex) { return [1, 3, 5].map((i) => parseInt(hex.trim().slice(i, i + 2), 16)); }
};
