/* The Ratings tab: counts, bars with their uncertainty, and the rated results themselves. */
"use strict";

genui.tabs.ratings = (element) => {
  const stage = element.querySelector(".gu-stage");
  stage.append(genui.el("div.gu-empty", {}, genui.el("b", {}, "No ratings yet"),
    "Rate a result in another tab and it shows here."));
};
