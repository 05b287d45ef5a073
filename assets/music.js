/* Music in the Audio tab: the composer, the tunes under it, and what they tell each other. */
"use strict";

// What Gradio's controls tell, and what goes back into them (see genui/ui/tabs/audio_music.py).
genui.music = {
  settings: {}, tab: null,
  settle(values) { genui.music.settings = values; },
  // Called by the event that `restore` triggers; the new values of the controls, in their order.
  restored: () => Object.values(genui.music.tab.restored(genui.music.settings)),
};

genui.MusicTab = class extends genui.SoundTab {
  constructor(element, { server, props, restore }) {
    const { el } = genui, config = JSON.parse(props.value);
    super({ server, kind: "music", call: "compose", Card: genui.MusicCard, titles: config.models, refill: restore });
    this.config = config;
    genui.music.tab = this;
    genui.music.settle({ ...config.settings });
    this.radio = new genui.Radio(this);
    this.form = new genui.MusicForm(this);
    this.form.settle();
    this.empty.append(el("b", {}, "Press Compose for a tune of its own"),
      "Notes by a small model that learned from old dance tunes, played as they are written. Say what you like, or just press: then the words in the box are taken.");
    const take = (file) => this.open(file);
    const opener = genui.opener("label.gu-open", { accept: ".wav,.flac,.mp3,.ogg,.json,audio/*", label: "Open a tune made by genui", take },
      el("b", {}, "Open a tune"), " made by genui, or drop it here: it is made again and compared.");
    element.querySelector(".gu-stage").append(this.form.node, ...this.nodes, opener);
    this.welcome();
  }

  toTop() { this.form.node.scrollIntoView({ block: "start", behavior: "smooth" }); }

  toResults() {
    const { top } = this.list.getBoundingClientRect();
    if (top < 0 || top > innerHeight - 200) this.list.scrollIntoView({ block: "start", behavior: "smooth" });
  }

  // --- composing

  // What the button does: everything the composer and the controls say; the second half of a double
  // click does nothing.
  async compose(event) {
    if (this.composing || event?.detail > 1) return;
    genui.sound.wake(genui.MusicCard.FORM.rate);
    this.radio.off();
    const { requests, error } = this.form.requests();
    if (error) { this.say(error, "quiet"); return; }
    this.composing = true;
    const cards = [];
    for (const [at, request] of requests.entries()) cards.push(await this.submit(request, { autoplay: at === 0 }));
    this.composing = false;
    if (cards.length > 1 && cards.every(Boolean)) this.pair(cards);
    if (cards[0] && matchMedia("(max-width: 640px)").matches) {
      document.activeElement?.blur();
      cards[0].node.scrollIntoView({ block: "start", behavior: "smooth" });
    }
  }

  put(request, repeat) { this.form.put(request, repeat); }

  startFrom(card) {
    this.form.starting.put({ mode: "continue", start: card.abc });
    this.toTop();
  }

  // --- side by side

  pair(cards) {
    const duet = new genui.Duet(this, cards);
    this.settle();
    this.unfold(cards[0]);
    this.arrange();
    return duet;
  }

  // Puts together again what was made together.
  settle() {
    for (let i = 1; i < this.cards.length; i += 1) {
      const pair = this.cards.slice(i - 1, i + 1);
      if (!pair.some((card) => card.duet) && genui.Duet.same(pair[0].request, pair[1].request)) new genui.Duet(this, pair);
    }
    this.list.replaceChildren(...new Set(this.cards.map((card) => this.place(card)).reverse()), this.older);
  }

  place(card) { return card.duet?.node ?? card.node; }

  unfold(card) {
    for (const other of this.cards) other.fold(other !== card && !(card.duet && other.duet === card.duet));
  }

  remove(card) {
    const { duet } = card;
    super.remove(card);
    duet?.part();
  }

  // --- what cards tell

  ended(card) { this.radio.ended(card); card.duet?.update(); }
  played(card, state) { this.radio.played(card, state); }
  listened(card) { card.duet?.update(); }
};

genui.tabs.music = (element, tools) => new genui.MusicTab(element, tools);
