// One call, unfolded: when, what was asked, what was answered, and why it was so.

const MOST_LETTERS = 12_000, MOST_EVENTS = 120;
const LEFT_OUT = new Set(["host", "content-length", "connection", "accept-encoding", "transfer-encoding"]);
const quoted = text => `'${String(text).replaceAll("'", "'\\''")}'`;

function asCurl(entry) {
  const host = (entry.headers.find(([name]) => name.toLowerCase() === "host") || [])[1] || "127.0.0.1";
  const base = location.protocol.startsWith("http") && PAGE.live ? location.origin : `http://${host}`;
  const parts = [`curl -X ${entry.method || "POST"} ${quoted(base + entry.path + (entry.query ? "?" + entry.query : ""))}`];
  for (const [name, value] of entry.headers) if (!LEFT_OUT.has(name.toLowerCase())) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (entry.body != null) parts.push(`--data-raw ${quoted(JSON.stringify(entry.body))}`);
  return parts.join(" \\\n  ");
}

function callDetails(run, row, go) {
  const place = run.places.get(row.number), entry = run.entry(place);
  const parts = [
    row.findings.map(finding => findingCard(finding, go)),
    h("div", { class: "facts" }, facts(instants(entry)), facts(circumstances(entry, row))),
    h("div", { class: "actions" },
      entry.path ? copier("Copy as curl", () => asCurl(entry), "curl command") : null,
      copier("Copy as JSON", () => JSON.stringify(entry, null, 2), "JSON"),
      copier("Copy link", () => location.href.replace(/#.*/, "") + links({ run: run.place ?? 0, call: row.number }), "link")),
    section("Request headers", entry.headers.length, () => headerTable(entry.headers)),
    section("Request body", entry.bytes_in ? `${count(entry.bytes_in)} bytes` : "", () => code(pretty(entry.body)), entry.body != null),
    section("Answer headers", entry.response_headers.length, () => headerTable(entry.response_headers)),
    ...answerSections(entry),
    section("Steps", (entry.steps || []).length, () => stepTable(entry)),
  ];
  return h("div", { class: "details" }, parts);
}

function section(words, note, content, open = false) {
  if (note === 0 || note === "") return null;
  const body = h("div", {}), details = h("details", {}, h("summary", {}, words, note !== undefined && h("span", { class: "note" }, String(note))), body);
  const show = () => { if (details.open && !body.firstChild) body.append(content()); };
  details.addEventListener("toggle", show);
  if (open) { details.open = true; show(); }
  return details;
}

const facts = pairs => h("dl", {}, pairs.filter(([, value]) => value != null && value !== "").map(([word, value]) => h("div", {}, h("dt", {}, word), h("dd", {}, value))));

function instants(entry) {
  const head = (entry.steps || []).find(step => step.what === "head");
  const after = at => (at == null ? null : `${duration(at)}${at > entry.arrived_at ? `  (+${brief(at - entry.arrived_at)})` : ""}`);
  return [["arrived", duration(entry.arrived_at)], ["head read", after(entry.head_at)], ["body read", after(entry.body_at)],
    ["answer began", after(head?.at)], ["ended", after(entry.ended_at)], ["how", entry.ended || "under way"]];
}

function circumstances(entry, row) {
  const account = row.account, usage = row.usage;
  return [["answered by", entry.answered_by], ["faults", (entry.faults || []).join(", ")], ["error", entry.error_type],
    ["wait before", account?.gap_s == null ? null : `${duration(account.gap_s)}${account.mark ? ` (${account.mark})` : ""}`],
    ["allowed", account?.envelope && account.envelope.source !== "unknown" ? `${span(account.envelope.low_s, account.envelope.high_s)}, ${account.envelope.why}` : account?.envelope?.why],
    ["tokens", usage && PARTS.filter(([part]) => usage[part]).map(([part, words]) => `${words} ${count(usage[part])}`).join(", ")],
    ["request id", entry.request_id], ["client", entry.sender], ["connection", entry.connection || null], ["provider", entry.provider]];
}

const headerTable = pairs => h("table", { class: "headers" }, h("tbody", {}, pairs.map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, value)))));

