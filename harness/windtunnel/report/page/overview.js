// All runs in one table: to see at a glance, to search, filter and sort.

const RANK = { error: 0, fail: 1, unknown: 2, skip: 3, pass: 4 };
const STATUSES = ["fail", "error", "unknown", "skip", "pass"];
const overview = { text: "", status: "", provider: "", client: "", sort: "", down: false };

const COLUMNS = [
  ["status", "status", (run, place) => RANK[run.status] ?? 9],
  ["scenario", "scenario", run => run.scenario || run.title],
  ["client", "client", run => run.client || ""],
  ["provider", "provider", run => run.provider || ""],
  ["verdicts", "verdicts", run => run.verdicts.filter(([, value]) => value !== "pass").length],
  ["calls", "calls", run => run.calls],
  ["simulated", "simulated", run => run.simulated_s || 0],
  ["wall", "really", run => run.wall_s || 0],
];

const links = (parts) => "#" + new URLSearchParams(parts).toString();
const distinct = name => [...new Set(PAGE.runs.map(run => run[name]).filter(Boolean))].sort();

function showOverview(main) {
  const body = h("tbody"), shown = h("p", { class: "shown", role: "status" });
  const heads = COLUMNS.map(([key, words]) => h("th", { scope: "col", "aria-sort": "none", class: key }, button(words, () => sortBy(key), { class: "sort" })));
  const table = h("table", { class: "runs" }, h("caption", { class: "off" }, "All runs"), h("thead", {}, h("tr", {}, heads)), body);
  let turn = 0;

  function sortBy(key) {
    overview.down = overview.sort === key ? !overview.down : false;
    overview.sort = key;
    list();
  }

  function matches(run) {
    const words = [run.title, run.about, run.reason, run.status, ...run.verdicts.flat()].join(" ").toLowerCase();
    return (!overview.status || run.status === overview.status) && (!overview.provider || run.provider === overview.provider)
      && (!overview.client || run.client === overview.client) && overview.text.toLowerCase().split(/\s+/).every(word => words.includes(word));
  }

  function chosen() {
    const found = PAGE.runs.map((run, place) => [run, place]).filter(([run]) => matches(run));
    const key = COLUMNS.find(([name]) => name === overview.sort)?.[2];
    if (!key) return found;
    const less = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
    return found.sort(([a, i], [b, j]) => (overview.down ? -1 : 1) * less(key(a), key(b)) || i - j);
  }

  function list() {
    const mine = ++turn, found = chosen();
    heads.forEach((head, place) => head.setAttribute("aria-sort",
      COLUMNS[place][0] !== overview.sort ? "none" : overview.down ? "descending" : "ascending"));
    body.replaceChildren();
    shown.textContent = found.length === PAGE.runs.length ? "" : `${count(found.length)} of ${counted(PAGE.runs.length, "run")}`;
    inSlices(found.length, at => body.append(line(...found[at])), { wanted: () => mine === turn });
  }

  const chips = ["", ...STATUSES.filter(status => PAGE.runs.some(run => run.status === status))].map(status =>
    button(status ? badge(status, `${count(PAGE.runs.filter(run => run.status === status).length)} ${status}`) : `all ${count(PAGE.runs.length)}`,
      event => {
        overview.status = status;
        chips.forEach(chip => chip.setAttribute("aria-pressed", chip === event.currentTarget));
        list();
      }, { class: "chip", "aria-pressed": String(overview.status === status) }));
  const search = h("input", { type: "search", id: "search", placeholder: "Search runs", "aria-label": "Search runs", autocomplete: "off", oninput: later(() => { overview.text = search.value; list(); }, 0.08) });
  search.value = overview.text;
  const choice = (label, name) => {
    if (distinct(name).length < 2) return null;
    const field = select(label, [["", "all"], ...distinct(name).map(value => [value, value])], value => { overview[name] = value; list(); });
    field.lastChild.value = overview[name];
    return field;
  };
  main.replaceChildren(
    h("section", { class: "summary" }, tally(), h("div", { class: "chips", role: "group", "aria-label": "Filter by status" }, chips)),
    h("div", { class: "bar" }, search, choice("client", "client"), choice("provider", "provider"), shown),
    h("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": "All runs" }, table));
  list();
}

function tally() {
  const sum = name => PAGE.runs.reduce((total, run) => total + (run[name] || 0), 0);
  const worst = PAGE.runs.reduce((worst, run) => ((RANK[run.status] ?? 9) < (RANK[worst] ?? 9) ? run.status : worst), "pass");
  const figures = [["runs", count(PAGE.runs.length)], ["calls", count(sum("calls"))], ["simulated", brief(sum("simulated_s"))], ["really", brief(sum("wall_s"))]];
  if (PAGE.seed) figures.push(["seed", String(PAGE.seed)]);
  const simulated = sum("simulated_s"), wall = sum("wall_s");
  if (wall > 0 && simulated / wall >= 2) figures.push(["faster", `× ${count(Number((simulated / wall).toPrecision(3)))}`]);
  return h("dl", { class: `figures ${worst}` }, figures.map(([word, value]) => h("div", {}, h("dt", {}, word), h("dd", {}, value))));
}

function line(run, place) {
  return h("tr", { class: run.status },
    h("td", { class: "status" }, badge(run.status)),
    h("th", { scope: "row" }, h("a", { href: links({ run: place }) }, run.scenario || run.title), detailsOf(run)),
    h("td", { class: "client" }, run.client), h("td", { class: "provider" }, run.provider),
    h("td", { class: "verdicts" }, run.verdicts.map(([name, value]) => h("span", { class: `mini ${value}`, title: `${name}: ${value}` }, SIGNS[value], " ", name))),
    h("td", { class: "number calls" }, count(run.calls)),
    h("td", { class: "number simulated" }, brief(run.simulated_s)), h("td", { class: "number wall" }, brief(run.wall_s)));
}

function detailsOf(run) {
  const rest = run.title.split(" · ").filter(word => ![run.scenario, run.client, run.provider].includes(word));
  const words = [...rest.filter(word => word !== run.title), run.reason].filter(Boolean).join(" · ");
  return words && h("span", { class: "more" }, words);
}
