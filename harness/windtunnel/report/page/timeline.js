// The timeline: attempts as bars, waits as lines between them, the wait that was allowed as a shade. Only what is in
// view is drawn. A row with more calls than one can tell apart is drawn as columns: how much of each met a failure.

const ROW = 30, BAR = 12, COLUMN = 2, APART = 7, MOST_ROWS_PX = 450, BUCKETS = 240;
const WORST = { ok: 0, open: 1, error: 2, cut: 3 };

class Timeline {
  constructor(run, choose) {
    this.run = run;
    this.choose = choose;
    this.selected = null;
    this.draw = perFrame(() => this.paint());
    this.build();
    this.refresh();
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  build() {
    this.strip = svg("svg", { class: "strip", height: 34, role: "img", "aria-label": "Calls over the whole run; drag to choose what is shown below" });
    this.scale = svg("svg", { class: "scale", height: 24, "aria-hidden": "true" });
    this.canvas = svg("svg", { class: "chains", role: "group", "aria-label": "Timeline of the calls" });
    this.inner = h("div", { class: "rows-inner" }, this.canvas);
    this.viewport = h("div", { class: "rows", tabindex: "0", role: "group", "aria-label": "Timeline: plus and minus zoom, left and right move, 0 shows all" }, this.inner);
    this.tokens = new Tokens(this);
    this.reset = button("Whole run", () => this.fit(), { class: "quiet", "aria-label": "Show the whole run" });
    this.scope = h("span", { class: "scope" });
    const tools = h("div", { class: "zoom" }, this.scope,
      button("−", () => this.zoom(0.5), { class: "quiet", "aria-label": "Zoom out" }), this.reset,
      button("+", () => this.zoom(2), { class: "quiet", "aria-label": "Zoom in" }));
    this.element = h("figure", { class: "timeline" },
      h("div", { class: "figure-head" }, h("h3", {}, "Timeline"), legend(), tools),
      h("div", { class: "sheet" }, this.strip, this.scale, this.viewport, this.tokens.element));
    this.listen();
  }

  listen() {
    this.viewport.addEventListener("scroll", this.draw, { passive: true });
    this.viewport.addEventListener("keydown", event => this.key(event));
    this.viewport.addEventListener("wheel", event => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / 200), this.instantAt(event.clientX));
    }, { passive: false });
    this.viewport.addEventListener("click", event => {
      if (this.dragged) return;
      const number = event.target.closest?.("[data-call]")?.dataset.call, lane = event.target.dataset?.lane;
      if (number) this.choose(Number(number));
      else if (lane) this.choose(this.nearest(Number(lane), this.instantAt(event.clientX))[0].number);
    });
    this.viewport.addEventListener("dblclick", event => this.zoom(4, this.instantAt(event.clientX)));
    this.viewport.addEventListener("pointermove", event => this.hover(event));
    this.viewport.addEventListener("pointerleave", hideTip);
    this.drag(this.viewport, (from, x, width) => {
      if (!this.axis.fitted || this.moved) this.axis.view(from.from - ((x - from.x) / width) * from.span, from.to - ((x - from.x) / width) * from.span);
    });
    this.drag(this.strip, (from, x, width) => {
      const instant = at => this.axis.first + (at / width) * (this.axis.last - this.axis.first);
      if (Math.abs(x - from.x) > 3) this.axis.view(...[instant(from.x), instant(x)].sort((a, b) => a - b));
    });
  }

  drag(element, move) {
    let from = null;
    element.addEventListener("pointerdown", event => {
      if (event.button || (element === this.viewport && event.offsetX > this.viewport.clientWidth)) return;
      const box = this.canvas.getBoundingClientRect();
      from = { x: event.clientX - box.left - this.left, from: this.axis.from, to: this.axis.to, span: this.axis.to - this.axis.from, id: event.pointerId };
      this.dragged = false;
    });
    element.addEventListener("pointermove", event => {
      if (!from) return;
      const x = event.clientX - this.canvas.getBoundingClientRect().left - this.left;
      if (!this.dragged && Math.abs(x - from.x) < 4) return;
      if (!this.dragged) element.setPointerCapture(from.id);
      this.dragged = true;
      hideTip();
      move(from, x, this.width);
      this.draw();
    });
    const end = () => { from = null; setTimeout(() => { this.dragged = false; }, 0); };
    element.addEventListener("pointerup", end);
    element.addEventListener("pointercancel", end);
  }

  key(event) {
    const acts = { "+": () => this.zoom(2), "=": () => this.zoom(2), "-": () => this.zoom(0.5), 0: () => this.fit(),
      ArrowLeft: () => this.pan(-0.2), ArrowRight: () => this.pan(0.2) };
    if (!acts[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    acts[event.key]();
  }

  zoom(by, around) { this.axis.zoom(by, around ?? (this.selected && this.inView(this.selected) ? this.selected.at : undefined)); this.draw(); }
  pan(share) { this.axis.pan(share); this.draw(); }
  fit() { this.axis.fit(); this.draw(); }
  inView(row) { return row.at >= this.axis.from && row.at <= this.axis.to; }
  instantAt(x) { return this.axis.instant(x - this.canvas.getBoundingClientRect().left - this.left, this.width); }

  // The calls, or what is said of them, have changed.
  refresh() {
    const rows = this.run.rows;
    let from = Infinity, to = -Infinity;
    for (const row of rows) {
      from = Math.min(from, row.at);
      to = Math.max(to, this.run.endOf(row), wantedAt(row));
    }
    if (!rows.length) { from = 0; to = 1; }
    if (!this.axis) this.axis = new Axis(from, to);
    else {
      const follow = this.axis.fitted;
      this.axis.bound(from, to);
      if (follow) this.axis.fit();
    }
    this.rows = rowsOf(this.run);
    this.rowOf = new Map();
    this.rows.forEach((row, place) => row.calls.forEach(call => this.rowOf.set(call.number, place)));
    this.tokens.refresh();
    this.strip.drawn = null;
    this.element.classList.toggle("empty", !rows.length);
    this.draw();
  }

  select(row, { reveal = true } = {}) {
    this.selected = row;
    if (row && reveal) {
      if (!this.inView(row)) {
        const span = this.axis.to - this.axis.from;
        this.axis.view(row.at - span / 2, row.at + span / 2);
      }
      const top = this.rowOf.get(row.number) * (this.rowHeight || ROW), port = this.viewport;
      if (top < port.scrollTop || top + ROW > port.scrollTop + port.clientHeight) port.scrollTop = top - port.clientHeight / 2;
    }
    this.draw();
  }

  measure() {
    const all = this.viewport.clientWidth;
    this.narrow = all < 620;
    this.left = this.narrow ? 0 : 168;
    this.rowHeight = this.narrow ? ROW + 12 : ROW;
    this.width = Math.max(all - this.left - 12, 40);
    return all;
  }

  paint() {
    if (!this.element.isConnected) return;
    const all = this.measure();
    this.viewport.style.height = `${Math.min(this.rows.length * this.rowHeight + 10, MOST_ROWS_PX)}px`;
    const height = this.viewport.clientHeight;
    this.inner.style.height = `${this.rows.length * this.rowHeight + 8}px`;
    fill(this.canvas, { width: all, height }, []);
    const first = Math.max(Math.floor(this.viewport.scrollTop / this.rowHeight), 0);
    const last = Math.min(Math.ceil((this.viewport.scrollTop + height) / this.rowHeight), this.rows.length);
    const parts = [this.grid(height)];
    for (let place = first; place < last; place++) parts.push(this.paintRow(this.rows[place], place * this.rowHeight - this.viewport.scrollTop));
    this.canvas.replaceChildren(...parts);
    this.paintScale(all);
    this.paintStrip(all);
    this.tokens.paint();
    this.scope.textContent = this.axis.fitted ? "" : `${brief(this.axis.to - this.axis.from)} in view`;
    this.reset.disabled = this.axis.fitted;
  }

  x(instant) { return this.left + this.axis.place(instant, this.width); }

  ticks() { return this.axis.ticks(this.width, this.narrow ? 72 : 96); }

  grid(height) {
    const lines = this.ticks().instants.map(at => svg("line", { x1: this.x(at), x2: this.x(at), y1: 0, y2: height }));
    if (this.selected) lines.push(svg("line", { class: "now", x1: this.x(this.selected.at), x2: this.x(this.selected.at), y1: 0, y2: height }));
    return svg("g", { class: "grid" }, lines);
  }

  paintScale(all) {
    const { step, instants } = this.ticks();
    fill(this.scale, { width: all }, []);
    this.scale.replaceChildren(...instants.filter(at => this.x(at) > this.left - 1 && this.x(at) < all - 20).flatMap(at => [
      svg("line", { x1: this.x(at), x2: this.x(at), y1: 17, y2: 24 }),
      svg("text", { x: this.x(at) + 4, y: 14 }, tickWords(at, step))]));
  }

  paintStrip(all) {
    fill(this.strip, { width: all }, []);
    if (this.strip.drawn !== all) {
      this.strip.drawn = all;
      this.bars = this.density();
    }
    const place = instant => this.left + ((instant - this.axis.first) / (this.axis.last - this.axis.first)) * this.width;
    const from = place(this.axis.from), to = place(this.axis.to);
    this.strip.replaceChildren(svg("rect", { class: "bed", x: this.left, y: 0, width: this.width, height: 34 }), this.bars,
      svg("rect", { class: "veil", x: this.left, y: 0, width: Math.max(from - this.left, 0), height: 34 }),
      svg("rect", { class: "veil", x: to, y: 0, width: Math.max(this.left + this.width - to, 0), height: 34 }),
      svg("rect", { class: "window", x: from, y: 0.5, width: Math.max(to - from, 2), height: 33 }));
    if (!this.narrow) this.strip.append(svg("text", { x: 4, y: 21 }, counted(this.run.rows.length, "call")));
  }

  // How many calls began when, over the whole run; those that failed on top.
  density() {
    const good = new Array(BUCKETS).fill(0), bad = new Array(BUCKETS).fill(0);
    for (const row of this.run.rows) {
      const place = clamp(Math.floor(((row.at - this.axis.first) / (this.axis.last - this.axis.first)) * BUCKETS), 0, BUCKETS - 1);
      (row.kind === "ok" || row.kind === "open" ? good : bad)[place]++;
    }
    const most = Math.max(...good.map((n, i) => n + bad[i]), 1), width = this.width / BUCKETS, bars = [];
    const tall = n => (n ? Math.max((n / most) * 28, 3) : 0);
    for (let i = 0; i < BUCKETS; i++) {
      const x = this.left + i * width, low = tall(good[i]), high = tall(bad[i]);
      if (low) bars.push(svg("rect", { class: "ok", x, y: 32 - low, width: Math.max(width - 0.5, 1), height: low }));
      if (high) bars.push(svg("rect", { class: "error", x, y: 32 - low - high, width: Math.max(width - 0.5, 1), height: high }));
    }
    return svg("g", {}, bars);
  }

  paintRow(row, top) {
    const middle = top + (this.narrow ? 27 : ROW / 2), back = svg("g", {}), front = svg("g", {});
    const calls = row.calls, from = Math.max(this.firstInView(calls) - 1, 0);
    if (calls.length - from > this.width / APART && this.inViewFrom(calls, from) > this.width / APART) this.paintColumns(front, row, from, middle);
    else this.paintCalls(back, front, calls, from, middle);
    const label = this.narrow ? svg("text", { class: "label", x: 4, y: top + 13 }, labelOf(row, 44))
      : svg("text", { class: "label", x: 4, y: middle + 4 }, labelOf(row, 26));
    return svg("g", { class: `row${row.heading ? " first" : ""}` },
      svg("line", { class: "rule", x1: 0, x2: this.left + this.width + 12, y1: top, y2: top }), back, front,
      this.narrow ? null : svg("rect", { class: "margin", x: 0, y: top + 0.5, width: this.left - 4, height: this.rowHeight - 1 }), label);
  }

  inViewFrom(calls, from) {
    let place = from;
    while (place < calls.length && calls[place].at <= this.axis.to) place++;
    return place - from;
  }

  paintColumns(into, row, from, middle) {
    const { calls } = row, all = [], bad = [], flags = [], columns = Math.ceil(this.width / COLUMN);
    for (let place = from; place < calls.length && calls[place].at <= this.axis.to; place++) {
      const call = calls[place], failed = call.kind === "error" || call.kind === "cut";
      const first = Math.max(Math.floor((this.x(call.at) - this.left) / COLUMN), 0);
      const last = Math.min(Math.floor((this.x(this.run.endOf(call)) - this.left) / COLUMN), columns - 1);
      for (let column = first; column <= last; column++) {
        all[column] = (all[column] || 0) + 1;
        if (failed) bad[column] = (bad[column] || 0) + 1;
      }
      if (marked(call)) flags[Math.round(first * COLUMN / 8)] = true;
    }
    const y = middle - BAR / 2, box = (column, tall) => `M${this.left + column * COLUMN} ${y + BAR - tall}h${COLUMN}v${tall}h-${COLUMN}z`;
    const path = (kind, d) => svg("path", { class: kind, d: d.join("") });
    into.append(path("attempt ok", all.map((calls, column) => box(column, BAR))),
      path("attempt error", bad.map((calls, column) => box(column, Math.max((calls / all[column]) * BAR, 3)))),
      path("flag", flags.map((flagged, place) => `M${this.left + place * 8} ${y - 2}l-3 -6h6z`)),
      svg("rect", { class: "target dense", x: this.left, y: middle - 14, width: this.width, height: 28, "data-lane": this.rows.indexOf(row) }));
  }

  // The call of a dense row that is nearest to an instant, and how many begin beside it.
  nearest(lane, instant) {
    const { calls } = this.rows[lane], apart = ((this.axis.to - this.axis.from) / this.width) * COLUMN;
    const near = calls.reduce((best, call) => (Math.abs(call.at - instant) < Math.abs(best.at - instant) ? call : best), calls[0]);
    return [near, calls.filter(call => Math.abs(call.at - near.at) <= apart).length];
  }

  paintCalls(back, front, calls, from, middle) {
    let drawn = null, place = from;
    for (; place < calls.length; place++) {
      const call = calls[place];
      const before = calls[place - 1];
      if (before && call.chain != null && before.chain === call.chain) this.paintTrack(back, before, call, middle);
      if (call.account?.envelope) this.paintWait(back, call, middle);
      if (call.at > this.axis.to) break;
      const x = this.x(call.at), width = Math.max(this.x(this.run.endOf(call)) - x, 2.5);
      if (drawn && x < drawn.x + drawn.width + 0.4 && width < 4 && drawn.width < 5) {
        drawn.width = Math.max(drawn.width, x + width - drawn.x);
        drawn.calls++;
        if (WORST[call.kind] > WORST[drawn.kind]) drawn.kind = call.kind;
        if (marked(call)) { drawn.marked ||= call; drawn.call = drawn.marked; }
      } else {
        if (drawn) this.paintBar(front, drawn, middle);
        drawn = { call, x, width, kind: call.kind, calls: 1, marked: marked(call) ? call : null };
      }
    }
    if (drawn) this.paintBar(front, drawn, middle);
  }

  firstInView(calls) {
    let low = 0, high = calls.length;
    while (low < high) {
      const half = (low + high) >> 1;
      if (this.run.endOf(calls[half]) < this.axis.from) low = half + 1;
      else high = half;
    }
    return low;
  }

  paintTrack(into, before, call, middle) {
    const from = Math.max(this.x(this.run.endOf(before)), this.left), to = Math.min(this.x(call.at), this.left + this.width);
    if (to - from > 2) into.append(svg("line", { class: "track", x1: from, x2: to, y1: middle, y2: middle }));
  }

  // The wait that was allowed before an attempt, and how long it was.
  paintWait(into, call, middle) {
    const { envelope, gap_s, mark } = call.account, limit = this.left + this.width;
    const base = call.at - (gap_s ?? 0), low = this.x(base + envelope.low_s);
    const high = envelope.high_s == null ? limit : this.x(base + envelope.high_s);
    if (envelope.source !== "unknown" && low < limit && high > this.left) {
      const x = Math.max(low, this.left), width = Math.max(Math.min(high, limit) - x, 1.5);
      into.append(svg("rect", { class: `allowed ${MARKS[mark] || ""}`, x, y: middle - 13, width, height: 26, "data-for": call.number }));
    }
    const from = Math.max(this.x(base), this.left), to = Math.min(this.x(call.at), limit);
    if (gap_s != null && to - from > 64) {
      into.append(svg("text", { class: "gap", x: (from + to) / 2, y: middle - 4 }, brief(gap_s)));
    }
  }

  paintBar(into, bar, middle) {
    const x = Math.max(bar.x, this.left - 6), right = Math.min(bar.x + bar.width, this.left + this.width + 6), y = middle - BAR / 2;
    if (right <= this.left) return;
    const { call } = bar, chosen = this.selected && (this.selected.number === call.number);
    const words = bar.calls > 1 ? `${counted(bar.calls, "call")} from call ${call.number}` : `call ${call.number}: ${call.answer}`;
    const group = svg("g", { class: `call${chosen ? " chosen" : ""}`, "data-call": call.number, "data-calls": bar.calls > 1 ? bar.calls : null });
    group.append(svg("rect", { class: "target", x: x - 3, y: middle - 14, width: right - x + 6, height: 28 }),
      svg("rect", { class: `attempt ${bar.kind}`, x, y, width: Math.max(right - x, 2), height: BAR, rx: Math.min(1.5, (right - x) / 2), role: "img", "aria-label": words }));
    if (bar.kind === "cut") group.append(svg("path", { class: "torn", d: `M${right} ${y - 3}l-3 ${BAR / 3 + 2}l3 ${BAR / 3}l-3 ${BAR / 3 + 2}` }));
    if (bar.kind === "error") group.append(svg("line", { class: "notch", x1: x + 1.25, x2: x + 1.25, y1: y - 3, y2: y + BAR + 3 }));
    if (bar.marked) group.append(svg("path", { class: "flag", d: `M${x} ${y - 2}l-4 -7h8z` }));
    if (right - x > 70 && bar.calls === 1 && call.streamed) this.paintEvents(group, call, y);
    into.append(group);
  }

  paintEvents(into, call, y) {
    const place = this.run.places.get(call.number), steps = this.run.entry(place).steps || [];
    let last = -Infinity, drawn = 0;
    for (const step of steps) {
      const x = this.x(step.at);
      if (!step.event || x < this.left || x - last < 2 || drawn > 300) continue;
      into.append(svg("line", { class: "event", x1: x, x2: x, y1: y + 2.5, y2: y + BAR - 2.5 }));
      last = x;
      drawn++;
    }
  }

  hover(event) {
    const number = event.target.closest?.("[data-call]")?.dataset.call, lane = event.target.dataset?.lane;
    if (this.dragged || !(number || lane)) return hideTip();
    if (lane) {
      const [near, beside] = this.nearest(Number(lane), this.instantAt(event.clientX));
      return showTip([...tipOf(this.run, near), ...(beside > 1 ? [`and ${counted(beside - 1, "call")} beside it`] : [])], event.clientX, event.clientY);
    }
    const row = this.run.rows[this.run.places.get(Number(number))], many = event.target.closest("[data-call]").dataset.calls;
    showTip(many ? [counted(Number(many), "call"), `the first: ${row.number}, ${row.answer}`, "zoom in to tell them apart"] : tipOf(this.run, row), event.clientX, event.clientY);
  }
}

// Until when the wait before an attempt should have lasted, where it was too brief: that belongs in the picture.
const wantedAt = row => (row.account?.mark === "early" ? row.at - (row.account.gap_s ?? 0) + (row.account.envelope?.high_s ?? row.account.envelope?.low_s ?? 0) : 0);
const marked = call => MARKS[call.account?.mark] === "fail";
const labelOf = (row, most) => {
  const words = [row.heading, row.label].filter(Boolean).join(" · ");
  return words.length > most ? words.slice(0, most - 1) + "…" : words;
};

function tipOf(run, row) {
  const words = [`call ${row.number} · ${row.answer}`, `${row.asked}`, `at ${duration(row.at)}, took ${duration(run.endOf(row) - row.at)}`];
  const account = row.account;
  if (account?.gap_s != null) words.push(`waited ${duration(account.gap_s)}${account.mark ? `: ${account.mark}` : ""}`);
  if (account?.envelope && account.envelope.source !== "unknown") words.push(`allowed ${span(account.envelope.low_s, account.envelope.high_s)} (${account.envelope.why})`);
  if (row.usage) words.push(`${count(row.usage.total)} tokens`);
  return words;
}

function legend() {
  const swatch = (kind, words) => h("span", {}, svg("svg", { width: 18, height: 16, "aria-hidden": "true" }, kind), words);
  const bar = kind => svg("rect", { class: `attempt ${kind}`, x: 1, y: 3, width: 16, height: 10, rx: 1.5 });
  return h("div", { class: "legend" },
    swatch(bar("ok"), "answered"),
    swatch([bar("error"), svg("line", { class: "notch", x1: 2, x2: 2, y1: 0, y2: 16 })], "error"),
    swatch([bar("cut"), svg("path", { class: "torn", d: "M17 1l-3 5l3 4l-3 5" })], "cut"),
    swatch(svg("rect", { class: "allowed pass", x: 2, y: 1, width: 14, height: 14 }), "wait allowed"),
    swatch(svg("path", { class: "flag", d: "M9 12l-5 -8h10z" }), "against the policy"));
}
