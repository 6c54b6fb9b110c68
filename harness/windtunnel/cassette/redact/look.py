"""The one search that every part of an interaction goes through."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from windtunnel.cassette.redact import encodings, fields, placeholders, shapes
from windtunnel.cassette.redact.edits import Edit, merged
from windtunnel.cassette.redact.known import Known
from windtunnel.cassette.redact.rules import Rules
from windtunnel.cassette.redact.sieve import Sieve

#: Texts up to this length are remembered whole, bytes.
_SHORT: Final = 256


class Look:
    """Finds secrets in bytes: by shape, by name, by value, by the user's patterns; in every encoding.

    What it has looked through before and found nothing in, it knows again.
    """

    def __init__(
        self,
        known: Known,
        *,
        shaped: Sequence[shapes.Shape] = (),
        named: fields.Names = fields.NONE,
        patterns: Sequence[re.Pattern[bytes]] = (),
    ) -> None:
        self.known = known
        self._shapes, self._names, self._patterns = shaped, named, patterns
        self._sieve = Sieve([anchor for shape in shaped for anchor in shape.anchors], named.words)
        self._clean = {exchange: encodings.Clean() for exchange in (False, True)}

    @classmethod
    def usual(cls, rules: Rules, environ: Mapping[str, str]) -> Look:
        """Look for all that the rules want gone, and for the secrets of the environment."""
        return cls(
            Known({} if "environment" in rules.kept else environ),
            shaped=[shape for shape in shapes.SHAPES if shape.kind not in rules.kept],
            named=fields.names(more=frozenset(map(str.lower, rules.keys)), keep=rules.kept),
            patterns=rules.compiled,
        )

    def since(self, number: int) -> Look:
        """Look for nothing but what was learnt after so many forms were known."""
        return Look(self.known.since(number))

    def edits(self, text: bytes, *, exchange: bool = False) -> list[Edit]:
        """Find every secret. `exchange`: the bytes are known to be a request for credentials, or the answer to one."""
        clean = self._clean[exchange].grown(len(self.known))
        self._clean[exchange] = clean
        if text in clean.texts:
            return []
        found = encodings.everywhere(text, lambda layer: self._layer(layer, exchange), clean)
        if not found and len(text) <= _SHORT:
            clean.texts.add(text)
        return found

    def plain(self, text: bytes) -> list[Edit]:
        """Find the secrets that stand in `text` itself, in no encoding."""
        return merged(self._layer(text, False), text)

    def _layer(self, text: bytes, exchange: bool) -> list[Edit]:
        known = self.known.sieved
        present = self._sieve.present(text, known)
        found = _apart([edit for shape in self._shapes for edit in shape.edits(text, present)] if present else [])
        found += self._named(text, present, exchange)
        found += self.known.edits(text, present if known is self.known.sieved else self.known.sieved)
        for pattern in self._patterns:
            found += _matched(pattern, text)
        return found

    def _named(self, text: bytes, present: frozenset[bytes], exchange: bool) -> Iterator[Edit]:
        for edit in self._names.edits(text, present, exchange=exchange) if present or exchange else ():
            if edit.kind in ("credential", "rule"):
                self.known.learn(text[edit.start : edit.end])
            yield edit


def _matched(pattern: re.Pattern[bytes], text: bytes) -> Iterator[Edit]:
    group = "secret" if "secret" in pattern.groupindex else 0
    for match in pattern.finditer(text):
        if match[group]:
            yield Edit(*match.span(group), placeholders.REDACTED, "rule")


def _apart(found: list[Edit]) -> list[Edit]:
    """Leave the host of an address where its password ends: the two look like one mail address."""
    passwords = [edit for edit in found if edit.kind == "password"]
    if not passwords:
        return found
    return [
        edit
        for edit in found
        if edit.kind != "e-mail" or not any(edit.start < other.end and other.start < edit.end for other in passwords)
    ]
