/* Sound in the page: where its samples come from, and how they are played without a gap.
   Samples are 16-bit mono. Nothing here holds a whole sound: blocks are fetched as they are
   needed, so an hour takes as much memory as a minute. Draws nothing; see scope.js. */
"use strict";

genui.sound = (() => {
  const RATE = 24_000;      // samples a second, as made; the context runs at it, so blocks join exactly
  const BLOCK = 48_000;     // samples in a block: two seconds
  const KEPT = 12;          // blocks kept at hand
  const AHEAD = 8;          // seconds scheduled before they are due: a busy page stays fluent
  const FADE = 0.012;       // seconds of fade at play, pause and seek: no click

  let context = null, playing = null;

  // Call it inside a click: browsers let sound start only there.
  function wake() {
    if (!context) {
      context = new AudioContext({ sampleRate: RATE });
      context.onstatechange = () => playing?.tell();
    }
    if (context.state === "suspended") context.resume();
    return context;
  }

  function decode(base64) {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    return new Int16Array(bytes.buffer, 0, bytes.length >> 1);
  }

  // What a running job has made so far.
  function fromJob(server, job) {
    return async (start, count) => {
      const answer = await genui.ask(server, "sound", { job, start: start * 2, count: count * 2 });
      return answer.error ? new Int16Array(0) : decode(answer.pcm);
    };
  }

  // A kept WAV file, read in ranges; its record may stand before or after the samples.
  function fromFile(url) {
    let data = null; // promise of {at, bytes}
    const bytes = async (from, count) => {
      const answer = await fetch(url, { headers: { Range: `bytes=${from}-${from + count - 1}` } });
      if (!answer.ok) throw new Error(`the sound is not there (${answer.status})`);
      const got = await answer.arrayBuffer();
      return answer.status === 206 ? got : got.slice(from, from + count);
    };
    async function find() {
      for (let at = 12; ;) {
        const view = new DataView(await bytes(at, 8));
        const name = String.fromCharCode(...new Uint8Array(view.buffer, 0, 4));
        const size = view.getUint32(4, true);
        if (name === "data") return { at: at + 8, bytes: size };
        at += 8 + size + (size & 1);
      }
    }
    return async (start, count) => {
      data ??= find().catch((error) => { data = null; throw error; });
      const { at, bytes: size } = await data;
      const from = start * 2, wanted = Math.min(count * 2, size - from);
      if (wanted <= 0) return new Int16Array(0);
      const got = await bytes(at + from, wanted);
      return new Int16Array(got, 0, got.byteLength >> 1);
    };
  }

  // A sound that may still grow. `total` samples exist; `done` when no more will come.
  class Sound extends EventTarget {
    #read; #blocks = new Map();
    constructor(read, total = 0, done = false) {
      super();
      this.#read = read;
      this.total = total;
      this.done = done;
    }
    get seconds() { return this.total / RATE; }

    grow(total) {
      if (total > this.total) { this.total = total; this.dispatchEvent(new Event("grow")); }
    }

    // The same samples now lie in a file, and there are `total` of them.
    settle(read, total) {
      this.#read = read;
      this.total = total;
      this.done = true;
      this.dispatchEvent(new Event("grow"));
    }

    // Up to `count` samples from `start`; at most to the end of a block.
    async read(start, count) {
      const number = Math.floor(start / BLOCK), first = number * BLOCK;
      const whole = Math.min(BLOCK, this.total - first);
      let block = this.#blocks.get(number);
      if (!block || block.length < whole) {
        const read = this.#read;
        block = await read(first, whole);
        if (read !== this.#read) return this.read(start, count); // settled meanwhile
        this.#blocks.delete(number);
        this.#blocks.set(number, block);
        if (this.done && block.length < whole) this.total = first + block.length; // seconds were rounded
        if (this.#blocks.size > KEPT) this.#blocks.delete(this.#blocks.keys().next().value);
      }
      return block.subarray(start - first, Math.min(start - first + count, block.length));
    }
  }

  // Plays one Sound. `listen(state)` hears of every change; `position` is in samples.
  class Player {
    #sound; #listen; #gain = null; #nodes = new Set(); #turn = 0;
    #from = 0; #anchor = 0; #next = 0; #heard = 0;
    constructor(sound, listen) {
      this.#sound = sound;
      this.#listen = listen;
      this.state = "paused"; // paused, playing, waiting (for samples that are not made yet)
      sound.addEventListener("grow", () => this.#pump());
    }

    get position() {
      if (this.state !== "playing") return this.#from;
      const passed = Math.max(0, context.currentTime - this.#anchor) * RATE;
      return Math.min(this.#from + passed, this.#next);
    }

    // Seconds listened to so far, in all.
    get heard() {
      const now = this.state === "playing" ? Math.max(0, context.currentTime - this.#anchor) : 0;
      return this.#heard + now;
    }

    play(position = this.position) {
      wake();
      if (playing && playing !== this) playing.pause();
      playing = this;
      const over = this.#sound.done && position >= this.#sound.total - 1;
      this.#start(over ? 0 : position);
    }

    pause() {
      if (this.state === "paused") return;
      this.#halt();
      this.tell("paused");
    }

    // A context that woke outside a click stays silent until one comes.
    get silent() { return this.state === "paused" || context.state === "suspended"; }

    toggle() { if (this.silent) this.play(); else this.pause(); }

    seek(position) {
      const to = Math.max(0, Math.min(position, this.#sound.total));
      if (this.state === "paused") { this.#from = to; this.tell("paused"); } else this.#start(to);
    }

    // Looks at the clock; call it once a frame while this plays.
    tick() {
      if (this.state !== "playing" || this.position < this.#next) return;
      if (this.#sound.done && this.#next >= this.#sound.total) {
        this.#halt();
        this.tell("paused");
      } else this.#wait();
    }

    #start(position) {
      this.#halt();
      this.#from = this.#next = Math.floor(position);
      this.#gain = context.createGain();
      this.#gain.connect(context.destination);
      this.#gain.gain.setValueAtTime(0, context.currentTime);
      this.#gain.gain.linearRampToValueAtTime(1, context.currentTime + FADE);
      this.tell("waiting");
      this.#pump();
    }

    // Remembers where we are and silences what is scheduled.
    #halt() {
      const position = this.position;
      this.#heard = this.heard;
      this.#from = position;
      this.#turn += 1;
      if (!this.#gain) return;
      const now = context.currentTime, gain = this.#gain;
      gain.gain.cancelScheduledValues(now);
      gain.gain.setValueAtTime(gain.gain.value, now);
      gain.gain.linearRampToValueAtTime(0, now + FADE);
      for (const node of this.#nodes) node.stop(now + FADE);
      setTimeout(() => gain.disconnect(), 100);
      this.#nodes.clear();
      this.#gain = null;
      this.state = "halted";
    }

    // Everything made so far was played; more is on its way.
    #wait() {
      this.#heard = this.heard;
      this.#from = this.#next;
      this.tell("waiting");
      this.#pump();
    }

    #pumping = false; #pulse = 0;
    async #pump() {
      if (this.#pumping || !this.#gain) return;
      this.#pumping = true;
      const turn = this.#turn;
      try {
        while (this.#next < this.#sound.total && this.#due() < AHEAD) {
          const samples = await this.#sound.read(this.#next, BLOCK);
          if (turn !== this.#turn) break;
          if (!samples.length) break; // asked again when more is told, or at the next pulse
          this.#schedule(samples);
        }
      } catch { /* offline for a moment: the next pulse asks again */ } finally { this.#pumping = false; }
      clearTimeout(this.#pulse);
      const more = this.#next < this.#sound.total || !this.#sound.done;
      if (turn !== this.#turn) this.#pump();
      else if (more) this.#pulse = setTimeout(() => this.#pump(), 400);
    }

    #due() {
      return this.state === "playing" ? (this.#next - this.position) / RATE : 0;
    }

    #schedule(samples) {
      if (this.state !== "playing") {
        this.#anchor = context.currentTime + 0.03;
        this.#from = this.#next;
        this.tell("playing");
      }
      const buffer = context.createBuffer(1, samples.length, RATE);
      const floats = buffer.getChannelData(0);
      for (let i = 0; i < samples.length; i += 1) floats[i] = samples[i] / 32768;
      const node = new AudioBufferSourceNode(context, { buffer });
      node.connect(this.#gain);
      node.onended = () => this.#nodes.delete(node);
      const when = this.#anchor + (this.#next - this.#from) / RATE;
      const late = context.currentTime - when; // a page that slept too long skips what it missed
      if (late > 0) node.start(0, late); else node.start(when);
      this.#nodes.add(node);
      this.#next += samples.length;
    }

    tell(state = this.state) {
      this.state = state;
      this.#listen(state);
    }
  }

  return { RATE, Sound, Player, fromJob, fromFile, wake, get context() { return context; } };
})();
