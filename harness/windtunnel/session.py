"""What the pytest plugin does once a test asks for it: a tunnel for the test, and a page for the whole run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from windtunnel import environment
from windtunnel.guard import Guard
from windtunnel.tunnel import Windtunnel
from windtunnel_server.clock import VirtualClock
from windtunnel_server.journal import entry_from_json

#: What the tests of a run saw, for the page: plain JSON values, since workers hand theirs over.
_SEEN = pytest.StashKey[list[dict[str, Any]]]()
_SHELF = "windtunnel_seen"


def tunnel_for_test(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    options: Mapping[str, Any],
    *,
    seed: int,
    network: bool,
    keep: bool,
) -> Iterator[Windtunnel]:
    """Open a tunnel and point the environment at it. `keep`: its journal will be asked for at the end of the run.

    The environment is put back by the test's own monkeypatch: whatever the test does to it with the same tool comes
    undone in the right order.
    """
    clock = options.get("clock", "virtual")
    if clock == "virtual":
        _refuse_trio(request)
    tunnel = Windtunnel(clock=clock, seed=options.get("seed", seed), dates=options.get("dates", True))
    guard = Guard()
    with ExitStack() as stack:
        if not options.get("network", network):
            stack.enter_context(guard)
        stack.enter_context(tunnel)
        _point_at(tunnel, monkeypatch)
        yield tunnel
    if keep and len(tunnel.journal):
        _seen(request.config).append(_account(request.node.nodeid, tunnel))
    if tunnel.core.failures:
        raise ExceptionGroup("windtunnel itself failed; this is a bug in it, not in the client", tunnel.core.failures)
    if guard.attempts:
        where = ", ".join(dict.fromkeys(guard.attempts))
        pytest.fail(
            f"the test tried to reach {where}; windtunnel keeps tests off the network. Point the client at the fake, "
            "or allow it: @pytest.mark.windtunnel(network=True), --windtunnel-network",
            pytrace=False,
        )


def _refuse_trio(request: pytest.FixtureRequest) -> None:
    """anyio's plugin names the loop its tests run on, as "trio" or ("trio", options)."""
    named = request.getfixturevalue("anyio_backend") if "anyio_backend" in request.fixturenames else None
    if "trio" in (named, named and named[0]):
        pytest.fail(
            "trio cannot run on the windtunnel fixture's virtual clock, asyncio can; for trio ask for real time: "
            '@pytest.mark.windtunnel(clock="real")',
            pytrace=False,
        )


def _point_at(tunnel: Windtunnel, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in environment.MISLEADING:
        monkeypatch.delenv(name, raising=False)
    for name, value in tunnel.env.items():
        monkeypatch.setenv(name, value)


def _seen(config: pytest.Config) -> list[dict[str, Any]]:
    return config.stash.setdefault(_SEEN, [])


def _account(title: str, tunnel: Windtunnel) -> dict[str, Any]:
    return {
        "title": title,
        "entries": [entry.to_json() for entry in tunnel.journal.calls],
        "exact": isinstance(tunnel.clock, VirtualClock),
        "policies": [policy.to_json() for policy in dict.fromkeys(tunnel.policies_asked)],
    }


def hand_over(config: pytest.Config) -> None:
    """In a worker of pytest-xdist: leave what was seen where the controller finds it."""
    output: dict[str, Any] | None = getattr(config, "workeroutput", None)
    if output is not None:
        output[_SHELF] = json.dumps(_seen(config))


def gather(node: Any) -> None:
    """In the controller of pytest-xdist: take what a worker has left. One that crashed has left nothing."""
    output: dict[str, Any] = getattr(node, "workeroutput", {})
    _seen(node.config).extend(json.loads(output.get(_SHELF, "[]")))


def write_page(config: pytest.Config, path: Path) -> None:
    """Write one page with the journals of all tests that used a tunnel, in the order of their names."""
    from windtunnel.policies import policy_from_json
    from windtunnel.report.html import Run, render
    from windtunnel.verdicts import EXACT, REAL, Verdicts

    runs = []
    for seen in sorted(_seen(config), key=lambda seen: str(seen["title"])):
        entries = [entry_from_json(entry) for entry in seen["entries"]]
        verdicts = Verdicts(lambda entries=entries: entries, tolerance=EXACT if seen["exact"] else REAL)  # type: ignore[misc]
        runs.append(
            Run(seen["title"], entries, [verdicts.backoff(policy_from_json(policy)) for policy in seen["policies"]])
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render("windtunnel: a pytest run", runs), encoding="utf-8")
