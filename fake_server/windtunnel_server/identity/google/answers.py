"""Answers of Google's issuers: tokens, and the three shapes in which a request for one fails."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs

from windtunnel_server.call import Call
from windtunnel_server.plan import End, Head, Headers, Plan, Send
from windtunnel_server.script import ErrorSpec, Step
from windtunnel_server.wire import errors, google_errors
from windtunnel_server.wire.headers import http_date

#: What a script calls a request for a token.
ENDPOINT: Final = "token"

Take: TypeAlias = Callable[[str], Step | None]

#: RFC 6749 and what Google writes beside it, by status (public reports; which one comes when is unverified).
_OAUTH: Final[Mapping[int, tuple[str, str]]] = {
    400: ("invalid_request", "Bad Request"),
    401: ("invalid_client", "Unauthorized"),
    403: ("access_denied", "Account restricted"),
    404: ("invalid_request", "Not Found"),
    429: ("rate_limit_exceeded", "Rate Limit Exceeded"),
    500: ("internal_failure", "Backend Error"),
    503: ("temporarily_unavailable", "Service Unavailable"),
    504: ("internal_failure", "Deadline Exceeded"),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An issuer's no: status, code and words."""

    status: int
    code: str
    words: str


Shape: TypeAlias = Callable[[Refusal], "Written"]


@dataclass(frozen=True, slots=True)
class Written:
    """A body, the content type it goes by, and what else stands in the head."""

    body: bytes = field(repr=False)
    content_type: str = "application/json; charset=UTF-8"
    headers: Headers = ()


def oauth(refusal: Refusal) -> Written:
    """`{"error", "error_description"}`, as the token endpoints write it."""
    return Written(_json({"error": refusal.code, "error_description": refusal.words}))


def api(refusal: Refusal) -> Written:
    """The platform's own shape, as the IAM service writes it."""
    return Written(google_errors.body(refusal.status, refusal.code, refusal.words))


def plain(refusal: Refusal) -> Written:
    """A page, as the metadata server writes it."""
    page = f"<!DOCTYPE html>\n<html lang=en>\n  <title>Error {refusal.status}</title>\n  <p>{refusal.words}\n"
    return Written(page.encode(), "text/html; charset=UTF-8", METADATA)


#: Marks every answer of the metadata server.
METADATA: Final[Headers] = (("Metadata-Flavor", "Google"), ("Server", "Metadata Server for VM"))


def handed_out(said: Mapping[str, Any], *, headers: Headers = ()) -> Plan:
    """A credential: nothing of the answer is kept."""
    return _plan(200, Written(_json(said), headers=headers), {"confidential": True})


def told(text: str | Mapping[str, Any], *, content_type: str, headers: Headers = ()) -> Plan:
    """Something that is no secret."""
    body = text.encode() if isinstance(text, str) else json.dumps(text, separators=(",", ":")).encode()
    return _plan(200, Written(body, content_type, headers), {})


def refused(refusal: Refusal, shape: Shape) -> Plan:
    """Turn a request down."""
    notes: dict[str, object] = {"error_type": refusal.code or None, "answered_by": "refused"}
    return _plan(refusal.status, shape(refusal), notes)


def failed(spec: ErrorSpec, shape: Shape, at: float) -> Plan:
    """Fail as a script wants it, in the issuer's own shape. `at`: POSIX seconds, for a hint that is a date."""
    kind = errors.KINDS[spec.kind] if spec.kind is not None else errors.by_status(spec.status or 400)
    status = spec.status or kind.status
    code, words = _named(status, shape)
    refusal = Refusal(status, spec.type or code, spec.message if spec.message is not None else words)
    plan = _plan(status, shape(refusal), {"error_type": refusal.code or None})
    return plan.map_head(lambda head: _hinted(head, spec, at))


def form(call: Call) -> dict[str, str]:
    """Read the fields of a form, the first of each name, and leave them for the journal to mask."""
    found = parse_qs(call.body.decode("utf-8", "replace"), keep_blank_values=True)
    call.json = {name: values[0] for name, values in found.items()}
    return dict(call.json)


def _named(status: int, shape: Shape) -> tuple[str, str]:
    if shape is oauth:
        return _OAUTH.get(status) or _OAUTH[400 if status < 500 else 500]
    by_platform = google_errors.platform_error(errors.by_status(status))
    if by_platform is None or by_platform.is_page:
        return ("INTERNAL" if status >= 500 else "INVALID_ARGUMENT"), "Request failed."
    return by_platform.code, by_platform.text({})


def _hinted(head: Head, spec: ErrorSpec, at: float) -> Head:
    hints: dict[str, str] = {}
    if spec.retry_after_date is not None:
        hints["retry-after"] = http_date(math.ceil(at + spec.retry_after_date))
    elif spec.retry_after is not None:
        hints["retry-after"] = f"{spec.retry_after:g}"
    if spec.retry_after_ms is not None:
        hints["retry-after-ms"] = f"{spec.retry_after_ms:g}"
    for name, value in {**hints, **spec.headers}.items():
        head = head.with_header(name, value)
    return head


def _plan(status: int, written: Written, notes: dict[str, object]) -> Plan:
    shown = (
        ("Content-Type", written.content_type),
        *written.headers,
        ("Content-Length", str(len(written.body))),
        ("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate"),
    )
    return Plan((Head(status, shown), Send(written.body), End()), notes)


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode()
