"""What the pytest plugin does once a test asks for it: a tunnel for the test, and a page for the whole run."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from windtunnel.fake import misleading, settled
from windtunnel.guard import Guard
from windtunnel.tunnel import Windtunnel
from windtunnel_server.clock import VirtualClock

if TYPE_CHECKING:
    from windtunnel.cassette_tests.marker import Wanted
    from windtunnel.recording import Mode

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
    record: Mode = "none",
) -> Iterator[Windtunnel]:
    """Open a tunnel and point the environment at it. `keep`: its journal will be asked for at the end of the run.

    `record` says whether a test that is marked with a cassette plays it, or records it in the place of the fake.

    The environment is put back by the test's own monkeypatch: whatever the test does to it with the same tool comes
    undone in the right order.
    """
    asked = _cassettes(request.node)
    if asked is not None and record != "none":
        from windtunnel.cassette_tests.recorder import recorder_for_test, records

        if records(request, asked, record):
            yield from recorder_for_test(request, monkeypatch, asked, record, options.get("provider", "anthropic"))
            return
    clock = options.get("clock", "virtual")
    if clock == "virtual":
        _refuse_trio(request)
    played = getattr(request, "param", None)
    tunnel = _tunnel(
        played,
        cassette=None if asked is None else asked.player(),
        clock=clock,
        seed=options.get("seed", seed),
        dates=options.get("dates", True),
        **{name: options[name] for name in ("provider", "tls", "settings") if name in options},
    )
    with ExitStack() as stack:
        guard = _guard(stack, request.node, is_up=not options.get("network", network), plays=asked is not None)
        stack.enter_context(tunnel)
        try:
            _point_at(tunnel, monkeypatch)
        except ValueError as error:
            pytest.fail(f"windtunnel: {error}", pytrace=False)
        stack.enter_context(settled(tunnel.env))
        if played is not None:
            from windtunnel.scenario_tests import remember

            remember(request.node, tunnel)
        yield tunnel
    if keep and len(tunnel.journal):
        _seen(request.config).append(_account(request.node.nodeid, tunnel))
    if asked is not None and tunnel.cassette is not None:
        from windtunnel.cassette_tests.ending import hold

        hold(request.node, asked, tunnel.cassette)
    if tunnel.core.failures:
        raise ExceptionGroup("windtunnel itself failed; this is a bug in it, not in the client", tunnel.core.failures)
    if (told := guard.told()) is not None:
        pytest.fail(told, pytrace=False)


def _guard(stack: ExitStack, item: pytest.Item, *, is_up: bool, plays: bool) -> Guard:
    """Keep a test off the network; one that plays a cassette is watched over before and after, too."""
    if plays:
        from windtunnel.cassette_tests.fixture import opened
        from windtunnel.cassette_tests.watch import watch_of

        watch = watch_of(item)
        stack.enter_context(watch.playing())
        opened(item)
        return watch.guard
    guard = Guard()
    if is_up:
        stack.enter_context(guard)
    return guard


def _tunnel(played: Any, **options: Any) -> Windtunnel:
    """Return the tunnel of a test; `played` is a scenario on a provider, where the test is marked with one."""
    if played is None:
        return Windtunnel(**options)
    return Windtunnel(**options | {"scenario": played.scenario, "provider": played.provider})


def _cassettes(item: pytest.Item) -> Wanted | None:
    if item.get_closest_marker("windtunnel_cassette") is None:
        return None
    from windtunnel.cassette_tests.marker import wanted

    return wanted(item)


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
    for name in misleading(tunnel.env, os.environ):
        monkeypatch.delenv(name, raising=False)
    for name, value in tunnel.env.items():
        monkeypatch.setenv(name, value)


def _seen(config: pytest.Config) -> list[dict[str, Any]]:
    return config.stash.setdefault(_SEEN, [])


def _account(title: str, tunnel: Windtunnel) -> dict[str, Any]:
    return {
        "title": title,
        "entries": [entry.to_json() for entry in tunnel.journal.calls],
        "provider": tunnel.provider_name,
        "exact": isinstance(tunnel.clock, VirtualClock),
        "verdicts": _each_once([verdict.to_json() for verdict in tunnel.verdicts_asked]),
        "claims": None if tunnel.claims is None else tunnel.claims.to_json(),
        "simulated_s": tunnel.clock.now(),
        "context_window": tunnel.settings.context_window,
        "seed": tunnel.core.seed,
    }


def _each_once(verdicts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A test may ask for the same verdict in each of its assertions."""
    return [verdict for place, verdict in enumerate(verdicts) if verdict not in verdicts[:place]]


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
    from windtunnel.outputs import page, put
    from windtunnel.results import results_to_json

    document = results_to_json([], title="windtunnel: a pytest run")
    document["runs"] = [_run(seen) for seen in sorted(_seen(config), key=lambda seen: str(seen["title"]))]
    put(path, page(document))


def _run(seen: Mapping[str, Any]) -> dict[str, Any]:
    from windtunnel.results import Result

    values = {verdict["value"] for verdict in seen["verdicts"]}
    result = Result(
        scenario=seen["title"],
        id=seen["title"],
        client="pytest",
        provider=seen["provider"],
        seed=seen["seed"],
        status="fail" if "fail" in values else "unknown" if "unknown" in values else "pass",
        exact=seen["exact"],
        simulated_s=seen["simulated_s"],
        context_window=seen["context_window"],
        rerun=f"python -m pytest {shlex.quote(seen['title'])}",
    )
    told = {name: seen[name] for name in ("title", "entries", "verdicts", "claims")}
    return result.to_json() | told
