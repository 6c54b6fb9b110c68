"""A secret typed at the terminal: without echo, and without a thread that nothing can end."""

from __future__ import annotations

import asyncio
import os
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

#: More than a terminal gives in one line.
_LINE_BYTES: Final = 8192


def is_attended() -> bool:
    """Whether there is somebody at a terminal to be asked."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


async def typed(prompt: str) -> str:
    """Return the line that is typed, "" for none. Who stops waiting has the terminal back as it was."""
    loop, terminal = asyncio.get_running_loop(), sys.stdin.fileno()
    line: asyncio.Future[bytes] = loop.create_future()

    def read() -> None:
        if not line.done():
            line.set_result(os.read(terminal, _LINE_BYTES))

    with _silent(terminal):
        sys.stderr.write(prompt)
        sys.stderr.flush()
        loop.add_reader(terminal, read)
        try:
            return (await line).decode(errors="replace").strip()
        finally:
            loop.remove_reader(terminal)
            sys.stderr.write("\n")
            sys.stderr.flush()


@contextmanager
def _silent(terminal: int) -> Iterator[None]:
    before = termios.tcgetattr(terminal)
    silent = [*before[:3], before[3] & ~termios.ECHO | termios.ICANON, *before[4:]]
    termios.tcsetattr(terminal, termios.TCSAFLUSH, silent)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)
