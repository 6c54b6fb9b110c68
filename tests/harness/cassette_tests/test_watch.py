"""What may be reached while a test plays, records, or does neither (in tests: tests/plugin/test_cassettes_watched.py)."""

from __future__ import annotations

import contextlib
import socket
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from windtunnel.cassette_tests.service import Service
from windtunnel.cassette_tests.watch import Watch
from windtunnel.recording import RecordingTunnel


class Gateway(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Gateway) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture
def lookup(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that stands for this machine, though it does not look like it."""
    real = socket.getaddrinfo

    def found(host: Any, *args: Any, **kwargs: Any) -> Any:
        return real("127.0.0.1" if host == "gateway.invalid" else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", found)


@pytest.mark.usefixtures("lookup")
def test_while_it_records_only_the_recorder_comes_to_the_service(port: int, tmp_path: Path):
    environ = {"ANTHROPIC_BASE_URL": f"http://gateway.invalid:{port}"}
    watch = Watch(Service.of(environ), network=False)
    tunnel = RecordingTunnel(tmp_path / "a.yaml", environ=environ)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    with watch.guard, watch.recording(tunnel.threads), tunnel:
        with opener.open(f"{tunnel.url}/v1/messages", b"{}", timeout=30) as answer:
            assert answer.status == 200
        assert watch.guard.attempts == []
        with pytest.raises(OSError, match=r"reach gateway\.invalid\. That is past the cassette"):
            socket.getaddrinfo("gateway.invalid", port)


@pytest.mark.parametrize("network", [False, True])
def test_other_machines_are_out_of_reach_unless_the_network_is_allowed(network: bool):
    watch = Watch(Service.of({}), network=network)

    # 192.0.2.0/24 belongs to nobody (RFC 5737).
    with watch.guard, socket.socket() as sock, contextlib.suppress(OSError):
        sock.setblocking(False)
        sock.connect(("192.0.2.1", 9))

    assert (watch.guard.told() is None) is network


def test_the_remedy_is_that_of_the_moment():
    watch = Watch(Service.of({}), network=True)

    def remedy() -> str:
        with watch.guard, pytest.raises(OSError, match=r"api\.anthropic\.com") as caught:
            socket.getaddrinfo("api.anthropic.com", 443)
        return str(caught.value)

    assert "it is not: make the call in the test" in remedy()
    with watch.playing():
        assert "make the client while the fixture windtunnel is up" in remedy()
    assert "it is not: make the call in the test" in remedy()
