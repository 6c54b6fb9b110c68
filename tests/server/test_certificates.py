"""The authority made on the spot, and the certificate it gives the server."""

from __future__ import annotations

import builtins
import ssl
from typing import Any

import pytest

pytest.importorskip("trustme")

from windtunnel_server import certificates


def shaken(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> ssl.SSLObject:
    """Shake hands over memory, and return the client's side."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = server.wrap_bio(to_server, to_client, server_side=True)
    theirs = client.wrap_bio(to_client, to_server, server_hostname=name)
    for side in (theirs, ours, theirs, ours):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            pass
    return theirs


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "fake.example"])
def test_who_trusts_the_authority_trusts_the_server_under_each_of_its_names(name: str):
    made = certificates.make("fake.example")

    client = shaken(made.context, ssl.create_default_context(cadata=made.authority.decode()), name)

    assert client.version() == "TLSv1.3"


def test_a_name_it_was_not_made_for_is_refused():
    made = certificates.make()

    with pytest.raises(ssl.SSLCertVerificationError, match="[Hh]ostname mismatch"):
        shaken(made.context, ssl.create_default_context(cadata=made.authority.decode()), "api.anthropic.com")


def test_no_two_authorities_are_the_same():
    one, other = certificates.make(), certificates.make()

    with pytest.raises(ssl.SSLCertVerificationError):
        shaken(one.context, ssl.create_default_context(cadata=other.authority.decode()), "localhost")


def test_no_http_2_is_agreed_on():
    made = certificates.make()
    client = ssl.create_default_context(cadata=made.authority.decode())
    client.set_alpn_protocols(["h2", "http/1.1"])

    assert shaken(made.context, client, "localhost").selected_alpn_protocol() == "http/1.1"


def test_without_trustme_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    real = builtins.__import__

    def without(name: str, *args: Any, **options: Any) -> Any:
        if name == "trustme":
            raise ImportError(name)
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)

    with pytest.raises(certificates.NoTls, match=r"windtunnel\[tls\]"):
        certificates.make()
