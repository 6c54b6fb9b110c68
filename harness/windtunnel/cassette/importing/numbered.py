"""A list in a foreign recording, read one by one: what is odd is told with its place in the list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from windtunnel.cassette.importing.lost import Lost, whole
from windtunnel.cassette.interaction import CassetteError, Interaction

Read: TypeAlias = Sequence[Interaction | Lost]

REMEDY: Final = "take a whole copy of it, or record again"


def numbered(
    path: Path, word: str, listed: Any, read: Callable[[Any, str], Interaction | Lost]
) -> list[Interaction | Lost]:
    """Read every item, given its place ("entry 3"); CassetteError that names the place of one that cannot be read."""
    if not isinstance(listed, list):
        raise CassetteError(f"{path}: where its list should be is {type(listed).__name__}; {REMEDY}")
    return [one(path, f"{word} {number}", item, read) for number, item in enumerate(listed, 1)]


def one(path: Path, place: str, item: Any, read: Callable[[Any, str], Interaction | Lost]) -> Interaction | Lost:
    """Read an item that has a place; CassetteError that names it."""
    try:
        found = read(item, place)
    except KeyError as error:
        raise CassetteError(f"{path}, {place}: {error} is missing; the file may have been cut: {REMEDY}") from None
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise CassetteError(f"{path}, {place}: it cannot be read ({type(error).__name__}: {error}); {REMEDY}") from None
    return found if isinstance(found, Lost) else whole(found, place)


def structure(raw: bytes, path: Path) -> Any:
    """Read YAML; CassetteError with the line where it stops being YAML."""
    import yaml

    try:
        return yaml.load(raw, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise CassetteError(f"{path}{line}: this is no YAML: {error.problem}; {REMEDY}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise CassetteError(f"{path}: this is no YAML: {' '.join(str(error).split())}; {REMEDY}") from None
