"""The way upstream through a proxy: who is asked, what they are told, and what becomes of a proxy that refuses."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from windtunnel.cassette.record.message import Head
from windtunnel.cassette.record.outward import Via, way
from windtunnel.cassette.record.proxy import Proxy, trusting
from windtunnel.cassette.record.threaded import ThreadedProxy
from windtunnel.cassette.record.upstreams import Upstream, UpstreamError

API = "https://api.anthropic.com"
ASK = b"GET /v1/models HTTP/1.1\r\nhost: here\r\nx-api-key: k\r\nconnection: close\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
PATIENCE_S = 15.0


# --- which way ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "environ", "expected"),
    [
        (API, {}, None),
        (API, {"HTTPS_PROXY": "http://p:3128"}, ("p", 3128, False, "HTTPS_PROXY")),
        (API, {"HTTPS_PROXY": "p:3128"}, ("p", 3128, False, "HTTPS_PROXY")),
        (API, {"HTTPS_PROXY": "http://p"}, ("p", 80, False, "HTTPS_PROXY")),
        (API, {"HTTPS_PROXY": "https://p"}, ("p", 443, True, "HTTPS_PROXY")),
        (API, {"HTTPS_PROXY": "http://[::2]:8"}, ("::2", 8, False, "HTTPS_PROXY")),
        (API, {"HTTPS_PROXY": "http://a", "https_proxy": "http://b"}, ("b", 80, False, "https_proxy")),
        (API, {"HTTPS_PROXY": "http://a", "https_proxy": ""}, None),
        (API, {"ALL_PROXY": "http://p:1"}, ("p", 1, False, "ALL_PROXY")),
        (API, {"HTTP_PROXY": "http://p:1"}, None),
        ("http://api.example", {"HTTP_PROXY": "http://p:1"}, ("p", 1, False, "HTTP_PROXY")),
        ("http://api.example", {"HTTPS_PROXY": "http://p:1"}, None),
        ("https://127.0.0.1:8443", {"HTTPS_PROXY": "http://p:1"}, None),
        ("https://[::1]:8443", {"HTTPS_PROXY": "http://p:1"}, None),
        ("https://localhost", {"HTTPS_PROXY": "http://p:1"}, None),
    ],
)
def test_the_environment_says_which_proxy(origin: str, environ: Mapping[str, str], expected: Any) -> None:
    via = way(origin, environ).via

    assert (None if via is None else (via.host, via.port, via.is_tls, via.variable)) == expected


@pytest.mark.parametrize(
    ("names", "is_left_out"),
    [
        ("", False),
        ("*", True),
        ("api.anthropic.com", True),
        ("example.com, API.anthropic.com", True),
        ("anthropic.com", True),
        (".anthropic.com", True),
        ("*.anthropic.com", True),
        ("nthropic.com", False),
        ("api.anthropic.com:443", True),
        ("api.anthropic.com:8443", False),
        ("10.0.0.0/8", False),
        (".", False),
    ],
)
@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
def test_no_proxy_takes_hosts_out(names: str, is_left_out: bool, variable: str) -> None:
    found = way(API, {"HTTPS_PROXY": "http://p:1", variable: names})

    assert (found.via is None) == is_left_out


def test_no_proxy_takes_networks_out() -> None:
    environ = {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "10.0.0.0/8"}

    assert way("https://10.1.2.3", environ).via is None
    assert way("https://11.1.2.3", environ).via is not None


@pytest.mark.parametrize("value", ["socks5://me:hush@p:1", "http://", "http://me:hush@p:port"])
def test_a_proxy_of_no_use_is_an_error_that_tells_no_password(value: str) -> None:
    with pytest.raises(UpstreamError, match=r"HTTPS_PROXY names .* or NO_PROXY=api\.anthropic\.com") as refused:
        way(API, {"HTTPS_PROXY": value})

    assert "hush" not in str(refused.value)


def test_a_name_and_a_password_are_proof_and_are_never_told() -> None:
    via = way(API, {"HTTPS_PROXY": "http://me%40here:hu%3Ash@p:1"}).via

    assert via is not None
    assert via.authorization == "Basic " + base64.b64encode(b"me@here:hu:sh").decode()
    assert "hu" not in str(via) + repr(via) and via.authorization[6:] not in repr(via)


def test_a_plain_request_names_its_address_whole_for_a_proxy_only() -> None:
    head = Head(("GET", "/v1/models", "HTTP/1.1"), (("host", "api.example"),))
    proxied = way("http://api.example", {"HTTP_PROXY": "http://me:hush@p:1"})

    assert proxied.written(head).startswith(
        b"GET http://api.example/v1/models HTTP/1.1\r\nhost: api.example\r\nproxy-a"
    )
    assert way(API, {"HTTPS_PROXY": "http://p:1"}).written(head) == head.written()
    assert way("http://api.example", {}).written(head) == head.written()


# --- through it --------------------------------------------------------------------------------------------------


@dataclass
class Connector:
    """A proxy of a few lines: whatever it is asked for, it connects to one place; or it says no."""

    to: str
    says: bytes = b"HTTP/1.1 200 Connection established\r\nvia: me\r\n\r\n"
    tls: ssl.SSLContext | None = None
    heads: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://me:hush@127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._serve, daemon=True)]
        self._socks: list[socket.socket] = []
        self._threads[0].start()

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
                sock = sock if self.tls is None else self.tls.wrap_socket(sock, server_side=True)
            except OSError:
                return
            self._socks.append(sock)
            self._threads.append(threading.Thread(target=self._connect, args=(sock,), daemon=True))
            self._threads[-1].start()

    def _connect(self, sock: socket.socket) -> None:
        seen = b""
        while b"\r\n\r\n" not in seen:
            seen += sock.recv(65536)
        self.heads.append(seen)
        is_tunnel = seen.startswith(b"CONNECT ")
        if is_tunnel:
            sock.sendall(self.says)
        if is_tunnel and b" 200 " not in self.says:
            return
        host, _, port = self.to.rpartition("/")[2].partition(":")
        there = socket.create_connection((host, int(port)), timeout=PATIENCE_S)
        self._socks.append(there)
        if not is_tunnel:
            there.sendall(seen)
        back = threading.Thread(target=_pump, args=(there, sock), daemon=True)
        self._threads.append(back)
        back.start()
        _pump(sock, there)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._socks:
            _shut(sock)
        for thread in list(self._threads):
            thread.join(PATIENCE_S)
        for sock in self._socks:
            sock.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    _shut(sink)


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


@pytest.fixture
def connector() -> Iterator[Callable[..., Connector]]:
    """Start a proxy that connects to one place."""
    made: list[Connector] = []

    def start(*words: Any) -> Connector:
        made.append(Connector(*words))
        return made[-1]

    yield start
    for one in made:
        one.close()


@pytest.fixture
def through(kept: Any, dialled: Any) -> Callable[..., Any]:
    """Ask an upstream through a recorder whose environment names a proxy."""

    def ask(upstream: str, environ: Mapping[str, str], told: list[str], **options: Any) -> tuple[bytes, str]:
        proxy = Proxy({"anthropic": Upstream(upstream)}, kept, environ=environ, tell=told.append, **options)
        with ThreadedProxy(proxy):
            client = dialled(proxy.url)
            client.send(ASK)
            came: tuple[bytes, str] = client.to_end()
            return came

    return ask


@pytest.fixture
def authority() -> Any:
    return pytest.importorskip("trustme").CA()


@pytest.fixture
def secret(authority: Any) -> Iterator[str]:
    """An upstream behind TLS that is called api.example wherever it is: its address on this machine."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("api.example").configure_cert(context)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            with context.wrap_socket(listener.accept()[0], server_side=True) as sock:
                assert sock.recv(65536).endswith(b"\r\n\r\n")
                sock.sendall(ANSWER)
        except OSError:
            pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"127.0.0.1:{listener.getsockname()[1]}"
    _shut(listener)
    thread.join(PATIENCE_S)
    listener.close()


