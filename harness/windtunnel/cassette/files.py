"""Cassette files: read lazily, written whole or not at all, never over what was not read before."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from windtunnel.cassette import layout, reader
from windtunnel.cassette.interaction import CassetteError, Interaction, Response
from windtunnel.cassette.lazily import Lazily
from windtunnel.cassette.spots import Spot, find
from windtunnel.cassette.vcr import FORMAT, from_vcr, response_from_vcr
from windtunnel.cassette.writing import alone, real, replace

_FIRST_WORDS: Final = layout.FIRST_LINE.partition(":")[0].encode()


class CassetteMissing(CassetteError):
    """There is no file of that name."""


@dataclass(frozen=True, slots=True)
class Key:
    """What an interaction is found by: a request, without its headers, and without the answer."""

    method: str
    uri: str
    body: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Cassette:
    """A file as it was when it was read. Interactions and keys are built when they are asked for."""

    path: Path
    #: Version of the oldest interaction in the file; 0: plain VCR. What `interactions` gives is always the newest.
    format: int
    interactions: Sequence[Interaction]
    #: One for each interaction, at the same index; cheaper to have than the interaction.
    keys: Sequence[Key]
    #: Likewise the answers alone.
    responses: Sequence[Response]
    #: Keys of the file beside its version and its interactions; kept when it is saved again.
    extra: Mapping[str, Any]
    raw: bytes
    #: Where each interaction stands in `raw`, if it is our layout.
    spots: Sequence[Spot] | None


def load(path: str | os.PathLike[str]) -> Cassette:
    """Read a cassette, ours or vcrpy's. CassetteMissing where there is none, CassetteError for a damaged one."""
    file = Path(path)
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        raise CassetteMissing(f"{file}: there is no such cassette; record it first") from None
    except OSError as error:
        raise CassetteError(f"{file}: the cassette cannot be read: {error.strerror}") from None
    return loads(raw, file)


def loads(raw: bytes, path: str | os.PathLike[str]) -> Cassette:
    """Read a cassette from its bytes; `path` is the file it is called by."""
    file = Path(path)
    spots = find(raw)
    return _parsed(raw, file) if spots is None else _found(raw, file, spots)


def save(path: str | os.PathLike[str], interactions: Iterable[Interaction], *, expected: Cassette | None) -> None:
    """Write a cassette: whoever reads it meanwhile, or dies here, leaves the old file or the new one.

    `expected` is what the caller takes to be there: the cassette as loaded, or None for no file. CassetteError where the
    file is another one by now, and where it cannot be written. To add to a file that others write too, see `update`.
    """
    file = real(path)
    with alone(file):
        _check_unchanged(file, expected)
        replace(file, _document(interactions, expected))


def update(path: str | os.PathLike[str], change: Callable[[Sequence[Interaction]], Iterable[Interaction]]) -> Cassette:
    """Change a cassette under its lock, so that no other process's change is lost; return it as it then is.

    `change` gets what is there, nothing for a file that does not exist, and returns what is to be there.
    """
    file = real(path)
    with alone(file):
        old = load(path) if file.exists() else None
        raw = _document(change(old.interactions if old is not None else ()), old)
        replace(file, raw)
    return loads(raw, path)


def _found(raw: bytes, path: Path, spots: list[Spot]) -> Cassette:
    def interaction(number: int) -> Interaction:
        return from_vcr(reader.structure(spots[number]))

    def key(number: int) -> Key:
        method, uri = reader.method_and_uri(spots[number])
        return Key(method, uri, reader.request_body(spots[number]))

    def response(number: int) -> Response:
        return response_from_vcr(reader.answer(spots[number]))

    built = (Lazily(len(spots), interaction), Lazily(len(spots), key), Lazily(len(spots), response))
    return Cassette(path, FORMAT, *built, {}, raw, spots)


def _parsed(raw: bytes, path: Path) -> Cassette:
    from windtunnel.cassette.document import Damage, parse

    try:
        if _is_cut(raw):
            line = raw.count(b"\n") + 1
            raise Damage(
                line, f"the file ends here, without the line {layout.LAST_LINE.strip()!r} that ends a cassette"
            )
        found = parse(raw)
    except Damage as damage:
        line_text = f", line {damage.line}" if damage.line else ""
        raise CassetteError(f"{path}{line_text}: {damage}. The file is left as it is; {damage.remedy}.") from None
    keys = [Key(each.request.method, each.request.uri, each.request.body) for each in found.interactions]
    responses = [each.response for each in found.interactions]
    return Cassette(path, found.format, found.interactions, keys, responses, found.extra, raw, None)


def _is_cut(raw: bytes) -> bool:
    """Say whether the end is missing: of a file that we began, the last line must be there, whatever was edited."""
    begun = raw.removeprefix(b"\xef\xbb\xbf").startswith(_FIRST_WORDS)
    return begun and raw.rstrip().rpartition(b"\n")[2] != layout.LAST_LINE.strip().encode()


def _document(interactions: Iterable[Interaction], old: Cassette | None) -> bytes:
    return layout.document(_blocks(interactions, old), old.extra if old is not None else None)


def _blocks(interactions: Iterable[Interaction], old: Cassette | None) -> Iterator[str]:
    """Write each interaction; one that came out of the old file unchanged goes back as it stood, comments and all.

    Where only its answer or what is known of it has changed, the lines that somebody wrote above our comments stay.
    """
    interactions = list(interactions)
    stood = list(_stood(old)) if old is not None else []
    whole = {id(made): text for made, text in stood}
    asked = {id(made.request): (made, text) for made, text in stood}
    for interaction in interactions:
        text, block = whole.get(id(interaction)), asked.get(id(interaction.request))
        yield text or (_own_lines(*block) if block is not None else "") + layout.block(interaction)


def _stood(old: Cassette) -> Iterator[tuple[Interaction, str]]:
    if old.spots is None or not isinstance(old.interactions, Lazily):
        return
    for number, spot in enumerate(old.spots):
        made = old.interactions.is_made(number)
        if made is not None:
            yield made, layout.without_number(old.raw[spot.start : spot.end].decode("utf-8"))


def _own_lines(made: Interaction, text: str) -> str:
    ours = layout.block(made)
    return text.removesuffix(ours) if text.endswith(ours) else ""


def _check_unchanged(file: Path, expected: Cassette | None) -> None:
    there = file.read_bytes() if file.exists() else None
    if there is None and expected is not None:
        raise CassetteError(f"{file}: the cassette was deleted since it was loaded; load it again, or use update")
    if there is not None and expected is None:
        raise CassetteError(
            f"{file}: there is a cassette already, which is not overwritten unread; load it, or use update"
        )
    if there is not None and expected is not None and there != expected.raw:
        raise CassetteError(f"{file}: the cassette was changed since it was loaded; load it again, or use update")
