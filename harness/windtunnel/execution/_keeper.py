"""The keeper: a small program between us and a command, that nothing the command starts gets away from.

    python -I -S _keeper.py ORDERS TOLD      (two open file descriptors)

It reads one line of JSON from ORDERS (see `_start`), runs the command, and writes one line of JSON to TOLD when the
command and all that came of it are gone. A program of its own, because Linux gives orphans to the nearest ancestor
that asks for them: here those of one command meet nobody else's children. It needs nothing but the standard library,
and it outlives us by moments only: when ORDERS closes, it ends the command.

The command stays in our process group, so a terminal treats us, the keeper and the command as one job: Ctrl-C, Ctrl-Z
and changes of size reach the command by themselves, and it may read from the terminal. What is sent to us alone comes
as an order, one byte, the signal's number.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from typing import Any

#: Signals a command is told of when they reach us. The stop signals keep their usual effect on the whole job.
PASSED_ON = (
    signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT,
    signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH, signal.SIGCONT,
)  # fmt: skip

#: What a user ends a program with. The second within the grace is no question any more.
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)

#: An order is dropped if the signal came to us as well around then: it went to the whole group, the command has it.
_SAME_S = 0.05
#: Time for what the command started to end by itself once the command has, and then to heed SIGTERM.
_SETTLE_S, _LEAVE_S = 0.2, 1.0
#: After SIGKILL: longer than this only a process lasts that the kernel holds.
_GONE_S = 5.0
_TICK_S = 1.0

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def prctl(option: int, value: int) -> None:
    """Ask Linux for something; elsewhere there is nobody to ask."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


class Keeper:
    """Runs one command, and ends it and its descendants where that is needed."""

    def __init__(self, orders: int, asked: dict[str, Any], early: bytes) -> None:
        self.orders: int | None = orders
        self.asked = asked
        self.pid = 0
        self.parent = os.getppid()
        self.signals: list[int] = []
        self.timed_out = False
        self.stopped_by: str | None = None
        self.status: int | None = None
        #: When a signal last came to us; orders, and when each is due; until when a signal that ends is the second.
        self._came: dict[int, float] = {}
        self._due = [(0.0, signum) for signum in early]
        self._asked_until = 0.0
        self._kill_at: float | None = None
        read, write = os.pipe()
        os.set_blocking(write, False)
        os.set_blocking(read, False)
        self._woken = read
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for signum in (*PASSED_ON, signal.SIGCHLD):
            # What was ignored when we were started (nohup) the command ignores too.
            if signal.getsignal(signum) is not signal.SIG_IGN:
                signal.signal(signum, lambda *_: None)

    def keep(self) -> dict[str, Any]:
        """Run the command to its end, then see to what it left behind."""
        self.pid, failure = _start(self.asked)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        began = time.monotonic()
        if failure is not None:
            os.waitpid(self.pid, 0)
            return {"cannot_start": failure, "wall_s": 0.0}
        timeout = self.asked["timeout_s"]
        time_out_at = None if timeout is None else began + timeout
        while self.status is None:
            now = time.monotonic()
            if time_out_at is not None and now >= time_out_at:
                self.timed_out, time_out_at, self.stopped_by = True, None, "SIGTERM"
                self._stop(self.asked["grace_s"])
            self._tick(time_out_at)
        wall = time.monotonic() - began
        left, unkillable = self._clear()
        return {
            "pid": self.pid,
            "status": self.status,
            "wall_s": wall,
            "timed_out": self.timed_out,
            "stopped_by": self.stopped_by,
            "signals": self.signals,
            "left": left,
            "unkillable": unkillable,
        }

    def _tick(self, until: float | None = None) -> None:
        """Wait for whatever comes first, and see to it."""
        now = time.monotonic()
        instants = [at for at in (until, self._kill_at, *(due for due, _ in self._due)) if at is not None]
        wait = max(0.0, min([now + _TICK_S, *instants]) - now)
        fds = [self._woken] if self.orders is None else [self._woken, self.orders]
        ready, _, _ = select.select(fds, [], [], wait)
        if self._woken in ready:
            self._heed_signals()
        if self.orders in ready:
            self._heed_orders()
        if os.getppid() != self.parent:
            self._abandoned()
        self._pass_on()
        if self._kill_at is not None and time.monotonic() >= self._kill_at:
            self._kill()
        self._reap()

    # --- signals -------------------------------------------------------------------------------------------------

    def _heed_signals(self) -> None:
        for signum in os.read(self._woken, 4096):
            if signum != signal.SIGCHLD:
                self._came[signum] = time.monotonic()
                self._told(signum)

    def _heed_orders(self) -> None:
        assert self.orders is not None
        sent = os.read(self.orders, 4096)
        if not sent:
            self._abandoned()
        self._due += [(time.monotonic() + _SAME_S, signum) for signum in sent]

    def _pass_on(self) -> None:
        now = time.monotonic()
        for due, signum in [order for order in self._due if order[0] <= now]:
            self._due.remove((due, signum))
            if due - self._came.get(signum, 0.0) > 3 * _SAME_S:
                if self.status is None:
                    _send(self.pid, signum)
                self._told(signum)

    def _told(self, signum: int) -> None:
        """The command has got a signal. Where that asks it to end, it has the grace to do so; after Ctrl-C, all the time."""
        if signum not in ENDING:
            return
        now = time.monotonic()
        self.signals.append(signum)
        if now < self._asked_until:
            self._kill()
            return
        self._asked_until = now + self.asked["grace_s"]
        if signum in (signal.SIGTERM, signal.SIGHUP):
            self._kill_at = self._asked_until

    def _abandoned(self) -> None:
        """Whom we work for is gone: so is the reason to go on."""
        if self.orders is not None:
            self.orders, self.stopped_by = None, "SIGTERM"
            self._stop(min(self.asked["grace_s"], 1.0))

    # --- stopping ------------------------------------------------------------------------------------------------

    def _stop(self, grace_s: float) -> None:
        self._kill_at = self._asked_until = time.monotonic() + grace_s
        for pid, _ in descendants():
            _send(pid, signal.SIGTERM)
            _send(pid, signal.SIGCONT)

    def _kill(self) -> None:
        if self.status is None:
            self.stopped_by = "SIGKILL"
        for pid, _ in descendants():
            _send(pid, signal.SIGKILL)
        self._kill_at = time.monotonic() + 0.05

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid == self.pid:
                    self.status = status

    def _clear(self) -> tuple[list[dict[str, Any]], list[int]]:
        """End what is left of the command; return what did not leave by itself, and what even SIGKILL did not end."""
        stopping = self.stopped_by is not None
        if not stopping:
            self._kill_at = None
            self._wait_for_none(_SETTLE_S)
        left = [] if stopping else [{"pid": pid, "name": name} for pid, name in descendants()]
        if left:
            self._stop(min(self.asked["grace_s"], _LEAVE_S))
        if self._kill_at is not None:
            self._wait_for_none(max(0.0, self._kill_at - time.monotonic()) + _GONE_S)
        return left, [pid for pid, _ in descendants()]

    def _wait_for_none(self, for_s: float) -> None:
        until = time.monotonic() + for_s
        while descendants() and time.monotonic() < until:
            self._tick(min(until, time.monotonic() + 0.02))
        self._reap()  # the dead too: where nobody else reaps orphans they would stay for good


