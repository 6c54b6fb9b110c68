// Verdicts with the findings they rest on. A number of an attempt leads to the call.

const WEIGHT = { fail: 0, unknown: 1, note: 2 };
const SHOWN_FINDINGS = 4;

function verdictCard(verdict, go) {
  const findings = [...(verdict.findings || [])].sort((a, b) => WEIGHT[a.weight] - WEIGHT[b.weight]);
  const list = h("div", { class: "findings" });
  const show = most => {
    list.replaceChildren(...findings.slice(0, most).map(finding => findingCard(finding, go)));
    if (findings.length > most) list.append(button(`Show ${count(Math.min(findings.length - most, 200))} more of ${counted(findings.length, "finding")}`, () => show(most + 200), { class: "quiet" }));
  };
  show(SHOWN_FINDINGS);
  return h("article", { class: `verdict ${verdict.value}` },
    h("header", {}, badge(verdict.value), h("h4", {}, verdict.name), h("p", {}, verdict.summary)), list);
}

function findingCard(finding, go) {
  const rows = [["seen", finding.seen], ["allowed", finding.allowed], ["to do", finding.advice]].filter(([, words]) => words);
  return h("div", { class: `finding ${finding.weight}` },
    h("p", { class: "finding-title" }, h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[finding.weight]), h("span", { class: "off" }, `${finding.weight}: `),
      h("strong", {}, finding.title), " ", where(finding.attempts || [], go)),
    h("dl", {}, rows.map(([word, words]) => [h("dt", {}, word), h("dd", {}, words)])));
}

function where(attempts, go) {
  if (!attempts.length) return h("span", { class: "where" }, "the run");
  const most = 30, more = attempts.length - most;
  return h("span", { class: "where" }, attempts.length > 1 ? "attempts " : "attempt ",
    attempts.slice(0, most).map(number => button(String(number), () => go(number), { class: "jump", "aria-label": `Go to call ${number}` })),
    more > 0 ? ` and ${count(more)} more` : null);
}
