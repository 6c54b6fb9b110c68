// The journal: one row a call. Only rows near the view are in the page, however many there are.

const AHEAD_PX = 400;

class Journal {
  constructor(run, go) {
    this.run = run;
    this.go = go;
    this.filter = { text: "", outcome: "", status: "", provider: "", client: "", chain: "", sort: "" };
    this.shown = [];
    this.open = new Map(); // number of a call -> height of what is unfolded, in pixels
    this.elements = new Map();
    this.current = null;
    this.turn = 0;
    this.draw = perFrame(() => this.paint());
    this.heights = new ResizeObserver(changes => this.measured(changes));
    this.build();
    this.refresh();
  }

  build() {
    const filtering = name => value => { this.filter[name] = value; this.refilter(); };
    this.search = h("input", { type: "search", id: "search", placeholder: "Search requests and answers", "aria-label": "Search the journal", autocomplete: "off",
      oninput: later(() => { this.filter.text = this.search.value; this.refilter(); }, 0.12) });
    this.failedOnly = h("input", { type: "checkbox", onchange: () => { this.filter.outcome = this.failedOnly.checked ? "failed" : ""; this.refilter(); } });
    this.choices = {};
    const choice = (name, label) => (this.choices[name] = select(label, [], filtering(name)));
    this.note = h("p", { class: "shown", role: "status" });
    this.list = h("div", { class: "calls", role: "list", "aria-label": "Calls" });
    this.element = h("section", { class: "journal" },
      h("div", { class: "figure-head" }, h("h3", {}, "Journal"), this.note),
      this.filters = h("div", { class: "bar" }, this.search,
        h("label", { class: "check" }, this.failedOnly, "failed only"),
        choice("status", "status"), choice("verdict", "verdict"), choice("provider", "provider"), choice("client", "client"), choice("chain", "chain"),
        select("sort", [["", "as they came"], ["took", "longest first"], ["wait", "longest wait first"], ["tokens", "most tokens first"], ["status", "by status"]], filtering("sort"))),
      this.list);
    this.element.addEventListener("keydown", event => this.key(event));
    addEventListener("scroll", this.draw, { passive: true });
    addEventListener("resize", this.draw);
    this.print = printing => { this.printing = printing; this.paint(); };
    addEventListener("beforeprint", this.before = () => this.print(true));
    addEventListener("afterprint", this.after = () => this.print(false));
  }

  leave() {
    removeEventListener("scroll", this.draw);
    removeEventListener("resize", this.draw);
    removeEventListener("beforeprint", this.before);
    removeEventListener("afterprint", this.after);
    this.heights.disconnect();
  }

  // Calls have come, or what is said of them has changed.
  refresh() {
    const of = name => [...new Set(this.run.rows.map(row => row[name]).filter(value => value != null))].sort((a, b) => (a > b ? 1 : a < b ? -1 : 0));
    const offer = (name, values) => {
      const field = this.choices[name], chosen = this.filter[name] || "";
      const wanted = JSON.stringify(values);
      field.hidden = values.length < 2;
      if (field.offered === wanted) return;
      field.offered = wanted;
      field.lastChild.replaceChildren(...[["", "all"], ...values].map(([value, words]) => h("option", { value }, words)));
      field.lastChild.value = chosen;
    };
    const plain = values => values.map(value => [String(value), String(value)]);
    offer("status", plain(of("status")).concat(this.run.rows.some(row => row.status == null) ? [["none", "no answer"]] : []));
    offer("provider", plain(of("provider")));
    offer("client", plain(of("client")));
    offer("chain", of("chain").slice(0, 500).map(chain => [String(chain), `chain ${chain}`]));
    offer("verdict", this.run.rows.some(row => row.findings.length || row.account?.mark)
      ? [["found", "named in a finding"], ["fail", "against the policy"], ["pass", "wait as allowed"], ["unknown", "cannot be told"]] : []);
    this.refilter();
  }

  matches(row) {
    const { filter } = this, mark = MARKS[row.account?.mark];
    return (!filter.outcome || row.kind === "error" || row.kind === "cut") && (!filter.status || String(row.status ?? "none") === filter.status)
      && (!filter.provider || row.provider === filter.provider) && (!filter.client || row.client === filter.client)
      && (!filter.chain || String(row.chain) === filter.chain)
      && (!filter.verdict || (filter.verdict === "found" ? row.findings.length > 0 : mark === filter.verdict));
  }

