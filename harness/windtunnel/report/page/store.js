// What happened. Calls are kept as the lines of JSON they came in, and one short row each; a line is read when wanted.

const PAGE = JSON.parse(find("document").textContent);
const IDLE = { input: 0, output: 0, read: 0, written: 0, total: 0 };

function usageOf(usage) {
  if (!usage) return null;
  const of = name => Number(usage[name]) || 0;
  const told = { input: of("input_tokens"), output: of("output_tokens"), read: of("cache_read_input_tokens"), written: of("cache_creation_input_tokens") };
  return { ...told, total: told.input + told.output + told.read + told.written };
}

const rowOf = entry => ({
  number: entry.number,
  at: entry.arrived_at,
  end: entry.ended_at,
  kind: kindOf(entry),
  status: entry.status,
  answer: answerOf(entry),
  provider: entry.provider,
  client: entry.sender || "one client",
  asked: entry.path ? `${entry.method} ${entry.path}` : "turned away at the door",
  by: entry.answered_by,
  streamed: (entry.steps || []).some(step => step.event),
  usage: usageOf(entry.usage),
  chain: null,
  account: null,
  findings: [],
});

class Run {
  constructor(account, { ended_at = 0 } = {}) {
    this.account = account;
    this.rows = [];
    this.lines = [];
    this.places = new Map();
    this.read = new Map();
    this.whole = false;
    this.now = ended_at;
  }

  put(line) {
    const entry = JSON.parse(line), row = rowOf(entry);
    let place = this.places.get(entry.number);
    if (place === undefined) {
      place = this.rows.length;
      this.places.set(entry.number, place);
    }
    this.rows[place] = row;
    this.lines[place] = line;
    this.read.delete(place);
    this.now = Math.max(this.now, row.end ?? row.at);
    return row;
  }

  clear() {
    this.rows = [];
    this.lines = [];
    this.places.clear();
    this.read.clear();
    this.now = 0;
  }

  entry(place) {
    let entry = this.read.get(place);
    if (!entry) {
      if (this.read.size > 400) this.read.clear();
      this.read.set(place, entry = JSON.parse(this.lines[place]));
    }
    return entry;
  }

  endOf(row) { return row.end ?? Math.max(this.now, row.at); }

  get chains() {
    const reports = (this.account.verdicts || []).map(verdict => verdict.report).filter(Boolean);
    return reports.flatMap(report => report.chains || []);
  }

  // Tell every row which chain it belongs to, how its wait was judged and which findings name it.
  judge() {
    for (const row of this.rows) { row.chain = row.account = null; row.findings = []; }
    const of = number => this.rows[this.places.get(number)];
    this.chains.forEach((chain, place) => {
      for (const attempt of chain.attempts || []) {
        const row = of(attempt.number);
        if (row && row.chain == null) { row.chain = place + 1; row.account = attempt; }
      }
    });
    for (const verdict of this.account.verdicts || [])
      for (const finding of verdict.findings || [])
        for (const number of finding.attempts || []) of(number)?.findings.push({ verdict: verdict.name, ...finding });
  }
}

// Read a run out of the page: at once where it is short, else in slices. `more` hears of progress, `done` of the end.
function readRun(place, { more, done, wanted }) {
  const run = new Run(JSON.parse(find(`run-${place}`).textContent));
  const blocks = [...document.querySelectorAll(`script[data-run="${place}"]`)];
  let lines = [], block = 0, line = 0, told = 0;
  const total = PAGE.runs[place].calls;
  const step = () => {
    if (line >= lines.length) {
      lines = blocks[block++].textContent.split("\n");
      line = 0;
    }
    run.put(lines[line++]);
    if (run.rows.length - told >= 500) { told = run.rows.length; more(run, told); }
  };
  inSlices(total, step, { wanted, done: () => { run.whole = true; run.judge(); done(run); } });
}

// Texts are searched in the JSON as it lies in the page: as typed, and as JSON would write it.
function needles(text) {
  const ascii = words => words.replace(/[\u0080-\uffff<]/g, letter => "\\u" + letter.charCodeAt(0).toString(16).padStart(4, "0"));
  const typed = text.trim().toLowerCase();
  return typed ? [...new Set([typed, ascii(typed), ascii(JSON.stringify(typed).slice(1, -1)), ascii(text.trim()).toLowerCase()])] : [];
}
