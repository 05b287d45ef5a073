/* The latent of the picture that was drawn: its channels as small pictures, each to be moved and
   stretched, patches to be swapped, and what the decoder makes of it, at once. */
"use strict";

genui.Cells = class {
  static PATCH = 0.25; // of a side

  constructor(inside) {
    const { el } = genui;
    Object.assign(this, { inside, of: null, edit: {}, past: [], latest: new genui.Latest((edit) => this.decode(edit)), comparing: false });
    this.img = el("img", { alt: "What the decoder makes of the changed latent", draggable: "false", hidden: true });
    this.frames = [el("i.gu-patch"), el("i.gu-patch")];
    this.ground = el("div.gu-ground.gu-cells-face", { tabindex: "0", "aria-label": "The decoded picture: drag from one place to another to swap two patches", onpointerdown: (event) => this.grab(event), onpointermove: (event) => this.drag(event), onpointerup: (event) => this.drop(event), onpointercancel: () => this.let() },
      this.img, this.frames);
    const tool = (label, act, kind = "gu-quiet") => el(`button.${kind}`, { type: "button", onclick: act }, label);
    this.undo = tool("Undo", () => this.back());
    this.reset = tool("Reset", () => this.change({}));
    this.keep = tool("Keep it", () => this.inside.draw(this.inside.mix, this.edit), "gu-chip");
    const before = el("button.gu-chip", { type: "button", title: "Hold to see the picture without a change" }, "Before");
    for (const [kind, on] of [["pointerdown", true], ["pointerup", false], ["pointerleave", false], ["keydown", true], ["keyup", false], ["blur", false]]) before.addEventListener(kind, () => this.compare(on));
    this.channels = el("div.gu-channels", { "aria-label": "Channels" });
    this.said = el("p.gu-panel-said");
    this.empty = el("p.gu-panel-said", {}, "Draw a picture first; its latent is shown here.");
    this.body = el("div.gu-cells", { hidden: true }, el("div.gu-cells-side", {}, this.ground, el("p.gu-map-hint", {}, "Drag on the picture: the patch under your finger and the one where you let go change places."),
      el("div.gu-row", {}, this.keep, before, this.undo, this.reset)), el("div.gu-cells-main", {}, this.channels, this.said));
    this.node = el("div", {}, this.empty, this.body);
  }

  // The latent of the picture above, with what was done to it.
  opened() {
    const { generation } = this.inside, latent = generation?.usage.latent;
    if (!latent || generation === this.of) return;
    Object.assign(this, { of: generation, latent, edit: generation.request.inputs.edit ?? {}, past: [] });
    this.empty.hidden = true;
    this.body.hidden = false;
    const [channels, rows, columns] = latent.shape, { meta } = genui.picture.artifact(generation), wide = Math.round((meta?.width ?? 128) / columns);
    this.said.textContent = `What you see: inside the model this picture is only ${columns} × ${rows} cells of ${channels} numbers, and a decoder paints ${wide} × ${wide} pixels from each. `
      + "Grey is zero. No channel means one thing alone: moving one shifts the light or colour everywhere, stretching it makes its part stronger, below zero turned round. A swapped patch takes its thing along, since a cell decides what stands at its place.";
    this.paint(channels);
    this.show();
    this.latest.push(this.edit);
  }

  paint(count) {
    const { el } = genui;
    this.rows = Array.from({ length: count }, (_, number) => {
      const face = el("img.gu-channel-face", { alt: `Channel ${number + 1}`, draggable: "false" });
      const knob = (label, bounds, name) => {
        const said = el("output"), input = genui.picture.slider({ ...bounds, value: String(name === "scale" ? 1 : 0), "aria-label": `${label} channel ${number + 1}` }, ({ value }) => this.move(number, { [name]: Number(value) }));
        input.addEventListener("change", () => { this.held = false; this.inside.viewed(); });
        return { input, said, node: el("label.gu-channel-knob", {}, el("span", {}, label), input, said) };
      };
      const shift = knob("Move", { min: "-3", max: "3", step: "0.1" }, "shift"), scale = knob("Stretch", { min: "-2", max: "3", step: "0.1" }, "scale");
      return { face, shift, scale, node: el("div.gu-channel", { role: "group", "aria-label": `Channel ${number + 1}` }, face, el("div.gu-channel-side", {}, el("b", {}, `Channel ${number + 1}`), shift.node, scale.node)) };
    });
    this.channels.replaceChildren(...this.rows.map(({ node }) => node));
  }

  // --- changing

  // Undo takes a whole drag back.
  mark() { if (!this.held) { this.past.push(this.edit); this.held = true; } }

  move(number, patch) {
    this.mark();
    const others = (this.edit.channels ?? []).filter((each) => each.number !== number), mine = { number, scale: 1, shift: 0, ...(this.edit.channels ?? []).find((each) => each.number === number), ...patch };
    const channels = mine.scale === 1 && mine.shift === 0 ? others : [...others, mine];
    this.put({ ...this.edit, channels });
  }

  change(edit) {
    this.past.push(this.edit);
    this.put(edit);
    this.inside.viewed();
  }

  back() {
    const edit = this.past.pop();
    this.held = false;
    if (edit) { this.put(edit); this.inside.viewed(); }
  }

  put(edit) {
    this.edit = edit;
    this.show();
    this.latest.push(edit);
  }

  show() {
    const { channels = [], swaps = [] } = this.edit;
    this.rows.forEach(({ shift, scale, node }, number) => {
      const mine = channels.find((each) => each.number === number) ?? { shift: 0, scale: 1 };
      for (const [knob, value, rest] of [[shift, mine.shift ?? 0, 0], [scale, mine.scale ?? 1, 1]]) {
        if (Number(knob.input.value) !== value) knob.input.put(value);
        knob.said.textContent = value === rest ? String(rest) : value.toFixed(1).replace("-", "−");
      }
      node.classList.toggle("moved", (mine.shift ?? 0) !== 0 || (mine.scale ?? 1) !== 1);
    });
    const same = !channels.length && !swaps.length;
    this.reset.disabled = same;
    this.keep.disabled = same;
    this.undo.disabled = !this.past.length;
  }

  async decode(edit) {
    const { of } = this, answer = await this.inside.ask("decode", { ...this.latent, edit });
    if (of !== this.of) return;
    if (answer.error) { this.inside.complain(answer.error); return; }
    genui.picture.swap(this.img, answer.picture, this.ground);
    answer.channels.forEach((src, i) => { this.rows[i].face.src = src; });
  }

  // The picture without a change, as long as the button is held.
  compare(on) {
    if (on === this.comparing || !this.of) return;
    this.comparing = on;
    this.latest.push(on ? {} : this.edit);
  }

  // --- two patches that change places

  spot({ clientX, clientY }) {
    const box = this.ground.getBoundingClientRect(), share = (value) => Math.round(1000 * Math.max(0, Math.min(1, value))) / 1000;
    return [share((clientX - box.left) / box.width), share((clientY - box.top) / box.height)];
  }

  frame(i, spot) {
    const { PATCH } = genui.Cells, inner = (value) => Math.max(PATCH / 2, Math.min(1 - PATCH / 2, value));
    this.frames[i].classList.toggle("on", Boolean(spot));
    if (spot) Object.assign(this.frames[i].style, { left: `${100 * inner(spot[0])}%`, top: `${100 * inner(spot[1])}%`, width: `${100 * PATCH}%` });
  }

  grab(event) {
    if (!this.of) return;
    event.preventDefault();
    this.ground.setPointerCapture(event.pointerId);
    this.from = this.spot(event);
    this.base = this.edit;
    this.frame(0, this.from);
  }

  drag(event) {
    if (!this.from) return;
    const to = this.spot(event);
    this.frame(1, to);
    this.latest.push(this.swapped(to));
  }

  swapped(to) { return { ...this.base, swaps: [...(this.base.swaps ?? []), { one: this.from, other: to, size: genui.Cells.PATCH }].slice(-32) }; }

  drop(event) {
    if (!this.from) return;
    const to = this.spot(event), far = Math.hypot(to[0] - this.from[0], to[1] - this.from[1]) > 0.04, edit = this.swapped(to);
    this.let();
    if (far) this.change(edit); else this.latest.push(this.edit);
  }

  let() {
    this.from = null;
    this.frame(0, null);
    this.frame(1, null);
  }
};
