"""What a user adds to redaction, and takes from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final, TypeAlias

from windtunnel.cassette.interaction import Request, Response
from windtunnel.cassette.redact import fields, placeholders, shapes
from windtunnel_server.wire import credentials

#: Given the request, then the response, as they were sent; returns what to go on with, of the same type.
Change: TypeAlias = Callable[[Any], Request | Response]

#: What `keep` may name besides headers and fields.
KINDS: Final = frozenset(
    {shape.kind for shape in shapes.SHAPES}
    | {*fields.PERSONS.values(), "credential", "environment", "user", "address", "compressed", "cookie"}
)

_LISTS: Final = ("headers", "keys", "patterns", "changes", "keep", "binary")


class RuleError(ValueError):
    """A rule that cannot be followed. Says which, and what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Rules of redaction, on top of the usual ones.

    Names may have any case. A pattern loses its group `secret`, or else all of what it matches. `keep` names what stays
    although it is usually redacted: a kind ("e-mail"), a header or a field.
    """

    headers: Sequence[str] = ()
    #: Fields of JSON, forms, XML and queries.
    keys: Sequence[str] = ()
    patterns: Sequence[str] = ()
    changes: Sequence[Change] = ()
    keep: Sequence[str] = ()
    #: Content types ("application/zip") whose bodies are kept though nothing can look into them.
    binary: Sequence[str] = ()
    #: The patterns, compiled.
    compiled: tuple[re.Pattern[bytes], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in _LISTS:
            _must_be_a_list(name, getattr(self, name))
        for change in self.changes:
            if not callable(change):
                raise RuleError(f"changes: {change!r} cannot be called; give functions of a request or a response.")
        object.__setattr__(self, "compiled", tuple(_compiled(pattern) for pattern in self.patterns))
        for name in self.keep:
            _must_be_known(name.lower(), {*KINDS, *_fields(), *credentials.HEADERS, *map(str.lower, self.headers)})

    @property
    def kept(self) -> frozenset[str]:
        """The names in `keep`, in lower case."""
        return frozenset(name.lower() for name in self.keep)


def _must_be_a_list(name: str, value: object) -> None:
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise RuleError(f"{name} = {value!r} is not a list; write {name}=[{value!r}].")
    for item in value:
        if name != "changes" and not (isinstance(item, str) and item.strip()):
            raise RuleError(f"{name}: {item!r} is not a name; give text that is not empty.")


def _compiled(pattern: str) -> re.Pattern[bytes]:
    try:
        compiled = re.compile(pattern.encode())
    except re.error as broken:
        raise RuleError(f"patterns: {pattern!r} is no regular expression ({broken}).") from None
    if compiled.search(b""):
        raise RuleError(f"patterns: {pattern!r} matches where nothing is; make it match what is secret only.")
    if compiled.search(placeholders.REDACTED):
        raise RuleError(
            f"patterns: {pattern!r} matches {placeholders.REDACTED.decode()!r}, so what is redacted would be a secret "
            "again; make it match what is secret only."
        )
    return compiled


def _fields() -> frozenset[str]:
    return fields.SECRETS | fields.IN_EXCHANGES | fields.PERSONS.keys() | {"user_id"} | _PERSONAL_HEADERS


def _must_be_known(name: str, known: set[str]) -> None:
    if name not in known:
        nearest = get_close_matches(name, sorted(known), n=3, cutoff=0.4) or sorted(KINDS)
        raise RuleError(
            f"keep: nothing called {name!r} is redacted; nearest: {', '.join(nearest)}. "
            f"Kinds are {', '.join(sorted(KINDS))}; names of headers and fields will do too."
        )


#: Headers that tell who somebody is or where, and the kind of each.
PERSONAL_HEADERS: Final = {
    "anthropic-organization-id": "organization",
    "anthropic-workspace-id": "workspace",
    "cf-connecting-ip": "address",
    "cf-connecting-ipv6": "address",
    "client-ip": "address",
    "fastly-client-ip": "address",
    "forwarded": "address",
    "openai-organization": "organization",
    "openai-project": "organization",
    "true-client-ip": "address",
    "x-account-id": "account",
    "x-azure-clientip": "address",
    "x-client-ip": "address",
    "x-envoy-external-address": "address",
    "x-forwarded-for": "address",
    "x-goog-user-project": "google-project",
    "x-organization-uuid": "organization",
    "x-real-ip": "address",
}
_PERSONAL_HEADERS: Final = frozenset(PERSONAL_HEADERS)

#: Nothing added, nothing taken away.
USUAL: Final = Rules()
