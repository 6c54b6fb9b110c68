"""How clients name the failures they met, and whether that is what was on the wire."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from windtunnel.verdicts.claims import Claim
from windtunnel.verdicts.sent import Sent
from windtunnel_server.journal import Entry
from windtunnel_server.wire.errors import KINDS

#: Exception classes that stand for a status, in the official SDKs of both generations (wire.md 7.1).
_STATUS_OF_CLASS: Final = {
    "BadRequestError": (400,),
    "AuthenticationError": (401,),
    "PermissionDeniedError": (403,),
    "NotFoundError": (404,),
    "ConflictError": (409,),
    "RequestTooLargeError": (413,),
    "UnprocessableEntityError": (422,),
    "RateLimitError": (429,),
    "ServiceUnavailableError": (503,),
    "DeadlineExceededError": (504,),
    "OverloadedError": (529,),
    # Any 5xx that has no class of its own; before those classes came, any 5xx.
    "InternalServerError": tuple(range(500, 600)),
}
#: Statuses that an error type comes with, for one that was told inside a stream.
_STATUS_OF_TYPE: Final = {
    kind.type: tuple(other.status for other in KINDS.values() if other.type == kind.type)
    for kind in KINDS.values()
    if kind.type
}


def misreported(claim: Claim, attempt: Entry, sent: Sent) -> str | None:
    """Say in what way a claimed status or error is not what this attempt met; None where it is, or says nothing."""
    statuses = set(_statuses(attempt, sent))
    if claim.status is not None and claim.status not in statuses:
        return f"status {claim.status}"
    error = claim.error or ""
    if error in _STATUS_OF_CLASS and not statuses & set(_STATUS_OF_CLASS[error]):
        return error
    if error in _STATUS_OF_TYPE and error != _type(sent):
        return error
    return None


def _type(sent: Sent) -> str | None:
    return sent.error.type if sent.error else None


def _statuses(attempt: Entry, sent: Sent) -> Iterable[int]:
    if attempt.status is not None:
        yield attempt.status
    if sent.streamed and sent.error is not None:
        yield from _STATUS_OF_TYPE.get(sent.error.type or "", ())
