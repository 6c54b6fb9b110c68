"""The second look: at the finished bytes of a file, for whatever the first one let through."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from windtunnel.cassette.redact.edits import Edit
from windtunnel.cassette.redact.look import Look
from windtunnel.cassette.redact.rules import USUAL, Rules

#: A line of text that is folded inside double quotes, as YAML does it.
_FOLDED: Final = re.compile(rb"\\\r?\n[ \t]*\\?")


#: What to write where the kind alone would keep too much.
_REMEDIES: Final = {
    "credential": "`keep: [NAME]`, the name of its field",
    "rule": "let your pattern match less",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something secret-shaped, or equal to a known secret. Names its kind and place, never the secret."""

    kind: str
    #: Of the line it begins in, counted from 1.
    line: int
    #: Of its first byte in the file, counted from 0; of the first of the run, where it is encoded.
    offset: int

    def complaint(self, name: str, *, more: int = 0) -> str:
        """Say what was found in the file `name`, and what to do."""
        others = f", and {more} more" if more else ""
        kept = f"`keep: [{self.kind}]`"
        what = "a value of the environment" if self.kind == "environment" else f"something of the kind {self.kind!r}"
        return (
            f"{name}, line {self.line}: {what}{others}. "
            f"It was not written. If this is no secret, say so in windtunnel.redact.yaml: {_REMEDIES.get(self.kind, kept)}; "
            "if it is, name its header, key or pattern there."
        )


def scan(data: bytes, environ: Mapping[str, str] = os.environ, *, rules: Rules = USUAL) -> list[Finding]:
    """Look through finished bytes for secrets, and for values of secret-looking variables of `environ`.

    Looks into JSON escapes, percent-encoding, base64 (either alphabet, any alignment, padded or not, wrapped), hex, and
    gzip in any of them. Placeholders are none. In order of the file.
    """
    return findings(data, Look.usual(rules, environ))


def findings(data: bytes, look: Look) -> list[Finding]:
    """As `scan`, for what `look` looks for."""
    found = [*look.edits(data), *_folded(data, look)]
    return sorted({_finding(data, edit) for edit in found}, key=lambda finding: finding.offset)


def _folded(data: bytes, look: Look) -> Iterator[Edit]:
    for fold in _FOLDED.finditer(data):
        near = slice(max(0, fold.start() - 200), fold.end() + 200)
        for edit in look.plain(_FOLDED.sub(b"", data[near])):
            yield edit.moved(near.start)


def _finding(data: bytes, edit: Edit) -> Finding:
    return Finding(edit.kind, data.count(b"\n", 0, edit.start) + 1, edit.start)
