"""What a user adds to redaction, and takes from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final, TypeAlias

from windtunnel.cassette.interaction import CassetteError, Request, Response
from windtunnel.cassette.redact import assignments, fields, placeholders, shapes
from windtunnel_server.wire import credentials

#: Given the request, then the response, as they were sent; returns what to go on with, of the same type.
Change: TypeAlias = Callable[[Any], Request | Response]

#: What `keep` may name besides headers and fields.
KINDS: Final = frozenset(
    {shape.kind for shape in shapes.SHAPES}
    | {*fields.PERSONS.values(), "credential", "environment", "user", "address", "compressed", "cookie"}
)

#: What no encoding touches.
_STABLE: Final = re.compile(r"[A-Za-z0-9._-]+")
_LISTS: Final = ("headers", "keys", "patterns", "changes", "keep", "binary")


class RuleError(CassetteError):
    """A rule that cannot be followed. Says which, and what to write instead."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression: its group `secret`, or else all of what it matches, gives way to `placeholder`."""

    pattern: str
    placeholder: str = placeholders.REDACTED.decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Rules of redaction, on top of the usual ones.

    Names may have any case. A pattern loses its group `secret`, or else all of what it matches. `keep` names what stays
    although it is usually redacted: a kind ("e-mail"), a header or a field.
    """

    headers: Sequence[str] = ()
    #: Fields of JSON, forms, XML and queries.
    keys: Sequence[str] = ()
    patterns: Sequence[str | Pattern] = ()
    changes: Sequence[Change] = ()
    keep: Sequence[str] = ()
    #: Content types ("application/zip") whose bodies are kept though nothing can look into them.
    binary: Sequence[str] = ()
    #: The patterns, compiled, and what stands for what each finds.
    compiled: tuple[tuple[re.Pattern[bytes], bytes], ...] = field(init=False, repr=False, compare=False)

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
        is_pattern = name == "patterns" and isinstance(item, Pattern)
        if name != "changes" and not is_pattern and not (isinstance(item, str) and item.strip()):
            raise RuleError(f"{name}: {item!r} is not a name; give text that is not empty.")


def _compiled(rule: str | Pattern) -> tuple[re.Pattern[bytes], bytes]:
    rule = Pattern(rule) if isinstance(rule, str) else rule
    pattern, placeholder = rule.pattern, rule.placeholder
    try:
        compiled = re.compile(pattern.encode())
    except re.error as broken:
        raise RuleError(f"patterns: {pattern!r} is no regular expression ({broken}).") from None
    if compiled.search(b""):
        raise RuleError(f"patterns: {pattern!r} matches where nothing is; make it match what is secret only.")
    if not _STABLE.fullmatch(placeholder):
        raise RuleError(
            f"patterns: the placeholder {placeholder!r} would be written differently in JSON and in addresses; make it of "
            "letters, digits and -._"
        )
    found = compiled.search(placeholder.encode())
    # One of the user's own may be found again, as a whole: then nothing is left to change.
    if compiled.search(placeholders.REDACTED) or (found and found[_group(compiled)] != placeholder.encode()):
        raise RuleError(
            f"patterns: {pattern!r} matches {placeholder!r}, so what is redacted would be a secret "
            "again; make it match what is secret only."
        )
    return compiled, placeholder.encode()


def _group(compiled: re.Pattern[bytes]) -> str | int:
    return "secret" if "secret" in compiled.groupindex else 0


def _fields() -> frozenset[str]:
    return (
        fields.SECRETS
        | fields.IN_EXCHANGES
        | assignments.ENDINGS
        | fields.PERSONS.keys()
        | {"user_id"}
        | _PERSONAL_HEADERS
    )


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
