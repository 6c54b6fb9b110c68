"""Values known to be secret: of the environment, and those that a header or a name gave away earlier."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from windtunnel.cassette.redact import environment, placeholders
from windtunnel.cassette.redact.edits import Edit

#: A value given away by its place is looked for elsewhere from this length on: shorter ones are words too often.
LEAST_LEARNT_BYTES: Final = 12
#: Enough for every session of a recording; more would make each body slower to look through.
_MOST: Final = 256


class Known:
    """A growing collection of values, found in plain and as JSON and XML write them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._forms: dict[bytes, str] = {}
        for _, value in environment.secrets(environ):
            if len(value) >= environment.LEAST_CHARACTERS:
                self._add(value.encode("utf-8", "surrogateescape"), "environment")

    def __len__(self) -> int:
        return len(self._forms)

    def learn(self, value: bytes) -> None:
        """Look for a value from now on, unless it is short, a word, or a placeholder."""
        unlike = re.fullmatch(rb"[A-Za-z]+(?:[ -][A-Za-z]+)*", value) and len(value) < 24
        if len(value) >= LEAST_LEARNT_BYTES and not unlike and len(self._forms) < _MOST:
            self._add(value, "credential")

    def edits(self, text: bytes) -> Iterator[Edit]:
        """Find every occurrence of every value."""
        for form, kind in self._forms.items():
            at = text.find(form)
            while at >= 0:
                yield Edit(at, at + len(form), placeholders.REDACTED, kind)
                at = text.find(form, at + len(form))

    def _add(self, value: bytes, kind: str) -> None:
        if any(value in placeholder or placeholder in value for placeholder in placeholders.ALL):
            return
        text = value.decode("utf-8", "surrogateescape")
        for form in (text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], html.escape(text)):
            self._forms.setdefault(form.encode("utf-8", "surrogateescape"), kind)
