"""Recordings of other tools, as interactions: a file each in this folder, and the table of them here."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

from windtunnel.cassette.interaction import CassetteError, Interaction
from windtunnel_server.script import unknown_word

__all__ = ["KINDS", "imported", "kind_of"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A foreign format: the module that reads it, and how its files begin, without blanks in front."""

    module: str
    begins: tuple[bytes, ...]
    #: Words that stand in the first bytes of such a file, and not in those of the kinds below it.
    holds: tuple[bytes, ...] = ()


#: In the order in which they are tried; the last takes what is left.
KINDS: Final[Mapping[str, Kind]] = {
    "har": Kind("har", (b"{",), (b'"log"',)),
    "mitmproxy": Kind("mitmproxy", tuple(b"%d" % digit for digit in range(10))),
    "ruby-vcr": Kind("ruby", (b"-", b"h"), (b"http_interactions:",)),
    "cassetter": Kind("cassetter", (b"",), (b"body:\n      type: ",)),
    "vcr": Kind("vcr", (b"",)),
}
_LOOKED_AT_BYTES: Final = 4096


def imported(path: str | os.PathLike[str], *, kind: str | None = None) -> Sequence[Interaction]:
    """Read the interactions of a foreign recording, as they are: not redacted. `kind` is one of `KINDS`; None: by its look.

    CassetteError for what cannot be read.
    """
    file = Path(path)
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise CassetteError(f"{file}: cannot be read: {error.strerror}") from None
    if kind is not None and kind not in KINDS:
        raise CassetteError(unknown_word("kind", kind, KINDS))
    chosen = kind or kind_of(raw)
    read: Callable[[bytes, Path], Sequence[Interaction]] = import_module(f"{__name__}.{KINDS[chosen].module}").read
    try:
        return read(raw, file)
    except CassetteError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        why = f"{type(error).__name__}: {error}"
        raise CassetteError(f"{file}: cannot be read as {chosen} ({why}); name its kind: {', '.join(KINDS)}") from None


def kind_of(raw: bytes) -> str:
    """Tell the kind of a file by how it begins."""
    start = raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:_LOOKED_AT_BYTES]
    for name, kind in KINDS.items():
        if start.startswith(kind.begins) and (not kind.holds or any(word in start for word in kind.holds)):
            return name
    raise AssertionError("the last kind takes everything")
