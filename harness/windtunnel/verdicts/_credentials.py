"""What the journal tells of credentials: which one a call carried, whether it was refused, and where it was renewed.

The journal masks them: kind and last four characters are all there is to tell two apart by.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

from windtunnel.verdicts.chains import Chain
from windtunnel.verdicts.failures import at_the_door
from windtunnel_server.journal import Entry

#: Headers and their masked values; empty for a call that carried no credential.
Credential: TypeAlias = tuple[str, ...]
Likeness: TypeAlias = Literal["same", "other", "unclear"]

_HEADERS = ("authorization", "x-api-key", "api-key")
#: Ends and parts of the paths where credentials are handed out: Anthropic, Google, Entra, instance metadata.
_ISSUERS = (
    "/oauth/token",
    "/oauth2/",
    "/msi/token",
    "/sts/v1/",
    ":generateAccessToken",
    "/computeMetadata/",
    "/latest/api/token",
    "/meta-data/iam/",
)
#: Issuers that say so by name; some of Amazon's have a path that tells nothing.
_BY_NAME = ("aws_", "google_", "entra")
#: Refusals of a credential that come with a 403: Amazon's.
_EXPIRED = frozenset({"ExpiredTokenException", "ExpiredToken"})
#: A request for a token that failed with one of these may pass when it is sent again.
_PASSING = frozenset({408, 409, 429})


def credential_of(entry: Entry) -> Credential:
    """Return what a call proved itself by, as far as the journal has it.

    A signature is another one on every attempt, so a signed call is told by its session token alone.
    """
    if (entry.header("authorization") or "").startswith("AWS4-"):
        return (f"aws {entry.header('x-amz-security-token') or '***'}",)
    return tuple(f"{name} {value}" for name in _HEADERS if (value := entry.header(name)))


def likeness(one: Credential, other: Credential) -> Likeness:
    """Say whether two credentials are the same; unclear where a mask leaves nothing to compare."""
    if one != other:
        return "other"
    return "unclear" if any(value.endswith("***") for value in one) else "same"


def shown(credential: Credential) -> str:
    """Write a credential for a finding: `authorization Bearer ***k9AA`."""
    return " and ".join(credential) or "no credential"


def was_refused(entry: Entry) -> bool:
    """Say whether the call's credential was refused as bad or expired."""
    return not issues(entry) and (entry.status == 401 or (entry.status == 403 and entry.error_type in _EXPIRED))


def was_forbidden(entry: Entry) -> bool:
    """Say whether the call was refused although it is known who asks."""
    return not issues(entry) and entry.status == 403 and not was_refused(entry)


def issues(entry: Entry) -> bool:
    """Say whether the call asked for a credential."""
    return entry.provider.startswith(_BY_NAME) or any(part in entry.path for part in _ISSUERS)


def was_denied(entry: Entry) -> bool:
    """Say whether a request for a credential was refused for good."""
    return entry.status is not None and 400 <= entry.status < 500 and entry.status not in _PASSING


def obtained(entry: Entry) -> bool:
    """Say whether a request for a credential got one."""
    return entry.status is not None and entry.status < 400 and entry.ended == "complete"


@dataclass(frozen=True, slots=True)
class Resent:
    """A refused attempt and the next one of its chain."""

    chain: Chain
    refused: Entry
    after: Entry


@dataclass(frozen=True, slots=True)
class Expiry:
    """One credential that was refused, however many calls met it, and what was sent in answer.

    It begins when the first refusal is complete and is over when `last` arrives: the last attempt in answer to one, or
    else the first call with another credential. None: it is not over.
    """

    credential: Credential
    refused: tuple[Entry, ...]
    resent: tuple[Resent, ...]
    last: Entry | None

    def spans(self, entry: Entry) -> bool:
        """Say whether a call arrived in between. Calls of one instant go by their numbers."""
        begun = entry.arrived_at >= self.begins and entry.number > min(one.number for one in self.refused)
        return begun and (self.last is None or _place(entry) < _place(self.last))

    @property
    def begins(self) -> float:
        """When the first refusal was complete, seconds on the clock."""
        return min(end_of(one) for one in self.refused)


def resent(found: Sequence[Chain]) -> list[Resent]:
    """Return every refused attempt that another followed. What was turned away at the door showed no credential."""
    heard = ((chain, [entry for entry in chain.attempts if not at_the_door(entry)]) for chain in found)
    pairs = ((chain, before, after) for chain, attempts in heard for before, after in pairwise(attempts))
    return [Resent(chain, before, after) for chain, before, after in pairs if was_refused(before)]


def expiries(calls: Sequence[Entry], found: Sequence[Chain]) -> list[Expiry]:
    """Return what was refused, by credential, in order of the first refusal."""
    groups: dict[Credential, list[Entry]] = {}
    for call in calls:
        if was_refused(call):
            groups.setdefault(credential_of(call), []).append(call)
    followed = resent(found)
    return [_expiry(credential, refused, followed, calls) for credential, refused in groups.items()]


def _expiry(credential: Credential, refused: list[Entry], followed: Iterable[Resent], calls: Sequence[Entry]) -> Expiry:
    numbers = {entry.number for entry in refused}
    own = tuple(pair for pair in followed if pair.refused.number in numbers)
    begins = min(end_of(entry) for entry in refused)
    later = (call for call in calls if call.arrived_at > begins and credential_of(call) != credential)
    last = max((pair.after for pair in own), key=_place) if own else min(later, key=_place, default=None)
    return Expiry(credential, tuple(refused), own, last)


def _place(entry: Entry) -> tuple[float, int]:
    return entry.arrived_at, entry.number


def end_of(entry: Entry) -> float:
    """Return when the call was over; its arrival while it is under way."""
    return entry.arrived_at if entry.ended_at is None else entry.ended_at
