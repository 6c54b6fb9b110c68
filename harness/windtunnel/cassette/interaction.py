"""What a cassette holds, as values: a request as it was sent, and what came back, with the instants at which it came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

Headers: TypeAlias = tuple[tuple[str, str], ...]

#: How an answer ended: whole; by a reset; by the end of the connection in mid-body; by the client, who waited no longer;
#: by nobody connecting at all.
Ended: TypeAlias = Literal["complete", "reset", "cut", "timeout", "refused"]
ENDINGS: tuple[Ended, ...] = get_args(Ended)


def header(headers: Headers, name: str) -> str | None:
    """Return the first header of that name (any case), or None."""
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Bytes that came together: how many, and when, in seconds since the request had been sent whole."""

    at_s: float
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as the client sent it, redacted. The URI is absolute; header names are as they were written."""

    method: str
    uri: str
    headers: Headers = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer. The body is as its content coding left it and without transfer framing; it is short where it was cut."""

    #: 0 where the connection ended before a status line.
    status: int
    reason: str = ""
    headers: Headers = ()
    body: bytes = b""
    #: In order; their sizes make up the body. Empty: the instants are not known, as in a foreign cassette.
    arrivals: tuple[Arrival, ...] = ()
    #: When the head came, in seconds since the request had been sent whole; None: not known.
    head_at_s: float | None = None
    ended: Ended = "complete"
    #: When it ended, in the same seconds; None: not known.
    ended_at_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """A request and its answer."""

    request: Request
    response: Response
    #: The provider whose door it went to: "anthropic", "bedrock", …; "" for an issuer of credentials or a stranger.
    provider: str = ""
    recorded_at: dt.datetime | None = None
    #: From this day on the recording is called stale; None: never.
    expires: dt.date | None = None
    #: Keys of a foreign or newer cassette that have no place here, kept for the way back.
    extra: Mapping[str, object] = field(default_factory=dict)


class CassetteError(ValueError):
    """A cassette that cannot be read, written or believed. Says which file, which place in it, and what to do."""
