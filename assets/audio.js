/* The Audio tab: a switch between what it makes, each in a column of its own. */
"use strict";

// props.parts: [[id, label], …]; the columns have the ids "audio-<id>". Which one is open is kept
// over a reload, as what runs there is.
genui.tabs.audio = (element, { props }) => {
  const KEEP = "genui-audio", ids = props.parts.map(([id]) => id);
  const part = (id) => document.getElementById(`audio-${id}`);
  const choice = new genui.Segments("What to make", props.parts, (id) => {
    try { sessionStorage.setItem(KEEP, id); } catch { /* private mode */ }
    show(id);
  });

  function show(id) {
    choice.put(id);
    for (const each of ids) part(each).classList.toggle("gu-hidden", each !== id);
  }

  let kept = null;
  try { kept = sessionStorage.getItem(KEEP); } catch { /* private mode */ }
  element.querySelector(".gu-parts").replaceChildren(choice.node);
  show(ids.includes(kept) ? kept : ids[0]);
};
