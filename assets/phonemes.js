/* The phonemes of a sound, sentence by sentence, to read and to edit. */
"use strict";

// Draws the panel of a sound card into `panel`.
genui.phonemes = (card, panel) => {
  const { el } = genui, { segments } = card;
  const fields = segments.map((segment, i) => el("input.gu-phoneme", {
    type: "text", value: segment.phonemes, spellcheck: "false", lang: "en-fonipa", autocomplete: "off",
    autocapitalize: "off", "aria-label": `Phonemes of sentence ${i + 1}`, oninput: ready,
    onkeydown: (event) => { if (event.key === "Enter" && !button.disabled) button.click(); },
  }));
  const button = el("button.gu-main-button", { type: "button",
    onclick: () => card.respeak(fields.map((field) => field.value)) }, "Speak these");
  const reset = el("button.gu-quiet", { type: "button", onclick: () => {
    fields.forEach((field, i) => { field.value = segments[i].phonemes; });
    ready();
  } }, "Put back");

  function ready() {
    fields.forEach((field, i) => field.classList.toggle("changed", field.value !== segments[i].phonemes));
    button.disabled = reset.disabled = !fields.some((field) => field.classList.contains("changed"));
  }

  panel.replaceChildren(
    el("p", {}, "Phonemes are the sounds of speech, one sign for each. Change some, and only that sentence sounds different."),
    el("ol", {}, segments.map((segment, i) => el("li", {}, el("span", { dir: "auto" }, segment.text), fields[i]))),
    el("div.gu-row", {}, button, reset));
  ready();
};
