/* Turns what a model wrote into DOM nodes: paragraphs, headings, lists, **bold**, *italics*,
   `code` and fenced blocks. Text becomes text nodes only; whatever is not understood stays as it
   was written. Knows nothing of threads or jobs. */
"use strict";

genui.prose = (() => {
  const { el } = genui;
  const NAMES = { py: "python", js: "javascript", ts: "typescript", sh: "bash", shell: "bash",
    "c++": "cpp", "c#": "csharp", html: "xml" };

  // [{kind, source, ...}]; an unclosed fence at the end is a block that still grows
  function blocks(text) {
    const found = [];
    let open = null;
    const close = () => { if (open) found.push(open); open = null; };
    for (const line of text.split("\n")) {
      if (open?.kind === "code") {
        if (/^\s*```\s*$/.test(line)) { open.closed = true; close(); } else open.lines.push(line);
        continue;
      }
      const fence = line.match(/^\s*```\s*([\w+#-]*)\s*$/);
      const item = line.match(/^\s*(?:([-*•])|(\d{1,3})[.)])\s+(.*)$/);
      const heading = line.match(/^(#{1,4})\s+(.*)$/);
      if (fence) { close(); open = { kind: "code", language: fence[1].toLowerCase(), lines: [] }; }
      else if (!line.trim()) { if (open?.kind !== "list") close(); else open.gap = true; }
      else if (heading) { close(); found.push({ kind: "heading", lines: [heading[2]] }); }
      else if (item) {
        const ordered = Boolean(item[2]);
        if (open?.kind !== "list" || open.ordered !== ordered) {
          close();
          open = { kind: "list", ordered, start: Number(item[2] ?? 1), lines: [] };
        }
        open.gap = false;
        open.lines.push(item[3]);
      } else if (open?.kind === "list" && !open.gap) open.lines[open.lines.length - 1] += `\n${line.trim()}`;
      else {
        if (open?.kind !== "text") { close(); open = { kind: "text", lines: [] }; }
        open.lines.push(line);
      }
    }
    close();
    return found;
  }

  function inline(text) {
    const parts = [];
    const mark = /(`+)([^`]+)\1|\*\*(?=\S)([^*]+?)\*\*|(?<![\w*])\*(?=\S)([^*\n]+?)\*(?!\w)/g;
    let last = 0;
    for (const hit of text.matchAll(mark)) {
      parts.push(text.slice(last, hit.index));
      if (hit[2] !== undefined) parts.push(el("code", {}, hit[2]));
      else if (hit[3] !== undefined) parts.push(el("strong", {}, hit[3]));
      else parts.push(el("em", {}, hit[4]));
      last = hit.index + hit[0].length;
    }
    parts.push(text.slice(last));
    return parts.filter((part) => part !== "");
  }

  // highlight.js escapes its input; what it returns holds only its own spans
  function code(text, language) {
    const known = NAMES[language] ?? language;
    const body = el("code.hljs");
    if (known && hljs.getLanguage(known)) {
      body.innerHTML = hljs.highlight(text, { language: known, ignoreIllegals: true }).value;
    } else body.textContent = text;
    const copy = el("button.gu-quiet", { type: "button", onclick: () => genui.copy(text, copy) }, "Copy");
    return el("figure.gu-code", {},
      el("figcaption", {}, el("span", {}, language || "text"), copy),
      el("pre", { tabindex: "0" }, body));
  }

  function node(block) {
    if (block.kind === "code") return code(block.lines.join("\n"), block.language);
    if (block.kind === "heading") return el("h4", {}, inline(block.lines[0]));
    if (block.kind === "list") {
      const items = block.lines.map((line) => el("li", { dir: "auto" }, inline(line)));
      return block.ordered ? el("ol", { start: block.start }, items) : el("ul", {}, items);
    }
    return el("p", { dir: "auto" }, inline(block.lines.join("\n")));
  }

  // Draws `text` into `box`, keeping the nodes of blocks that did not change: a growing answer
  // touches only its end, so that a selection made while reading survives.
  function draw(box, text, bare = false) {
    const wanted = bare ? [{ kind: "text", lines: [text] }] : blocks(text);
    const had = box.drawn ?? [];
    const keys = wanted.map((block) => JSON.stringify(block));
    let same = 0;
    while (same < keys.length && had[same] === keys[same]) same += 1;
    while (box.childNodes.length > same) box.lastChild.remove();
    box.append(...wanted.slice(same).map(node));
    box.drawn = keys;
  }

  // A small model often forgets the fences: in code mode everything unfenced that looks like code is.
  function codeOnly(text) {
    return text.includes("```") || !/[=(){};]|^\s*(def|class|import|SELECT|function)\b/m.test(text)
      ? text : `\`\`\`python\n${text}`;
  }

  return { draw, codeOnly };
})();
