"""A command that prints an API key, as coding clients know it."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Mapping
from typing import Final

from windtunnel.client.credentials.source import NoCredential

#: How long a helper may take, seconds.
TIMEOUT_S: Final = 30.0


class Helper:
    """Runs a line of shell, and takes what it prints for a key.

    It runs in a thread of its own, so that the loop goes on. In virtual time a command takes no time at all.
    """

    def __init__(self, command: str, environ: Mapping[str, str] | None = None) -> None:
        self._command, self._environ = command, None if environ is None else dict(environ)

    async def key(self) -> str:
        """Return what the command prints; NoCredential, with what it complained of, where it fails."""
        return await asyncio.to_thread(self._run)

    def _run(self) -> str:
        try:
            done = subprocess.run(
                self._command,
                shell=True,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                env=self._environ,
                timeout=TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise NoCredential(f"the API-key helper has printed nothing in {TIMEOUT_S:g} s") from None
        if done.returncode:
            said = done.stderr.strip().splitlines()
            raise NoCredential(f"the API-key helper ended with {done.returncode}" + (f": {said[-1]}" if said else ""))
        return done.stdout.strip()
