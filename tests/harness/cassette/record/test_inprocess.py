"""Hooks are put in and taken out whole, one set at a time, and never leave a gap."""

from __future__ import annotations

import http.client
import socket

import pytest

from windtunnel.cassette.interaction import Response
from windtunnel.cassette.record.hooks.patching import HookError
from windtunnel.cassette.record.inprocess import playing, recording

PLACES = [
    ("http.client", "HTTPConnection", ("send", "getresponse", "putrequest", "connect")),
    ("httpx2", "HTTPTransport", ("handle_request",)),
    ("httpx2", "AsyncHTTPTransport", ("handle_async_request",)),
    ("httpx", "HTTPTransport", ("handle_request",)),
    ("httpx", "AsyncHTTPTransport", ("handle_async_request",)),
    ("aiohttp.client_proto", "ResponseHandler", ("connection_made",)),
    ("aiohttp", "TCPConnector", ("_create_connection",)),
    ("urllib3.connection", "HTTPConnection", ("connect",)),
    ("urllib3.connection", "HTTPSConnection", ("connect",)),
]


def what_is_there() -> list[object]:
    import importlib

    owners = [(getattr(importlib.import_module(module), name), names) for module, name, names in PLACES]
    return [vars(owner).get(name) for owner, names in owners for name in names]


def none(request: object) -> Response:
    return Response(status=500)


@pytest.mark.parametrize(
    "hooked", [lambda: recording(lambda interaction: None), lambda: playing(none)], ids=["recording", "playing"]
)
def test_everything_is_put_back(hooked):
    before = what_is_there()

    with hooked():
        assert what_is_there() != before

    assert what_is_there() == before


def test_one_in_the_other_is_refused_and_the_outer_one_lives_on(canned, kept):
    upstream = canned([b"HTTP/1.1 204 No Content\r\n\r\n"])

    with recording(kept):
        with pytest.raises(HookError, match="already"), playing(none):
            pytest.fail("it was let in")
        with pytest.raises(HookError, match="already"), recording(kept):
            pytest.fail("it was let in")
        connection = http.client.HTTPConnection(upstream.url.partition("://")[2])
        connection.request("GET", "/")
        connection.getresponse().close()
        connection.close()

    assert len(kept) == 1


def test_a_library_without_the_place_to_hook_fails_loudly_and_changes_nothing(monkeypatch):
    import httpx2

    before = what_is_there()
    # As in a version that had renamed it.
    monkeypatch.delattr(httpx2.AsyncHTTPTransport, "handle_async_request")
    monkeypatch.delattr(httpx2.AsyncBaseTransport, "handle_async_request")

    with (
        pytest.raises(HookError, match=r"httpx2 2\.\S+ has no AsyncHTTPTransport.handle_async_request"),
        recording(print),
    ):
        pytest.fail("it was let in")

    monkeypatch.undo()
    assert what_is_there() == before


def test_a_library_that_is_not_installed_is_left_out(monkeypatch, canned, kept):
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "aiohttp" else found(name, *more)
    )
    before = what_is_there()

    with recording(kept):
        import aiohttp.client_proto

        assert vars(aiohttp.client_proto.ResponseHandler).get("connection_made") is None

    assert what_is_there() == before


def test_a_connection_from_before_sends_nothing_while_recordings_are_played(canned):
    upstream = canned([b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"], [b""])
    connection = http.client.HTTPConnection(upstream.url.partition("://")[2])
    connection.request("GET", "/before")
    connection.getresponse().read()

    with playing(none), pytest.raises(HookError, match="was connected before"):
        connection.request("GET", "/during")

    connection.close()
    assert len(upstream.requests) == 1


def test_a_connection_of_another_kind_sends_nothing_while_recordings_are_played(canned):
    upstream = canned()

    class Own(http.client.HTTPConnection):
        def connect(self) -> None:
            self.sock = socket.create_connection((self.host, self.port))

    connection = Own(upstream.url.partition("://")[2])
    with playing(none), pytest.raises(HookError, match="a way of its own"):
        connection.request("GET", "/")

    connection.close()
    assert upstream.requests == []


def test_what_is_under_way_at_the_end_is_handed_over_as_far_as_it_came(canned, gated, kept):
    gate = gated()
    upstream = canned([b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\none", gate, b"two"])
    connection = http.client.HTTPConnection(upstream.url.partition("://")[2])

    with recording(kept):
        connection.request("GET", "/")
        response = connection.getresponse()
        response.read(3)
    gate.open()
    connection.close()

    assert [(one.response.ended, one.response.body) for one in kept] == [("timeout", b"one")]
