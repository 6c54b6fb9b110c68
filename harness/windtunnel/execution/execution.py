"""How a command ran: what it was, how it ended, and what it took to end it."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Ended: TypeAlias = Literal["exited", "signalled", "timed out", "cannot start"]


@dataclass(frozen=True, slots=True)
class Stray:
    """A process the command had started and left behind, as the system names it."""

    pid: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One run of a command, all of its processes included."""

    command: tuple[str, ...]
    ended: Ended
    #: Of the command's own process: its exit code, or the number of the signal it died by.
    code: int | None = None
    signum: int | None = None
    #: 0: it never ran.
    pid: int = 0
    #: Why it could not start, and what to do.
    why: str = ""
    advice: str = ""
    #: Seconds on the machine's clock, and how many times as fast the command's own clock ran.
    wall_s: float = 0.0
    speed: float = 1.0
    timeout_s: float | None = None
    grace_s: float = 0.0
    #: What we had to send to end it; None: it ended by itself.
    stopped_by: Literal["SIGTERM", "SIGKILL"] | None = None
    #: Signals that reached it from outside while it ran and that ask a program to end.
    signals: tuple[int, ...] = ()
    #: What it had started and left running when it ended; these were ended, but for those that could not be.
    left_behind: tuple[Stray, ...] = ()
    unkillable: tuple[int, ...] = ()
    #: The ends of its output, where it was kept.
    stdout_end: bytes = b""
    stderr_end: bytes = b""
    #: The last line of its standard output that is not blank, where it was kept whole.
    last_line: str | None = None

    @property
    def exit_code(self) -> int:
        """Return the number a shell would give for it: 124 timed out, 126 or 127 cannot start, 128 + n for signal n."""
        if self.ended == "timed out":
            return 124
        if self.ended == "signalled" and self.signum is not None:
            return 128 + self.signum
        return 127 if self.code is None else self.code

    @property
    def was_interrupted(self) -> bool:
        """Somebody outside asked it to end: Ctrl-C, or a signal to us."""
        return bool(self.signals)

    @property
    def how(self) -> str:
        """Say how it ended, in words: "exited with code 1", "died by SIGSEGV"."""
        if self.ended == "cannot start":
            return "could not start"
        own = f"died by {signal_name(self.signum)}" if self.signum is not None else f"exited with code {self.code}"
        return f"timed out after {self.timeout_s:g} s, then {own}" if self.ended == "timed out" else own

    def to_json(self) -> dict[str, Any]:
        """Return the execution as plain JSON values, without its output."""
        kept = ("ended", "code", "signum", "why", "wall_s", "speed", "timeout_s", "stopped_by")
        return {
            "command": list(self.command),
            **{name: getattr(self, name) for name in kept},
            "signals": [signal_name(signum) for signum in self.signals],
            "left_behind": [{"pid": stray.pid, "name": stray.name} for stray in self.left_behind],
        }


def signal_name(signum: int | None) -> str:
    """Return SIGTERM for 15; signals without a name of their own are "signal 40"."""
    try:
        return signal.Signals(signum or 0).name
    except ValueError:
        return f"signal {signum}"
