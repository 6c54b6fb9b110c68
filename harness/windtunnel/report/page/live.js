// A server that is up: what happens comes as server-sent events; failures are fired and verdicts asked for by hand.

const MOST_JUDGED = 400;

class Live {
  constructor(main) {
    this.run = new Run({ title: "live", verdicts: [] });
    this.run.whole = true;
    this.held = [];
    this.paused = false;
    this.build();
    this.view = new RunView(this.run, main, { live: this });
    this.refresh = later(() => { this.run.judge(); this.view.refresh(); }, 0.08);
    this.ask = later(() => this.judge(), 0.4);
    this.listen();
  }

  build() {
    this.state = h("span", { class: "state waiting", role: "status" }, "connecting …");
    this.pause = button("Pause", () => this.setPaused(!this.paused), { id: "pause", "aria-pressed": "false" });
    this.figures = h("dl", { class: "known" });
    this.error = h("p", { class: "reason fail", role: "alert", hidden: true });
    this.element = h("section", { class: "head live" },
      h("div", { class: "title" }, h("h2", { tabindex: "-1" }, "Live"), this.state, h("div", { class: "spring" }), this.pause, button("Reset", () => this.post("reset", null, "Script and journal are empty"), { id: "reset", class: "danger" })),
      this.figures, h("div", { class: "panels" }, this.faultForm(), this.judgeForm()), this.error);
  }

  faultForm() {
    const name = h("select", { id: "failure" }, PAGE.live.failures.map(value => h("option", { value }, value.replaceAll("_", " "))));
    const times = h("input", { id: "times", type: "number", min: 1, max: 1000, value: 1, inputmode: "numeric" });
    const options = h("input", { id: "options", placeholder: "retry_after=2", autocomplete: "off", spellcheck: "false" });
    const send = event => {
      event.preventDefault();
      const more = readOptions(options.value);
      if (typeof more === "string") return this.complain(more);
      this.post("script", [{ ...more, fail: name.value, times: Number(times.value) || 1 }], `${name.value} comes next`);
    };
    return h("form", { class: "panel", onsubmit: send }, h("h3", {}, "Fire a failure"),
      h("div", { class: "fields" }, h("label", { class: "field" }, h("span", {}, "failure"), name), h("label", { class: "field short" }, h("span", {}, "times"), times),
        h("label", { class: "field wide" }, h("span", {}, "options"), options), h("button", { type: "submit", class: "primary" }, "Fire")));
  }

  judgeForm() {
    this.policy = h("select", { id: "policy", onchange: () => this.judge() }, h("option", { value: "" }, "none"), PAGE.live.policies.map(value => h("option", { value }, value)));
    this.finished = h("input", { type: "checkbox", id: "finished", onchange: () => this.judge() });
    return h("form", { class: "panel", onsubmit: event => { event.preventDefault(); this.judge(); } }, h("h3", {}, "Judge the backoff"),
      h("div", { class: "fields" }, h("label", { class: "field wide" }, h("span", {}, "policy"), this.policy),
        h("label", { class: "check" }, this.finished, "the client is done"), h("button", { type: "submit" }, "Judge")));
  }

  listen() {
    this.source = new EventSource("events");
    this.source.onopen = () => this.tell("live", "live");
    this.source.onerror = () => this.tell("waiting", this.source.readyState === EventSource.CLOSED ? "refused; reload the page to try again" : "not connected, trying again …");
    const take = (name, action) => this.source.addEventListener(name, event => {
      if (this.paused && name !== "health") { this.held.push(() => action(event.data)); this.tell("paused", `paused, ${counted(this.held.length, "update")} held`); } else action(event.data);
    });
    take("health", line => this.health(JSON.parse(line)));
    take("reset", () => { this.run.clear(); this.run.account.verdicts = []; this.view.journal.open.clear(); this.view.showVerdicts(); this.refresh(); });
    take("entry", line => {
      this.run.put(line);
      this.refresh();
      if (this.policy.value && this.run.rows.length <= MOST_JUDGED) this.ask();
    });
    addEventListener("pagehide", () => this.source.close());
  }

  tell(kind, words) {
    if (this.paused && kind === "live") return;
    this.state.className = `state ${kind}`;
    this.state.textContent = words;
  }

  setPaused(paused) {
    this.paused = paused;
    this.pause.textContent = paused ? "Resume" : "Pause";
    this.pause.setAttribute("aria-pressed", String(paused));
    if (paused) return this.tell("paused", "paused");
    this.held.splice(0).forEach(action => action());
    this.tell("live", "live");
  }

  health(health) {
    const figures = [["provider", health.provider], ["calls", count(health.calls)], ["steps to come", count(health.steps_left)], ["clock", brief(health.now)]];
    this.figures.replaceChildren(...figures.map(([word, value]) => h("div", {}, h("dt", {}, word), h("dd", {}, value))));
    if (!this.paused) this.run.now = Math.max(this.run.now, health.now);
    if (this.run.rows.some(row => row.end == null)) this.refresh();
  }

  complain(words) {
    this.error.hidden = !words;
    this.error.textContent = words;
  }

  async call(name, options) {
    const answer = await fetch(name, options), said = await answer.json();
    if (!answer.ok) throw new Error(said.error || `${answer.status}`);
    return said;
  }

  async post(name, body, done) {
    try {
      await this.call(name, { method: "POST", headers: { "content-type": "application/json" }, body: body && JSON.stringify(body) });
      this.complain("");
      say(done);
    } catch (error) {
      this.complain(`${name}: ${error.message}`);
    }
  }

  async judge() {
    if (!this.policy.value) this.run.account.verdicts = [];
    else try {
      const asked = new URLSearchParams({ policy: this.policy.value, finished: this.finished.checked });
      this.run.account.verdicts = [await this.call(`verdict?${asked}`)];
      this.complain("");
    } catch (error) {
      return this.complain(`verdict: ${error.message}`);
    }
    this.view.showVerdicts();
    this.refresh();
  }

  leave() {}
}

// `name=value, name=value`, each value as JSON where it is some; an object of JSON as it is. Else a text that complains.
function readOptions(text) {
  const typed = text.trim();
  try {
    if (typed.startsWith("{")) return JSON.parse(typed);
  } catch (error) {
    return `options: ${error.message}`;
  }
  const options = {};
  for (const part of typed.split(/[,\s]+(?=[\w-]+=)|,\s*$/).filter(Boolean)) {
    const [, name, value] = part.match(/^\s*([\w-]+)\s*=\s*(.*?)\s*$/) || [];
    if (!name) return `options: ${JSON.stringify(part)} is not name=value; write for example retry_after=2, or JSON`;
    try { options[name] = JSON.parse(value); } catch { options[name] = value; }
  }
  return options;
}
