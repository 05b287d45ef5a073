/* The map of words: the map of a latent space with names instead of pictures. A touch anywhere asks
   for that place, which is drawn as a blend of the words around it. */
"use strict";

genui.WordMap = class extends genui.LatentMap {
  // `about` is the answer to "words".
  load(about) {
    const floats = (text) => new Float32Array(genui.LatentMap.bytes(text).buffer);
    Object.assign(this, { world: about, words: about.words, count: about.words.length, head: "kind", pictures: false,
      spots: { pca: floats(about.pca), neighbours: floats(about.neighbours) }, answers: { kind: { answers: about.groups, of: Uint8Array.from(about.of) } } });
    this.now = this.spots[this.map];
    this.home();
  }

  // As many names as fit without touching each other; zooming in shows the others.
  paintPoints() {
    super.paintPoints();
    const { pen } = this, placed = [];
    Object.assign(pen, { font: "500 11px Inter, sans-serif", textAlign: "left", textBaseline: "middle", lineWidth: 3, lineJoin: "round" });
    const first = [...(this.hover === null ? [] : [this.hover]), ...(this.marked ?? [])], done = new Set();
    for (const i of [...first, ...this.all()]) {
      if (!this.shown(i) || done.has(i)) continue;
      done.add(i);
      const [x, y] = this.toScreen(this.now[2 * i], this.now[2 * i + 1]), wide = pen.measureText(this.words[i]).width;
      const off = this.marked?.includes(i) ? 15 : 6, left = x + wide + off + 4 > this.width ? x - wide - off : x + off, box = [left - 2, y - 8, left + wide + 2, y + 8];
      if (x < 0 || y < 6 || x > this.width || y > this.height - 6 || placed.some(([l, t, r, b]) => l < box[2] && r > box[0] && t < box[3] && b > box[1])) continue;
      placed.push(box);
      pen.strokeStyle = getComputedStyle(this.canvas).getPropertyValue("--gu-sunk");
      pen.strokeText(this.words[i], left, y);
      pen.fillStyle = this.ink.ink;
      pen.fillText(this.words[i], left, y);
    }
  }
};

// Fingers and keys on the map of words; `inside` draws what is asked for.
genui.WordBoard = class extends genui.MapBoard {
  static SAID = { look: "Touch a word to draw it, or a place between words: then the three around it are blended.", move: "Drag to move the map, pinch or scroll to come nearer." };

  constructor(inside) {
    super(inside, new genui.WordMap());
    this.inside = inside;
    this.tools.node.querySelector("[data-value=path]").remove();
    this.node.querySelector(".gu-map-foot").remove();
    this.node.setAttribute("aria-label", "Map of words");
    this.glass.classList.add("words");
  }

  load(about) {
    this.map.load(about);
    this.colour("kind");
  }

  take(tool) {
    super.take(tool);
    this.hint.textContent = genui.WordBoard.SAID[tool];
  }

  name() {
    this.map.canvas.setAttribute("aria-label", `Map of words.${this.rated} ${genui.WordBoard.SAID[this.tool]} Arrow keys move the cross, Enter draws the place there, plus and minus zoom.`);
  }

  // Where the cross or the finger is: looked up at once, drawn when it rests.
  async decode({ wish, settle }) {
    if (wish) {
      const { map } = this, asked = wish.index === undefined ? wish : { xy: [0, 1].map((axis) => map.now[2 * wish.index + axis]), map: map.map };
      this.found = await this.inside.around(asked);
    }
    if (settle && this.found) { this.inside.draw(this.found); this.found = null; }
  }

  // The word under the pointer, written on the map before all others.
  point(spot) {
    const { map } = this, index = spot ? map.near(...spot) : null;
    if (index === map.hover) return;
    map.hover = index;
    this.glass.hidden = index === null;
    map.draw();
    if (index === null) return;
    const [x, y] = map.toScreen(map.now[2 * index], map.now[2 * index + 1]);
    this.glass.lastChild.textContent = `${map.words[index]} · ${map.answers.kind.answers[map.answers.kind.of[index]].toLowerCase()}`;
    Object.assign(this.glass.style, { left: `${Math.max(4, Math.min(map.width - 180, x - 60))}px`, top: `${y > 60 ? y - 50 : y + 16}px` });
  }
};