def _send(pid: int, signum: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signum)


def _start(asked: dict[str, Any]) -> tuple[int, dict[str, Any] | None]:
    """Start `command` with `env` in `cwd`; texts are bytes in Latin-1. Return its pid, and why it could not start."""
    command = [_bytes(word) for word in asked["command"]]
    env = _caught_up({_bytes(name): _bytes(value) for name, value in asked["env"].items()}, asked)
    keeper = os.getpid()
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        stage = "cwd"
        try:
            _become_plain()
            prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() == keeper:
                if asked["cwd"] is not None:
                    os.chdir(_bytes(asked["cwd"]))
                stage = "exec"
                os.execvpe(command[0], command, env)
        except OSError as error:
            os.write(write, json.dumps({"stage": stage, "errno": error.errno}).encode())
        finally:
            os._exit(127)
    os.close(write)
    with open(read, "rb") as told:
        failure = told.read()
    return pid, json.loads(failure) if failure else None


def _caught_up(env: dict[bytes, bytes], asked: dict[str, Any]) -> dict[bytes, bytes]:
    """Set a faked clock ahead by what it has missed since `at` (monotonic): our own start, times the speed."""
    told = env.get(b"FAKETIME")
    if told is None or asked["speed"] == 1:
        return env
    ahead, _, rate = told.partition(b" ")
    missed = (time.monotonic() - asked["at"]) * (asked["speed"] - 1)
    return env | {b"FAKETIME": b"%+d %s" % (int(ahead) + round(missed), rate)}


def _become_plain() -> None:
    """Give back what Python and the keeper have done to signals."""
    signal.set_wakeup_fd(-1)
    for signum in (*PASSED_ON, signal.SIGCHLD):
        if signal.getsignal(signum) is not signal.SIG_IGN:
            signal.signal(signum, signal.SIG_DFL)
    for signum in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(signum, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)


def _bytes(text: str) -> bytes:
    return text.encode("latin-1")


# --- who came of us ------------------------------------------------------------------------------------------------


def descendants() -> list[tuple[int, str]]:
    """Pid and name of every living process that we or our children started."""
    family: dict[int, list[tuple[int, str, bool]]] = {}
    for pid, parent, name, is_alive in _processes():
        family.setdefault(parent, []).append((pid, name, is_alive))
    found, todo = [], [os.getpid()]
    while todo:
        for pid, name, is_alive in family.get(todo.pop(), ()):
            todo.append(pid)
            if is_alive:
                found.append((pid, name))
    return found


def _processes() -> Iterator[tuple[int, int, str, bool]]:
    if sys.platform != "linux":
        yield from _processes_of_ps()
        return
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as stat:
                # The name stands in parentheses and may itself hold some.
                head, _, tail = stat.read().rpartition(")")
                state, parent = tail.split()[:2]
                yield int(entry), int(parent), head.partition("(")[2], state not in "ZX"


def _processes_of_ps() -> Iterator[tuple[int, int, str, bool]]:
    import subprocess  # a tenth of a second that Linux need not wait for

    listed = subprocess.run(["ps", "-Ao", "pid=,ppid=,stat=,comm="], capture_output=True, text=True, check=False)
    for line in listed.stdout.splitlines():
        pid, parent, state, name = line.split(None, 3)
        if name != "ps":
            yield int(pid), int(parent), name, not state.startswith("Z")


def main() -> None:
    orders, told = int(sys.argv[1]), int(sys.argv[2])
    for fd in (orders, told):
        os.set_inheritable(fd, False)
    prctl(_PR_SET_CHILD_SUBREAPER, 1)
    read = b""
    while b"\n" not in read:
        piece = os.read(orders, 65536)
        if not piece:
            return
        read += piece
    line, _, early = read.partition(b"\n")
    outcome = Keeper(orders, json.loads(line), early).keep()
    with contextlib.suppress(BrokenPipeError):  # whom to tell is gone
        os.write(told, json.dumps(outcome).encode() + b"\n")


if __name__ == "__main__":
    main()
