"""Writes the pages that are lists of what the code has: `python docs/generate.py`."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from windtunnel_server.faults import FAULTS, FaultKind
from windtunnel_server.model.validation.index import FAMILIES
from windtunnel_server.model.validation.rule import Rule
from windtunnel_server.wire.errors import KINDS, ErrorKind

REFERENCE = Path(__file__).parent / "reference"
#: A heading before the fault of that name.
_HEADINGS = {
    "connection_refused": "At the door, before a request is read",
    "reset_before_headers": "In the place of an answer",
    "reset_mid_body": "While the body is on its way",
    "error_event": "What the events say",
    "regroup": "How the body is wrapped",
}
_RETRY = {True: "true", False: "false", None: "–"}
_BODIES = {"api": "API", "edge_json": "edge, JSON", "html": "edge, HTML"}

_FAULTS_HEAD = """\
# Faults

A fault changes an answer on its way, or takes its place. Lay one or more over a step with `faults=`, or let `fail`
name one, with the words of a reply beside its own:

```python
from windtunnel import fail, fault, reply

reply("Hello", faults=[fault("gzip"), fault("slow_first_byte", for_s=5)])
fail("stall", after_events=3, for_s=30, text="Hello there")
```

Faults act in the order given. One that finds nothing to act on (an event fault over an answer that is not streamed,
an edit of a body that is compressed by then) is answered with a 400 that says so, and `x-should-retry: false`.

The two faults at the door do not wait for a request: they meet whoever connects next, and idle connections are closed so
that clients have to. A client in the same process is counted: each attempt to connect uses the step up once, and `for_s`
has no say. `windtunnel serve` cannot count what the system refuses on its behalf; it shuts its port for `for_s` seconds.

Written from the index in the code by `python docs/generate.py`."""

_ERRORS_HEAD = """\
# Errors

Name one with `fail("rate_limited")`; change it with the [options of `fail`](script.md#failures). A bare status,
`fail(529)`, means its usual kind. `x-should-retry` is the header the answer carries (– for none); body is who speaks:
the API in its own envelope, or the edge in front of it.

```python
from windtunnel import fail

fail("overloaded", times=3)
fail("rate_limited", retry_after=2)
fail(503, message="Back in a minute")
```

Written from the index in the code by `python docs/generate.py`."""


def faults_page() -> str:
    """Return the page on all faults."""
    return "\n\n".join([_FAULTS_HEAD, *(part for kind in FAULTS.values() for part in _fault(kind))]) + "\n"


def _fault(kind: FaultKind) -> Iterator[str]:
    if kind.name in _HEADINGS:
        yield f"## {_HEADINGS[kind.name]}"
    yield f"### {kind.name}"
    yield _without_sources(inspect.getdoc(kind.apply) or "")
    if kind.options:
        rows = (f"| `{option.name}` | {_default(option.default)} | {option.text} |" for option in kind.options.values())
        yield "\n".join(["| option | default | may be |", "|---|---|---|", *rows])


def _default(value: Any) -> str:
    if value is None or isinstance(value, str):
        return f"`{value!r}`"
    return "infinity" if value == math.inf else f"`{value:g}`"


def errors_page() -> str:
    """Return the page on all kinds of error."""
    head = ["| name | status | type | `x-should-retry` | body | when |", "|---|---|---|---|---|---|"]
    return f"{_ERRORS_HEAD}\n\n" + "\n".join([*head, *map(_error, KINDS.values())]) + "\n"


def _error(kind: ErrorKind) -> str:
    cells = (
        f"`{kind.name}`",
        str(kind.status),
        f"`{kind.type}`" if kind.type else "–",
        _RETRY[kind.should_retry],
        _BODIES[kind.body],
        kind.about,
    )
    return f"| {' | '.join(cells)} |"


_VALIDATION_HEAD = """\
# Validation

What the fake refuses before a model answers, in the API's words: the shape of the request, key by key and for the door, the API version and the
betas of the call; then the name of the model; then the rules below that look at more than one place. The first fault is the answer.

```yaml
server:
  strict: true                    # false: whatever can be answered at all is answered
  rules: {user_first: true}       # single rules, on or off, by name
  models_as_of: 2026-11-22        # models retired by then are not found; without it every model answers
```

Every rule is held to an example that passes and one that is refused, and says who vouches for it ([sources](../sources.md)). Recorded traffic counts most: a recorded answer is
never refused, and a recorded refusal comes back word for word. A rule that nobody vouches for is off until a scenario turns it on (marked *off*).
A shape is part of the tables of its keys, and cannot be turned off by itself; its rules here are examples of them.

Thinking is signed. A thought that comes back changed is refused as the API refuses it; signatures of recorded conversations pass if they could be
real.

Written from the tables in the code by `python docs/generate.py`."""


def validation_page() -> str:
    """Return the page on all rules."""
    return "\n\n".join([_VALIDATION_HEAD, *(_family(name, rules) for name, rules in FAMILIES.items())]) + "\n"


def _family(name: str, rules: tuple[Rule, ...]) -> str:
    head = ["| rule | what holds | a refusal, for example | source |", "|---|---|---|---|"]
    return "\n".join([f"## {name[0].upper()}{name[1:]}", "", *head, *map(_rule, rules)])


def _rule(rule: Rule) -> str:
    cells = (f"`{rule.name}`", rule.about, _code(rule.says), rule.source or "*off*")
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _code(text: str) -> str:
    mark = "``" if "`" in text else "`"
    return f"{mark}{text}{mark}" if mark == "`" else f"{mark} {text} {mark}"


_SCENARIOS_HEAD = """\
# Scenarios

Each file here is one chaos scenario: what the fake answers, call by call, and what is expected of a client that meets it. They ship with the
package; the name of a file, without its ending, is what one types:

    windtunnel run rate-limited-with-hint
    windtunnel exec --scenario rate-limited-with-hint -- node agent.js

In pytest: `@pytest.mark.windtunnel_scenario("rate-limited-with-hint")`. `--provider` runs them as another cloud. How to write your own:
[scenarios](../docs/reference/scenarios.md). A scenario with needs is skipped, with the reason, for clients that lack
an [ability](../docs/reference/subjects.md#abilities); ×7 marks one that is run with so many values of its variables.

Written from the files by `python docs/generate.py`."""


def scenarios_page() -> str:
    """Return the list of the scenarios that ship."""
    from windtunnel.scenario.library import shipped
    from windtunnel.scenario.load import load

    rows = [_scenario(path.stem, load(path)) for path in shipped()]
    return f"{_SCENARIOS_HEAD}\n\n" + "\n".join(["| scenario | what happens | needs |", "|---|---|---|", *rows]) + "\n"


def _scenario(name: str, runs: list[Any]) -> str:
    times = f" ×{len(runs)}" if len(runs) > 1 else ""
    needs = ", ".join(f"`{need}`" for need in runs[0].needs)
    return f"| [`{name}`]({name}.yaml){times} | {runs[0].name} | {needs} |"


def _without_sources(text: str) -> str:
    """Leave out references to the notes the code was written from."""
    return re.sub(r" \((?:wire\.md|FACTS)[^)]*\)", "", text)


if __name__ == "__main__":
    (REFERENCE / "faults.md").write_text(faults_page(), encoding="utf-8")
    (REFERENCE / "errors.md").write_text(errors_page(), encoding="utf-8")
    (REFERENCE / "validation.md").write_text(validation_page(), encoding="utf-8")
    (REFERENCE.parents[1] / "scenarios" / "README.md").write_text(scenarios_page(), encoding="utf-8")
