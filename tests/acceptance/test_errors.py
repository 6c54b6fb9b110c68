"""Every kind of error, scripted by its name: the class, the words and the ids that the SDK makes of it."""

from __future__ import annotations

import html
import re
import string
from typing import Any

import anthropic
import pytest

from windtunnel import fail
from windtunnel_server.wire.errors import KINDS
from windtunnel_server.wire.kind import ErrorKind

NEWER = int(anthropic.__version__.partition(".")[0]) >= 1

#: wire.md 6.2; what is not here is an InternalServerError from 500 up, and an APIStatusError below.
CLASSES = {
    400: "BadRequestError",
    401: "AuthenticationError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    409: "ConflictError",
    413: "RequestTooLargeError",
    422: "UnprocessableEntityError",
    429: "RateLimitError",
    529: "OverloadedError",
}
if NEWER:
    CLASSES |= {
        402: "PaymentRequiredError",
        408: "RequestTimeoutError",
        412: "PreconditionFailedError",
        431: "RequestHeaderFieldsTooLargeError",
        499: "ClientClosedRequestError",
        501: "HTTPNotImplementedError",
        503: "ServiceUnavailableError",
        504: "GatewayTimeoutError",
    }


def class_of(status: int) -> type[Exception]:
    usual = "InternalServerError" if status >= 500 else "APIStatusError"
    found: type[Exception] = getattr(anthropic, CLASSES.get(status, usual))
    return found


def test_every_kind_of_error_becomes_its_exception(windtunnel: Any, once: Any) -> None:
    windtunnel.script(*(fail(name) for name in KINDS))

    wrong = {name: what for name, kind in KINDS.items() if (what := _what_is_wrong(windtunnel, once, kind))}

    assert wrong == {}
    assert len(windtunnel.journal) == len(KINDS) > 80


def test_a_rate_limit_names_the_organisation_and_the_model(windtunnel: Any, once: Any) -> None:
    windtunnel.script(fail("rate_limited"))

    error = _raised(once)

    organisation = error.response.headers["anthropic-organization-id"]
    assert f"(org: {organisation}, model: claude-sonnet-4-6)" in _words(error)


def test_errors_of_a_stream_s_request_are_the_same(windtunnel: Any, once: Any) -> None:
    names = ["invalid_request", "rate_limited", "overloaded", "bad_gateway"]
    windtunnel.script(*(fail(name) for name in names for _ in ("raw", "helped")))

    for name in names:
        for read in (once.raw(), once.helped()):
            assert isinstance(read.error, class_of(KINDS[name].status))
            assert read.events == []


def test_words_type_details_and_headers_of_an_error_can_be_scripted(windtunnel: Any, once: Any) -> None:
    windtunnel.script(
        fail(
            "invalid_request",
            message="The wind is too strong.",
            type="weather_error",
            details={"knots": 50},
            headers={"x-wind": "NW"},
        )
    )

    error = _raised(once)

    assert (type(error).__name__, error.status_code) == ("BadRequestError", 400)
    assert "The wind is too strong." in str(error)
    assert error.body["error"] == {
        "type": "weather_error",
        "message": "The wind is too strong.",
        "details": {"knots": 50},
    }
    assert error.response.headers["x-wind"] == "NW"


def test_a_bare_status_is_answered_with_its_usual_error(windtunnel: Any, once: Any) -> None:
    statuses = [400, 401, 403, 404, 409, 413, 422, 418, 429, 500, 503, 529, 599]
    windtunnel.script(*(fail(status) for status in statuses))

    errors = [_raised(once) for _ in statuses]

    assert [error.status_code for error in errors] == statuses
    assert [type(error) for error in errors] == [class_of(status) for status in statuses]


def _raised(subject: Any) -> Any:
    with pytest.raises(anthropic.APIStatusError) as raised:
        subject.create()
    return raised.value


def _what_is_wrong(tunnel: Any, subject: Any, kind: ErrorKind) -> list[str]:
    error, call = _raised(subject), tunnel.journal[-1]
    facts = {
        "class": isinstance(error, class_of(kind.status)),
        "the class itself": kind.error_code is not None or type(error) is class_of(kind.status),
        "status": error.status_code == kind.status == call.status,
        "type": error.type == kind.type or kind.body == "html",
        "request id": error.request_id == call.request_id == call.response_header("request-id"),
        "words": re.search(_pattern(kind), _words(error)) is not None,
        "body": _is_body(kind, error, call),
        "journal": (call.answered_by, call.ended) == (f"fail {kind.name}", "complete"),
        "journal's type": call.error_type == kind.type,
    }
    return [fact for fact, holds in facts.items() if not holds]


def _words(error: Any) -> str:
    return str(error.body["error"]["message"]) if isinstance(error.body, dict) else html.unescape(str(error))


def _pattern(kind: ErrorKind) -> str:
    """The kind's own words, whatever stands in its placeholders."""
    parts = string.Formatter().parse(kind.message)
    return "".join(re.escape(words) + ("[^{}]+" if name else "") for words, name, _, _ in parts)


def _is_body(kind: ErrorKind, error: Any, call: Any) -> bool:
    if kind.body == "html":
        return isinstance(error.body, str) or error.body is None
    if kind.body == "edge_json":
        return set(error.body) == {"error"}
    told = {"id": call.request_id, "null": None, "absent": ...}[kind.body_id]
    code = (error.body["error"].get("details") or {}).get("error_code")
    return error.body["type"] == "error" and error.body.get("request_id", ...) == told and code == kind.error_code
