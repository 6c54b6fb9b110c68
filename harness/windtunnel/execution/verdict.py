"""The verdict on a command as a process: did it start, end by itself, heed SIGTERM, and clean up behind it.

Its exit code is a fact and no more: a command may well end with 1 because that is what was expected of it.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator

from windtunnel.execution.execution import Execution, signal_name
from windtunnel.verdicts.verdict import Finding, Verdict, value_of


def judge_process(execution: Execution) -> Verdict:
    """Judge how the command ran. A normal exit passes, whatever its code; one that we were told to stop is unknown."""
    findings = tuple(_findings(execution))
    summary = f"The command {execution.how}{_after(execution)}."
    return Verdict("process", value_of(findings), findings, summary)


def _after(execution: Execution) -> str:
    return "" if execution.ended in ("cannot start", "timed out") else f" after {execution.wall_s:.2f} s"


def _findings(execution: Execution) -> Iterator[Finding]:
    if execution.ended == "cannot start":
        yield _cannot_start(execution)
        return
    if execution.was_interrupted:
        yield _interrupted(execution)
    elif execution.ended == "timed out":
        yield _hung(execution)
    elif execution.ended == "signalled":
        yield _died(execution)
    if _had_its_grace(execution):
        yield _ignored(execution)
    if execution.left_behind:
        yield _left(execution)
    if execution.unkillable:
        yield _unkillable(execution)


def _had_its_grace(execution: Execution) -> bool:
    """It was killed because it did not end in time, not because somebody pressed Ctrl-C twice."""
    if execution.stopped_by != "SIGKILL":
        return False
    if execution.ended == "timed out":
        return not execution.signals
    return execution.signals in ((signal.SIGTERM,), (signal.SIGHUP,))


def _cannot_start(execution: Execution) -> Finding:
    return Finding(
        (),
        "the command cannot start",
        f"{execution.command[0]}: {execution.why}",
        "a program that can be run",
        execution.advice,
    )


def _interrupted(execution: Execution) -> Finding:
    names = ", ".join(signal_name(signum) for signum in execution.signals)
    return Finding(
        (),
        "interrupted from outside",
        f"{names} came while the command ran; it {execution.how}",
        "a run that is left to its end",
        "run it again and let it finish: what it would have done is not known",
        "unknown",
    )


def _hung(execution: Execution) -> Finding:
    advice = "look in the journal what it waited for last; give the client a time-out of its own, or raise --timeout"
    if execution.speed != 1:
        advice += (
            f". At {execution.speed:g} times the speed some waits never end, such as Python's threading time-outs: "
            "see whether it hangs at --speed 1 too"
        )
    return Finding(
        (),
        "hung until the time-out",
        f"it was still running after {execution.timeout_s:g} s",
        f"an end within {execution.timeout_s:g} s",
        advice,
    )


_HINTS = {
    "SIGABRT": "it gave up on itself (abort): its own standard error says why",
    "SIGKILL": "somebody killed it; on Linux often the kernel, for want of memory (see: dmesg)",
    "SIGPIPE": "it wrote to an output that nobody read any more",
    "SIGSEGV": "it crashed: run it under a debugger, or with PYTHONFAULTHANDLER=1 where it is Python",
}


def _died(execution: Execution) -> Finding:
    name = signal_name(execution.signum)
    advice = _HINTS.get(name, "find out who sent the signal, or what in the program raised it")
    return Finding((), f"died by {name}", f"the command was ended by {name}", "an exit of its own, with a code", advice)


def _ignored(execution: Execution) -> Finding:
    return Finding(
        (),
        "ignored SIGTERM",
        f"it was asked to end, and still ran {execution.grace_s:g} s later: it was killed",
        f"an end within {execution.grace_s:g} s of SIGTERM",
        "let the client end on SIGTERM, or raise the grace it is given: what stops it in production will kill it too",
    )


def _left(execution: Execution) -> Finding:
    named = ", ".join(f"{stray.name} ({stray.pid})" for stray in execution.left_behind)
    return Finding(
        (),
        "left processes behind",
        f"still running when the command had ended: {named}; they were ended",
        "no process outlives the command",
        "wait for what the client starts, or end it; a client must not leave processes on the machines it runs on",
        "note",
    )


def _unkillable(execution: Execution) -> Finding:
    pids = ", ".join(map(str, execution.unkillable))
    return Finding(
        (),
        "a process could not be ended",
        f"even SIGKILL did not end {pids}",
        "no process outlives the command",
        "it belongs to another user or the kernel holds it: end it by hand",
    )
