"""One process at a time on one file, on POSIX: workers of pytest-xdist that record into one cassette."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file, which need not exist; wait for whoever holds it. Threads exclude one another, too.

    The lock is a file beside it, `.NAME.lock`, which is taken away again. The system lets go of it when its holder dies.
    """
    beside = path.with_name(f".{path.name}.lock")
    descriptor = _acquire(beside)
    try:
        yield
    finally:
        # While it is held: whoever waits for this one then finds that it is no longer the file of that name.
        beside.unlink(missing_ok=True)
        os.close(descriptor)


def _acquire(beside: Path) -> int:
    while True:
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_still(beside, descriptor):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _is_still(beside: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(beside), os.fstat(descriptor))
    except FileNotFoundError:
        return False
