// How times, counts and answers are written.

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const count = number => String(number).replace(/\B(?=(\d{3})+$)/g, ",");
const counted = (number, word) => `${count(number)} ${number === 1 ? word : word.endsWith("ry") ? word.slice(0, -1) + "ies" : word + "s"}`;

// A length of time with the units a reader would choose, as windtunnel.verdicts.units writes it.
function duration(seconds) {
  if (seconds == null || Number.isNaN(seconds)) return "";
  if (!Number.isFinite(seconds)) return "any time";
  if (seconds < 0) return "-" + duration(-seconds);
  if (seconds > 0 && seconds < 0.0005) return `${Math.max(Math.round(seconds * 1e6), 1)} µs`;
  const millis = Math.round(seconds * 1000), hours = Math.floor(millis / 3.6e6), minutes = Math.floor(millis / 6e4) % 60;
  const rest = ((millis % 6e4) / 1000).toFixed(3) + " s";
  return [hours ? `${hours} h` : "", hours || minutes ? `${minutes} min` : "", rest].filter(Boolean).join(" ");
}

// The same, short: for labels beside bars and in tables.
function brief(seconds) {
  if (seconds == null) return "";
  if (seconds < 0) return "-" + brief(-seconds);
  if (seconds === 0) return "0 s";
  if (seconds < 0.001) return `${Math.round(seconds * 1e6)} µs`;
  if (seconds < 1) return `${Number((seconds * 1000).toPrecision(3))} ms`;
  if (seconds < 60) return `${Number(seconds.toPrecision(3))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`.replace(" 0 s", "");
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`.replace(" 0 min", "");
}

const span = (low, high) => {
  if (high == null) return `${duration(low)} or more`;
  return duration(low) === duration(high) ? duration(low) : `${duration(low)} to ${duration(high)}`;
};

const ENDINGS = { closed: "cut", reset: "reset", refused: "refused", "hung up": "client hung up", stopped: "server stopped" };

// What a call met, in a few words.
function answerOf(entry) {
  if (entry.status == null) return entry.ended == null ? "under way" : `${ENDINGS[entry.ended] || entry.ended} before the head`;
  const words = [entry.status, entry.error_type].filter(Boolean).join(" ");
  if (entry.ended === "complete") return words;
  return `${words}, ${entry.ended == null ? "under way" : ENDINGS[entry.ended] || entry.ended}`;
}

// ok: answered whole. error: told that it failed. cut: no whole answer. open: still under way.
function kindOf(entry) {
  if (entry.status >= 400) return "error";
  if (entry.ended == null) return "open";
  if (entry.status == null || entry.ended !== "complete") return "cut";
  return entry.error_type ? "error" : "ok";
}

const SIGNS = { pass: "✓", fail: "✕", unknown: "?", skip: "–", error: "!", note: "i" };
const MARKS = { ok: "pass", early: "fail", late: "fail", "not allowed": "fail", unsure: "unknown", "re-auth": "note", again: "note" };
