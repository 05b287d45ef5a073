/* The shape of a visitor's threads: which answers stand beside each other, which follow which.
   Works on records (`request`, `parents`); draws nothing. genui/conversation.py makes the requests.

   node: {id, request, seed, text, status, generation, tokens, at}. A family holds all answers given
   at one place of a thread; its variants are flipped through with ‹ 2/3 ›; a variant has two
   columns when the same question and seed was asked with other settings. */
"use strict";

genui.Threads = class {
  constructor() {
    this.nodes = new Map();
    this.chosen = new Map(); // family -> variant key
    this.picked = new Map(); // variant key -> column that the thread goes on from
    this.count = 0;
  }

  add(node) {
    node.at = this.count++;
    this.nodes.set(node.id, node);
    return node;
  }

  // A finished job becomes its generation; whoever asks for the job's id still finds it.
  settle(node, generation) {
    node.generation = generation;
    node.request = generation.request;
    this.nodes.set(generation.id, node);
  }

  all() { return [...new Set(this.nodes.values())].sort((a, b) => a.at - b.at); }

  // JSON that does not depend on the order of names: a stored record may come back in another.
  static stable(value) {
    return JSON.stringify(value, (_, part) => (part && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part));
  }

  static earlier(node) { return genui.Threads.stable((node.request.inputs.messages ?? []).slice(0, -1)); }

  // The answer this one stands beside (edited, repeated or branched from it), or null.
  beside(node) {
    const parent = this.nodes.get(node.request.parents[0]);
    if (!parent || parent === node) return null;
    return genui.Threads.earlier(parent) === genui.Threads.earlier(node) ? parent : null;
  }

  first(node) {
    for (let other; (other = this.beside(node));) node = other;
    return node;
  }

  // The answer before this turn, or null at the beginning of a thread.
  before(node) { return this.nodes.get(this.first(node).request.parents[0]) ?? null; }

  family(node) {
    const first = this.first(node), before = this.before(first);
    if (before) return `after ${before.at}`;
    const { seed, inputs } = first.request;
    return `root ${seed} ${genui.Threads.stable(inputs)}`;
  }

  root(node) {
    for (let before; (before = this.before(node));) node = before;
    return this.family(node);
  }

  // [[node] or [node, node]…] of a family, oldest first
  variants(family) {
    const found = [];
    for (const node of this.all()) {
      if (this.family(node) !== family) continue;
      const { seed, inputs, parents, model, options } = node.request;
      const { stable } = genui.Threads;
      const same = stable([seed, inputs, parents]), how = stable([model, options]);
      const last = found.at(-1);
      if (last && last.length === 1 && last.same === same && last.how !== how) last.push(node);
      else found.push(Object.assign([node], { same, how }));
    }
    return found;
  }

  static key(variant) { return variant[0].at; }

  // The variant shown at a place: the chosen one, else the newest.
  shown(family) {
    const variants = this.variants(family);
    const index = variants.findIndex((v) => genui.Threads.key(v) === this.chosen.get(family));
    const at = index < 0 ? variants.length - 1 : index;
    return { family, variants, index: at, variant: variants[at] };
  }

  choose(family, variant) { this.chosen.set(family, genui.Threads.key(variant)); }

  pick(variant, node) { this.picked.set(genui.Threads.key(variant), node); }

  active(variant) {
    const node = this.picked.get(genui.Threads.key(variant));
    return variant.includes(node) ? node : variant[0];
  }

  // Makes the path to a node the one that is shown.
  reveal(node) {
    for (let at = node; at; at = this.before(at)) {
      const family = this.family(at);
      const variant = this.variants(family).find((v) => v.includes(at));
      this.choose(family, variant);
      this.pick(variant, at);
    }
  }

  // What is shown of a thread, first turn first.
  path(family) {
    const turns = [];
    for (let next = family; next;) {
      const place = this.shown(next);
      if (!place.variant) break;
      turns.push(place);
      next = `after ${this.active(place.variant).at}`;
    }
    return turns;
  }

  // The first families of all threads of a mode, the one with the newest answer first.
  roots(mode) {
    const newest = new Map();
    for (const node of this.all()) {
      if (node.request.inputs.mode === mode) newest.set(this.root(node), node.at);
    }
    return [...newest.keys()].sort((a, b) => newest.get(b) - newest.get(a));
  }
};
