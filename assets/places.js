/* Where a visitor is in the latent space of one model: a place, what sliders did to it, undo and
   redo, and the link that brings another browser to the same state. Draws nothing. */
"use strict";

genui.World = class {
  static DEEPEST = 300; // steps that undo remembers
  static CORNERS = 4;

  // `about` is the answer to "describe".
  constructor(id, about) {
    Object.assign(this, { id, about, past: [], future: [], corners: Array(genui.World.CORNERS).fill(null), stops: [] });
    this.now = this.kept = { ...genui.World.bare(about.mean), moves: {}, locked: [], truncation: 1 };
  }

  static bare(place) { return { at: place.at, mix: place.mix ?? null }; }

  // The place as a question holds it.
  get place() {
    const { at, mix, moves, locked } = this.now;
    const moved = Object.fromEntries(Object.entries(moves).filter(([, amount]) => amount));
    return { at, ...(mix ? { mix } : {}), ...(Object.keys(moved).length ? { moves: moved } : {}), ...(locked.length ? { locked } : {}) };
  }

  direction(name) { return this.about.directions.find((each) => each.name === name); }

  change(patch) { this.now = { ...this.now, ...patch }; }

  // Another place: what is locked keeps its amount, all else is measured from there.
  go(place) {
    const held = Object.entries(this.now.moves).filter(([name]) => this.now.locked.includes(name));
    this.change({ ...genui.World.bare(place), moves: place.moves ? { ...place.moves } : Object.fromEntries(held),
      locked: place.locked ? [...place.locked] : this.now.locked });
  }

  // What undo goes back to: called when a slider is let go or a jump is done.
  settle() {
    if (this.now === this.kept) return;
    this.past.push(this.kept);
    if (this.past.length > genui.World.DEEPEST) this.past.shift();
    this.future = [];
    this.kept = this.now;
  }

  undo() { this.step(this.past, this.future); }

  redo() { this.step(this.future, this.past); }

  step(from, to) {
    this.settle();
    if (!from.length) return;
    to.push(this.kept);
    this.now = this.kept = from.pop();
  }
};

// Whole numbers of any width, one bit after another.
genui.Bits = class {
  constructor(bytes = []) { Object.assign(this, { bytes: [...bytes], at: 0 }); }

  put(value, width) {
    for (let bit = width - 1; bit >= 0; bit -= 1, this.at += 1) {
      if (this.at % 8 === 0) this.bytes.push(0);
      if ((value >>> bit) & 1) this.bytes[this.at >> 3] |= 128 >> (this.at & 7);
    }
  }

  take(width) {
    if (this.at + width > this.bytes.length * 8) throw new RangeError("too short");
    let value = 0;
    for (let bit = 0; bit < width; bit += 1, this.at += 1) value = value * 2 + ((this.bytes[this.at >> 3] >> (7 - (this.at & 7))) & 1);
    return value;
  }
};

