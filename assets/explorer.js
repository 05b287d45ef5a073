/* How the Latent space tab asks its server: one question under way at a time, and the newest next.
   A slider that is dragged fast leaves no queue behind it: what was asked in between is forgotten. */
"use strict";

genui.Latest = class {
  // `work(wish)` is awaited for the newest wish only.
  constructor(work) { Object.assign(this, { work, wish: null, busy: false }); }

  async push(wish) {
    this.wish = wish;
    if (this.busy) return;
    this.busy = true;
    while (this.wish !== null) {
      const next = this.wish;
      this.wish = null;
      try { await this.work(next); } finally { if (this.wish === null) this.busy = false; }
    }
  }
};

genui.Explorer = class {
  static SCALE = 4; // pixels of the large picture for each that the model draws

  // `heard({look, world})` gets what the newest state looks like; `state(error, offline)` what went wrong.
  constructor(server, heard, state) {
    Object.assign(this, { server, heard, state });
    this.latest = new genui.Latest((world) => this.look(world));
  }

  // One question to the model of a world (or to a model's id).
  ask(world, name, question = {}) {
    return genui.ask(this.server, "explore", { model: world.id ?? world, ask: name, ...question });
  }

  // What the world's place looks like, as soon as can be.
  poke(world) { this.latest.push(world); }

  async look(world) {
    const { place, now } = world;
    const answer = await this.ask(world, "look", { places: [place], truncation: now.truncation, scale: genui.Explorer.SCALE });
    if (answer.error) {
      this.state(answer.error, answer.offline);
      this.misses = (this.misses ?? 0) + 1;
      if (answer.offline || this.misses < 3) { // out of reach, or busy: the same again, unless there is something newer
        await genui.pause(1500);
        this.latest.wish ??= world;
      }
      return;
    }
    this.misses = 0;
    this.state("");
    this.heard({ look: answer.looks[0], world, now });
  }

  // Small pictures of places: data URLs in their order, or [] where the server does not answer.
  async thumbs(world, places, truncation = world.now.truncation) {
    if (!places.length) return [];
    const answer = await this.ask(world, "look", { places, truncation, scale: 2, details: false });
    return (answer.looks ?? []).map(({ picture }) => picture);
  }

  // A place without moves: where they lead to.
  async settled(world, place) {
    if (!place.moves && !place.locked) return place;
    const answer = await this.ask(world, "near", { place, radius: 0, count: 1 });
    return answer.places?.[0] ?? null;
  }
};
