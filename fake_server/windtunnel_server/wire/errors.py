"""Error answers: an index of kinds by name, and their bodies."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any, Final

from windtunnel_server.wire.compact import encode
from windtunnel_server.wire.kind import EXAMPLES, Body, ErrorKind, defined
from windtunnel_server.wire.kinds_aws import AWS
from windtunnel_server.wire.kinds_coded import CODED
from windtunnel_server.wire.kinds_failed import FAILED
from windtunnel_server.wire.kinds_invalid import INVALID
from windtunnel_server.wire.kinds_refused import REFUSED

__all__ = ["EXAMPLES", "KINDS", "Body", "ErrorKind", "body", "by_status", "stream_error"]

#: Every kind a script may name.
KINDS: Final[Mapping[str, ErrorKind]] = defined(*INVALID, *REFUSED, *FAILED, *CODED, *AWS)

#: What a bare status means; the default texts are the documented ones (wire.md 6.3, end).
_BY_STATUS: Final[Mapping[int, str]] = {
    400: "invalid_request",
    401: "invalid_api_key",
    402: "billing",
    403: "permission_denied",
    404: "not_found",
    408: "request_timeout",
    409: "conflict",
    412: "precondition_failed",
    413: "request_too_large",
    422: "unprocessable",
    429: "rate_limited",
    431: "headers_too_large",
    499: "client_closed_request",
    500: "internal_error",
    501: "not_implemented",
    502: "bad_gateway",
    503: "unavailable",
    504: "gateway_timeout",
    520: "cloudflare_520",
    521: "cloudflare_521",
    522: "cloudflare_522",
    523: "cloudflare_523",
    524: "cloudflare_524",
    529: "overloaded",
}


def by_status(status: int) -> ErrorKind:
    """Return the usual kind of a status; for one the API is not known to send, a plain one (unverified)."""
    if status in _BY_STATUS:
        return KINDS[_BY_STATUS[status]]
    ours = status < 500
    return ErrorKind(
        name=f"status_{status}",
        status=status,
        type="invalid_request_error" if ours else "api_error",
        message="Invalid request" if ours else "Internal server error",
        should_retry=False if ours else None,
        about="a status the API is not known to send",
    )


def body(
    kind: ErrorKind,
    *,
    request_id: str,
    type: str | None = None,
    message: str | None = None,
    details: Mapping[str, Any] | None = None,
    values: Mapping[str, object] | None = None,
) -> bytes:
    """Write the body of an error answer.

    `type`, `message` and `details` replace what the kind says; `values` fills the placeholders of its own message.
    `details` is there only when it was given or the kind has a code.
    """
    text = kind.text(values) if message is None else message
    if kind.body == "html":
        return _page(kind.status, text)
    error: dict[str, Any] = {"type": type or kind.type, "message": text}
    said = _details(kind) if details is None else details
    if said is not None:
        error["details"] = said
    return encode(_envelope(kind, error, request_id))


def stream_error(type: str, message: str, *, request_id: str) -> dict[str, Any]:
    """Build the payload of an `error` event: `details` is null and comes first (quoted in public logs, 2025-2026)."""
    error = {"details": None, "type": type, "message": message}
    return {"type": "error", "error": error, "request_id": request_id}


def _envelope(kind: ErrorKind, error: Mapping[str, Any], request_id: str) -> dict[str, Any]:
    if kind.body == "edge_json":
        return {"error": error}
    out: dict[str, Any] = {"type": "error", "error": error}
    if kind.body_id != "absent":
        out["request_id"] = request_id if kind.body_id == "id" else None
    return out


def _details(kind: ErrorKind) -> Mapping[str, Any] | None:
    if kind.error_code is None:
        return kind.details
    # `error_visibility` stands beside the code in bodies quoted in public logs of 2026.
    return {"error_visibility": "user_facing", "error_code": kind.error_code, **(kind.details or {})}


def _page(status: int, title: str) -> bytes:
    said = html.escape(title)
    return (
        "<!DOCTYPE html>\n"
        f'<html lang="en">\n<head><title>api.anthropic.com | {status}: {said}</title></head>\n'
        f"<body>\n<h1>{said}</h1>\n<p>Error {status}. The edge answered in place of the service.</p>\n</body>\n"
        "</html>\n"
    ).encode()
