"""Errors as Bedrock's runtime says them: its names and statuses for our kinds of error, its words, its bodies.

Names and statuses: the service model of `bedrock-runtime`; texts: wire.md 6.4 and 6.7, recordings where there are some.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from windtunnel_server.wire.kind import ErrorKind
from windtunnel_server.wire.kinds_aws import EXCEPTIONS

#: Which service spoke, as the header of an error names it (recorded: the first for credentials, the second for models).
CREDENTIALS: Final = "http://internal.amazon.com/coral/com.amazon.coral.service/"
MODELS: Final = "http://internal.amazon.com/coral/com.amazon.bedrock/"

#: Leads what a model itself says against a request (recorded for Converse; of InvokeModel for betas and overflow).
LED_BY: Final = "The model returned the following errors: "

_VALIDATION: Final = ("ValidationException", 400)
_DENIED: Final = ("AccessDeniedException", 403)
_UNKNOWN: Final = ("UnrecognizedClientException", 403)
_EXPIRED: Final = ("ExpiredTokenException", 403)
_AWAY: Final = ("ServiceUnavailableException", 503)

#: Kinds whose name and status are not those of their status.
_BY_NAME: Final[Mapping[str, tuple[str, int]]] = {
    **{name: (code, 403) for name, code in EXCEPTIONS.items()},
    "missing_api_key": ("MissingAuthenticationTokenException", 403),
    "oauth_expired": _EXPIRED,
    "oauth_expired_classic": _EXPIRED,
    "oauth_revoked": _UNKNOWN,
    "model_not_found": _VALIDATION,
    # A page of the load balancer: no name.
    "bad_gateway": ("", 502),
    "gateway_timeout": ("", 504),
    "headers_too_large": ("", 431),
    "edge_bad_request": ("", 400),
}

#: What a kind of that status is. Statuses that Amazon does not send have the nearest of its own (unverified).
_BY_STATUS: Final[Mapping[int, tuple[str, int]]] = {
    400: _VALIDATION,
    401: _UNKNOWN,
    402: _DENIED,
    403: _DENIED,
    404: ("ResourceNotFoundException", 404),
    408: ("ModelTimeoutException", 408),
    409: ("ConflictException", 409),
    424: ("ModelErrorException", 424),
    429: ("ThrottlingException", 429),
    500: ("InternalServerException", 500),
    501: ("InternalServerException", 500),
    503: _AWAY,
    529: _AWAY,
}

#: First-party types, for scripts that name one.
_BY_TYPE: Final[Mapping[str, str]] = {
    "api_error": "InternalServerException",
    "authentication_error": "UnrecognizedClientException",
    "billing_error": "AccessDeniedException",
    "conflict_error": "ConflictException",
    "invalid_request_error": "ValidationException",
    "not_found_error": "ResourceNotFoundException",
    "overloaded_error": "ServiceUnavailableException",
    "permission_error": "AccessDeniedException",
    "rate_limit_error": "ThrottlingException",
    "request_too_large": "ValidationException",
    "timeout_error": "ModelTimeoutException",
}

#: What can be said in the middle of a stream by an exception of its own (`BOTO`); the rest comes as an error frame.
_IN_STREAMS: Final = frozenset(
    {
        "InternalServerException",
        "ModelStreamErrorException",
        "ModelTimeoutException",
        "ServiceUnavailableException",
        "ThrottlingException",
        "ValidationException",
    }
)

_MALFORMED: Final = "Malformed input request: {}, please reformat your input and try again."
#: Bedrock's own words for a kind. Unverified: those of 403 by nobody in particular, 404, 408, 409, and 500.
_WORDS: Final[Mapping[str, str]] = {
    "acceleration_limited": "Too many tokens, please wait before trying again.",
    "billing": "You don't have access to the model with the specified model ID.",
    "concurrency_limited": "Too many requests, please wait before trying again.",
    "conflict": "The request could not be processed because of a conflict.",
    "internal_error": "The system encountered an unexpected error during processing. Try your request again.",
    "invalid_json": "Malformed input request, please reformat your input and try again.",
    "missing_api_key": "Missing Authentication Token",
    "model_not_found": "The provided model identifier is invalid.",
    "not_found": "The requested resource could not be found.",
    "overloaded": "Model is getting throttled. Try your request again.",
    "request_timeout": "The model took too long to answer. Try your request again.",
    "request_too_large": "1 validation error detected: Value at 'body' failed to satisfy constraint: "
    "Member must have length less than or equal to 25000000",
}
_WORDS_BY_CODE: Final[Mapping[str, str]] = {
    "AccessDeniedException": "You don't have access to the model with the specified model ID.",
    "ExpiredTokenException": "The security token included in the request is expired",
    "InternalServerException": _WORDS["internal_error"],
    "ServiceUnavailableException": "Bedrock is unable to process your request.",
    "UnrecognizedClientException": "The security token included in the request is invalid.",
}
_OVERFLOWS: Final = ("prompt_too_long", "input_plus_max_tokens_too_long")
_TOO_LONG: Final = "Input is too long for requested model."
#: From here on InvokeModel tells the numbers of an overflow (both forms are in public reports; which has which is
#: unverified).
_FIRST_WITH_NUMBERS: Final = (4, 5)
#: From here on InvokeModel hands on the API's own envelope (wire.md 1.2: those models are served by other machines).
_FIRST_WITH_ENVELOPE: Final = (4, 7)

#: Faults of the top level, as Bedrock's own look at the schema put them before those models.
_SCHEMA: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"(\w+): Field required"), "#: required key [{}] not found"),
    (re.compile(r"(\w+): Extra inputs are not permitted"), "#: extraneous key [{}] is not permitted"),
)


def code_of(kind: ErrorKind) -> tuple[str, int]:
    """Return the name of the exception and the status of a kind; the name is empty for a page of a load balancer."""
    if kind.name in _BY_NAME:
        return _BY_NAME[kind.name]
    usual = _VALIDATION if kind.status < 500 else _AWAY
    return _BY_STATUS.get(kind.status, usual)


def code_of_type(type: str) -> str:
    """Return the exception for a first-party type; any other word stands for itself."""
    return _BY_TYPE.get(type, type)


def in_streams(code: str) -> str | None:
    """Return the type of the exception frame; None where the service model has none and an error frame comes."""
    return code[:1].lower() + code[1:] if code in _IN_STREAMS else None


def is_the_models(kind: ErrorKind) -> bool:
    """Say whether it is the model, and not Bedrock before it, that says no: the 400s about what was asked."""
    return kind.status == 400 and kind.body == "api" and kind.name != "invalid_json" and code_of(kind) == _VALIDATION


def has_envelope(kind: ErrorKind, *, converse: bool, generation: tuple[int, int]) -> bool:
    """Say whether the body is the API's own envelope."""
    newer = generation >= _FIRST_WITH_ENVELOPE and kind.name not in _OVERFLOWS
    return newer and not converse and is_the_models(kind)


def words(
    kind: ErrorKind, text: Callable[[], str], *, converse: bool = False, generation: tuple[int, int] = (0, 0)
) -> str:
    """Say it in Bedrock's words; `text` gives those of the API, where the model's own are handed on."""
    code, _ = code_of(kind)
    if kind.name in EXCEPTIONS:
        return text()
    if kind.name in _WORDS:
        return _WORDS[kind.name]
    if code == "ThrottlingException":
        # Which of the two limits it was, the API's text tells.
        return _WORDS["concurrency_limited" if "requests per minute" in text() else "acceleration_limited"]
    if kind.name in _OVERFLOWS:
        return LED_BY + text() if converse or generation >= _FIRST_WITH_NUMBERS else _TOO_LONG
    if is_the_models(kind):
        return _against_the_request(text(), converse=converse, generation=generation)
    return _WORDS_BY_CODE.get(code) or text()


def _against_the_request(said: str, *, converse: bool, generation: tuple[int, int]) -> str:
    if converse:
        return LED_BY + said
    if generation < _FIRST_WITH_ENVELOPE:
        for pattern, malformed in _SCHEMA:
            if found := pattern.fullmatch(said):
                return _MALFORMED.format(malformed.format(found[1]))
    return said
