"""Values known to be secret: of the environment, and those that a header or a name gave away earlier."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Container, Iterator, Mapping
from typing import Final

from windtunnel.cassette.redact import environment, placeholders
from windtunnel.cassette.redact.edits import Edit
from windtunnel.cassette.redact.sieve import can_be_sieved

#: A value given away by its place is looked for elsewhere from this length on: shorter ones are words too often.
LEAST_LEARNT_BYTES: Final = 12
#: More than any session of a recording gives away; past that, what is new is not looked for elsewhere.
_MOST: Final = 4096
#: What a cookie holds besides a session: "dark-mode", "en-US", the name of a model with its date.
_PLAIN: Final = re.compile(rb"[A-Za-z]+(?:[-_. ](?:[A-Za-z]+|\d{1,8}))*|[\d.:TZ-]+")
_LEAST_COOKIE_BYTES: Final = 16


class Known:
    """A growing collection of values, found in plain and as JSON and XML write them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._forms: dict[bytes, str] = {}
        #: Forms that `sieve.py` can look for, in the order in which they were learnt. Never changed, but replaced.
        self.sieved: tuple[bytes, ...] = ()
        self._torn: tuple[bytes, ...] = ()
        for _, value in environment.secrets(environ):
            if len(value) >= environment.LEAST_CHARACTERS:
                self._add(value.encode("utf-8", "surrogateescape"), "environment")

    def __len__(self) -> int:
        return len(self._forms)

    def since(self, number: int) -> Known:
        """Return what was learnt after so many forms were known."""
        new = Known({})
        for form, kind in list(self._forms.items())[number:]:
            new._keep(form, kind)
        return new

    def learn(self, value: bytes) -> None:
        """Look for a value from now on, unless it is short, a word, or a placeholder."""
        unlike = re.fullmatch(rb"[A-Za-z]+(?:[ -][A-Za-z]+)*", value) and len(value) < 24
        if len(value) >= LEAST_LEARNT_BYTES and not unlike and len(self._forms) < _MOST:
            self._add(value, "credential")

    def learn_cookie(self, value: bytes) -> None:
        """Look for the value of a cookie from now on, unless it may well be a setting."""
        if len(value) >= _LEAST_COOKIE_BYTES and not _PLAIN.fullmatch(value):
            self.learn(value)

    def edits(self, text: bytes, present: Container[bytes]) -> Iterator[Edit]:
        """Find every occurrence of every value; `present` are those of `sieved` that stand in `text`."""
        for form in (*(form for form in self.sieved if form in present), *self._torn):
            at = text.find(form)
            while at >= 0:
                yield Edit(at, at + len(form), placeholders.REDACTED, self._forms[form])
                at = text.find(form, at + len(form))

    def _add(self, value: bytes, kind: str) -> None:
        if any(value in placeholder or placeholder in value for placeholder in placeholders.ALL):
            return
        text = value.decode("utf-8", "surrogateescape")
        for form in (text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], html.escape(text)):
            self._keep(form.encode("utf-8", "surrogateescape"), kind)

    def _keep(self, form: bytes, kind: str) -> None:
        if form in self._forms:
            return
        self._forms[form] = kind
        if can_be_sieved(form):
            self.sieved += (form,)
        else:
            self._torn += (form,)
