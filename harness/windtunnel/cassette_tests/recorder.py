"""A test that records: in the place of the fake stands a recorder, and what it heard is kept if the test passes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from windtunnel.cassette.files import load
from windtunnel.cassette.interaction import CassetteError
from windtunnel.cassette.record.upstreams import UpstreamError
from windtunnel.cassette_tests.ending import passed
from windtunnel.cassette_tests.fixture import opened
from windtunnel.cassette_tests.made import Made
from windtunnel.cassette_tests.marker import Wanted
from windtunnel.cassette_tests.watch import watch_of
from windtunnel.recording import Mode, RecordingTunnel
from windtunnel.tunnel import Windtunnel

_NOTHING_CAME: Final = (
    "windtunnel_cassette: nothing came to the recorder, so nothing is written: the test made no call, or its client went "
    "elsewhere. Make the client while the fixture windtunnel is up, when the environment leads to it, or give it "
    "windtunnel.url; for a test that makes no call say allow_no_calls=True"
)


def records(request: pytest.FixtureRequest, asked: Wanted, mode: Mode) -> bool:
    """Say whether a test records. "once" goes by what the run has found: another test may have begun the cassette since."""
    if mode != "once":
        return mode != "none"
    made = Made.of(request)
    return not all(made.was_found(file) for file in asked.files)


def recorder_for_test(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, asked: Wanted, mode: Mode, provider: str
) -> Iterator[Windtunnel]:
    """Let the real service answer, and write down what it says if the test passes."""
    tunnel, watch, made = _recorder(asked, mode, provider), watch_of(request.node), Made.of(request)
    with watch.recording(tunnel.threads), tunnel:
        for name in tunnel.taken_away:
            monkeypatch.delenv(name, raising=False)
        for name, value in tunnel.env.items():
            monkeypatch.setenv(name, value)
        opened(request.node)
        yield tunnel
    if (told := watch.guard.told()) is not None:
        pytest.fail(f"{told} Nothing is written.", pytrace=False)
    if passed(request.node):
        _keep(tunnel, asked, mode, made)


def _keep(tunnel: RecordingTunnel, asked: Wanted, mode: Mode, made: Made) -> None:
    if not (tunnel.taken or tunnel.answered or asked.options.allow_no_calls):
        pytest.fail(_NOTHING_CAME, pytrace=False)
    if not tunnel.taken and mode != "all":
        return
    (file,) = asked.files
    try:
        tunnel.keep(afresh=lambda: made.is_first(file) and mode == "all")
    except CassetteError as error:
        pytest.fail(f"windtunnel_cassette: nothing is written: {error}", pytrace=False)


def _recorder(asked: Wanted, mode: Mode, provider: str) -> RecordingTunnel:
    if len(asked.files) > 1:
        pytest.fail(
            f"windtunnel_cassette: a test that records writes one cassette, and this one plays {len(asked.files)}; "
            "record each with a test of its own",
            pytrace=False,
        )
    (file,) = asked.files
    try:
        there = load(file).interactions if mode in ("new", "once") and file.exists() else ()
        return RecordingTunnel(file, provider=provider, there=there, rules=asked.rules)
    except (CassetteError, UpstreamError) as error:
        pytest.fail(f"windtunnel_cassette: {error}", pytrace=False)
