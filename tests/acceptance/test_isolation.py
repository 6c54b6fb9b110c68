"""One test's weather is no other test's, and no client can bring the fake down."""

from __future__ import annotations

import os
import random
import socket
import threading
from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from windtunnel import Windtunnel, reply


@pytest.mark.parametrize("turn", range(3))
def test_a_test_starts_with_no_script_and_no_journal(windtunnel: Any, subject: Any, turn: int) -> None:
    assert len(windtunnel.journal) == 0
    assert windtunnel.clock.now() == 0

    windtunnel.script(reply(f"turn {turn}"), reply("left behind"))

    assert subject.create().content[0].text == f"turn {turn}"
    assert len(windtunnel.journal) == 1


def test_two_tunnels_answer_their_own_clients_only(monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any]) -> None:
    def ask(tunnel: Windtunnel) -> Any:
        with anthropic.Anthropic(base_url=tunnel.url, api_key=tunnel.api_key) as client:
            message: Any = client.messages.create(**asked)
            return message.content[0].text

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Windtunnel(reply("one"), reply("one"), clock="real") as one, Windtunnel(reply("other"), clock="real") as other:
        said = [ask(one), ask(other), ask(one)]

        assert said == ["one", "other", "one"]
        assert (len(one.journal), len(other.journal)) == (2, 1)


@pytest.fixture
def environment() -> Iterator[None]:
    """An environment that leads elsewhere, looked at again when the tunnel is gone."""
    # Not the test's own monkeypatch: the tunnel's variables are put back by that one, and have to be back by then.
    with pytest.MonkeyPatch.context() as own:
        own.setenv("ANTHROPIC_BASE_URL", "https://elsewhere.example")
        own.setenv("ANTHROPIC_AUTH_TOKEN", "somebody's")
        own.setenv("HTTPS_PROXY", "http://proxy.example:3128")
        own.delenv("ANTHROPIC_API_KEY", raising=False)
        before = _variables()
        yield
        assert _variables() == before


def _variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}


def test_the_environment_points_at_the_fake_and_comes_back(
    environment: None, windtunnel: Any, asked: dict[str, Any]
) -> None:
    assert os.environ["ANTHROPIC_BASE_URL"] == windtunnel.url
    assert "ANTHROPIC_AUTH_TOKEN" not in os.environ
    assert "HTTPS_PROXY" not in os.environ

    # Everything from the environment, certificates and all: as a user's own code makes its client.
    with anthropic.Anthropic() as client:
        client.messages.create(**asked)

    assert [call.status for call in windtunnel.journal] == [200]


def test_the_threads_of_a_tunnel_are_gone_with_it() -> None:
    before = set(threading.enumerate())

    for _ in range(3):
        with Windtunnel():
            pass

    assert set(threading.enumerate()) <= before


def test_garbage_on_the_wire_is_answered_or_dropped_and_the_fake_goes_on(windtunnel: Any, subject: Any) -> None:
    chance = random.Random(20261102)

    for _ in range(100):
        _say(windtunnel.url, _garbage(chance), timeout_s=0.5)

    windtunnel.script(reply("Still here."))
    assert subject.create().content[0].text == "Still here."
    assert all(call.status is None or call.status >= 400 for call in windtunnel.journal.calls[:-1])


def _garbage(chance: random.Random) -> bytes:
    line = chance.choice(
        [b"", b"GET / HTTP/1.1\r\n", b"POST /v1/messages HTTP/1.1\r\nHost: x\r\n", b"\x16\x03\x01\x02\x00"]
    )
    noise = chance.randbytes(chance.randint(1, 400))
    return line + chance.choice([noise, noise + b"\r\n\r\n", b"Content-Length: -5\r\n\r\n" + noise, b":\r\n\r\n" * 9])


def test_a_declared_length_above_the_limit_is_refused_before_the_body(windtunnel: Any) -> None:
    head = "POST /v1/messages HTTP/1.1\r\nHost: fake\r\nContent-Length: {}\r\nx-api-key: k\r\n\r\n"

    answer = _say(windtunnel.url, head.format(32 * 1024 * 1024 + 1).encode())

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'{"error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}' in answer


def test_two_requests_in_one_write_are_answered_in_order(windtunnel: Any) -> None:
    one = "GET /v1/models/{} HTTP/1.1\r\nHost: fake\r\nx-api-key: k\r\nanthropic-version: 2023-06-01\r\n{}\r\n"

    answer = _say(
        windtunnel.url,
        (one.format("claude-sonnet-4-6", "") + one.format("claude-opus-4-8", "Connection: close\r\n")).encode(),
    )

    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert answer.index(b'"id":"claude-sonnet-4-6"') < answer.index(b'"id":"claude-opus-4-8"')


def _say(url: str, data: bytes, *, timeout_s: float = 30.0) -> bytes:
    """Send bytes on a connection of one's own and read what comes back until the end, or the silence."""
    host, port = url.removeprefix("http://").split(":")
    heard = b""
    with socket.create_connection((host, int(port)), timeout=timeout_s) as line:
        try:
            line.sendall(data)
            while piece := line.recv(65_536):
                heard += piece
        except OSError:
            pass  # silence, or a reset: both are answers of a kind
    return heard