@pytest.fixture
def bundle(authority: Any, tmp_path: Path) -> str:
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    return str(tmp_path / "authority.pem")


def test_a_service_behind_tls_is_reached_through_a_tunnel(through, connector, secret, bundle, kept):
    between, told = connector(secret), []

    said, _ = through("https://api.example", {"HTTPS_PROXY": between.url}, told, trust=trusting(bundle))

    assert said == ANSWER
    (head,) = between.heads
    assert head.startswith(b"CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\n")
    assert b"Proxy-Authorization: Basic " + base64.b64encode(b"me:hush") in head
    (taken,) = kept
    assert taken.request.uri == "https://api.example/v1/models"
    assert "proxy-authorization" not in {name.lower() for name, _ in taken.request.headers}


def test_a_proxy_may_speak_tls_itself(through, connector, authority, secret, bundle):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    between = connector(secret, Connector.says, context)
    environ = {"HTTPS_PROXY": between.url.replace("http:", "https:")}

    said, _ = through("https://api.example", environ, [], trust=trusting(bundle))

    assert said == ANSWER


def test_the_authorities_of_ssl_cert_file_are_trusted(through, connector, secret, bundle, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", bundle)

    said, _ = through("https://api.example", {"HTTPS_PROXY": connector(secret).url}, [])

    assert said == ANSWER


def test_a_service_is_verified_behind_a_tunnel_too(through, connector, secret, kept):
    said, _ = through("https://api.example", {"HTTPS_PROXY": connector(secret).url}, [])

    assert said.startswith(b"HTTP/1.1 502") and b"certificate verify failed" in said
    assert kept == []


def test_a_plain_service_is_asked_for_by_its_whole_address(through, connector, canned, kept):
    upstream = canned([ANSWER, "close"])
    between = connector(upstream.url)

    said, _ = through("http://api.example", {"HTTP_PROXY": between.url}, [])

    assert said.startswith(ANSWER)
    assert between.heads[0].startswith(b"GET http://api.example/v1/models HTTP/1.1\r\n")
    (taken,) = kept.wait_for(1)
    assert taken.request.uri == "http://api.example/v1/models"
    assert "proxy-authorization" not in {name.lower() for name, _ in taken.request.headers}


@pytest.mark.parametrize(
    ("says", "why"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "407 Proxy Authentication Required: give it name and"),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "answers 403 Forbidden: see that it lets CONNECT through"),
        (b"220 mail.example ESMTP\r\n\r\n", "does not answer: see that"),
    ],
)
def test_a_proxy_that_lets_nobody_through_is_said(through, connector, kept, says: bytes, why: str):
    told: list[str] = []

    said, _ = through("https://api.example", {"HTTPS_PROXY": connector("127.0.0.1:9", says).url}, told)

    assert said.startswith(b"HTTP/1.1 502") and why in told[0]
    assert told[0].startswith("https://api.example cannot be reached: the proxy http://127.0.0.1:")
    assert "hush" not in told[0] + said.decode() and kept == []


def test_a_proxy_that_is_not_there_is_no_service_that_turns_connections_away(through, kept):
    told: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as shut:
        port = shut.getsockname()[1]

    said, _ = through("https://api.example", {"HTTPS_PROXY": f"http://me:hush@127.0.0.1:{port}"}, told)

    assert said.startswith(b"HTTP/1.1 502") and "Connect" in told[0] and "hush" not in told[0]
    assert kept == []


def test_a_proxy_is_told_without_what_proves_us() -> None:
    assert str(Via("::2", 8, True, "https_proxy", "Basic eA==")) == "the proxy https://[::2]:8 (from https_proxy)"
