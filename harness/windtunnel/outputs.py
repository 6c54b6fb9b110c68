"""Where results go: JSON, JUnit XML and a page, each written whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from windtunnel.results import Result, ResultsError, results_from_json, results_to_json


class OutputError(ValueError):
    """A file that cannot be read or written; says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """The files that were asked for; None for those that were not."""

    json: Path | None = None
    junit: Path | None = None
    html: Path | None = None

    def prepare(self) -> None:
        """Make the folders, and see that the files can be written, before anything is run for them."""
        for option, path in self._asked():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(f"{option} {path}: its folder cannot be made: {error.strerror}") from None
            if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
                raise OutputError(f"{option} {path}: cannot be written")

    def _asked(self) -> Iterator[tuple[str, Path]]:
        for name in ("json", "junit", "html"):
            path = getattr(self, name)
            if path is not None:
                yield f"--{name}", path

    def write(self, results: Sequence[Result], *, title: str, seed: int = 0, strict: bool = False) -> None:
        """Write the files."""
        document = results_to_json(results, title=title, seed=seed) if self.json or self.html else {}
        if self.json is not None:
            # Half a character, which UTF-8 cannot hold, becomes the escape that JSON has for it.
            put(self.json, json.dumps(document, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace"))
        if self.junit is not None:
            from windtunnel.report.junit import junit

            put(self.junit, junit(results, strict=strict))
        if self.html is not None:
            put(self.html, page(document))

    @property
    def written(self) -> list[Path]:
        return [path for _, path in self._asked()]


def page(document: Mapping[str, Any]) -> bytes:
    """Return the page of a document of results."""
    from windtunnel.report.html import render

    return render(document).encode("utf-8", "replace")


def put(path: Path, content: bytes) -> None:
    """Write a file whole: whoever reads it meanwhile sees the old one or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from None


def read(path: Path) -> tuple[dict[str, Any], list[Result]]:
    """Read what `--json` wrote: the document, and its results."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return document, results_from_json(document)
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}") from None
    except ResultsError as error:
        raise OutputError(f"{path}: {error}") from None
    except ValueError as error:
        raise OutputError(f"{path}: is not JSON: {error}") from None
