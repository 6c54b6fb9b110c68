"""Run a command to its end, with nothing of it left behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType
from typing import Any, Literal, TypeAlias

from windtunnel.execution import _keeper
from windtunnel.execution.channel import Channel, open_channel
from windtunnel.execution.execution import Ended, Execution, Stray
from windtunnel.execution.faketime import forget
from windtunnel.execution.starting import why_not
from windtunnel.execution.tail import Relay

#: How much of each output is kept: a last line may hold the claims of a long run.
KEPT_BYTES = 1 << 20
#: How long an output may stay open once the keeper is gone, where a process may have got away from it.
_OPEN_S = 2.0

Output: TypeAlias = Literal["inherit", "tee", "keep"]


class ExecutionError(Exception):
    """How the command ended cannot be told: the instrument failed, not the command."""


def execute(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: str | None = None,
    timeout_s: float | None = None,
    grace_s: float = 5.0,
    speed: float = 1.0,
    stdin: int | None = None,
    output: Output = "inherit",
) -> Execution:
    """Run `command` with exactly the variables of `env`; return when it and all its descendants are gone.

    After `timeout_s` seconds of real time they are asked to end (SIGTERM), and after `grace_s` more they are killed.
    `output`: "inherit" hands our own standard output and error on, terminal or not; "tee" passes every byte on and
    keeps the end, through a terminal where ours is one; "keep" only keeps it. `stdin` is a file descriptor; None: our
    own. `speed` is how fast the clock runs that `faked` has put into `env`.

    On the main thread, signals to us are passed on to the command. Raises ExecutionError if the keeper is killed.
    """
    if not command or not command[0]:
        raise ValueError("no command: write it behind --, as in: windtunnel exec -- python agent.py")
    asked = {
        "command": [_text(word) for word in command],
        "env": {_text(name): _text(value) for name, value in env.items()},
        "cwd": None if cwd is None else _text(cwd),
        "timeout_s": timeout_s,
        "grace_s": grace_s,
        "speed": speed,
        "at": time.monotonic(),
    }
    told, relays = _keep(asked, stdin, output)
    facts: dict[str, Any] = {"command": tuple(command), "speed": speed, "timeout_s": timeout_s, "grace_s": grace_s}
    if relays:
        out, err = (relay.tail for relay in relays)
        facts |= {"stdout_end": out.end, "stderr_end": err.end, "last_line": out.last_line}
    failure = told.get("cannot_start")
    if failure is None:
        execution = _execution(told, facts)
        if speed != 1:
            forget([execution.pid, *(stray.pid for stray in execution.left_behind)])
        return execution
    code, why, advice = why_not(command, env=env, cwd=cwd, stage=failure["stage"], number=failure["errno"])
    return Execution(ended="cannot start", code=code, why=why, advice=advice, **facts)


def _text(word: str) -> str:
    """Return the bytes the system knows it by, one character a byte: the keeper may run in another locale."""
    return os.fsencode(word).decode("latin-1")


def _execution(told: Mapping[str, Any], facts: Mapping[str, Any]) -> Execution:
    status = told["status"]
    signalled = os.WIFSIGNALED(status)
    ended: Ended = "timed out" if told["timed_out"] else "signalled" if signalled else "exited"
    return Execution(
        ended=ended,
        code=None if signalled else os.WEXITSTATUS(status),
        signum=os.WTERMSIG(status) if signalled else None,
        pid=told["pid"],
        wall_s=told["wall_s"],
        stopped_by=told["stopped_by"],
        signals=tuple(told["signals"]),
        left_behind=tuple(Stray(one["pid"], one["name"]) for one in told["left"]),
        unkillable=tuple(told["unkillable"]),
        **facts,
    )


def _keep(asked: Mapping[str, Any], stdin: int | None, output: Output) -> tuple[dict[str, Any], Sequence[Relay]]:
    """Have a keeper run what is asked; return what it tells once all is over, and what was read of the output."""
    orders_read, orders = os.pipe()
    told, told_write = os.pipe()
    channels = _channels(output)
    relays: Sequence[Relay] = ()
    answer = b""
    with contextlib.ExitStack() as at_end:
        at_end.callback(os.close, told)
        # Held back until the keeper can heed them: a Ctrl-C just now would end it in a traceback.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _keeper.PASSED_ON)
        try:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", _keeper.__file__, str(orders_read), str(told_write)],
                stdin=stdin,
                stdout=channels[0].write if channels else None,
                stderr=channels[1].write if channels else None,
                pass_fds=(orders_read, told_write),
            )
            at_end.callback(process.wait)
            at_end.callback(os.close, orders)  # an order by itself: whatever still runs is to end
            relays = _relays(channels, output)
            at_end.enter_context(_passing_on(orders, channels))
            with contextlib.suppress(BrokenPipeError):  # then there is no answer either
                _write_all(orders, json.dumps(asked).encode() + b"\n")
        finally:
            os.close(orders_read)
            os.close(told_write)
            for channel in channels:
                os.close(channel.write)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        while piece := os.read(told, 65536):
            answer += piece
    if not answer:
        raise ExecutionError(f"the process that watched over {asked['command'][0]} was killed, and the command with it")
    outcome: dict[str, Any] = json.loads(answer)
    _finish(relays, all_gone=sys.platform == "linux" and not outcome.get("unkillable"))
    return outcome, relays


def _channels(output: Output) -> Sequence[Channel]:
    """For standard output and error; none where the command is given our own."""
    if output == "inherit":
        return ()
    return [open_channel(fd if output == "tee" else None) for fd in (1, 2)]


def _relays(channels: Sequence[Channel], output: Output) -> Sequence[Relay]:
    ours = (1, 2) if output == "tee" else (None, None)
    relays = [Relay(channel.read, write, KEPT_BYTES) for channel, write in zip(channels, ours, strict=False)]
    for relay in relays:
        relay.start()
    return relays


def _finish(relays: Sequence[Relay], *, all_gone: bool) -> None:
    """Read to the end: a slow reader of ours may take its time, but a process that got away may not hold us up."""
    for relay in relays:
        relay.join(None if all_gone else _OPEN_S)


@contextlib.contextmanager
def _passing_on(orders: int, channels: Sequence[Channel]) -> Iterator[None]:
    """Turn signals to this process into orders. Only the main thread may, and what is ignored stays so."""

    def order(signum: int, frame: FrameType | None) -> None:
        with contextlib.suppress(OSError):
            if signum == signal.SIGWINCH:
                for channel in channels:
                    channel.resize()
            os.write(orders, bytes([signum]))

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {signum: signal.getsignal(signum) for signum in _keeper.PASSED_ON}
    ours = [signum for signum, handler in before.items() if handler not in (signal.SIG_IGN, None)]
    for signum in ours:
        signal.signal(signum, order)
    try:
        yield
    finally:
        for signum in ours:
            signal.signal(signum, before[signum])


def _write_all(fd: int, said: bytes) -> None:
    while said:
        said = said[os.write(fd, said) :]
