"""Secrets that the name before them gives away: in JSON at any depth of quoting, in XML, in forms and addresses.

Bytes are not parsed, and so need not be whole: a stream may have been cut in the middle of a token.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from windtunnel.cassette.redact import assignments, placeholders, shapes
from windtunnel.cassette.redact.edits import Edit
from windtunnel_server.wire import credentials

#: Names whose value is a credential wherever they stand.
SECRETS: Final = (
    credentials.PROOFS - {"assertion", "code"} - {"subject_token"}
    | {
        "access_key_id",
        "api_key",
        "authorization_token",
        "aws_access_key_id",
        "aws_secret_access_key",
        "aws_session_token",
        "client_key",
        "id_token",
        "passphrase",
        "password",
        "private_key",
        "private_key_id",
        "saml_assertion",
        "secret_access_key",
        "secret_key",
        "session_token",
        "subject_token",
        "web_identity_token",
        "webhook_secret",
    }
    | credentials.HEADERS - {"authorization", "cookie", "set-cookie"}
)

#: Names that tell who somebody is, and the kind of each.
PERSONS: Final = {
    "account_uuid": "account",
    "account_id": "account",
    "consumer": "google-project",
    "organization_id": "organization",
    "organization_uuid": "organization",
    "service_account_id": "account",
    "tenant_id": "azure-tenant",
    "workspace_id": "workspace",
}

#: Names that mean a credential only where credentials are asked for: elsewhere `code` is what a tool is to run.
IN_EXCHANGES: Final = frozenset(
    {
        "assertion",
        "auth",
        "code",
        "federation_rule_id",
        "key",
        "secret",
        "sig",
        "token",
        "user_code",
        *credentials.PARAMETERS,
    }
)

#: What gives away that bytes ask for credentials or hand them out, and what that they are a conversation about it.
_EXCHANGED: Final = (b"grant_type", b"access_token", b"secretaccesskey", b"secret_access_key", b"webidentitytoken")
_CONVERSED: Final = (b'"model"', b'"messages"', b'"content"', b'"delta"')
_USER_ID: Final = b"user_id"

#: Names of headers in text that quotes a request, as a shell command does.
_QUOTED_HEADERS: Final = frozenset(name.encode() for name in credentials.HEADERS if "key" in name or "token" in name)
_HEADER_VALUE: Final = re.compile(rb"\s*:\s*(?P<value>[^\s\"'\\,;]{16,})")
_PARAMETER: Final = re.compile(rb"=(?P<value>[^&\s\"'<>#\\;]*)")
#: The same at the beginning of a line, which may be one of a program.
_LINE: Final = re.compile(rb"=(?![$<{*])(?P<value>[^&\s\"'<>#\\;()\[\]{}]+)(?![(\[{<])")
_ELEMENT: Final = re.compile(rb">(?P<value>[^<]*(?=</)|[^<\s]*\Z)")
#: Of a form in parts: what stands behind the part's headers.
_PART: Final = re.compile(rb"\"[^\r\n]*(?:\r\n[^\r\n]+)*\r\n\r\n(?P<value>(?s:.*?))(?=\r\n--|\Z)")
_USER: Final = re.compile(rb"\"metadata\\*\"\s*:\s*\{[^{}]{0,2000}?\"user_id\"\s*:\s*\"(?P<value>(?:[^\"\\]|\\.)*)")


#: Spellings of names with their kinds, by the longest word they share: a text without that word needs no closer look.
Spelt: TypeAlias = Mapping[bytes, Sequence[tuple[bytes, str]]]


@dataclass(frozen=True, slots=True)
class Names:
    """The names to look for, by kind; each spelling of one is looked for, in any case."""

    anywhere: Spelt
    in_exchanges: Spelt
    #: Only where text assigns something that looks like a secret, and endings of longer names.
    in_text: Spelt
    #: The user whom the metadata of a request names goes too.
    users: bool = True

    @property
    def words(self) -> Mapping[bytes, Sequence[bytes]]:
        """What `edits` wants to know of: each name, and what gives an exchange or a user away, by what they share."""
        names = {word: [word] for word in (*_EXCHANGED, _USER_ID)}
        for spelt in (self.anywhere, self.in_text):
            for word, those in spelt.items():
                names[word] = [*names.get(word, []), *(name for name, _ in those)]
        return names

    def edits(self, text: bytes, present: Container[bytes], *, exchange: bool) -> Iterator[Edit]:
        """Find the values of these names; `exchange` says that `text` is known to be about credentials.

        `present` are those of `words` that stand in `text` in any case.
        """
        there = _those(self.anywhere, present)
        endings = _those(self.in_text, present)
        is_exchange = exchange or any(word in present for word in _EXCHANGED)
        lowered = text.lower() if there or endings or is_exchange else b""
        for name, kind in there:
            yield from _named(text, lowered, name, kind)
        for name, kind in endings:
            yield from _assigned(text, lowered, name, kind)
        if exchange or (is_exchange and not any(word in lowered for word in _CONVERSED)):
            yield from self._exchanged(text, lowered)
        if self.users and _USER_ID in present:
            for found in _USER.finditer(text):
                yield Edit(*found.span("value"), placeholders.REDACTED, "user")

    def _exchanged(self, text: bytes, lowered: bytes) -> Iterator[Edit]:
        for name, kind in _present(self.in_exchanges, lowered):
            # An answer's `code` is a status; a login's is in a form, or beside the grant.
            if name != b"code" or b"grant" in lowered or b"code=" in lowered:
                yield from _named(text, lowered, name, kind)


#: Nothing at all.
NONE: Final = Names({}, {}, {}, users=False)


@lru_cache(maxsize=8)
def names(*, more: frozenset[str] = frozenset(), keep: frozenset[str] = frozenset()) -> Names:
    """Make the table of names: the usual ones and `more`, without those that `keep` names or whose kind it names."""
    anywhere = dict.fromkeys(SECRETS, "credential") | PERSONS | dict.fromkeys(more, "rule")
    exchanges = dict.fromkeys(IN_EXCHANGES - SECRETS, "credential")
    endings = dict.fromkeys(SECRETS | assignments.ENDINGS | assignments.SHOUTED, "credential")
    return Names(_spelt(anywhere, keep), _spelt(exchanges, keep), _spelt(endings, keep), not keep & {"user", "user_id"})


def _spelt(kinds: Mapping[str, str], keep: frozenset[str]) -> Spelt:
    out: dict[bytes, list[tuple[bytes, str]]] = {}
    for name, kind in sorted(kinds.items()):
        name = name.lower()
        if keep & {name, kind}:
            continue
        word = max(re.split("[_-]", name), key=len).encode()
        spellings = {name} if name.startswith("_") else {name, name.replace("_", ""), name.replace("_", "-")}
        for spelling in sorted(spellings):
            out.setdefault(word, []).append((spelling.encode(), kind))
    return out


def _those(names: Spelt, present: Container[bytes]) -> list[tuple[bytes, str]]:
    return [(name, kind) for spelt in names.values() for name, kind in spelt if name in present]


def _present(names: Spelt, lowered: bytes) -> Iterator[tuple[bytes, str]]:
    for word, spelt in names.items():
        if word in lowered:
            yield from spelt


def _named(text: bytes, lowered: bytes, name: bytes, kind: str) -> Iterator[Edit]:
    at = lowered.find(name)
    while at >= 0:
        found = _value(text, at, at + len(name), header=name in _QUOTED_HEADERS)
        if found:
            yield from _edit(found, kind)
        at = lowered.find(name, at + len(name))


def _assigned(text: bytes, lowered: bytes, name: bytes, kind: str) -> Iterator[Edit]:
    at = lowered.find(name)
    while at >= 0:
        if span := assignments.value(text, at, at + len(name), shouted=name.startswith(b"_")):
            value = text[slice(*span)]
            if not shapes.is_credential(value):
                yield Edit(*span, placeholders.for_value(value), kind)
        at = lowered.find(name, at + len(name))


def _edit(found: re.Match[bytes], kind: str) -> Iterator[Edit]:
    said = found.groupdict()
    if said.get("number"):
        yield Edit(*found.span("number"), b"0", kind)
    elif said["value"] and not shapes.is_credential(said["value"]):
        yield Edit(*found.span("value"), placeholders.for_value(said["value"]), kind)


def _value(text: bytes, start: int, end: int, *, header: bool) -> re.Match[bytes] | None:
    before, after = text[start - 1 : start], text[end : end + 1]
    if before == b'"' and after in (b'"', b"\\"):
        is_part = after == b'"' and text[start - 6 : start - 1] == b"name="
        return _PART.match(text, end) if is_part else _string(_depth(text, start - 1)).match(text, end)
    if before in (b"<", b":") and after == b">":
        return _ELEMENT.match(text, end)
    if after == b"=" and before in (b"", b"?", b"&", b";"):
        return _PARAMETER.match(text, end)
    if after == b"=" and (before in (b"\n", b'"') or _escaped(text, start)):
        return _LINE.match(text, end)
    if header and (before in (b"", b"\n", b" ", b'"', b"'") or _escaped(text, start)):
        return _HEADER_VALUE.match(text, end)
    return None


def _escaped(text: bytes, start: int) -> bool:
    """Say whether an escaped line break or quote of JSON stands before."""
    return text[start - 2 : start] in (b"\\n", b"\\r", b'\\"', b"\\'")


def _depth(text: bytes, quote: int) -> int:
    depth = 0
    while depth < quote and text[quote - 1 - depth] == 0x5C and depth < 64:
        depth += 1
    return depth


@lru_cache(maxsize=64)
def _string(depth: int) -> re.Pattern[bytes]:
    # JSON in a string of JSON has every quote escaped, once more at each level: `depth` backslashes before each. A
    # quote with more of them belongs to the value, unless they are backslashes of the value: 2 * depth + 2 for each.
    quote = rb"\\{%d}\"" % depth
    blank = rb"(?:\s|\+|\\+[nrt])*"
    value = rb"(?P<value>[^\n]*?(?<!\\)(?:\\{%d})*)" % (2 * depth + 2)
    return re.compile(
        quote + blank + rb":" + blank + rb"(?:" + quote + value + rb"(?:" + quote + rb"|\Z)|(?P<number>-?\d[\d.eE+-]*))"
    )
