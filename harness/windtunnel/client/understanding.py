"""Errors of the SDK, of its HTTP library and of the clouds' credentials, understood as one kind of failure or another.

The statuses, types and words are those of wire.md section 6; what no rule knows is told by its status.
"""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Mapping
from typing import Any, Final

from windtunnel.client.failures import Failure, Kind

#: Words in an error's message, in lower case, that tell more than its status.
_TOO_LONG: Final = (
    "prompt is too long",
    "input is too long for requested model",
    "exceed context limit",
)
_BILLING: Final = ("credit balance is too low", "api usage limits", "monthly api usage threshold")
#: A credential that is none, on clouds that say so with 403.
_UNAUTHORISED: Final = (
    "security token included in the request is expired",
    "security token included in the request is invalid",
    "token has expired",
    "token has been revoked",
    "signature expired",
    "invalid bearer token",
)
#: Characters of a message that are handed on. Our choice: the API's own are shorter.
_LONGEST: Final = 1_000
#: The HTTP library repeats the value of a header that it cannot send.
_OF_A_HEADER: Final = re.compile(r"(header (?:value|name))\b.*", re.IGNORECASE | re.DOTALL)
#: A model there is not, on a cloud that says so with 400.
_NOT_FOUND: Final = ("model identifier is invalid",)
_OVERLOADED: Final = ("overloaded", "throttled", "is unable to process your request")

#: `error.type` of the API, where it decides by itself: also of an error inside a stream.
_BY_TYPE: Final[Mapping[str, Kind]] = {
    "rate_limit_error": "rate_limited",
    "overloaded_error": "overloaded",
    "authentication_error": "unauthorised",
    "billing_error": "billing",
    "not_found_error": "not_found",
    "request_too_large": "too_large",
    "permission_error": "forbidden",
}
_BY_STATUS: Final[Mapping[int, Kind]] = {
    401: "unauthorised",
    402: "billing",
    403: "forbidden",
    404: "not_found",
    408: "timeout",
    409: "conflict",
    413: "too_large",
    429: "rate_limited",
    504: "timeout",
    529: "overloaded",
}
#: Modules whose errors mean that no credential was to be had, by the beginning of their name.
_CREDENTIALS: Final = ("google.auth", "botocore", "azure", "anthropic.lib.credentials", "windtunnel.client.credentials")
#: Errors of theirs that are about the network.
_UNREACHED: Final = ("TransportError", "EndpointConnectionError", "ConnectTimeoutError", "ServiceRequestError")


def understood(error: BaseException, *, now: float | None = None) -> Failure:
    """Say what an error of an attempt was. `now` (POSIX seconds) is for a `retry-after` that is a date."""
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return _answered(error, status, time.time() if now is None else now)
    return Failure(kind=_unanswered(error), message=_cut(_spoken(error)))


def _answered(error: BaseException, status: int, now: float) -> Failure:
    type, message, code = told(getattr(error, "body", None))
    message = message or str(error)
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    return Failure(
        kind=kind_of(status, type, message, code),
        message=_cut(message),
        status=status,
        request_id=headers.get("request-id") or headers.get("x-amzn-requestid") or headers.get("apim-request-id"),
        retry_after_s=retry_after(headers, now),
        should_retry={"true": True, "false": False}.get(headers.get("x-should-retry") or ""),
        begun=status == 200,
    )


def kind_of(status: int, type: str | None, message: str, code: str | None = None) -> Kind:
    """Tell the kind of an answer that is an error. Status 200: an error inside a stream."""
    words = message.lower()
    if any(known in words for known in _TOO_LONG):
        return "too_long"
    if any(known in words for known in _BILLING) or str(code).endswith("spend_limit_reached"):
        return "billing"
    if status == 403 and any(known in words for known in _UNAUTHORISED):
        return "unauthorised"
    if status == 400 and any(known in words for known in _NOT_FOUND):
        return "not_found"
    if status == 200:
        return _BY_TYPE.get(type or "", "stream_error")
    if status == 503 and (type == "overloaded_error" or any(known in words for known in _OVERLOADED)):
        return "overloaded"
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return "server" if status >= 500 else _BY_TYPE.get(type or "", "invalid")


def told(body: Any) -> tuple[str | None, str | None, str | None]:
    """Read type, message and error code of an error's body, of whichever cloud; None for what it does not say."""
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    if not isinstance(body, Mapping):
        return None, None, None
    error = body.get("error")
    if isinstance(error, Mapping):
        details = error.get("details")
        code = details.get("error_code") if isinstance(details, Mapping) else None
        return _text(error.get("type") or error.get("status")), _text(error.get("message")), _text(code)
    return None, _text(body.get("message") or body.get("Message")), None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Read the wait a server asks for, in seconds: `retry-after-ms`, else `retry-after` as seconds or as a date."""
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            value = float(headers.get(name) or "") / scale
        except ValueError:
            continue
        if 0 < value < float("inf"):
            return value
    date = email.utils.parsedate_tz(headers.get("retry-after") or "")
    if date is None:
        return None
    wait = email.utils.mktime_tz(date) - now
    return wait if wait > 0 else None


def _unanswered(error: BaseException) -> Kind:
    names = {kind.__name__ for kind in type(error).__mro__}
    module = type(error).__module__
    if module.startswith(_CREDENTIALS):
        return "network" if names.intersection(_UNREACHED) else "unauthorised"
    if any("Timeout" in name for name in names):
        return "timeout"
    if "APIConnectionError" in names or isinstance(error, OSError) or module.startswith(("httpx", "httpcore")):
        return "network"
    return "unreadable"


def _cut(message: str) -> str:
    """Keep the beginning of a whole page: nobody's message is so long."""
    if len(message) <= _LONGEST:
        return message
    return f"{message[:_LONGEST].rstrip()}… ({len(message):,} characters)"


def _spoken(error: BaseException) -> str:
    said = _words_of(error) or type(error).__name__
    cause = "" if error.__cause__ is None else _words_of(error.__cause__)
    return f"{said} ({cause})" if cause not in said else said


def _words_of(error: BaseException) -> str:
    return _OF_A_HEADER.sub(r"\1, which is not shown: it may be a secret", str(error))
