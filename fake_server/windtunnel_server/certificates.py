"""A certificate authority made on the spot, and a server's certificate by it. Needs the extra `tls`."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Final

#: The names a client finds the fake by, whatever address it listens on.
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


class NoTls(RuntimeError):
    """TLS was asked for, and what makes certificates is not installed."""


@dataclass(frozen=True, slots=True)
class Certificates:
    """What the server needs, and what its clients do."""

    context: ssl.SSLContext
    #: The authority's own certificate, PEM: whoever trusts it trusts the server.
    authority: bytes = field(repr=False)


def make(*hosts: str) -> Certificates:
    """Make an authority, and a certificate for loopback and for `hosts`: names or addresses.

    Raises NoTls where trustme is not installed. The keys are forgotten with the process.
    """
    try:
        import trustme
    except ImportError:
        raise NoTls("TLS needs trustme, which is not installed: pip install 'windtunnel[tls]'") from None
    authority = trustme.CA(organization_name="windtunnel", organization_unit_name="not for real traffic")
    certificate = authority.issue_cert(*dict.fromkeys((*_LOOPBACK, *hosts)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    certificate.configure_cert(context)
    return Certificates(context, authority.cert_pem.bytes())
