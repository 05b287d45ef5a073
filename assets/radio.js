/* Endless music: asks for the next tunes while one plays and lets each begin where the one before
   ends, in the same clock. Every tune is a record of its own. At most two are made ahead. */
"use strict";

genui.Radio = class {
  static AHEAD = 2; // tunes asked for and not begun

  constructor(tab) { Object.assign(this, { tab, on: false, now: null, queue: [] }); }

  toggle() { if (this.on) this.off(); else this.begin(); }

  begin() {
    genui.sound.wake(genui.MusicCard.FORM.rate);
    this.on = true;
    this.show();
    this.fill();
  }

  // The tune that plays goes on to its end; what was asked for ahead is called off.
  off() {
    this.on = false;
    if (this.now) this.now.player.then = null;
    for (const card of this.queue) if (!card.over) card.stop();
    this.queue = [];
    this.now = null;
    this.show();
  }

  show() { this.tab.form.endless.setAttribute("aria-checked", String(this.on)); }

  async fill() {
    if (this.filling) return;
    this.filling = true;
    while (this.on && this.queue.length < genui.Radio.AHEAD) {
      const { form } = this.tab;
      const { requests, error } = form.requests({ prompt: form.box.value.trim(), seed: genui.Seed.roll() });
      if (error) { this.tab.say(error, "quiet"); this.off(); break; }
      const first = !this.now && !this.queue.length;
      const card = await this.tab.submit(requests[0], { autoplay: first });
      if (!card) {
        if (!this.tab.offline) { this.off(); break; }
        await genui.pause(3000); // the server will be back
        continue;
      }
      if (!this.on) { card.stop(); break; }
      this.queue.push(card);
      this.link();
    }
    this.filling = false;
  }

  // Each begins where the one before ends.
  link() {
    const chain = [this.now, ...this.queue].filter(Boolean);
    chain.forEach((card, i) => { const next = chain[i + 1]?.player ?? null; if (card.player.then !== next) card.player.then = next; });
  }

  // A tune plays: those before it are done with.
  played(card, state) {
    if (!this.on || state !== "playing" || card === this.now) return;
    if (!this.queue.includes(card)) { this.off(); return; } // somebody plays something else
    this.queue = this.queue.slice(this.queue.indexOf(card) + 1);
    this.now = card;
    this.tab.unfold(card);
    this.link();
    this.fill();
  }

  // A tune that came to nothing is passed over; one after another is no music.
  ended(card) {
    if (!this.on || card.audio || !this.queue.includes(card)) return;
    this.queue = this.queue.filter((other) => other !== card);
    this.misses = (this.misses ?? 0) + 1;
    if (this.misses > genui.Radio.AHEAD) { this.off(); return; }
    this.link();
    this.fill();
  }
};
