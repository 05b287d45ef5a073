/* Names of notes, lengths and tokens for people, and the colour of how sure the model was. */
"use strict";

genui.notes = (() => {
  const FIFTHS = { major: 0, minor: -3, dorian: -2, mixolydian: -1, lydian: 1, phrygian: -4 };
  const LETTERS = "FCGDAEB"; // on the line of fifths, F at -1
  const LENGTHS = { 3: "thirty-second", 4: "triplet sixteenth", 6: "sixteenth", 8: "triplet eighth", 9: "dotted sixteenth",
    12: "eighth", 16: "triplet quarter", 18: "dotted eighth", 24: "quarter", 36: "dotted quarter", 48: "half", 72: "dotted half", 96: "whole" };
  const CENTRE = 60; // the lowest tonic
  const SURE = 6;    // nats of surprise at which the colour is full; e^-6 is 1 in 400

  // "D major" -> {tonic: 2, signature: 2}
  function key(said) {
    const [name, mode] = said.split(" "), sharps = name.split("#").length - name.split("b").length;
    const place = LETTERS.indexOf(name[0]) - 1 + 7 * sharps;
    return { tonic: (((place * 7) % 12) + 12) % 12, signature: place + (FIFTHS[mode] ?? 0) };
  }

  // A MIDI pitch as it is spelled in a key: "F♯5".
  function pitch(midi, said = "C major") {
    const low = key(said).signature - 3;
    const place = low + ((((midi * 7 - low) % 12) + 12) % 12) + 1;
    const sharps = Math.floor(place / 7), letter = LETTERS[((place % 7) + 7) % 7];
    const sign = sharps > 0 ? "♯".repeat(sharps) : "♭".repeat(-sharps);
    return `${letter}${sign}${Math.floor((midi - sharps) / 12) - 1}`;
  }

  // What a token says: "pitch:4" in D major is F♯4.
  function token(name, said) {
    const [family, value] = name.split(":");
    if (family === "pitch") return pitch(CENTRE + key(said).tonic + Number(value), said);
    if (family === "length") return LENGTHS[value] ?? value;
    if (family === "left") return value === "1" ? "the last bar of the part" : `a bar, ${value} left in the part`;
    return { rest: "a rest", tie: "hold on", end: "the end", once: "a part played once", twice: "a part played twice" }[family]
      ?? `${family} ${value ?? ""}`.trim();
  }

  // What is decided where a token stands.
  const question = (name) => ({ length: "How long, or which note", pitch: "Which note", rest: "Which note" }[name.split(":")[0]] ?? "What next");

  // 0 for sure, 1 for surprised.
  const surprise = (logprob) => Math.min(1, -(logprob ?? 0) / SURE);

  return { key, pitch, token, question, surprise };
})();
