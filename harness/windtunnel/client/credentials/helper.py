"""A command that prints an API key, as coding clients know it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from typing import Final

from windtunnel.client.aside import aside
from windtunnel.client.credentials.secret import sendable
from windtunnel.client.credentials.source import NoCredential

#: How long a helper may take, seconds.
TIMEOUT_S: Final = 30.0


class Helper:
    """Runs a line of shell, and takes what it prints for a key.

    It is waited for in a thread of its own, so that the loop goes on. In virtual time a command takes no time at all.
    """

    def __init__(self, command: str, environ: Mapping[str, str] | None = None) -> None:
        self._command, self._environ = command, None if environ is None else dict(environ)

    async def key(self) -> str:
        """Return what the command prints, "" for nothing; NoCredential, with what it complained of, where it fails.

        Who stops waiting ends it, with all that it has started.
        """
        process = subprocess.Popen(
            self._command,
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._environ,
            process_group=0,
        )
        try:
            printed, complained = await aside(lambda: process.communicate(timeout=TIMEOUT_S))
        except subprocess.TimeoutExpired:
            _let_go(process)
            raise NoCredential(f"the API-key helper has printed nothing in {TIMEOUT_S:g} s") from None
        finally:
            _end(process)
        if process.returncode:
            raise NoCredential(f"the API-key helper ended with {process.returncode}{_last_line(complained)}")
        return sendable(printed.decode(errors="replace"), "what the API-key helper printed")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what still runs of it. Its pipes are those of the thread, which sees them end."""
    if process.returncode is not None:
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def _let_go(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _last_line(complained: bytes) -> str:
    lines = complained.decode(errors="replace").strip().splitlines()
    return f": {lines[-1]}" if lines else ""
