/* The picture to start from: dropped, chosen, pasted or taken from the gallery. It is sent at once,
   so that a file that is no picture is refused before anybody has waited for it. */
"use strict";

// Sends a file; resolves to {sha256, token, width, height} or {error}.
genui.upload = async (file) => {
  try {
    return await (await fetch("genui/picture", { method: "POST", body: file })).json();
  } catch {
    return { error: "The picture did not arrive; look at your connection and try again." };
  }
};

// Which pictures this browser may start from: sha256 -> token, kept over a reload.
genui.tokens = (() => {
  const KEEP = "genui-pictures", MOST = 200;
  let known = {};
  try { known = JSON.parse(localStorage.getItem(KEEP) ?? "{}") ?? {}; } catch { /* private mode */ }
  return {
    put(sha256, token) {
      delete known[sha256];
      known[sha256] = token;
      for (const old of Object.keys(known).slice(0, -MOST)) delete known[old];
      try { localStorage.setItem(KEEP, JSON.stringify(known)); } catch { /* lives with the page */ }
    },
    // The tokens of the pictures or the sound that a request starts from.
    of: (inputs) => Object.fromEntries([inputs.image, inputs.mask, inputs.sound].filter((sha) => known[sha]).map((sha) => [sha, known[sha]])),
    get: (sha256) => known[sha256] ?? null,
  };
})();

genui.Source = class {
  // `changed(picture)` is told of every new picture, null when it was taken away.
  constructor(changed) {
    const { el } = genui;
    Object.assign(this, { changed, picture: null, turn: 0 });
    this.input = el("input.gu-sr", { type: "file", accept: "image/*", "aria-label": "Choose a picture",
      onchange: () => { if (this.input.files[0]) this.take(this.input.files[0]); this.input.value = ""; } });
    this.line = el("span.gu-source-line");
    this.well = el("label.gu-source-well", {}, this.input, el("b", {}, "Choose a picture"), el("span", {}, "drop one here, or paste it"));
    this.thumb = el("img", { alt: "The picture to start from" });
    this.said = el("span.gu-source-said", { role: "status" });
    this.had = el("div.gu-source-had", { hidden: true }, this.thumb, this.said,
      el("button.gu-quiet", { type: "button", onclick: () => this.input.click() }, "Change"),
      el("button.gu-quiet", { type: "button", onclick: () => this.use(null) }, "Remove"));
    this.note = el("div.gu-source-note", { "aria-live": "polite" });
    this.node = el("div.gu-source", {}, this.well, this.had, this.note);
  }

  async take(file) {
    const turn = ++this.turn;
    this.note.replaceChildren(genui.notice("Reading the picture…", "quiet"));
    const answer = await genui.upload(file);
    if (turn !== this.turn) return; // another one came meanwhile
    if (answer.error) { this.note.replaceChildren(genui.notice(answer.error)); return; }
    this.use(answer, file.name ? `${file.name}, ` : "");
  }

  // {sha256, token, width, height}, or null for none.
  use(picture, name = "") {
    const { el } = genui;
    this.turn += 1;
    this.picture = picture;
    this.note.replaceChildren();
    this.well.hidden = Boolean(picture);
    this.had.hidden = !picture;
    if (picture) {
      genui.tokens.put(picture.sha256, picture.token);
      this.thumb.src = genui.media({ ...picture, name: "picture" });
      this.said.replaceChildren(el("bdi", {}, name.slice(0, 60)), `${picture.width} × ${picture.height}`);
    }
    this.changed(picture);
  }

  ask() { this.note.replaceChildren(genui.notice("Choose the picture to start from first.", "quiet")); this.input.focus(); }

  // The picture among what was dropped or pasted, if there is one.
  static file(carried) { return [...(carried?.files ?? [])].find((file) => file.type.startsWith("image/")) ?? null; }
};
