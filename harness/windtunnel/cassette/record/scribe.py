"""The writer in a process of its own: redacting and writing take a processor's time, which streams under way need.

    python -m windtunnel.cassette.record.scribe CASSETTE MODE [RULES]

It reads pickled interactions from standard input and writes them as they come; at the end of its input it writes what is
left, and tells on standard output how that went. It outlives a recorder that is killed by as long as that takes.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, BinaryIO

from windtunnel.cassette.interaction import CassetteError, Interaction
from windtunnel.cassette.record.writing import Writer


class Scribe:
    """A sink that has another process write. Handing over costs a few microseconds, however slow the disk."""

    def __init__(
        self,
        path: Path,
        *,
        afresh: bool = False,
        rules: str | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        #: How many interactions were written; known once it is closed.
        self.count = 0
        self._path = path
        self._waiting: queue.SimpleQueue[Interaction | None] = queue.SimpleQueue()
        command = [sys.executable, "-m", __name__, str(path), "afresh" if afresh else "more"]
        command += [] if rules is None else [rules]
        # A session of its own: Ctrl-C is for the command and for us.
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            # With the secrets of whoever is recorded: they are looked for.
            env={**os.environ, **environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        self._thread = threading.Thread(target=self._feed, name="windtunnel scribe", daemon=True)
        self._thread.start()

    def __call__(self, interaction: Interaction) -> None:
        self._waiting.put(interaction)

    def close(self) -> None:
        """Return when all is written. Raises CassetteError with the first reason why something is not."""
        self._waiting.put(None)
        self._thread.join()
        assert self._process.stdout is not None
        with self._process.stdout as out:
            told = out.read()
        self._process.wait()
        if not told:
            raise CassetteError(
                f"{self._path}: the process that writes it was ended; what was complete before is there"
            )
        said: dict[str, Any] = json.loads(told)
        self.count = said["count"]
        if said["error"] is not None:
            raise CassetteError(said["error"])

    def _feed(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError), self._process.stdin as pipe:
            while (interaction := self._waiting.get()) is not None:
                _send(pipe, interaction)


def _send(pipe: IO[bytes], interaction: Interaction) -> None:
    pickle.dump(interaction, pipe)
    pipe.flush()


def write_all(path: Path, source: BinaryIO, *, afresh: bool, rules: str | None = None) -> dict[str, Any]:
    """Write what comes from `source` until it ends; return how many it were, and the first error in words, or None."""
    from windtunnel.cassette.redact import Guard

    writer = Writer(path, afresh=afresh, guard=Guard.of(path, rules))
    error: str | None = None
    with contextlib.suppress(EOFError, pickle.UnpicklingError):  # the recorder was killed in the middle of one
        while True:
            writer(pickle.load(source))
    try:
        writer.close()
    except CassetteError as failure:
        error = str(failure)
    except Exception as failure:
        error = f"{path}: {type(failure).__name__}: {failure}"
    return {"count": writer.count, "error": error}


if __name__ == "__main__":
    # Whoever streams goes first.
    os.nice(10)
    _, cassette, mode, *chosen = sys.argv
    told = write_all(Path(cassette), sys.stdin.buffer, afresh=mode == "afresh", rules=chosen[0] if chosen else None)
    print(json.dumps(told), flush=True)
