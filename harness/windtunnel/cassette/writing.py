"""A file is replaced whole or not at all, by one writer at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from windtunnel.cassette.interaction import CassetteError
from windtunnel.cassette.lock import locked


def real(path: str | os.PathLike[str]) -> Path:
    """Follow links: what they point to is replaced, not they."""
    return Path(os.path.realpath(path))


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Hold the lock of a file, and make its folder. CassetteError where that cannot be."""
    with ExitStack() as stack:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(locked(file))
        except OSError as error:
            raise CassetteError(f"{file}: the cassette cannot be written: {error.strerror}: {error.filename}") from None
        yield


def replace(file: Path, raw: bytes) -> None:
    """Write beside the file, make sure it is on the disk, and put it in the file's place. The lock is held."""
    # One name, not one for each process: what a killed process left behind is written over by the next.
    part = file.with_name(f".{file.name}.part")
    try:
        with part.open("wb") as out:
            out.write(raw)
            out.flush()
            os.fsync(out.fileno())
        if file.exists():
            part.chmod(file.stat().st_mode & 0o7777)
        part.replace(file)
        _sync_folder(file.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise CassetteError(
            f"{file}: the cassette cannot be written: {error.strerror}; what was there is unharmed"
        ) from None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
