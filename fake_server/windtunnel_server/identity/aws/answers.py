"""What the issuers of Amazon's credentials have in common: their answers, and the instants in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from windtunnel_server.identity.aws.keys import AwsKey
from windtunnel_server.plan import End, Head, Headers, Plan, Send
from windtunnel_server.script import ErrorSpec
from windtunnel_server.wire import errors
from windtunnel_server.wire.headers import http_date
from windtunnel_server.wire.ids import Ids

#: What a script calls every one of them.
ENDPOINT: Final = "token"
JSON: Final = "application/json"
XML: Final = "text/xml"
TEXT: Final = "text/plain"


def answered(
    status: int,
    body: bytes,
    *,
    content_type: str,
    at: float,
    headers: Headers = (),
    error: str | None = None,
    confidential: bool = False,
) -> Plan:
    """Frame an answer of instant `at` (POSIX seconds). `error` is the journal's word for what went wrong."""
    head = (
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        ("Date", http_date(at)),
        *headers,
    )
    return Plan((Head(status, head), Send(body), End()), {"error_type": error, "confidential": confidential})


def instant(at: float) -> str:
    """Write POSIX seconds as `2026-11-02T09:00:00Z`. Seconds are cut off: nobody is told more than is true."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def metadata(key: AwsKey, **more: str) -> bytes:
    """Write a key as the metadata services do; `more` comes first."""
    return encoded(
        {
            **more,
            "AccessKeyId": key.id,
            "SecretAccessKey": key.secret,
            "Token": key.token,
            "Expiration": instant(key.expires_at),
        }
    )


def encoded(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, indent=2).encode()


def request_id(random: Random) -> str:
    return Ids(random).uuid4()


def wanted(spec: ErrorSpec) -> tuple[int, errors.ErrorKind]:
    """Return status and kind of an error that a script asks for."""
    kind = errors.KINDS[spec.kind] if spec.kind is not None else errors.by_status(spec.status or 400)
    return spec.status or kind.status, kind


def asked_headers(spec: ErrorSpec) -> Headers:
    """Return the further headers that a script asks for."""
    hint = () if spec.retry_after is None else (("Retry-After", f"{spec.retry_after:g}"),)
    return (*hint, *spec.headers.items())
