// The second track: what each call had in its context and what it was answered, against the context window.

const TALL = 84;
const PARTS = [["read", "cache read"], ["written", "cache written"], ["input", "input"], ["output", "output"]];

class Tokens {
  constructor(timeline) {
    this.timeline = timeline;
    this.canvas = svg("svg", { height: TALL + 18, role: "img" });
    this.note = h("span", { class: "scope" });
    this.element = h("div", { class: "tokens" },
      h("div", { class: "figure-head" }, h("h4", {}, "Tokens"),
        h("div", { class: "legend" }, PARTS.map(([part, words]) => h("span", {},
          svg("svg", { width: 12, height: 12, "aria-hidden": "true" }, svg("rect", { class: part, x: 1, y: 1, width: 10, height: 10 })), words))), this.note),
      this.canvas);
    this.canvas.addEventListener("pointermove", event => this.hover(event));
    this.canvas.addEventListener("pointerleave", hideTip);
    this.canvas.addEventListener("click", event => {
      const number = event.target.closest?.("[data-call]")?.dataset.call;
      if (number) timeline.choose(Number(number));
    });
  }

  refresh() {
    const { run } = this.timeline;
    this.rows = run.rows.filter(row => row.usage).sort((a, b) => a.at - b.at);
    this.most = this.rows.reduce((most, row) => Math.max(most, row.usage.total), 0);
    this.window = run.account.context_window || null;
    // A window far above what is used would leave nothing to see: then it is named, not drawn.
    this.top = this.window && this.window <= this.most * 6 ? Math.max(this.window, this.most) * 1.04 : this.most * 1.08 || 1;
    this.element.hidden = !this.rows.length;
    const share = this.window && this.most ? `${((100 * this.most) / this.window).toPrecision(2)} %` : "";
    this.note.textContent = [`most in one call ${count(this.most)}`, this.window && `window ${count(this.window)} (${share} used)`].filter(Boolean).join(" · ");
    this.canvas.setAttribute("aria-label", `Tokens of ${counted(this.rows.length, "call")}: ${this.note.textContent}`);
  }

  paint() {
    if (this.element.hidden) return;
    const { timeline } = this, all = timeline.viewport.clientWidth, bars = svg("g", {});
    let drawn = null;
    for (const row of this.rows) {
      const x = timeline.x(row.at);
      if (timeline.run.endOf(row) < timeline.axis.from) continue;
      if (row.at > timeline.axis.to) break;
      const width = Math.max(timeline.x(timeline.run.endOf(row)) - x, 4);
      if (drawn && x < drawn.x + 3) {
        if (row.usage.total > drawn.row.usage.total) drawn.row = row;
        drawn.calls++;
        continue;
      }
      if (drawn) { drawn.width = Math.min(drawn.width, Math.max(x - drawn.x - 0.5, 2.5)); this.bar(bars, drawn); }
      drawn = { row, x, width, calls: 1 };
    }
    if (drawn) this.bar(bars, drawn);
    fill(this.canvas, { width: all }, []);
    this.canvas.replaceChildren(svg("line", { class: "base", x1: timeline.left, x2: timeline.left + timeline.width, y1: TALL, y2: TALL }), bars, ...this.levels());
  }

  bar(into, { row, x, width, calls }) {
    const left = Math.max(x, this.timeline.left), right = Math.min(x + width, this.timeline.left + this.timeline.width);
    if (right <= left) return;
    const group = svg("g", { class: "call", "data-call": row.number, "data-calls": calls });
    let y = TALL;
    for (const [part] of PARTS) {
      const tall = (row.usage[part] / this.top) * TALL;
      if (!tall) continue;
      y -= tall;
      group.append(svg("rect", { class: part, x: left, y, width: right - left, height: tall }));
    }
    into.append(group);
  }

  levels() {
    const { timeline } = this, right = timeline.left + timeline.width, found = [];
    const words = (y, text, extra = "") => svg("text", { class: extra, x: timeline.narrow ? 4 : timeline.left - 8, y: y + (timeline.narrow ? -3 : 4), "text-anchor": timeline.narrow ? "start" : "end" }, text);
    const line = (level, text, extra) => {
      const y = TALL - (level / this.top) * TALL;
      found.push(svg("line", { class: `level ${extra}`, x1: timeline.left, x2: right, y1: y, y2: y }), words(Math.max(y, 8), text, extra));
    };
    if (this.window && this.window <= this.top) line(this.window, `window ${shortCount(this.window)}`, "window");
    const step = 10 ** Math.floor(Math.log10(this.top)), level = [5, 2, 1].map(of => of * step).find(of => of <= this.top * 0.7) || step / 2;
    if (level >= 1) line(level, shortCount(level), "");
    return found;
  }

  hover(event) {
    const found = event.target.closest?.("[data-call]");
    if (!found) return hideTip();
    const { run } = this.timeline, row = run.rows[run.places.get(Number(found.dataset.call))], more = Number(found.dataset.calls) - 1;
    showTip([`call ${row.number}: ${count(row.usage.total)} tokens`, ...PARTS.filter(([part]) => row.usage[part]).map(([part, words]) => `${words} ${count(row.usage[part])}`),
      ...(more > 0 ? [`and ${counted(more, "call")} of fewer beside it`] : [])], event.clientX, event.clientY);
  }
}

const shortCount = number => (number >= 1e6 ? `${number / 1e6} M` : number >= 1000 ? `${number / 1000} k` : String(number));