// The state as a few hundred letters. Coordinates are whole thousandths, each as wide as the widest
// of its place; a checksum tells a link that was changed on its way.
genui.link = {
  NAME: "at", FORMAT: 1, INSIDE: 2, LONGEST: 1900,
  DAMAGED: "This link is damaged; ask for it again. Everything here stayed as it was.",
  OTHER: "This link was made with another version of the model; its place would be another picture here.",
  MISSING: "The model of this link is not set up here; everything stayed as it was.",

  sum(bytes) { // Fletcher's checksum with 16-bit parts
    let a = 1, b = 0;
    for (const byte of bytes) { a = (a + byte) % 65521; b = (b + a) % 65521; }
    return b * 65536 + a;
  },

  thousandths: (value) => Math.round(value * 1000),
  zigzag: (value) => (value < 0 ? -2 * value - 1 : 2 * value),
  unzigzag: (value) => (value % 2 ? -(value + 1) / 2 : value / 2),

  vector(bits, at) {
    const whole = at.map((value) => genui.link.zigzag(genui.link.thousandths(value)));
    const width = Math.max(1, ...whole.map((value) => 32 - Math.clz32(value)));
    bits.put(at.length, 10);
    bits.put(width, 5);
    for (const value of whole) bits.put(value, width);
  },

  unvector(bits, latent) {
    const count = bits.take(10), width = bits.take(5);
    if (count !== latent || width > 16) throw new RangeError("another space");
    return Array.from({ length: count }, () => {
      const value = genui.link.unzigzag(bits.take(width)) / 1000;
      if (Math.abs(value) > 20) throw new RangeError("out of bounds");
      return value;
    });
  },

  place(bits, { at, mix }) {
    genui.link.vector(bits, at);
    bits.put(mix ? 1 : 0, 1);
    if (mix) { bits.put(mix.from_layer, 6); genui.link.vector(bits, mix.with); }
  },

  unplace(bits, latent) {
    const at = genui.link.unvector(bits, latent);
    if (!bits.take(1)) return { at, mix: null };
    const from_layer = bits.take(6);
    return { at, mix: { with: genui.link.unvector(bits, latent), from_layer } };
  },

  // Of a world and how its map is shown ({map, head}: numbers) the letters of a link.
  write(world, view) {
    const { link } = genui, { now, about } = world, bits = new genui.Bits();
    const names = about.directions.map(({ name }) => name), filled = world.corners.filter(Boolean);
    bits.put(link.FORMAT, 4);
    bits.put(world.id.length, 7);
    for (const letter of world.id) bits.put(letter.charCodeAt(0), 7);
    bits.put(parseInt(about.atlas.sha256.slice(0, 4), 16), 16);
    link.place(bits, now);
    bits.put(link.thousandths(now.truncation), 11);
    const moves = Object.entries(now.moves).filter(([name, amount]) => amount && names.includes(name));
    bits.put(moves.length, 7);
    for (const [name, amount] of moves) { bits.put(names.indexOf(name), 7); bits.put(link.zigzag(link.thousandths(amount)), 14); }
    const locked = now.locked.filter((name) => names.includes(name));
    bits.put(locked.length, 7);
    for (const name of locked) bits.put(names.indexOf(name), 7);
    bits.put(view.map, 1);
    bits.put(view.head, 6);
    const before = { bytes: [...bits.bytes], at: bits.at };
    bits.put(filled.length, 3);
    for (const corner of filled) link.place(bits, corner);
    if (bits.bytes.length * 4 / 3 > link.LONGEST) { // the corners are what can be done without
      Object.assign(bits, before);
      bits.put(0, 3);
    }
    return link.sealed(bits.bytes);
  },

  // Of the inside of an image model: its words are JSON, after one byte that tells the format. What
  // was done to the latent is what can be done without.
  inside(model, state) {
    const { link } = genui, letters = (told) => link.sealed([link.INSIDE * 16, ...new TextEncoder().encode(JSON.stringify({ model, ...told }))]);
    const whole = letters(state);
    return whole.length <= link.LONGEST ? whole : letters({ ...state, edit: {} });
  },

  sealed(bytes) {
    const sum = genui.link.sum(bytes), all = [...bytes, ...[24, 16, 8, 0].map((by) => (sum / 2 ** by) & 255)];
    return btoa(String.fromCharCode(...all)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  },

  // {model, open(about) -> {state, corners, view}} of the letters, or {model, inside: state}; they
  // throw for what is damaged.
  read(letters) {
    const { link } = genui;
    if (letters.length > 2048 || !/^[\w-]+$/.test(letters)) throw new RangeError("no link");
    const all = Array.from(atob(letters.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
    const bytes = all.slice(0, -4), told = all.slice(-4).reduce((sum, byte) => sum * 256 + byte, 0);
    if (link.sum(bytes) !== told) throw new RangeError("changed");
    if (bytes[0] === link.INSIDE * 16) {
      const { model, ...inside } = JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes.slice(1))));
      return { model: String(model), inside };
    }
    const bits = new genui.Bits(bytes);
    if (bits.take(4) !== link.FORMAT) throw new RangeError("another format");
    const model = String.fromCharCode(...Array.from({ length: bits.take(7) }, () => bits.take(7)));
    return { model, open: (about) => link.rest(bits, about) };
  },

  rest(bits, about) {
    const { link } = genui, { latent } = about.model;
    if (bits.take(16) !== parseInt(about.atlas.sha256.slice(0, 4), 16)) return { error: link.OTHER };
    const name = () => {
      const found = about.directions[bits.take(7)];
      if (!found) throw new RangeError("no such direction");
      return found.name;
    };
    const place = link.unplace(bits, latent), truncation = Math.min(1.5, bits.take(11) / 1000);
    const moves = Object.fromEntries(Array.from({ length: bits.take(7) }, () => {
      const moved = name(), amount = link.unzigzag(bits.take(14)) / 1000;
      return [moved, Math.max(-6, Math.min(6, amount))];
    }));
    const locked = Array.from({ length: bits.take(7) }, name);
    const view = { map: bits.take(1), head: bits.take(6) };
    const corners = Array.from({ length: Math.min(genui.World.CORNERS, bits.take(3)) }, () => link.unplace(bits, latent));
    return { state: { ...place, moves, locked, truncation }, corners, view };
  },
};

// What the address said when the page came; other tabs may rewrite it before ours is opened.
genui.link.arrived = new URLSearchParams(location.hash.slice(1)).get(genui.link.NAME);