  refilter() {
    const mine = ++this.turn, wanted = needles(this.filter.text), found = [], { rows, lines } = this.run;
    if (!wanted.length) {
      for (const row of rows) if (this.matches(row)) found.push(row);
      return this.show(found);
    }
    this.note.textContent = "searching …";
    inSlices(rows.length, at => {
      if (!this.matches(rows[at])) return;
      const line = lines[at].toLowerCase(), answer = rows[at].answer.toLowerCase();
      if (wanted.some(words => line.includes(words) || answer.includes(words))) found.push(rows[at]);
    }, { wanted: () => mine === this.turn, done: () => this.show(found) });
  }

  show(found) {
    const tall = row => this.run.endOf(row) - row.at;
    const orders = { took: (a, b) => tall(b) - tall(a), wait: (a, b) => (b.account?.gap_s ?? -1) - (a.account?.gap_s ?? -1),
      tokens: (a, b) => (b.usage?.total ?? -1) - (a.usage?.total ?? -1), status: (a, b) => (b.status ?? 999) - (a.status ?? 999) };
    if (orders[this.filter.sort]) found.sort((a, b) => orders[this.filter.sort](a, b) || a.number - b.number);
    this.shown = found;
    this.placeOf = new Map(found.map((row, place) => [row.number, place]));
    const all = this.run.rows.length;
    this.note.textContent = found.length === all ? counted(all, "call") : `${count(found.length)} of ${counted(all, "call")}`;
    this.list.classList.toggle("none", !found.length);
    this.paint();
  }

  get rowHeight() { return matchMedia("(max-width: 719px)").matches ? 58 : 36; }

  // Unfolded calls in the order of the list: [place, height].
  unfolded() {
    return [...this.open].map(([number, tall]) => [this.placeOf.get(number), tall]).filter(([place]) => place !== undefined).sort((a, b) => a[0] - b[0]);
  }

  top(place, unfolded) {
    let top = place * this.rowHeight;
    for (const [at, tall] of unfolded) if (at < place) top += tall;
    return top;
  }

  paint() {
    if (!this.element.isConnected || !this.placeOf) return;
    const unfolded = this.unfolded(), length = this.shown.length;
    const begin = this.list.getBoundingClientRect().top;
    this.list.style.height = this.printing ? "auto" : `${this.top(length, unfolded)}px`;
    this.list.classList.toggle("printing", Boolean(this.printing));
    const at = y => {
      let low = 0, high = length;
      while (low < high) { const half = (low + high) >> 1; if (this.top(half + 1, unfolded) <= y) low = half + 1; else high = half; }
      return low;
    };
    const from = this.printing ? 0 : at(-begin - AHEAD_PX), to = this.printing ? Math.min(length, 2000) : Math.min(at(innerHeight - begin + AHEAD_PX) + 1, length);
    const keep = new Set();
    for (let place = from; place < to; place++) keep.add(this.shown[place].number);
    // Whoever has the focus stays in the page, or the focus would be lost.
    const focused = document.activeElement?.closest?.("[data-number]")?.dataset.number;
    for (const [number, element] of this.elements) {
      if (keep.has(number) || (String(number) === focused && this.placeOf.has(number))) continue;
      this.heights.unobserve(element);
      element.remove();
      this.elements.delete(number);
    }
    let before = null;
    for (let place = from; place < to; place++) {
      const row = this.shown[place];
      let element = this.elements.get(row.number);
      if (!element || element.row !== row || element.said !== saidOf(row)) {
        const fresh = this.item(row);
        if (element) { this.heights.unobserve(element); element.replaceWith(fresh); }
        this.elements.set(row.number, element = fresh);
      }
      if ((before ? before.nextElementSibling : this.list.firstElementChild) !== element) {
        const focus = element.contains(document.activeElement) ? document.activeElement : null;
        if (before) before.after(element); else this.list.prepend(element);
        focus?.focus({ preventScroll: true });
      }
      fill(element, { "aria-posinset": place + 1, "aria-setsize": length }, []);
      element.classList.toggle("current", this.current === row.number);
      element.style.top = `${this.top(place, unfolded)}px`;
      before = element;
    }
    if (this.printing && length > to) say(`Only the first ${count(to)} calls are printed`);
  }

