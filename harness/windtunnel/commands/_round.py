"""A round of several cassettes: one that is no good does not keep a command from the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import typer

from windtunnel.commands._ending import PASS, USAGE, give_up


class Round:
    """Files, and those of folders. What is no good is told of and passed by, and counts at the end."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = _found(paths)
        self.failed: dict[Path, str] = {}

    @contextmanager
    def at(self, path: Path) -> Iterator[None]:
        """Deal with one file."""
        from windtunnel.cassette.interaction import CassetteError

        try:
            yield
        except CassetteError as error:
            self._pass_by(path, str(error))
        except OSError as error:
            self._pass_by(path, f"{error.filename}: {error.strerror}")

    def _pass_by(self, path: Path, why: str) -> None:
        self.failed[path] = why
        typer.echo(f"windtunnel: {why}", err=True)

    def errors(self) -> dict[str, Any]:
        """What JSON says of the files that were passed by."""
        return {str(path): {"error": why} for path, why in self.failed.items()}

    def end(self, code: int = PASS) -> NoReturn:
        """End the command: with `code` if no file was passed by."""
        if self.failed and len(self.paths) > 1:
            typer.echo(f"windtunnel: {len(self.failed)} of {len(self.paths)} files were passed by", err=True)
        raise typer.Exit(USAGE if self.failed else code)


def _found(paths: Sequence[Path]) -> list[Path]:
    """Look into folders for `*.yaml` and `*.yml`, but for rules of redaction."""
    from windtunnel.cassette.rules_beside import NAME

    found: list[Path] = []
    for path in paths:
        inside = sorted([*path.rglob("*.yaml"), *path.rglob("*.yml")]) if path.is_dir() else [path]
        inner = [file for file in inside if file == path or file.name != NAME]
        if not inner:
            give_up(f"{path}: there is no cassette in this folder (*.yaml, *.yml)")
        found += inner
    return found
