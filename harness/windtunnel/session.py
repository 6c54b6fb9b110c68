"""What the pytest plugin does once a test asks for it: a tunnel for the test, and a page for the whole run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from windtunnel import environment
from windtunnel.guard import Guard
from windtunnel.tunnel import Windtunnel
from windtunnel_server.clock import VirtualClock
from windtunnel_server.journal import entry_from_json

#: What the tests of this process saw, for the page: plain JSON values, since workers hand theirs over.
_seen: list[dict[str, Any]] = []
_SHELF = "windtunnel_seen"


def tunnel_for_test(item: pytest.Item, options: Mapping[str, Any], *, seed: int, network: bool) -> Iterator[Windtunnel]:
    """Open a tunnel, point the environment at it, and put everything back afterwards."""
    tunnel = Windtunnel(
        clock=options.get("clock", "virtual"), seed=options.get("seed", seed), dates=options.get("dates", True)
    )
    guard = Guard()
    with ExitStack() as stack:
        if not (network or options.get("network")):
            stack.enter_context(guard)
        stack.enter_context(tunnel)
        stack.enter_context(_environment(tunnel.env))
        yield tunnel
    _shelve(item, tunnel)
    if tunnel.core.failures:
        raise ExceptionGroup("windtunnel itself failed; this is a bug in it, not in the client", tunnel.core.failures)
    if guard.attempts:
        where = ", ".join(dict.fromkeys(guard.attempts))
        pytest.fail(
            f"the test tried to reach {where}; windtunnel keeps tests off the network. Point the client at the fake, "
            "or allow it: @pytest.mark.windtunnel(network=True), --windtunnel-network",
            pytrace=False,
        )


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    touched = {*variables, *environment.MISLEADING}
    before = {name: os.environ.get(name) for name in touched}
    for name in touched:
        os.environ.pop(name, None)
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _shelve(item: pytest.Item, tunnel: Windtunnel) -> None:
    if not len(tunnel.journal):
        return
    _seen.append(
        {
            "title": item.nodeid,
            "entries": [entry.to_json() for entry in tunnel.journal.calls],
            "exact": isinstance(tunnel.clock, VirtualClock),
            "policies": list(dict.fromkeys(tunnel.policies_asked)),
        }
    )


def hand_over(config: pytest.Config) -> None:
    """In a worker of pytest-xdist: leave what was seen where the controller finds it."""
    output: dict[str, Any] | None = getattr(config, "workeroutput", None)
    if output is not None:
        output[_SHELF] = json.dumps(_seen)


def gather(node: Any) -> None:
    """In the controller of pytest-xdist: take what a worker has left."""
    output: dict[str, Any] = getattr(node, "workeroutput", {})
    _seen.extend(json.loads(output.get(_SHELF, "[]")))


def write_page(where: str) -> None:
    """Write one page with the journals of all tests that used a tunnel."""
    from windtunnel.report.html import Run, render
    from windtunnel.verdicts import EXACT, REAL, Verdicts

    runs = []
    for seen in _seen:
        entries = [entry_from_json(entry) for entry in seen["entries"]]
        verdicts = Verdicts(lambda entries=entries: entries, tolerance=EXACT if seen["exact"] else REAL)  # type: ignore[misc]
        runs.append(Run(seen["title"], entries, [verdicts.backoff(policy) for policy in seen["policies"]]))
    path = Path(where)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render("windtunnel: a pytest run", runs), encoding="utf-8")
