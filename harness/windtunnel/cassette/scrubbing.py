"""Care of files in place: secrets taken out of what is there already, and what nobody plays."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from windtunnel.cassette import files, layout
from windtunnel.cassette.interaction import CassetteError, Interaction
from windtunnel.cassette.redact import Guard, Redactor, rules_for


def redacted(
    interactions: Sequence[Interaction],
    name: str,
    *,
    rules: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> list[Interaction]:
    """Take secrets out of interactions, look at the finished bytes once more, and return them. Raises LeakError.

    `name` is the file that they are in or are for; `rules` are the user's, as `rules_for` takes them.
    """
    redactor = Redactor(rules_for([name], rules), environ=environ)
    clean = Guard(name, redactor).together(interactions)
    redactor.check(layout.document(map(layout.block, clean)), name=name)
    return clean


def scrub(
    path: str | os.PathLike[str], *, rules: str | None = None, environ: Mapping[str, str] = os.environ
) -> list[int]:
    """Take secrets out of a cassette, lay it out anew, and write it in one step.

    Return the numbers, from 1, of the interactions that were changed. LeakError, and the file as it was, where a secret
    cannot be taken out.
    """
    changed: list[int] = []

    def change(there: Sequence[Interaction]) -> Sequence[Interaction]:
        clean = redacted(there, str(path), rules=rules, environ=environ)
        changed[:] = [number for number, (was, now) in enumerate(zip(there, clean, strict=True), 1) if was != now]
        return clean

    _there(path)
    files.update(path, change)
    return changed


def prune(path: str | os.PathLike[str], played: Collection[int]) -> list[int]:
    """Drop the interactions whose numbers, from 1, are not among those played; return the numbers dropped."""
    dropped: list[int] = []

    def change(there: Sequence[Interaction]) -> Sequence[Interaction]:
        dropped[:] = [number for number in range(1, len(there) + 1) if number not in played]
        return [interaction for number, interaction in enumerate(there, 1) if number in played]

    _there(path)
    files.update(path, change)
    return dropped


def played_of(report: str | os.PathLike[str]) -> dict[Path, set[int]]:
    """Read what a run of pytest has played: `{"cassettes": {FILE: {"played": [1, 3], …}}}`, files by their real paths."""
    file = Path(report)
    try:
        cassettes = json.loads(file.read_text(encoding="utf-8"))["cassettes"]
        return {Path(os.path.realpath(name)): set(map(int, found["played"])) for name, found in cassettes.items()}
    except OSError as error:
        raise CassetteError(f"{file}: the report cannot be read: {error.strerror}") from None
    except (ValueError, LookupError, TypeError, AttributeError):
        raise CassetteError(f"{file}: this is no report of cassettes; a run of pytest writes it") from None


def _there(path: str | os.PathLike[str]) -> None:
    """Make sure that nothing is made of nothing."""
    if not Path(path).exists():
        raise files.CassetteMissing(f"{path}: there is no such cassette")
