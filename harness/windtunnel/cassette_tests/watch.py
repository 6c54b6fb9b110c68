"""What a test with a cassette may reach, from before its first fixture is set up until after its last is torn down.

Its own tunnel is open for the time of a fixture that is for one test. Fixtures of a wider scope are set up before, and
what was made at import knows nothing of it: they must not come to the service on their own way.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

from windtunnel.cassette_tests.service import Service
from windtunnel.guard import Guard, is_local

_WATCH: Final = pytest.StashKey["Watch"]()
#: As the environment was when all tests had been imported: clients that were made then go by it.
_IMPORTED: Final = pytest.StashKey[Service]()

_NO_TUNNEL: Final = (
    "A cassette answers while the fixture windtunnel is up, and it is not: make the call in the test, or in a fixture "
    'for one test that asks for windtunnel. For a wider scope open a tunnel: Windtunnel(cassette=..., clock="real").'
)
_PAST: Final = (
    "That is past the cassette: make the client while the fixture windtunnel is up, when the environment leads to it, or "
    "give it windtunnel.url."
)
_NETWORK: Final = "If this is not the service, allow it: @pytest.mark.windtunnel(network=True), --windtunnel-network."


class Watch:
    """Keeps one test from the service, and from other machines unless `network` allows them."""

    def __init__(self, service: Service, *, network: bool) -> None:
        self.guard = Guard(self._forbids, checks="sending")
        self._service, self._network = service, network
        self._is_open = False
        #: How the threads of a recorder are called, which alone may come to the service.
        self._recorder: str | None = None

    @contextmanager
    def playing(self) -> Iterator[None]:
        """For the time in which the tunnel is open."""
        self._is_open = True
        try:
            yield
        finally:
            self._is_open = False

    @contextmanager
    def recording(self, threads: str) -> Iterator[None]:
        """For the time in which a recorder stands in its place: the network is open, and the service to the recorder."""
        self._recorder = threads
        try:
            with self.playing():
                yield
        finally:
            self._recorder = None

    def _forbids(self, host: str, port: int | None) -> str | None:
        if self._recorder is not None and threading.current_thread().name.startswith(self._recorder):
            return None
        remedy = _PAST if self._is_open else _NO_TUNNEL
        if self._service.is_at(host, port):
            return remedy
        if self._network or self._recorder is not None:
            return None
        return f"{remedy} {_NETWORK}" if self._service.is_behind(host, port) or not is_local(host) else None


@contextmanager
def watched(item: pytest.Item, *, network: bool) -> Iterator[None]:
    """Watch over a test that is marked with a cassette, for the time of its whole protocol."""
    service = Service.of(os.environ, provider=_said(item, "provider", "anthropic"))
    imported = item.config.stash.get(_IMPORTED, service)
    watch = item.stash[_WATCH] = Watch(service | imported, network=bool(_said(item, "network", network)))
    with watch.guard:
        yield


def watch_of(item: pytest.Item) -> Watch:
    """Return what watches over a marked test. Fails one that was not marked when it began."""
    found = item.stash.get(_WATCH, None)
    if found is None:
        pytest.fail("windtunnel_cassette: a test has to be marked before it is set up", pytrace=False)
    return found


@contextmanager
def telling(item: pytest.Item) -> Iterator[None]:
    """Fail a phase of a test that has tried to go past its cassette; of one that fails on its own, tell it beside that."""
    guard = item.stash[_WATCH].guard
    try:
        yield
    except BaseException as error:
        if (told := guard.told()) is not None:
            error.add_note(told)
        raise
    if (told := guard.told()) is not None:
        pytest.fail(told, pytrace=False)


def remember_environment(config: pytest.Config) -> None:
    """Remember where the environment leads clients that are made when tests are imported."""
    config.stash[_IMPORTED] = Service.of(os.environ)


def _said(item: pytest.Item, option: str, otherwise: Any) -> Any:
    """Return an option of the marker of the fixture, which is checked when that is set up."""
    marks = item.iter_markers("windtunnel")
    return next((mark.kwargs[option] for mark in marks if option in mark.kwargs), otherwise)
