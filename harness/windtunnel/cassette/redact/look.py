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

#: The account in the `user_id` that Claude Code sends: beside ids of a device and a session.
_ACCOUNT: Final = re.compile(
    rb"account(?:_uuid)?[^0-9a-zA-Z]{1,12}([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
)
#: Kinds of shapes that are told by what stands around a value: elsewhere it has no shape of its own.
_TELLING: Final = frozenset({"aws-secret-key", "bearer", "password"})
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
        patterns: Sequence[tuple[re.Pattern[bytes], bytes]] = (),
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

    def learn_places(self, text: bytes) -> None:
        """Look from now on for the accounts, projects and the like that `text` names.

        For text that the service itself says or is told: in a conversation anybody's account may be talked about, and a
        request that is played again must not depend on what others said.
        """
        for shape in self._shapes:
            for edit in shape.edits(text, shape.anchors) if shape.names_a_place else ():
                self.known.learn_place(text[edit.start : edit.end], edit.kind, edit.text)

    def plain(self, text: bytes) -> list[Edit]:
        """Find the secrets that stand in `text` itself, in no encoding."""
        return merged(self._layer(text, False), text)

    def _layer(self, text: bytes, exchange: bool) -> list[Edit]:
        known = self.known.sieved
        present = self._sieve.present(text, known)
        found = _apart([edit for shape in self._shapes for edit in shape.edits(text, present)] if present else [])
        for edit in found:
            if edit.kind in _TELLING:
                self.known.learn(text[edit.start : edit.end])
        found += self._named(text, present, exchange)
        found += self.known.edits(text, present if known is self.known.sieved else self.known.sieved)
        for pattern, placeholder in self._patterns:
            found += _matched(pattern, placeholder, text)
        return found

    def _named(self, text: bytes, present: frozenset[bytes], exchange: bool) -> Iterator[Edit]:
        for edit in self._names.edits(text, present, exchange=exchange) if present or exchange else ():
            if edit.kind in ("credential", "rule"):
                self.known.learn(text[edit.start : edit.end])
            elif edit.kind == "user":
                for account in _ACCOUNT.finditer(text, edit.start, edit.end):
                    self.known.learn_place(account[1], "account", placeholders.UUID)
            yield edit


def _matched(pattern: re.Pattern[bytes], placeholder: bytes, text: bytes) -> Iterator[Edit]:
    group = "secret" if "secret" in pattern.groupindex else 0
    for match in pattern.finditer(text):
        if match[group]:
            yield Edit(*match.span(group), placeholder, "rule")


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
