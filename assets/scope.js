/* What a sound looks like: loudness every 10 ms and a mel spectrogram, measured once as the samples
   pass by and drawn on canvas. However long the sound, at most COLUMNS columns are kept: when they
   are full, neighbours merge and each stands for twice the time. Plays nothing; see sound.js. */
"use strict";

genui.scope = (() => {
  const WINDOW = 1024;                              // Hann windows, 43 ms at 24 kHz, one every 10 ms
  const COLUMNS = 4096, BANDS = 96;
  const LOW = 60, HIGH = 12_000;                    // Hz at the foot and the head of the picture
  const FLOOR = -84, CEILING = -16;                 // dB of a full-scale sine shown as nothing and as most
  const mel = (hz) => 2595 * Math.log10(1 + hz / 700);
  const hertz = (value) => 700 * (10 ** (value / 2595) - 1);
  const height = (hz) => (mel(hz) - mel(LOW)) / (mel(HIGH) - mel(LOW)); // 0 at the foot, 1 at the head

  const hann = Float64Array.from({ length: WINDOW }, (_, i) => 0.5 - 0.5 * Math.cos(2 * Math.PI * i / WINDOW));
  const cosines = Float64Array.from({ length: WINDOW / 2 }, (_, i) => Math.cos(2 * Math.PI * i / WINDOW));
  const sines = Float64Array.from({ length: WINDOW / 2 }, (_, i) => Math.sin(2 * Math.PI * i / WINDOW));
  const reversed = (() => {
    const bits = Math.log2(WINDOW), order = new Uint16Array(WINDOW);
    for (let i = 1; i < WINDOW; i += 1) order[i] = (order[i >> 1] >> 1) | ((i & 1) << (bits - 1));
    return order;
  })();

  // In-place radix-2 FFT (Cooley and Tukey 1965) of WINDOW points in bit-reversed order.
  function fft(real, imag) {
    for (let size = 2; size <= WINDOW; size *= 2) {
      const half = size / 2, stride = WINDOW / size;
      for (let base = 0; base < WINDOW; base += size) {
        for (let k = 0; k < half; k += 1) {
          const c = cosines[k * stride], s = sines[k * stride], a = base + k, b = a + half;
          const re = real[b] * c + imag[b] * s, im = imag[b] * c - real[b] * s;
          real[b] = real[a] - re; imag[b] = imag[a] - im;
          real[a] += re; imag[a] += im;
        }
      }
    }
  }

  // For each band the first bin, the last bin and where between bins its centre lies.
  const bandsAt = (rate) => Array.from({ length: BANDS }, (_, i) => {
    const at = (step) => hertz(mel(LOW) + (mel(HIGH) - mel(LOW)) * step / BANDS) * WINDOW / rate;
    const centre = Math.min(at(i + 0.5), WINDOW / 2 - 1);
    return { from: Math.ceil(at(i)), to: Math.min(Math.floor(at(i + 1)), WINDOW / 2 - 1), centre };
  });

  class Trace {
    #recent = new Float32Array(WINDOW); // the last WINDOW frames, a ring
    #seen = 0;                          // frames that went in
    #peak = 0;
    #real = new Float64Array(WINDOW); #imag = new Float64Array(WINDOW);

    #bands;

    constructor(spectrum = true, { rate = 24_000, channels = 1 } = {}) {
      this.channels = channels;
      this.#bands = bandsAt(rate);
      this.step = rate / 100; // frames a column stands for
      this.count = 0;    // whole columns
      this.peaks = new Float32Array(COLUMNS);
      this.bands = spectrum ? new Uint8Array(COLUMNS * BANDS) : null;
      this.loudest = 0;
    }
    get frames() { return this.#seen; }

    // Samples, channels in turn; what is measured is their mean.
    push(samples) {
      const { channels } = this;
      for (let i = 0; i < samples.length; i += channels) {
        let sum = 0;
        for (let channel = 0; channel < channels; channel += 1) sum += samples[i + channel];
        this.#one(sum / channels / 32768);
      }
    }

    #one(value) {
      const size = Math.abs(value);
      this.#recent[this.#seen % WINDOW] = value;
      this.#seen += 1;
      if (size > this.#peak) this.#peak = size;
      if (this.#seen % this.step === 0) this.#column();
    }

    #column() {
      if (this.count === COLUMNS) this.#merge();
      if (this.#seen % this.step) return; // after a merge this is only the half of a column
      this.peaks[this.count] = this.#peak;
      this.loudest = Math.max(this.loudest, this.#peak);
      this.#peak = 0;
      if (this.bands) this.#spectrum(this.count * BANDS);
      this.count += 1;
    }

    #merge() {
      for (let i = 0; i < COLUMNS / 2; i += 1) {
        this.peaks[i] = Math.max(this.peaks[2 * i], this.peaks[2 * i + 1]);
        for (let band = 0; this.bands && band < BANDS; band += 1) {
          const left = this.bands[2 * i * BANDS + band], right = this.bands[(2 * i + 1) * BANDS + band];
          this.bands[i * BANDS + band] = Math.max(left, right);
        }
      }
      this.count = COLUMNS / 2;
      this.step *= 2;
    }

    #spectrum(at) {
      const real = this.#real, imag = this.#imag, oldest = this.#seen % WINDOW;
      for (let i = 0; i < WINDOW; i += 1) {
        real[reversed[i]] = this.#recent[(oldest + i) % WINDOW] * hann[i];
      }
      imag.fill(0);
      fft(real, imag);
      const power = (bin) => real[bin] * real[bin] + imag[bin] * imag[bin];
      for (let band = 0; band < BANDS; band += 1) {
        const { from, to, centre } = this.#bands[band];
        let most = 0;
        for (let bin = from; bin <= to; bin += 1) most = Math.max(most, power(bin));
        if (from > to) { // narrower than a bin: between its neighbours
          const left = Math.floor(centre), share = centre - left;
          most = power(left) * (1 - share) + power(left + 1) * share;
        }
        const level = 10 * Math.log10(most / (WINDOW / 4) ** 2 + 1e-12); // a full-scale sine gives 0 dB
        this.bands[at + band] = 255 * Math.min(1, Math.max(0, (level - FLOOR) / (CEILING - FLOOR)));
      }
    }
  }

  // A canvas as sharp as the screen; returns its 2d context and its size in CSS pixels.
  function paper(canvas) {
    const { clientWidth: width, clientHeight: tall } = canvas, dots = window.devicePixelRatio || 1;
    const w = Math.round(width * dots), h = Math.round(tall * dots);
    if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
    const pen = canvas.getContext("2d");
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    pen.clearRect(0, 0, width, tall);
    return { pen, width, tall };
  }

  // Bars of loudness. `view` is the number of frames the whole width stands for.
  function wave(canvas, trace, view, colour) {
    const { pen, width, tall } = paper(canvas);
    const bar = 2, pitch = 3, middle = tall / 2;
    const scale = (middle - 2) / Math.max(trace.loudest, 0.08);
    const spoken = width * trace.frames / view;
    pen.fillStyle = colour;
    pen.beginPath();
    for (let x = 0; x + bar <= width; x += pitch) {
      const from = Math.floor(x / width * view / trace.step);
      const to = Math.max(from + 1, Math.floor((x + pitch) / width * view / trace.step));
      let peak = 0;
      for (let i = from; i < to && i < trace.count; i += 1) peak = Math.max(peak, trace.peaks[i]);
      const half = x < spoken ? Math.max(1, peak * scale) : 0.5;
      pen.roundRect(x, middle - half, bar, 2 * half, 1);
    }
    pen.fill();
  }

  const ramps = new Map();
  // 256 colours, as ImageData keeps them, through the stops --gu-heat-0 … --gu-heat-4 of the theme.
  function ramp(element) {
    const style = getComputedStyle(element);
    const stops = [0, 1, 2, 3, 4].map((i) => style.getPropertyValue(`--gu-heat-${i}`).trim());
    const key = stops.join();
    if (!ramps.has(key)) {
      const rgb = stops.map((hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)));
      const dots = new Uint8ClampedArray(256 * 4).fill(255);
      for (let level = 0; level < 256; level += 1) {
        const place = level / 255 * 4, i = Math.min(3, Math.floor(place)), share = place - i;
        rgb[i].forEach((value, part) => { dots[4 * level + part] = value + (rgb[i + 1][part] - value) * share; });
      }
      ramps.set(key, { dots: new Uint32Array(dots.buffer), nothing: stops[0] });
    }
    return ramps.get(key);
  }

  const easel = document.createElement("canvas");
  function spectrum(canvas, trace, view) {
    const { pen, width, tall } = paper(canvas);
    const { dots, nothing } = ramp(canvas);
    pen.fillStyle = nothing;
    pen.fillRect(0, 0, width, tall);
    if (!trace.count) return;
    easel.width = trace.count;
    easel.height = BANDS;
    const brush = easel.getContext("2d"), image = brush.createImageData(trace.count, BANDS);
    const picture = new Uint32Array(image.data.buffer);
    for (let band = 0; band < BANDS; band += 1) {
      const row = (BANDS - 1 - band) * trace.count;
      for (let column = 0; column < trace.count; column += 1) {
        picture[row + column] = dots[trace.bands[column * BANDS + band]];
      }
    }
    brush.putImageData(image, 0, 0);
    pen.imageSmoothingQuality = "high";
    // a window ends where its column does, so its middle lies half a window earlier
    const lag = WINDOW / 2 - trace.step / 2;
    pen.drawImage(easel, -lag / view * width, 0, trace.count * trace.step / view * width, tall);
  }

  return { Trace, wave, spectrum, height, paper };
})();
