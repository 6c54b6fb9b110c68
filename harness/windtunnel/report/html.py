"""A run as one page: timelines drawn to scale, the verdicts with their findings, the journal to unfold.

The page needs nothing but itself: no script, no network, its style inside, light or dark as the reader's system is.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from windtunnel.report.timeline import STYLE as TIMELINE_STYLE
from windtunnel.report.timeline import timeline
from windtunnel.verdicts.account import ChainAccount
from windtunnel.verdicts.failures import answer
from windtunnel.verdicts.units import counted, duration, span
from windtunnel.verdicts.verdict import Finding, Verdict
from windtunnel_server.journal import Entry


@dataclass(frozen=True, slots=True)
class Run:
    """One scenario against one client: what happened, and what is said about it."""

    title: str
    entries: Sequence[Entry]
    verdicts: Sequence[Verdict]


def render(title: str, runs: Sequence[Run]) -> str:
    """Return the page as a string of HTML."""
    body = "\n".join([f"<h1>{escape(title)}</h1>", _overview(runs), *map(_run, range(len(runs)), runs)])
    return _PAGE.format(title=escape(title), style=_STYLE + TIMELINE_STYLE, body=body)


def _overview(runs: Sequence[Run]) -> str:
    rows = "".join(
        f'<tr><td><a href="#run-{place}">{escape(run.title)}</a></td><td>{len(run.entries)}</td>'
        f"<td>{' '.join(_badge(verdict) for verdict in run.verdicts)}</td></tr>"
        for place, run in enumerate(runs)
    )
    return f"<table><thead><tr><th>run</th><th>calls</th><th>verdicts</th></tr></thead><tbody>{rows}</tbody></table>"


def _badge(verdict: Verdict) -> str:
    return f'<span class="badge {verdict.value}">{escape(verdict.name)}: {verdict.value}</span>'


def _run(place: int, run: Run) -> str:
    parts = [f'<section id="run-{place}"><h2>{escape(run.title)}</h2>', *map(_verdict, run.verdicts)]
    return "\n".join([*parts, _journal(run.entries), "</section>"])


def _verdict(verdict: Verdict) -> str:
    chains = verdict.report.chains if verdict.report else ()
    return "\n".join(
        [
            f'<article><p class="line">{_badge(verdict)} {escape(verdict.summary)}</p>',
            *map(_finding, verdict.findings),
            *map(_chain, chains),
            "</article>",
        ]
    )


def _finding(finding: Finding) -> str:
    rows = (("seen", finding.seen), ("allowed", finding.allowed), ("to do", finding.advice))
    lines = "".join(f"<dt>{word}</dt><dd>{escape(text)}</dd>" for word, text in rows)
    title = escape(f"{finding.where}: {finding.title}")
    return f'<div class="finding {finding.weight}"><h3>{title}</h3><dl>{lines}</dl></div>'


def _chain(chain: ChainAccount) -> str:
    rows = "".join(
        "<tr>"
        + "".join(f"<td>{escape(cell)}</td>" for cell in _cells(chain, place))
        + f'<td class="mark {_mark_class(attempt.mark)}">{escape(attempt.mark)}</td></tr>'
        for place, attempt in enumerate(chain.attempts)
    )
    heads = "".join(f"<th>{word}</th>" for word in ("#", "at", "answer", "gap", "allowed", ""))
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    return f"<figure><figcaption>{escape(chain.title)}</figcaption>{timeline(chain)}{table}</figure>"


def _cells(chain: ChainAccount, place: int) -> tuple[str, ...]:
    attempt = chain.attempts[place]
    allowed = attempt.envelope
    return (
        str(attempt.number),
        duration(attempt.at_s),
        attempt.answer,
        "" if attempt.gap_s is None else duration(attempt.gap_s),
        "" if allowed is None else f"{span(allowed.low_s, allowed.high_s)} ({allowed.why})",
    )


def _mark_class(mark: str) -> str:
    return {"ok": "pass", "early": "fail", "late": "fail", "not allowed": "fail", "unsure": "unknown"}.get(mark, "")


def _journal(entries: Sequence[Entry]) -> str:
    rows = "".join(
        f"<details><summary>{entry.number} · {duration(entry.arrived_at)} · {escape(entry.method)} "
        f"{escape(entry.path)} · {escape(answer(entry))}</summary><pre>{escape(_dump(entry))}</pre></details>"
        for entry in entries
    )
    return f'<details class="journal"><summary>Journal: {counted(len(entries), "call")}</summary>{rows}</details>'


def _dump(entry: Entry) -> str:
    return json.dumps(entry.to_json(), indent=2, ensure_ascii=False, default=str)


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body><main>
{body}
</main></body>
</html>
"""

_STYLE = """
:root { --paper: #fcfcfb; --ink: #1d2126; --soft: #667; --rule: #dcdfe4; --panel: #f2f3f5;
  --pass: #14734a; --fail: #b3261e; --unknown: #8a6100; --note: #2b5ea8; }
@media (prefers-color-scheme: dark) { :root { --paper: #15181c; --ink: #e5e8ec; --soft: #9aa3ae; --rule: #343a42;
  --panel: #1e2228; --pass: #58c08d; --fail: #ff8078; --unknown: #e0b04a; --note: #86b3f5; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin-top: 2.5rem; } h3 { font-size: 1rem; margin: 0; }
a { color: inherit; } section { border-top: 1px solid var(--rule); } figure { margin: 1.5rem 0; overflow-x: auto; }
figcaption { font-weight: 600; }
h1, h2, h3, a, .line, figcaption, summary, .finding dd { overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
th, dt { color: var(--soft); font-weight: 500; }
.badge { border: 1px solid currentColor; border-radius: 1rem; padding: 0 .6rem; font-weight: 600; white-space: nowrap; }
.pass { color: var(--pass); } .fail { color: var(--fail); } .unknown { color: var(--unknown); } .note { color: var(--note); }
.finding { border-left: 3px solid; padding: .5rem 1rem; margin: .75rem 0; background: var(--panel); }
.finding dl { color: var(--ink); margin: .25rem 0 0; display: grid; grid-template-columns: 5rem 1fr; }
.finding dd { margin: 0; }
pre { overflow-x: auto; background: var(--panel); padding: .75rem; font-size: 13px; }
details > details { margin-left: 1rem; } summary { cursor: pointer; }
"""
