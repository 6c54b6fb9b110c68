"""A request as matchers see it: live or recorded, at a real host or at a door of the fake."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from windtunnel.cassette.interaction import Headers, Request, header
from windtunnel.cassette.match.canonical import canonical
from windtunnel.cassette.reported import plain

#: What stands before these says at whose gateway, in whose project and place a request was made: not what it asks.
_ROOTS: Final = re.compile(
    r"^.*?(?P<rest>/model/.+|/v1/(?:messages|models|oauth|complete|files|skills)(?:/.*|$))", re.S
)
_VERTEX: Final = re.compile(r"^.*?/projects/[^/]+/locations/[^/]+(?P<rest>/.*)$", re.S)
#: Account and region of an Amazon resource name.
_ARN: Final = re.compile(r"(arn:aws[a-z-]*:[a-z-]+):[^:/]*:[^:/]*:")


@dataclass(slots=True)
class Asked:
    """One request. `path` is as it was sent; `place` is what of it says what is asked for."""

    method: str
    path: str
    query: str = ""
    headers: Headers = ()
    body: bytes = b""
    provider: str = ""
    _canonical: list[Any] = field(default_factory=list, repr=False)

    @property
    def place(self) -> str:
        return place_of(self.path)

    @property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """The query in order of its names, without `beta=true`, which older clients add and nobody reads (wire.md 0)."""
        return _parameters(self.query)

    @property
    def canonical(self) -> Any:
        """The body as it is compared; worked out when it is first asked for."""
        if not self._canonical:
            body = plain(self.body, (header(self.headers, "content-encoding") or "identity").strip().lower())
            self._canonical.append(canonical(self.body if body is None else body, header(self.headers, "content-type")))
        return self._canonical[0]

    @property
    def line(self) -> str:
        """What is asked, in a few words: "POST /v1/messages"."""
        return f"{self.method} {self.path}"


def from_request(request: Request, *, provider: str = "") -> Asked:
    """Return a recorded request as matchers see it."""
    parts = urlsplit(request.uri)
    return Asked(request.method, parts.path or "/", parts.query, request.headers, request.body, provider)


@lru_cache(maxsize=1024)
def place_of(path: str) -> str:
    """Return the part of a path that says what is asked for, whatever host, project or account it is asked of."""
    rest = unquote(path)
    for root in (_VERTEX, _ROOTS):
        found = root.match(rest)
        rest = rest if found is None else found["rest"]
    return _ARN.sub(r"\1:*:*:", rest)


@lru_cache(maxsize=1024)
def _parameters(query: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(pair for pair in parse_qsl(query, keep_blank_values=True) if pair != ("beta", "true")))
