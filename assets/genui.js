/* The page's shared script: who I am, how to follow a job, how to ask for a rating.
   Knows nothing of any kind of result; text.js, audio.js and ratings.js stand on it. */
"use strict";

const genui = (() => {
  // The key is made here and kept in this browser alone; the server knows only its keyed hash.
  function key() {
    let stored = null;
    try { stored = localStorage.getItem("genui-key"); } catch { /* private mode */ }
    if (!stored || stored.length < 32) {
      stored = genui.fallback ?? Array.from(crypto.getRandomValues(new Uint8Array(24)),
        (b) => b.toString(16).padStart(2, "0")).join("");
      genui.fallback = stored;
      try { localStorage.setItem("genui-key", stored); } catch { /* lives as long as the page */ }
    }
    return stored;
  }

  // el("button.quiet", {type: "button", onclick: f}, "text", child): text is never parsed as HTML
  function el(spec, attributes = {}, ...children) {
    const [tag, ...classes] = spec.split(".");
    const node = document.createElement(tag || "div");
    if (classes.length) node.className = classes.join(" ");
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (name in node && name !== "list" && typeof value !== "string") node[name] = value;
      else node.setAttribute(name, value);
    }
    node.append(...children.flat().filter((c) => c !== null && c !== undefined));
    return node;
  }

  const OFFLINE = "The server does not answer. Your work is safe; this page tries again by itself.";

  // Calls a server function; always resolves to an object, with `error` in it when it failed.
  async function ask(server, name, data = {}) {
    try {
      const answer = await server[name]({ key: key(), ...data });
      if (answer === null || answer === undefined) return { error: OFFLINE, offline: true };
      return answer;
    } catch {
      return { error: OFFLINE, offline: true };
    }
  }

  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  // Follows a job to its end. `on(event)` gets every event once and in order, whatever the network
  // does; `state(offline)` tells when the server is out of reach. Resolves to the last event.
  async function follow(server, job, on, state = () => {}) {
    let after = 0, misses = 0;
    for (;;) {
      const answer = await ask(server, "follow", { job, after });
      if (answer.offline) {
        state(true);
        misses += 1;
        await pause(Math.min(500 * 2 ** misses, 8000));
        continue;
      }
      if (misses) { state(false); misses = 0; }
      if (answer.error) {
        const last = { type: "failed", message: answer.error, code: "not_found" };
        on(last);
        return last;
      }
      for (const event of answer.events) { after += 1; on(event); }
      if (answer.done) return answer.events.at(-1);
      await pause(answer.events.length ? 90 : 180);
    }
  }

  const media = (artifact, form = "media") =>
    `genui/${form}/${artifact.sha256}/${encodeURIComponent(artifact.name)}?token=${artifact.token}`;

  function seconds(value) {
    if (value < 60) return `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;
    return `${Math.floor(value / 60)}:${String(Math.round(value % 60)).padStart(2, "0")}`;
  }

  function ago(iso) {
    const passed = (Date.now() - Date.parse(iso)) / 1000;
    if (passed < 60) return "just now";
    if (passed < 3600) return `${Math.round(passed / 60)} min ago`;
    if (passed < 86400) return `${Math.round(passed / 3600)} h ago`;
    return new Date(iso).toLocaleDateString();
  }

  function save(name, text, type = "text/plain") {
    const url = URL.createObjectURL(new Blob([text], { type }));
    el("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }

  async function copy(text, button) {
    try { await navigator.clipboard.writeText(text); } catch {
      const box = el("textarea", { value: text, style: "position:fixed;opacity:0" });
      document.body.append(box); box.select(); document.execCommand("copy"); box.remove();
    }
    const label = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = label; }, 1200);
  }

  // The line that says where a job stands: queue place, loading bar, or quiet.
  class Status {
    constructor(stop) {
      this.text = el("span.gu-status-text", { role: "status", "aria-live": "polite" }, "Starting…");
      this.bar = el("div.gu-bar", { role: "progressbar" }, el("i"));
      this.node = el("div.gu-status", {}, el("span.gu-pulse"), this.text, this.bar,
        el("button.gu-stop", { type: "button", onclick: stop, title: "Stop (Esc)" }, "Stop"));
    }
    show(text, fraction = null) {
      this.text.textContent = text;
      this.bar.classList.toggle("on", fraction !== null);
      if (fraction !== null) {
        this.bar.firstChild.style.width = `${Math.round(fraction * 100)}%`;
        this.bar.setAttribute("aria-valuenow", Math.round(fraction * 100));
      }
    }
    on(event) {
      if (event.type === "queued") {
        const wait = event.wait ? `, about ${seconds(event.wait)}` : "";
        this.show(event.place === 1 ? `Next in line${wait}` : `Number ${event.place} in line${wait}`);
      } else if (event.type === "loading") this.show(event.message, event.fraction);
      else if (event.type === "started") this.show("Working…");
      else if (event.type === "progress") {
        this.show(`${event.label} ${event.step} of ${event.total}`, event.step / Math.max(1, event.total));
      }
    }
    offline(gone) { this.node.classList.toggle("offline", gone); if (gone) this.text.textContent = OFFLINE; }
    remove() { this.node.remove(); }
  }

  // A place to drop a file made here, or to choose one: `zone` is the label's tag and class, `text`
  // what stands in it, `take(file)` gets the file.
  function opener(zone, { accept, label, take }, ...text) {
    const input = el("input.gu-sr", { type: "file", accept, "aria-label": label,
      onchange: () => { if (input.files[0]) take(input.files[0]); input.value = ""; } });
    const node = el(zone, {
      ondragover: (event) => { event.preventDefault(); node.classList.add("over"); },
      ondragleave: () => node.classList.remove("over"),
      ondrop: (event) => {
        event.preventDefault();
        node.classList.remove("over");
        if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
      } }, input, ...text);
    return node;
  }

  // What the server reads in a file: {record}, {parameters, note} or {error}.
  async function opened(file) {
    try {
      return await (await fetch("genui/open", { method: "POST", body: file })).json();
    } catch { return { error: "That file could not be sent; try again." }; }
  }

  const notice = (message, tone = "error") => el(`div.gu-notice.${tone}`, { role: "alert" }, message);

  return { key, el, ask, follow, pause, media, seconds, ago, save, copy, Status, opener, opened, notice, tabs: {} };
})();

// Esc stops what runs in the tab that is open.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const running = [...document.querySelectorAll(".gu-stop")].filter((b) => b.offsetParent);
  if (running.length) { event.preventDefault(); running.forEach((b) => b.click()); }
});
