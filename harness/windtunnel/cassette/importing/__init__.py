"""Recordings of other tools, as interactions: a file each in this folder, and the table of them here."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

from windtunnel.cassette.importing.attached import ZIP
from windtunnel.cassette.importing.lost import Lost
from windtunnel.cassette.interaction import CassetteError, Interaction
from windtunnel.cassette.record.doors import provider_of
from windtunnel_server.script import unknown_word

__all__ = ["KINDS", "imported", "kind_of"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A foreign format: the module that reads it, and how its files begin, without blanks in front."""

    module: str
    begins: tuple[bytes, ...]
    #: Words that stand in the first bytes of such a file, and not in those of the kinds below it.
    holds: tuple[bytes, ...] = ()
    #: How bodies come to be in it.
    remedy: str = "record again"


_WITH_CONTENT: Final = "save the archive again with the contents of its answers, or record with another tool"
_NOT_STREAMED: Final = (
    "record again without stream_large_bodies, or with store_streamed_bodies; of answers that break off, "
    "mitmproxy keeps no body"
)
#: In the order in which they are tried; the last takes what is left.
KINDS: Final[Mapping[str, Kind]] = {
    "har": Kind("har", (b"{", ZIP), (b'"log"', ZIP), _WITH_CONTENT),
    "mitmproxy": Kind("mitmproxy", tuple(b"%d" % digit for digit in range(10)), (), _NOT_STREAMED),
    "ruby-vcr": Kind("ruby", (b"-", b"h"), (b"http_interactions:",)),
    "cassetter": Kind("cassetter", (b"",), (b"body:\n      type: ", b"[[interactions]]")),
    "vcr": Kind("vcr", (b"",)),
}
_LOOKED_AT_BYTES: Final = 4096


def imported(
    path: str | os.PathLike[str],
    *,
    kind: str | None = None,
    tell: Callable[[str], None] | None = None,
    on_lost: Callable[[Lost], None] = lambda lost: None,
) -> Sequence[Interaction]:
    """Read the interactions of a foreign recording, as they are: not redacted. `kind` is one of `KINDS`; None: by its look.

    What the recorder did not keep whole is left out: `tell` gets a line for each, `on_lost` each of them. CassetteError
    for what cannot be read, for a recording of which nothing is whole, and without `tell` where anything with a provider is
    left out.
    """
    file = Path(path)
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise CassetteError(f"{file}: cannot be read: {error.strerror}") from None
    if kind is not None and kind not in KINDS:
        raise CassetteError(unknown_word("kind", kind, KINDS))
    chosen = kind or kind_of(raw)
    found = _read(chosen, raw, file)
    kept = [one for one in found if isinstance(one, Interaction)]
    lost = [one for one in found if isinstance(one, Lost)]
    for one in lost:
        on_lost(one)
    _tell_lost(file, lost, tell if kept else None, KINDS[chosen].remedy)
    return kept


def _read(chosen: str, raw: bytes, file: Path) -> Sequence[Interaction | Lost]:
    read: Callable[[bytes, Path], Sequence[Interaction | Lost]] = import_module(
        f"{__name__}.{KINDS[chosen].module}"
    ).read
    try:
        return read(raw, file)
    except CassetteError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        why = f"{type(error).__name__}: {error}"
        raise CassetteError(f"{file}: cannot be read as {chosen} ({why}); name its kind: {', '.join(KINDS)}") from None


def _tell_lost(file: Path, lost: Sequence[Lost], tell: Callable[[str], None] | None, remedy: str) -> None:
    """Say what is left out: one by one with providers, and the number of the others."""
    named = [one for one in lost if not one.uri or provider_of(one.uri.partition(" ")[2])]
    if not named:
        return
    if tell is None:
        raise CassetteError(f"{file}, {named[0]}{_more(len(named) - 1)}; {remedy}")
    for one in named:
        tell(f"{file}, {one}; left out")
    tell(f"{remedy}{_others(len(lost) - len(named))}")


def _more(count: int) -> str:
    return f" (and {count} more like it)" if count else ""


def _others(count: int) -> str:
    return f" ({count} more were left out, with hosts of no provider)" if count else ""


def kind_of(raw: bytes) -> str:
    """Tell the kind of a file by how it begins."""
    start = raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:_LOOKED_AT_BYTES]
    for name, kind in KINDS.items():
        if start.startswith(kind.begins) and (not kind.holds or any(word in start for word in kind.holds)):
            return name
    raise AssertionError("the last kind takes everything")
