/* The Audio tab: submits, keeps the list of results, opens files. Each result is a card that draws
   itself; see soundcard.js. Music will bring its own composer and share the cards. */
"use strict";

genui.audio = (() => {
  const { el, ask } = genui;
  const SHOWN = 60; // cards on the page; older ones stay on the server
  const EXAMPLES = [
    ["A poem", "Hope is the thing with feathers that perches in the soul, and sings the tune without the words, and never stops at all."],
    ["A tongue twister", "She sells sea shells by the sea shore. The shells she sells are sea shells, I’m sure."],
    ["Numbers and dates", "On March 3rd, 2024, at 7:30 pm, 1,250 people paid $9.99 each. That is about 12 thousand dollars!"],
    ["A short dialogue", "“Is anybody there?” said the traveller. Nobody answered. “Tell them I came,” he said, “and that I kept my word.”"],
  ];

  let tab = null;      // the mounted tab; Gradio mounts it when it is first opened
  let restoring = null;

  class Tab {
    constructor(element, { server, props, restore }) {
      this.server = server;
      this.refill = restore;
      this.voices = props.voices; // id -> title
      this.cards = [];
      this.last = 0;
      this.notices = el("div", { "aria-live": "polite" });
      this.empty = this.drawEmpty();
      this.list = el("div.gu-sounds", { role: "feed", "aria-label": "Results" });
      this.older = el("h3.gu-older.gu-hidden", {}, "Earlier");
      element.querySelector(".gu-stage").replaceChildren(this.notices, this.empty, this.list);
      this.welcome();
    }

    drawEmpty() {
      const chips = EXAMPLES.map(([name, text]) =>
        el("button.gu-chip", { type: "button", onclick: () => this.restore({ text }) }, name));
      return el("div.gu-empty.gu-hidden", {}, el("b", {}, "Press Speak to hear the text above"),
        "The voice runs on this machine and starts with the first sentence. Or try:",
        el("div.gu-row.gu-examples", {}, chips));
    }

    // After a reload: what runs goes on, what was made is there.
    async welcome() {
      let past = await ask(this.server, "past", { kind: "speech" });
      while (past.offline) {
        this.say(past.error, "quiet");
        await genui.pause(2000);
        past = await ask(this.server, "past", { kind: "speech" });
      }
      this.say(past.error ?? "");
      for (const generation of (past.generations ?? []).reverse()) {
        if (!this.cards.some((card) => card.generation?.id === generation.id)) this.add({ generation });
      }
      for (const { job, request } of past.jobs ?? []) {
        if (!this.cards.some((card) => card.job === job)) this.add({ job, request });
      }
      this.cards.sort((a, b) => (a.generation?.created ?? "9").localeCompare(b.generation?.created ?? "9"));
      this.list.replaceChildren(...this.cards.map((card) => card.node).reverse(), this.older);
      if (this.cards.length) this.unfold(this.cards.at(-1));
      this.arrange();
    }

    say(message, tone = "error") {
      this.notices.replaceChildren(...(message ? [genui.notice(message, tone)] : []));
    }

    add(what) {
      const card = new genui.SoundCard(this, what);
      this.cards.push(card);
      this.list.prepend(card.node);
      if (this.cards.length > SHOWN) this.remove(this.cards[0]);
      return card;
    }

    remove(card) {
      this.cards = this.cards.filter((other) => other !== card);
      card.close();
      this.arrange();
    }

    unfold(card) {
      for (const other of this.cards) other.fold(other !== card);
    }

    // The newest is large; a heading stands between it and the earlier ones.
    arrange() {
      this.empty.classList.toggle("gu-hidden", this.cards.length > 0);
      this.older.classList.toggle("gu-hidden", this.cards.length < 2);
      this.cards.at(-1)?.node.after(this.older);
    }

    // Sends a request; `expect` is the opened file it repeats.
    async submit(request, expect = null) {
      const { model, inputs, options } = request, wish = JSON.stringify([model, inputs, options]);
      if (wish === this.wish && performance.now() - this.last < 600) return; // a double click
      this.wish = wish;
      this.last = performance.now();
      const answer = await ask(this.server, "speak", { request });
      this.say(answer.error ?? "");
      if (answer.error) return;
      const card = this.add({ job: answer.job, request: answer.request, expect, autoplay: true });
      this.unfold(card);
      this.arrange();
    }

    // Puts values into the controls; what is left out stays as it is.
    restore(values) {
      restoring = values;
      this.refill();
    }

    async open(file) {
      genui.sound.wake();
      this.say(`Reading ${file.name}…`, "quiet");
      const answer = await genui.opened(file);
      const record = answer.record;
      if (record?.request.kind !== "speech") {
        answer.error ??= "This file was made in another tab; open it there.";
      }
      this.say(answer.error ?? "");
      if (answer.error) return;
      const { request } = record;
      this.restore({ text: request.inputs.text, voice: request.model, speed: request.options.speed, seed: request.seed });
      await this.submit(request, { record, name: file.name });
    }
  }

  // --- what the controls call ---------------------------------------------------------------

  const draw = () => crypto.getRandomValues(new Uint32Array(1))[0] % (2 ** 32 - 1);

  // Called in the click of Speak, once `ready`; returns the seed to show.
  function speak(text, voice, speed, seed, each) {
    genui.sound.wake();
    const used = each || seed === null || seed === "" ? draw() : seed;
    tab.submit({ kind: "speech", model: voice, inputs: { text: text ?? "" }, options: { speed }, seed: used });
    return used;
  }

  // Called by the event that `restore` triggers; returns the new values of the controls.
  function restored(text, voice, speed, seed, each) {
    const now = { text, voice, speed, seed, each, ...restoring };
    if (restoring?.seed !== undefined) now.each = false;
    restoring = null;
    return [now.text, now.voice, now.speed, now.seed, now.each];
  }

  // The small drop zone beside the controls.
  function opener(element) {
    const take = (file) => tab?.open(file);
    element.querySelector(".gu-drop-place").replaceChildren(
      genui.opener("label.gu-drop", { accept: ".wav,.flac,audio/wav,audio/flac", label: "Open a sound made by genui", take },
        el("b", {}, "Open a file"), el("span", {}, "Drop a WAV or FLAC made here: it is made again and compared.")));
  }

  genui.tabs.audio = (element, tools) => { tab = new Tab(element, tools); };
  return { speak, restored, opener, get ready() { return tab !== null; } };
})();
