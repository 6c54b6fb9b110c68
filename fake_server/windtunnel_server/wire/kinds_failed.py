"""The 5xx: what the service says when it cannot, and what its edge says in its place (wire.md 6.2, 6.3)."""

from __future__ import annotations

from functools import partial
from typing import Final

from windtunnel_server.wire.kind import ErrorKind

# Whether x-should-retry comes with a 5xx is known of 529 only (wire.md, open question 2): elsewhere it is left out.
_failed = partial(ErrorKind, type="api_error", should_retry=None)
_page = partial(ErrorKind, type=None, should_retry=None, body="html", body_id="absent", organization_header=False)

FAILED: Final[tuple[ErrorKind, ...]] = (
    _failed(name="internal_error", status=500, message="Internal server error", about="something broke inside"),
    _failed(
        name="not_implemented", status=501, message="Not implemented", about="nobody wrote it yet (text unverified)"
    ),
    _failed(
        name="unavailable",
        status=503,
        message="Service unavailable",
        about="the service is away for a moment (text unverified)",
    ),
    _failed(
        name="gateway_timeout",
        status=504,
        type="timeout_error",
        message="The request took too long. Use streaming for long requests.",
        about="no answer in time (own words: the real text is unverified)",
    ),
    _failed(
        name="overloaded",
        status=529,
        type="overloaded_error",
        message="Overloaded",
        should_retry=True,
        about="the service has more to do than it can",
    ),
    _page(name="edge_bad_request", status=400, message="Bad request", about="the edge was sent no HTTP (unverified)"),
    _page(name="bad_gateway", status=502, message="Bad gateway", about="the edge got nonsense from behind it"),
    _page(
        name="cloudflare_520", status=520, message="Web server returned an unknown error", about="the edge got no sense"
    ),
    _page(name="cloudflare_521", status=521, message="Web server is down", about="the edge was refused"),
    _page(name="cloudflare_522", status=522, message="Connection timed out", about="the edge could not connect"),
    _page(name="cloudflare_523", status=523, message="Origin is unreachable", about="the edge found no way"),
    _page(name="cloudflare_524", status=524, message="A timeout occurred", about="the edge waited in vain"),
)