function pretty(value) {
  if (typeof value !== "string") return JSON.stringify(value, null, 2);
  try { return JSON.stringify(JSON.parse(value), null, 2); } catch { return value; }
}

const WORD = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null|-?\d[\d.eE+-]*)\b/g;

function code(text) {
  const holder = h("pre", { tabindex: "0" });
  const show = most => {
    holder.replaceChildren(...coloured(text.slice(0, most)));
    if (text.length > most) holder.append("\n", button(`… ${count(text.length - most)} more letters`, () => show(Infinity), { class: "quiet" }));
  };
  show(MOST_LETTERS);
  return holder;
}

function coloured(text) {
  if (text.length > 60_000 || !/^\s*[[{]/.test(text)) return [text];
  const parts = [];
  let last = 0;
  for (const found of text.matchAll(WORD)) {
    parts.push(text.slice(last, found.index));
    const kind = found[2] ? "key" : found[1] ? "text" : "value";
    parts.push(h("span", { class: kind }, found[1] || found[3]), found[2] || "");
    last = found.index + found[0].length;
  }
  return [...parts, text.slice(last)];
}

function answerSections(entry) {
  if (entry.confidential) return [h("p", { class: "soft" }, "The answer hands out a credential; nothing of it is kept.")];
  const sent = entry.sent;
  if (sent == null || sent === "") return [];
  if (typeof sent !== "string") return [section("Answer body", "not text, as base64", () => code(sent.base64))];
  const size = `${count(entry.bytes_out)} bytes out`;
  if (!/^(event|data|id|retry)?:/m.test(sent) || /^\s*[{[]/.test(sent)) return [section("Answer body", size, () => code(pretty(sent)), true)];
  const events = eventsOf(sent, entry.steps || []);
  return [section("Events of the answer", `${counted(events.length, "event")}, ${size}`, () => eventTable(events, entry), true),
    section("Answer as it was sent", size, () => code(sent))];
}

// Each event with the instant it left, where the steps tell.
function eventsOf(sent, steps) {
  const named = steps.filter(step => step.event), found = [];
  let next = 0;
  for (const block of sent.split(/\r?\n\r?\n/)) {
    if (!block.trim()) continue;
    const lines = block.split(/\r?\n/), of = name => lines.filter(line => line.startsWith(name + ":")).map(line => line.slice(name.length + 1).replace(/^ /, ""));
    const name = of("event")[0] || "message";
    const step = named[next] && (named[next].event === name || !of("event").length) ? named[next++] : null;
    found.push({ name, text: of("data").join("\n") || block, at: step?.at });
  }
  return found;
}

function eventTable(events, entry) {
  const body = h("tbody");
  const show = most => {
    body.replaceChildren(...events.slice(0, most).map(event => h("tr", {},
      h("td", { class: "number" }, event.at == null ? "" : `+${brief(event.at - entry.arrived_at)}`), h("th", { scope: "row" }, event.name), h("td", {}, h("code", {}, event.text)))));
    if (events.length > most) body.append(h("tr", {}, h("td", { colspan: 3 }, button(`Show all ${counted(events.length, "event")}`, () => show(Infinity), { class: "quiet" }))));
  };
  show(MOST_EVENTS);
  return h("table", { class: "events" }, body);
}

function stepTable(entry) {
  const steps = entry.steps.slice(0, 500);
  return h("table", { class: "events" }, h("tbody", {}, steps.map(step => h("tr", {},
    h("td", { class: "number" }, `+${brief(step.at - entry.arrived_at)}`), h("th", { scope: "row" }, step.what), h("td", {}, [step.event, step.bytes ? `${count(step.bytes)} bytes` : ""].filter(Boolean).join(" · "))))),
    entry.steps.length > steps.length ? h("tfoot", {}, h("tr", {}, h("td", { colspan: 3 }, `and ${counted(entry.steps.length - steps.length, "step")} more; copy the call as JSON to see all`))) : null);
}
