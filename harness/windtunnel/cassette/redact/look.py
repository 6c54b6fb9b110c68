"""The one search that every part of an interaction goes through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from windtunnel.cassette.redact import encodings, fields, placeholders, shapes
from windtunnel.cassette.redact.edits import Edit, merged
from windtunnel.cassette.redact.known import Known
from windtunnel.cassette.redact.rules import Rules


class Look:
    """Finds secrets in bytes: by shape, by name, by value, by the user's patterns; in every encoding."""

    def __init__(self, rules: Rules, environ: Mapping[str, str]) -> None:
        self._rules = rules
        self._shapes = [shape for shape in shapes.SHAPES if shape.kind not in rules.kept]
        self._names = fields.names(more=frozenset(map(str.lower, rules.keys)), keep=rules.kept)
        self.known = Known({} if "environment" in rules.kept else environ)

    def edits(self, text: bytes, *, exchange: bool = False) -> list[Edit]:
        """Find every secret. `exchange`: the bytes are known to be a request for credentials, or the answer to one."""
        return encodings.everywhere(text, lambda layer: self._layer(layer, exchange))

    def plain(self, text: bytes) -> list[Edit]:
        """Find the secrets that stand in `text` itself, in no encoding."""
        return merged(self._layer(text, False), text)

    def _layer(self, text: bytes, exchange: bool) -> list[Edit]:
        found = _apart([edit for shape in self._shapes for edit in shape.edits(text)])
        found += self._named(text, exchange)
        found += self.known.edits(text)
        for pattern in self._rules.compiled:
            group = "secret" if "secret" in pattern.groupindex else 0
            found += [
                Edit(*match.span(group), placeholders.REDACTED, "rule")
                for match in pattern.finditer(text)
                if match[group]
            ]
        return found

    def _named(self, text: bytes, exchange: bool) -> Iterator[Edit]:
        for edit in self._names.edits(text, exchange=exchange):
            if edit.kind in ("credential", "rule"):
                self.known.learn(text[edit.start : edit.end])
            yield edit


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
