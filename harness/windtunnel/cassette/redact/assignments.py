r"""Secrets that text of any kind assigns to a name: a line of a .env file, of YAML or INI, of a program, of a shell.

    DATABASE_PASSWORD=…    password: …    api_key = "…"    {'access_token': '…'}    --token …

A conversation talks about such names all the time, so what follows one has to look like a secret as well (`guises.py`).
"""

from __future__ import annotations

import re
from typing import Final

from windtunnel.cassette.redact import guises

#: What names end in. In JSON, forms and XML `fields.py` knows them better, by the whole of their names.
ENDINGS: Final = frozenset(
    {"auth", "credential", "credentials", "passwd", "pwd", "secret", "token", "access_key", "signing_key"}
)
#: Endings of environment variables only: elsewhere they are names of other things.
SHOUTED: Final = frozenset({"_key", "_pass", "_pat"})
#: Tokens and keys that are no credentials, by the word before: pages, counts, requests told apart.
_NO_SECRET: Final = re.compile(
    rb"(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]))(?i:next|prev|previous|page|pagination|continuation|cursor|sync|resume|start|end|stop"
    rb"|eos|bos|pad|unk|mask|max|min|num|per|of|count|request|idempotency|cancellation|cache|primary|foreign|sort|partition"
    rb"|public|index|lookup)[-_. ]?\Z"
)
#: How far before its ending a name begins, at most, bytes.
_REACH: Final = 48
_IDENTIFIER: Final = re.compile(rb"[A-Za-z0-9_.-]*\Z")
#: A break of the line, too, as JSON writes it: in a cassette's comments it is a blank.
_BLANK: Final = rb"(?:\s|\\+[nrt])"
_LITERAL: Final = rb"(?P<open>\\*[\"'`])(?P<literal>[^\s\"'`\\]{6,}+)(?:(?P=open)|\Z)"
_ASSIGNED: Final = re.compile(
    rb"(?:\\*[\"'`])?[ \t]{0,8}(?:=>|:=|={1,3}|:)%b{0,8}(?:%b|(?P<bare>[^\s\"'`\\,;<>(){}\[\]&|]{6,}+)(?![(\[{<]))"
    % (_BLANK, _LITERAL)
)
_IN_A_SHELL: Final = re.compile(rb"=(?:%b|(?P<bare>[^\s\"'`\\;<>]{6,}+))" % _LITERAL)
_FLAG: Final = re.compile(rb"[ =]{1,4}(?:%b|(?P<bare>[^\s\"'`\\;<>]{6,}+))" % _LITERAL)
_LEAST_BYTES: Final = 8
#: What may stand behind a name that is assigned something: "secret_name", "tokens" and "author" are others.
_FOLLOWS: Final = frozenset({b"=", b":", b" ", b"\t", b'"', b"'", b"`", b"\\"})
#: Endings of names that are mostly of other things.
_MEANS_MUCH: Final = (b"token", b"key")


def value(text: bytes, start: int, end: int, *, shouted: bool = False) -> tuple[int, int] | None:
    """Find what the name that ends with `text[start:end]` is assigned, if that looks like a secret.

    `shouted`: the ending counts in names of environment variables only.
    """
    if text[end : end + 1] not in _FOLLOWS:
        return None
    name = _name(text, start) + text[start:end]
    is_shell = name.isupper()
    if (shouted and not is_shell) or (name.lower().endswith(_MEANS_MUCH) and _NO_SECRET.search(name[: start - end])):
        return None
    for pattern in (_IN_A_SHELL,) * is_shell + (_FLAG if name.startswith(b"--") else _ASSIGNED,):
        if found := pattern.match(text, end):
            group = "literal" if found["literal"] else "bare"
            return found.span(group) if _is_secret(name, found[group], is_shell=is_shell) else None
    return None


def _name(text: bytes, end: int) -> bytes:
    """Return what stands of a name before `end`; the letter of an escape is none of it."""
    found = _IDENTIFIER.search(text, max(0, end - _REACH), end)
    if not found:
        return b""
    is_escape = text[found.start() - 1 : found.start()] == b"\\" and found.start()
    return found.group()[1:] if is_escape else found.group()


def _is_secret(name: bytes, value: bytes, *, is_shell: bool) -> bool:
    if is_shell and b"PASS" in name:
        return not guises.is_blank(value)
    return len(value) >= _LEAST_BYTES and not guises.is_name(value)
