"""Where the bodies of an HTTP archive lie that are not in it: in a zip file, or in files beside it (Playwright's `attach`)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

from windtunnel.cassette.interaction import CassetteError

#: Gives a body by the name that the archive calls it by.
Attached: TypeAlias = Callable[[str], bytes]

ZIP: Final = b"PK\x03\x04"


def opened(raw: bytes, path: Path) -> tuple[bytes, Attached]:
    """Return the archive itself, and what its bodies are found by. CassetteError for a zip file that is damaged."""
    if not raw.startswith(ZIP):
        return raw, lambda name: _beside(path, name)
    try:
        zipped = zipfile.ZipFile(io.BytesIO(raw))
        inner = next((name for name in zipped.namelist() if name.endswith(".har")), None)
        if inner is None:
            raise CassetteError(f"{path}: there is no HTTP archive (*.har) in this zip file")
        return zipped.read(inner), lambda name: _inside(zipped, path, name)
    except zipfile.BadZipFile as error:
        raise CassetteError(f"{path}: this zip file is damaged or was cut ({error}); take a whole copy of it") from None


def _beside(path: Path, name: str) -> bytes:
    # A name with a folder in it could lead anywhere.
    if Path(name).name != name:
        raise CassetteError(f"{path}: it keeps a body in {name}, which is not beside it")
    try:
        return (path.parent / name).read_bytes()
    except OSError as error:
        raise CassetteError(
            f"{path}: it keeps a body in {name}, which cannot be read: {error.strerror}; put it beside the archive"
        ) from None


def _inside(zipped: zipfile.ZipFile, path: Path, name: str) -> bytes:
    try:
        return zipped.read(name)
    except KeyError:
        raise CassetteError(f"{path}: it keeps a body in {name}, which is not in this zip file") from None
    except zipfile.BadZipFile as error:
        raise CassetteError(f"{path}: {name} in this zip file is damaged ({error}); take a whole copy of it") from None
