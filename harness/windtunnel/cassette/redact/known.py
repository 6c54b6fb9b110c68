"""Values known to be secret: of the environment, and those that a header, a name or an address gave away earlier."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Container, Iterator, Mapping
from typing import Final, NamedTuple

from windtunnel.cassette.redact import environment, guises, placeholders
from windtunnel.cassette.redact.edits import Edit
from windtunnel.cassette.redact.sieve import can_be_sieved

#: A value given away by its place is looked for elsewhere from this length on: shorter ones are words too often.
LEAST_LEARNT_BYTES: Final = 12
#: More than any session of a recording gives away; past that, what is new is not looked for elsewhere.
_MOST: Final = 4096
#: What a cookie holds besides a session: "dark-mode", "en-US", the name of a model with its date.
_PLAIN: Final = re.compile(rb"[A-Za-z]+(?:[-_. ](?:[A-Za-z]+|\d{1,8}))*|[\d.:TZ-]+")
_LEAST_COOKIE_BYTES: Final = 16
#: Names of accounts and projects that no text has by chance; a project named like a word is one.
_DISTINCT: Final = re.compile(
    rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\d{10,}|(?=[^\d]*\d)[a-z][a-z0-9-]{7,}"
)
_WITHIN_A_WORD: Final = re.compile(rb"[A-Za-z0-9-]")


class _Form(NamedTuple):
    kind: str
    placeholder: bytes
    #: It counts only where nothing stands before or behind it that may belong to it.
    alone: bool


class Known:
    """A growing collection of values, found in plain and as JSON and XML write them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._forms: dict[bytes, _Form] = {}
        #: Forms that `sieve.py` can look for, in the order in which they were learnt. Never changed, but replaced.
        self.sieved: tuple[bytes, ...] = ()
        self._torn: tuple[bytes, ...] = ()
        for _, value in environment.secrets(environ):
            self._add(value.encode("utf-8", "surrogateescape"), "environment")

    def __len__(self) -> int:
        return len(self._forms)

    def since(self, number: int) -> Known:
        """Return what was learnt after so many forms were known."""
        new = Known({})
        for text, form in list(self._forms.items())[number:]:
            new._keep(text, form)
        return new

    def learn(self, value: bytes) -> None:
        """Look for a value from now on, unless it is short, a word, or a placeholder."""
        if len(value) >= LEAST_LEARNT_BYTES and not guises.is_plain(value) and len(self._forms) < _MOST:
            self._add(value, "credential")

    def learn_cookie(self, value: bytes) -> None:
        """Look for the value of a cookie from now on, unless it may well be a setting."""
        if len(value) >= _LEAST_COOKIE_BYTES and not _PLAIN.fullmatch(value):
            self.learn(value)

    def learn_place(self, value: bytes, kind: str, placeholder: bytes) -> None:
        """Look for the name of an account, a project or the like from now on, unless a text may have it by chance."""
        is_new = value not in self._forms and value not in placeholders.ALL
        if is_new and _DISTINCT.fullmatch(value) and len(self._forms) < _MOST:
            self._keep(value, _Form(kind, placeholder, alone=True))

    def edits(self, text: bytes, present: Container[bytes]) -> Iterator[Edit]:
        """Find every occurrence of every value; `present` are those of `sieved` that stand in `text`."""
        for value in (*(value for value in self.sieved if value in present), *self._torn):
            form = self._forms[value]
            at = text.find(value)
            while at >= 0:
                end = at + len(value)
                if not form.alone or _is_alone(text, at, end):
                    yield Edit(at, end, form.placeholder, form.kind)
                at = text.find(value, end)

    def _add(self, value: bytes, kind: str) -> None:
        if any(value in placeholder or placeholder in value for placeholder in placeholders.ALL):
            return
        text = value.decode("utf-8", "surrogateescape")
        for form in (text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], html.escape(text)):
            self._keep(form.encode("utf-8", "surrogateescape"), _Form(kind, placeholders.REDACTED, alone=False))

    def _keep(self, value: bytes, form: _Form) -> None:
        if value in self._forms:
            return
        self._forms[value] = form
        if can_be_sieved(value):
            self.sieved += (value,)
        else:
            self._torn += (value,)


def _is_alone(text: bytes, start: int, end: int) -> bool:
    before = text[start - 1 : start] if start else b""
    is_escape = text[start - 2 : start - 1] == b"\\"
    return not _WITHIN_A_WORD.match(text[end : end + 1]) and (is_escape or not _WITHIN_A_WORD.match(before))
