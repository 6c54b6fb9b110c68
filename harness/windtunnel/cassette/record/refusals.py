"""What a recorder says in a provider's own words where the service has no part in the answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from windtunnel.cassette.interaction import Response


@dataclass(frozen=True, slots=True)
class _Kind:
    """What each cloud calls an answer of a status."""

    reason: str
    type: str
    google: str
    amazon: str


_KINDS: Final = {
    400: _Kind("Bad Request", "invalid_request_error", "INVALID_ARGUMENT", "ValidationException"),
    502: _Kind("Bad Gateway", "api_error", "UNAVAILABLE", "InternalServerException"),
}
#: How the clouds word it (wire.md 6.4, 6.5); the others do as Anthropic's own API.
_ENVELOPES: Final[dict[str, Callable[[int, _Kind, str], dict[str, Any]]]] = {
    "bedrock": lambda status, kind, why: {"message": why},
    "vertex": lambda status, kind, why: {"error": {"code": status, "message": why, "status": kind.google}},
}


def refusal(provider: str, why: str, *, status: int = 400) -> Response:
    """Return a refusal that clients do not retry: 400 for what is not recorded, 502 for what cannot be sent on."""
    kind = _KINDS[status]
    usual = {"type": "error", "error": {"type": kind.type, "message": why}}
    envelope = _ENVELOPES[provider](status, kind, why) if provider in _ENVELOPES else usual
    body = json.dumps(envelope, ensure_ascii=False).encode()
    headers = [("content-type", "application/json"), ("content-length", str(len(body))), ("x-should-retry", "false")]
    if provider == "bedrock":
        headers.append(("x-amzn-errortype", kind.amazon))
    return Response(status=status, reason=kind.reason, headers=tuple(headers), body=body)
