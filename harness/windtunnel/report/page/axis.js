// Time drawn to scale: where an instant lies, and round instants to write beside it.

const ROUND_S = [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400];

function stepFor(seconds) {
  if (seconds > 10) return ROUND_S.find(step => step >= seconds) || Math.ceil(seconds / 86400) * 86400;
  const power = 10 ** Math.floor(Math.log10(Math.max(seconds, 1e-7)));
  return [1, 2, 5, 10].map(of => of * power).find(step => step >= seconds * 0.999999);
}

class Axis {
  constructor(from, to) { this.bound(from, to); this.fit(); }

  bound(from, to) {
    const width = Math.max(to - from, 0.01);
    this.first = from - width * 0.01;
    this.last = to + width * 0.03;
  }

  fit() { this.from = this.first; this.to = this.last; this.fitted = true; }

  place(instant, width) { return ((instant - this.from) / (this.to - this.from)) * width; }

  instant(x, width) { return this.from + (x / width) * (this.to - this.from); }

  view(from, to) {
    const all = this.last - this.first, width = clamp(to - from, Math.min(all, 1e-5), all);
    this.from = clamp(from, this.first, this.last - width);
    this.to = this.from + width;
    this.fitted = width >= all * 0.9999;
  }

  zoom(by, around = (this.from + this.to) / 2) {
    this.view(around - (around - this.from) / by, around + (this.to - around) / by);
  }

  pan(share) {
    const by = (this.to - this.from) * share;
    this.view(this.from + by, this.to + by);
  }

  // Round instants in view, at least `apart` pixels from each other.
  ticks(width, apart = 90) {
    const step = stepFor(((this.to - this.from) / Math.max(width, 1)) * apart);
    const found = [];
    for (let at = Math.max(Math.ceil(this.from / step), Math.ceil((this.first < 0 ? 0 : this.first) / step)); at * step <= this.to && found.length < 200; at++) found.push(at * step);
    return { step, instants: found };
  }
}

function tickWords(instant, step) {
  if (Math.abs(instant) < step / 1e6) return "0";
  if (step >= 60) return brief(instant);
  const digits = clamp(Math.ceil(-Math.log10(step) - 1e-9), 0, 6);
  if (Math.abs(instant) >= 60) {
    const minutes = Math.floor(instant / 60 + 1e-9), rest = Math.max(instant - minutes * 60, 0).toFixed(digits);
    return Number(rest) ? `${minutes} min ${rest} s` : `${minutes} min`;
  }
  return step < 0.001 ? `${(instant * 1000).toFixed(Math.max(digits - 3, 0))} ms` : `${instant.toFixed(digits)} s`;
}
