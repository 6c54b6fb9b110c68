"""A whole run as one page, and the page of a server that is up: the same page, fed differently.

The page is one file: style, script and what happened are inside, and its content policy lets it talk to nobody (the live
one to its own server only). What happened lies in blocks of JSON that the script reads when they are looked at: a run's
verdicts in one, its calls a line each in blocks of about 200 kB, so that ten thousand calls open as fast as ten.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from html import escape
from importlib import resources
from typing import Any

from windtunnel.results import FORMAT, ResultsError

#: In the order in which they build on each other.
_SCRIPTS = (
    "words elements theme store overview axis rows timeline tokens findings call journal run live keys main".split()
)
_BLOCK_BYTES = 200_000
_SLOT = re.compile(r"\{\{(\w+)\}\}")


def render(document: Mapping[str, Any]) -> str:
    """Return the page of a run, from the document that `results_to_json` makes and `--json` writes.

    Raises ResultsError for a document of a later format, and for what is no such document.
    """
    runs = _runs(document)
    head = {"title": document.get("title") or "windtunnel", "version": document.get("windtunnel", "")}
    head |= {"seed": document.get("seed", 0), "runs": [_summary(run) for run in runs], "live": None}
    return _page(str(head["title"]), head, "\n".join(_blocks(runs)), _table(head["runs"]), connect="'none'")


def live(*, failures: Sequence[str], policies: Sequence[str]) -> str:
    """Return the page of a running server: `failures` can be fired by hand, `policies` judge what its clients do."""
    head = {"title": "windtunnel, live", "version": "", "seed": 0, "runs": []}
    offers = {"failures": list(failures), "policies": list(policies)}
    return _page("windtunnel, live", head | {"live": offers}, "", "", connect="'self'")


def _runs(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    known, runs = document.get("format"), document.get("runs")
    if not isinstance(known, int) or not isinstance(runs, list):
        raise ResultsError("it has no runs in it; results are what `windtunnel run --json FILE` writes")
    if known > FORMAT:
        raise ResultsError(f"it is in format {known}, and this windtunnel reads {FORMAT}; update windtunnel")
    return runs


def _summary(run: Mapping[str, Any]) -> dict[str, Any]:
    """What the table of all runs shows of one."""
    kept = ("title", "scenario", "client", "provider", "seed", "status", "about", "reason", "simulated_s", "wall_s")
    verdicts = [[verdict.get("name"), verdict.get("value")] for verdict in run.get("verdicts") or ()]
    return {name: run.get(name) for name in kept} | {"calls": len(run.get("entries") or ()), "verdicts": verdicts}


def _blocks(runs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for place, run in enumerate(runs):
        account = {name: value for name, value in run.items() if name != "entries"}
        yield f'<script type="application/json" id="run-{place}">{_json(account)}</script>'
        for lines in _gathered(map(_json, run.get("entries") or ())):
            yield f'<script type="application/x-ndjson" data-run="{place}">{lines}</script>'


def _gathered(lines: Iterator[str]) -> Iterator[str]:
    """Join lines to blocks, so that no reader has to take in a long journal at once."""
    held: list[str] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= _BLOCK_BYTES:
            yield "\n".join(held)
            held, size = [], 0
    if held:
        yield "\n".join(held)


def _table(runs: Sequence[Mapping[str, Any]]) -> str:
    """All runs as a plain table, for readers without scripts; with them, the page puts its own in its place."""
    rows = "".join(
        f"<tr><th scope='row'>{escape(str(run['title']))}</th><td>{escape(str(run['status']))}</td>"
        f"<td>{run['calls']}</td><td>{escape(', '.join(f'{name}: {value}' for name, value in run['verdicts']))}</td></tr>"
        for run in runs
    )
    heads = "".join(f"<th scope='col'>{word}</th>" for word in ("run", "status", "calls", "verdicts"))
    return f"<table class='plain'><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _page(title: str, head: Mapping[str, Any], blocks: str, table: str, *, connect: str) -> str:
    style, script = _asset("page.css"), _script()
    slots = {
        "policy": f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(style)}; connect-src {connect}; "
        "base-uri 'none'; form-action 'none'",
        "title": escape(title),
        "style": style,
        "script": script,
        "document": _json(head),
        "blocks": blocks,
        "table": table,
    }
    return _SLOT.sub(lambda slot: slots[slot[1]], _asset("page.html"))


@cache
def _asset(name: str) -> str:
    return (resources.files("windtunnel.report") / "page" / name).read_text(encoding="utf-8")


@cache
def _script() -> str:
    parts = "\n".join(_asset(f"{name}.js") for name in _SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}\n}})();\n'


def _digest(text: str) -> str:
    """Name an inline block in a content policy: only this one may run, whatever else gets into the page."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _json(value: Any) -> str:
    """Write JSON that may stand in a script element: ASCII, no `<`, and null for numbers that JSON has not."""
    try:
        text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(value), separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, (list, tuple)) else value
