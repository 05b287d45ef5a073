/* Sound in the page: where its samples come from, and how they are played without a gap.
   Samples are 16 bit; places and lengths are counted in frames, one sample for each channel. Nothing
   here holds a whole sound: blocks are fetched as they are needed, so an hour takes as much memory as
   a minute. Draws nothing; see scope.js. */
"use strict";

genui.sound = (() => {
  const BLOCK = 2;          // seconds in a block
  const KEPT = 12;          // blocks kept at hand
  const AHEAD = 8;          // seconds scheduled before they are due: a busy page stays fluent
  const FADE = 0.012;       // seconds of fade at play, pause and seek: no click

  const contexts = new Map(); // rate -> AudioContext: it runs as the samples were made, so blocks join exactly
  let context = null, playing = null;

  // Call it inside a click: browsers let sound start only there.
  function wake(rate) {
    if (!contexts.has(rate)) {
      contexts.set(rate, new AudioContext({ sampleRate: rate }));
      contexts.get(rate).onstatechange = () => playing?.tell();
    }
    context = contexts.get(rate);
    if (context.state === "suspended") context.resume();
    return context;
  }

  function decode(base64) {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    return new Int16Array(bytes.buffer, 0, bytes.length >> 1);
  }

  // What a running job has made so far.
  function fromJob(server, job, channels = 1) {
    const size = 2 * channels;
    return async (start, count) => {
      const answer = await genui.ask(server, "sound", { job, start: start * size, count: count * size });
      return answer.error ? new Int16Array(0) : decode(answer.pcm);
    };
  }

  // A kept WAV file, read in ranges; its record may stand before or after the samples.
  function fromFile(url, channels = 1) {
    const frame = 2 * channels;
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
      const from = start * frame, wanted = Math.min(count * frame, size - from);
      if (wanted <= 0) return new Int16Array(0);
      const got = await bytes(at + from, wanted);
      return new Int16Array(got, 0, got.byteLength >> 1);
    };
  }

  // A sound that may still grow. `total` frames exist; `done` when no more will come. What follows it
  // without a gap begins at frame `joins`, where what comes after is only ringing out.
  class Sound extends EventTarget {
    #read; #blocks = new Map(); #joins = null;
    constructor(read, { rate = 24_000, channels = 1 } = {}) {
      super();
      this.#read = read;
      Object.assign(this, { rate, channels, total: 0, done: false });
    }
    get seconds() { return this.total / this.rate; }
    get joins() { return Math.min(this.#joins ?? this.total, this.total); }
    set joins(frame) { this.#joins = frame; }

    grow(total) {
      if (total > this.total) { this.total = total; this.dispatchEvent(new Event("grow")); }
    }

    // The same frames now lie in a file, and there are `total` of them.
    settle(read, total) {
      this.#read = read;
      this.total = total;
      this.done = true;
      this.dispatchEvent(new Event("grow"));
    }

    // Samples of up to `count` frames from `start`, channels in turn; at most to the end of a block.
    async read(start, count) {
      const { channels } = this, size = BLOCK * this.rate;
      const number = Math.floor(start / size), first = number * size;
      const whole = Math.min(size, this.total - first);
      let block = this.#blocks.get(number);
      if (!block || block.length < whole * channels) {
        const read = this.#read;
        block = await read(first, whole);
        if (read !== this.#read) return this.read(start, count); // settled meanwhile
        this.#blocks.delete(number);
        this.#blocks.set(number, block);
        if (this.done && block.length < whole * channels) this.total = first + block.length / channels; // seconds were rounded
        if (this.#blocks.size > KEPT) this.#blocks.delete(this.#blocks.keys().next().value);
      }
      return block.subarray((start - first) * channels, (start - first + count) * channels);
    }
  }

  // Plays one Sound. `listen(state)` hears of every change; `position` is in frames.
  class Player {
    #sound; #listen; #gain = null; #nodes = new Set(); #turn = 0;
    #from = 0; #anchor = 0; #next = 0; #heard = 0; #then = null; #handed = false;
    constructor(sound, listen) {
      this.#sound = sound;
      this.#listen = listen;
      // paused, playing, waiting (for samples that are not made yet), queued (to follow another)
      this.state = "paused";
      sound.addEventListener("grow", () => this.#pump());
    }

    // The player that is heard right after this one, to the sample, or null.
    get then() { return this.#then; }
    set then(player) {
      this.#recall();
      this.#then = player;
      this.#pump();
    }

    get #clock() { return contexts.get(this.#sound.rate); }
    get #passed() { return Math.max(0, this.#clock.currentTime - this.#anchor); }

    get position() {
      if (this.state !== "playing") return this.#from;
      return Math.min(this.#from + this.#passed * this.#sound.rate, this.#next);
    }

    // Seconds listened to so far, in all.
    get heard() { return this.#heard + (this.state === "playing" ? this.#passed : 0); }

    play(position = this.position) {
      wake(this.#sound.rate);
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
    get silent() { return ["paused", "queued"].includes(this.state) || this.#clock.state === "suspended"; }

    toggle() { if (this.silent) this.play(); else this.pause(); }

    seek(position) {
      const to = Math.max(0, Math.min(position, this.#sound.total));
      if (this.silent) { this.#from = to; this.tell(this.state); } else this.#start(to);
    }

    // Looks at the clock; call it once a frame while this plays.
    tick() {
      if (this.state !== "playing") return;
      if (this.#handed && this.position >= this.#sound.joins) { this.#pass(); return; }
      if (this.position < this.#next) return;
      if (this.#sound.done && this.#next >= this.#sound.total) {
        this.#halt();
        this.tell("paused");
      } else this.#wait();
    }

    #start(position, when = null) {
      const clock = this.#clock, now = when ?? clock.currentTime;
      this.#halt();
      this.#from = this.#next = Math.floor(position);
      this.#gain = clock.createGain();
      this.#gain.connect(clock.destination);
      this.#gain.gain.setValueAtTime(0, now);
      this.#gain.gain.linearRampToValueAtTime(1, now + FADE);
      if (when !== null) this.#anchor = when;
      this.tell(when === null ? "waiting" : "queued");
      this.#pump();
    }

    // Everything is scheduled: the next one is scheduled behind it.
    #hand() {
      if (this.#handed || !this.#then || this.state !== "playing") return;
      this.#handed = true;
      this.#then.#start(0, this.#anchor + (this.#sound.joins - this.#from) / this.#sound.rate);
    }

    #recall() {
      if (!this.#handed) return;
      this.#handed = false;
      this.#then.#halt();
      this.#then.tell("paused");
    }

    // The next one is heard from now on; what rings here rings out.
    #pass() {
      this.#heard = this.heard;
      this.#turn += 1;
      this.#from = 0;
      this.#nodes = new Set();
      this.#gain = null;
      this.#handed = false;
      this.tell("paused");
      playing = this.#then;
      playing.tell(playing.#next ? "playing" : "waiting");
    }

    // Remembers where we are and silences what is scheduled.
    #halt() {
      const position = this.position;
      this.#heard = this.heard;
      this.#from = position;
      this.#turn += 1;
      this.#recall();
      if (!this.#gain) return;
      const now = this.#clock.currentTime, gain = this.#gain;
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
          const samples = await this.#sound.read(this.#next, BLOCK * this.#sound.rate);
          if (turn !== this.#turn) break;
          if (!samples.length) break; // asked again when more is told, or at the next pulse
          this.#schedule(samples);
        }
      } catch { /* offline for a moment: the next pulse asks again */ } finally { this.#pumping = false; }
      clearTimeout(this.#pulse);
      const more = this.#next < this.#sound.total || !this.#sound.done;
      if (turn !== this.#turn) { this.#pump(); return; }
      if (!more) this.#hand();
      // a page in the background draws no frames, so this pulse hands over as well
      if (more || this.#then) this.#pulse = setTimeout(() => { this.tick(); this.#pump(); }, 400);
    }

    // Seconds that are scheduled and not heard yet.
    #due() {
      const { rate } = this.#sound;
      if (this.state === "queued") return (this.#next - this.#from) / rate;
      return this.state === "playing" ? (this.#next - this.position) / rate : 0;
    }

    #schedule(samples) {
      const { rate, channels } = this.#sound, clock = this.#clock, count = samples.length / channels;
      const late = this.#next === this.#from && this.#anchor < clock.currentTime;
      if (this.state === "waiting" || (this.state === "queued" && late)) {
        this.#anchor = clock.currentTime + 0.03;
        this.#from = this.#next;
      }
      if (this.state === "waiting") this.tell("playing");
      const buffer = clock.createBuffer(channels, count, rate);
      for (let channel = 0; channel < channels; channel += 1) {
        const floats = buffer.getChannelData(channel);
        for (let i = 0; i < count; i += 1) floats[i] = samples[i * channels + channel] / 32768;
      }
      const node = new AudioBufferSourceNode(clock, { buffer });
      node.connect(this.#gain);
      node.onended = () => this.#nodes.delete(node);
      const when = this.#anchor + (this.#next - this.#from) / rate;
      const missed = clock.currentTime - when; // a page that slept too long skips what it missed
      if (missed > 0) node.start(0, missed); else node.start(when);
      this.#nodes.add(node);
      this.#next += count;
    }

    tell(state = this.state) {
      this.state = state;
      this.#listen(state);
    }
  }

  return { Sound, Player, fromJob, fromFile, wake, get context() { return context; } };
})();
