// One run: what it was, what is said of it, its timeline and its journal.

class RunView {
  constructor(run, main, { place = 0, live = null } = {}) {
    this.run = run;
    this.place = run.place = place;
    this.live = live;
    this.findingAt = -1;
    const go = number => this.go(number);
    this.jump = go;
    this.timeline = new Timeline(run, go);
    this.journal = new Journal(run, go);
    this.journal.onchosen = number => { this.remember(number); this.timeline.select(this.rowOf(number)); };
    this.verdicts = h("section", { class: "verdicts" });
    this.element = h("div", { class: "run" }, live ? live.element : this.head(), this.verdicts, this.timeline.element, this.journal.element, this.rest());
    main.replaceChildren(this.element);
    this.showVerdicts();
    this.timeline.draw();
    this.journal.paint();
  }

  leave() { this.journal.leave(); hideTip(); }

  rowOf(number) { return this.run.rows[this.run.places.get(number)] || null; }

  refresh() {
    this.timeline.refresh();
    this.journal.refresh();
  }

  showVerdicts() {
    const verdicts = this.run.account.verdicts || [];
    this.verdicts.replaceChildren(...(verdicts.length || this.live ? [] : [h("p", { class: "soft" }, "No verdict was asked for.")]), ...verdicts.map(verdict => verdictCard(verdict, this.jump)));
  }

  head() {
    const { account } = this.run, last = PAGE.runs.length - 1;
    const known = [["scenario", account.scenario], ["client", account.client], ["provider", account.provider], ["seed", account.seed],
      ...Object.entries(account.variables || {}).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
      ["policy", account.policy?.name], ["calls", count(PAGE.runs[this.place].calls)],
      ["simulated", duration(account.simulated_s)], ["really", account.wall_s ? duration(account.wall_s) : null],
      ["context window", account.context_window && `${count(account.context_window)} tokens`], ["times", account.exact === false ? "as good as the machine's" : "exact"]];
    return h("section", { class: "head" },
      last > 0 ? h("nav", { class: "crumbs", "aria-label": "Runs" }, h("a", { href: "#" }, "← All runs"), h("span", {}, `run ${count(this.place + 1)} of ${count(last + 1)}`),
        this.place > 0 ? h("a", { href: links({ run: this.place - 1 }) }, "previous") : null, this.place < last ? h("a", { href: links({ run: this.place + 1 }) }, "next") : null) : null,
      h("div", { class: "title" }, badge(account.status), h("h2", { tabindex: "-1" }, account.title)),
      account.about ? h("p", { class: "about" }, account.about) : null,
      account.reason ? h("p", { class: `reason ${account.status}` }, account.reason) : null,
      h("dl", { class: "known" }, known.filter(([, value]) => value != null && value !== "").map(([word, value]) => h("div", {}, h("dt", {}, word), h("dd", {}, String(value))))),
      account.rerun ? h("div", { class: "rerun" }, h("code", {}, account.rerun), copier("Copy", account.rerun, "command")) : null);
  }

  rest() {
    const { account } = this.run, { output, claims } = account;
    return h("section", { class: "rest" },
      claims ? section("What the client claims", claims.calls ? counted(claims.calls.length, "call") : undefined, () => code(JSON.stringify(claims, null, 2))) : null,
      output?.stdout ? section("What it printed", "stdout", () => code(output.stdout)) : null,
      output?.stderr ? section("What it printed", "stderr", () => code(output.stderr)) : null,
      account.policy?.source ? h("p", { class: "soft" }, `Policy ${account.policy.name}: ${account.policy.source}`) : null);
  }

  remember(number) {
    history.replaceState(null, "", links(this.live ? { call: number } : { run: this.place, call: number }));
  }

  go(number) {
    if (!this.journal.reveal(number)) return say(`Call ${number} is not in this journal`);
    this.remember(number);
    this.timeline.select(this.rowOf(number));
  }

  nextFinding(by) {
    const named = (this.run.account.verdicts || []).flatMap(verdict => verdict.findings || []).filter(finding => finding.attempts?.length)
      .sort((a, b) => WEIGHT[a.weight] - WEIGHT[b.weight]);
    if (!named.length) return say("No finding names a call");
    this.findingAt = (this.findingAt + by + named.length) % named.length;
    this.go(named[this.findingAt].attempts[0]);
    say(`Finding ${this.findingAt + 1} of ${named.length}: ${named[this.findingAt].title}`);
  }
}
