"""TLS upstream is verified, by what is trusted and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from windtunnel.cassette.record.proxy import Proxy, ProxyError, trusting
from windtunnel.cassette.record.threaded import ThreadedProxy
from windtunnel.cassette.record.upstreams import Upstream
from windtunnel.fake import Fake
from windtunnel_server.clock import RealClock
from windtunnel_server.server import Server
from windtunnel_server.threaded import ThreadedServer

pytest.importorskip("trustme")

ASK = (
    b"GET /v1/models HTTP/1.1\r\nhost: a\r\nx-api-key: k\r\nanthropic-version: 2023-06-01\r\nconnection: close\r\n\r\n"
)


@pytest.fixture
def secret(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The fake behind TLS: its address, and a file with its authority."""
    fake = Fake(RealClock(), tls=True)
    server = ThreadedServer(Server(fake.core, tls=fake.tls))
    server.start()
    assert fake.certificates is not None
    bundle = tmp_path / "authority.pem"
    bundle.write_bytes(fake.certificates.authority)
    yield server.server.url, bundle
    server.stop()
    fake.close()


def through(secret: tuple[str, Path], kept: Any, dialled: Any, *, bundle: str | None) -> tuple[bytes, str]:
    proxy = Proxy({"anthropic": Upstream(secret[0])}, kept, trust=trusting(bundle))
    with ThreadedProxy(proxy):
        client = dialled(proxy.url)
        client.send(ASK)
        came: tuple[bytes, str] = client.to_end()
        return came


def test_a_trusted_upstream_is_relayed(secret, kept, dialled):
    said, _ = through(secret, kept, dialled, bundle=str(secret[1]))

    assert said.startswith(b"HTTP/1.1 200 OK")
    assert (kept[0].request.uri, kept[0].response.ended) == (f"{secret[0]}/v1/models", "complete")


def test_an_untrusted_one_is_an_error_of_the_recorders_own(secret, kept, dialled):
    said, _ = through(secret, kept, dialled, bundle=None)

    assert said.startswith(b"HTTP/1.1 502") and b"certificate verify failed" in said
    assert kept == []


def test_a_bundle_that_is_none_is_refused(tmp_path):
    (tmp_path / "a.pem").write_text("no certificate", encoding="utf-8")

    with pytest.raises(ProxyError, match="give a file of certificates in PEM"):
        trusting(str(tmp_path / "a.pem"))
