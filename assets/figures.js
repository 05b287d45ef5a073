/* What was measured of a model when it was made, as a plain table: a number, under it what
   training avatars reach, and a sentence on what it says. Numbers that a model does not have are left out. */
"use strict";

genui.Figures = class {
  constructor() {
    this.body = genui.el("tbody");
    this.node = genui.el("table.gu-figures", {}, this.body);
  }

  // Shows `metrics` as the model's folder has them; false when there are none.
  show(metrics) {
    const { el } = genui, rows = genui.Figures.rows(metrics).filter(([, value]) => value);
    this.body.replaceChildren(...rows.map(([name, value, beside, sentence]) => el("tr", {}, el("th", { scope: "row" }, name),
      el("td.gu-figure", {}, value, beside ? el("small", {}, beside) : null), el("td", {}, sentence))));
    return rows.length > 0;
  }

  // A number in three digits, or whole from 1,000 on, with what comes after it; "" for none.
  static say(value, after = "") {
    const digits = Math.abs(value) < 1000 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 };
    return Number.isFinite(value) ? value.toLocaleString("en", digits) + after : "";
  }

  static percent(share) { return Number.isFinite(share) ? `${(100 * share).toLocaleString("en", { maximumFractionDigits: 1 })} %` : ""; }

  // [name, value or "", what stands beside it or "", sentence]
  static rows(metrics) {
    const { say, percent } = genui.Figures, { reconstruction: back, distance, separability, mig, dci, path_length, copies } = metrics;
    const made = distance?.samples?.judge, floor = distance?.["training avatars"]?.judge, n = distance?.n;
    const beside = (text) => (text ? `training avatars ${text}` : ""), known = n ? `${say(n)} avatars that it never saw` : "avatars that it never saw";
    const copied = copies?.copied, reach = copied && Number.isFinite(copied.high) ? `${percent(copied.low)} to ${percent(copied.high)}, 95 % certain` : "";
    return [
      ["Given back", say(back?.psnr_db, " dB"), "", `How near ${back?.n ? say(back.n) : ""} avatars that it never saw come back (PSNR); higher is nearer.`],
      ["KID", say(made?.kid?.mean), beside(say(floor?.kid?.mean)), `How far samples as a whole are from ${known}, in the features of the judge network; lower is nearer.`],
      ["FID", say(made?.fid), beside(say(floor?.fid)), "The same distance between two bell curves fitted to those features; compare it with the number under it only."],
      ["Precision", percent(made?.precision), beside(percent(floor?.precision)), "The share of samples that lie where avatars lie."],
      ["Recall", percent(made?.recall), beside(percent(floor?.recall)), "The share of avatars that lie where samples lie."],
      ["Coverage", percent(made?.coverage), beside(percent(floor?.coverage)), "The share of avatars that have a sample among their nearest neighbours."],
      ["Linear separability", say(separability?.all), separability?.unknown ? `knowing nothing ${say(separability.unknown)}` : "", "What straight cuts through the space leave unknown of all attributes together (Karras et al. 2019); 1 is best."],
      ["MIG", say(mig?.mean), "", "Mutual information gap (Chen et al. 2018): 1 where a single dimension knows an attribute, 0 where several know it alike."],
      ["Disentanglement", say(dci?.disentanglement), "", "The first number of DCI (Eastwood and Williams 2018): 1 where each dimension matters for one attribute alone."],
      ["Path length", say(path_length?.mean), "", "How much pictures change over small steps between two places (Karras et al. 2019, in the judge’s features); lower is smoother."],
      ["Copies", percent(copied?.share), reach, `The share of ${copied?.n ? say(copied.n) : ""} samples that are copies of a training avatar.`],
    ];
  }
};
