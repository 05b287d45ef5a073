/* On a phone the controls of a tab are a sheet that slides over the page. */
"use strict";

// The button that opens it; `work()` is the row of which .gu-sheet-side is the sheet.
genui.drawer = (work) => {
  const button = genui.el("button.gu-chip.gu-sheet-opener", { type: "button", "aria-expanded": "false", onclick: toggle }, "Settings");

  function toggle() {
    const row = work(), on = row.classList.toggle("sheet");
    button.setAttribute("aria-expanded", String(on));
    if (!on) return;
    const away = (event) => {
      if (event.type === "keydown" ? event.key !== "Escape" : event.target.closest(".gu-sheet-side, .gu-sheet-opener, [role=listbox], .options")) return;
      row.classList.remove("sheet");
      button.setAttribute("aria-expanded", "false");
      for (const kind of ["pointerdown", "keydown"]) document.removeEventListener(kind, away);
    };
    for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, away);
  }

  return button;
};