  item(row) {
    const unfolded = this.open.has(row.number), mark = row.account?.mark;
    const usage = row.usage && `${shortTokens(row.usage.total - row.usage.output)} in · ${shortTokens(row.usage.output)} out`;
    const head = button([
      h("span", { class: "fold", "aria-hidden": "true" }, "▸"),
      h("span", { class: "n" }, String(row.number)),
      h("span", { class: "at" }, duration(row.at)),
      h("span", { class: `answer ${row.kind}` }, h("span", { class: "dot", "aria-hidden": "true" }), row.answer),
      h("span", { class: "asked" }, row.asked, row.by && row.by !== "composed" ? h("span", { class: "by" }, row.by.replace(/^fail /, "")) : null),
      h("span", { class: `wait ${MARKS[mark] || ""}` }, row.account?.gap_s == null ? null : [`waited ${brief(row.account.gap_s)}`, mark ? h("b", {}, ` ${SIGNS[MARKS[mark]] || ""} ${mark}`) : null]),
      h("span", { class: "used" }, usage || ""),
      h("span", { class: "took" }, brief(this.run.endOf(row) - row.at)),
    ], () => this.toggle(row.number), { class: "line", "aria-expanded": String(unfolded) });
    const item = h("div", { class: `item${unfolded ? " open" : ""}`, role: "listitem", "data-number": row.number }, head);
    item.row = row;
    item.said = saidOf(row);
    if (unfolded) {
      const details = callDetails(this.run, row, this.go);
      item.append(details);
      item.details = details;
      this.heights.observe(details);
    }
    return item;
  }

  measured(changes) {
    let changed = false;
    for (const { target } of changes) {
      const number = Number(target.parentElement?.dataset.number), tall = target.offsetHeight;
      if (tall && this.open.has(number) && Math.abs(this.open.get(number) - tall) > 0.5) { this.open.set(number, tall); changed = true; }
    }
    if (changed) this.paint();
  }

  again(number) {
    const element = this.elements.get(number);
    if (!element) return this.paint();
    const focused = element.contains(document.activeElement), fresh = this.item(element.row);
    if (element.details) this.heights.unobserve(element.details);
    element.replaceWith(fresh);
    this.elements.set(number, fresh);
    if (fresh.details) this.open.set(number, fresh.details.offsetHeight);
    if (focused) fresh.firstChild.focus({ preventScroll: true });
    this.paint();
  }

  toggle(number) {
    if (this.open.has(number)) this.open.delete(number);
    else this.open.set(number, 0);
    this.again(number);
    this.choose(number);
    this.onchosen?.(number);
  }

  choose(number) { this.current = number; this.draw(); }

  // Bring a call into view and unfold it; filters that hide it are lifted.
  reveal(number, { unfold = true, focus = true } = {}) {
    const row = this.run.rows[this.run.places.get(number)];
    if (!row) return false;
    if (!this.placeOf.has(number)) this.lift();
    this.current = number;
    if (unfold && !this.open.has(number)) this.open.set(number, 0);
    const to = () => this.list.getBoundingClientRect().top + scrollY + this.top(this.placeOf.get(number), this.unfolded());
    const room = unfold ? 45 + this.filters.offsetHeight + 8 : innerHeight / 2;
    if (unfold || !this.isVisible(number)) scrollTo(0, to() - room);
    this.paint();
    if (unfold) this.again(number);
    if (unfold) scrollTo(0, to() - room);
    this.paint();
    if (focus) this.elements.get(number)?.firstChild.focus({ preventScroll: true });
    return true;
  }

  isVisible(number) {
    const box = this.elements.get(number)?.firstChild.getBoundingClientRect();
    return Boolean(box) && box.top > 60 && box.bottom < innerHeight - 10;
  }

  lift() {
    Object.assign(this.filter, { text: "", outcome: "", status: "", provider: "", client: "", chain: "", verdict: "" });
    this.search.value = "";
    this.failedOnly.checked = false;
    for (const field of Object.values(this.choices)) field.lastChild.value = "";
    this.refilter();
  }

  move(by) {
    const at = this.placeOf.get(this.current), place = at === undefined ? (by > 0 ? 0 : this.shown.length - 1) : clamp(at + by, 0, this.shown.length - 1);
    const row = this.shown[place];
    if (!row) return;
    this.reveal(row.number, { unfold: false });
    this.onchosen?.(row.number);
  }

  key(event) {
    if (!event.target.classList?.contains("line") || event.ctrlKey || event.metaKey || event.altKey) return;
    const number = Number(event.target.parentElement.dataset.number), open = this.open.has(number);
    const acts = { ArrowDown: () => this.move(1), ArrowUp: () => this.move(-1), Home: () => this.move(-Infinity), End: () => this.move(Infinity),
      PageDown: () => this.move(12), PageUp: () => this.move(-12), ArrowRight: () => open || this.toggle(number), ArrowLeft: () => open && this.toggle(number) };
    if (!acts[event.key]) return;
    event.preventDefault();
    this.current = number;
    acts[event.key]();
  }
}

// What verdicts say of a call may change while the call does not.
const saidOf = row => `${row.account?.mark} ${row.account?.gap_s} ${row.chain} ${row.findings.length}`;
const shortTokens = number => (number < 10_000 ? count(number) : number < 1e6 ? `${Math.round(number / 1000)} k` : `${(number / 1e6).toFixed(1)} M`);
