/* Speech in the Audio tab: what its composer asks for, examples, and files opened. */
"use strict";

genui.SpeechTab = class extends genui.SoundTab {
  static EXAMPLES = [
    ["A poem", "Hope is the thing with feathers that perches in the soul, and sings the tune without the words, and never stops at all."],
    ["A tongue twister", "She sells sea shells by the sea shore. The shells she sells are sea shells, I’m sure."],
    ["Numbers and dates", "On March 3rd, 2024, at 7:30 pm, 1,250 people paid $9.99 each. That is about 12 thousand dollars!"],
    ["A short dialogue", "“Is anybody there?” said the traveller. Nobody answered. “Tell them I came,” he said, “and that I kept my word.”"],
  ];

  constructor(element, { server, props, restore }) {
    super({ server, kind: "speech", call: "speak", Card: genui.SpeechCard, titles: props.voices, refill: restore });
    const { el } = genui;
    this.empty.append(el("b", {}, "Press Speak to hear the text above"),
      "The voice runs on this machine and starts with the first sentence. Or try:",
      el("div.gu-row.gu-examples", {}, genui.SpeechTab.EXAMPLES.map(([name, text]) =>
        el("button.gu-chip", { type: "button", onclick: () => this.restore({ text }) }, name))));
    element.querySelector(".gu-stage").replaceChildren(...this.nodes);
    this.welcome();
  }

  put({ inputs, model, options, seed }) {
    this.restore({ text: inputs.text, voice: model, speed: options.speed, seed });
  }
};

genui.speech = (() => {
  let tab = null; // Gradio mounts it when the Audio tab is first opened

  const draw = () => crypto.getRandomValues(new Uint32Array(1))[0] % (2 ** 32 - 1);

  // Called in the click of Speak, once `ready`; returns the seed to show.
  function speak(text, voice, speed, seed, each) {
    genui.sound.wake(genui.SpeechCard.FORM.rate);
    const used = each || seed === null || seed === "" ? draw() : seed;
    tab.submit({ kind: "speech", model: voice, inputs: { text: text ?? "" }, options: { speed }, seed: used });
    return used;
  }

  // Called by the event that `restore` triggers; returns the new values of the controls.
  function restored(text, voice, speed, seed, each) {
    if (tab.wish.seed !== undefined) tab.wish.each = false;
    const now = tab.restored({ text, voice, speed, seed, each });
    return [now.text, now.voice, now.speed, now.seed, now.each];
  }

  // The small drop zone beside the controls.
  function opener(element) {
    const { el } = genui, take = (file) => tab?.open(file);
    element.querySelector(".gu-drop-place").replaceChildren(
      genui.opener("label.gu-drop", { accept: ".wav,.flac,audio/wav,audio/flac", label: "Open a sound made by genui", take },
        el("b", {}, "Open a file"), el("span", {}, "Drop a WAV or FLAC made here: it is made again and compared.")));
  }

  genui.tabs.speech = (element, tools) => { tab = new genui.SpeechTab(element, tools); };
  return { speak, restored, opener, get ready() { return tab !== null; } };
})();
