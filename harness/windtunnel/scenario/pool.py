"""Cases run side by side, each worker a process of its own; or one after the other in this one."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TypeAlias

from windtunnel.results import Result
from windtunnel.scenario.case import Case
from windtunnel_server.clock import REAL

#: Runs one case; must be a function of a module, since workers import it.
Runner: TypeAlias = Callable[[Case], Result]

#: How long a case may take on the machine's clock before its worker is ended.
LIMIT_S = 120.0


def run_all(cases: Sequence[Case], runner: Runner, *, jobs: int = 1, limit_s: float = LIMIT_S) -> Generator[Result]:
    """Run the cases and yield their results as they come. Closing the iterator ends what is under way."""
    if jobs <= 1:
        yield from map(runner, cases)
        return
    crew = _Crew(cases, runner, limit_s)
    try:
        yield from crew.work(min(jobs, len(cases)))
    finally:
        crew.dismiss()


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    case: Case
    since_s: float


class _Crew:
    """Workers that are given one case after the other; one that dies or hangs costs its case, and no other."""

    def __init__(self, cases: Sequence[Case], runner: Runner, limit_s: float) -> None:
        self._waiting = deque(cases)
        self._runner = runner
        self._limit_s = limit_s
        self._busy: list[_Worker] = []
        self._context = multiprocessing.get_context("spawn")

    def work(self, jobs: int) -> Iterator[Result]:
        for _ in range(jobs):
            self._hire()
        while self._busy:
            ready = wait([worker.pipe for worker in self._busy], timeout=self._patience_s())
            for worker in [worker for worker in self._busy if worker.pipe in ready]:
                yield self._heard(worker)
            for worker in [worker for worker in self._busy if self._is_late(worker)]:
                why = f"was not done after {self._limit_s:g} s, and its process was ended"
                yield self._lost(worker, why)

    def _hire(self) -> None:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs, self._runner), daemon=True)
        process.start()
        theirs.close()
        self._give(process, ours)

    def _give(self, process: BaseProcess, pipe: Connection) -> None:
        if not self._waiting:
            pipe.close()  # the worker sees the end, and ends
            process.join()
            return
        case = self._waiting.popleft()
        self._busy.append(_Worker(process, pipe, case, REAL.monotonic()))
        with suppress(OSError):  # it died at once: hearing it tells
            pipe.send(case)

    def _heard(self, worker: _Worker) -> Result:
        try:
            result: Result = worker.pipe.recv()
        except (EOFError, OSError):
            worker.process.join(5)
            return self._lost(worker, f"its process died (exit code {worker.process.exitcode})")
        self._busy.remove(worker)
        self._give(worker.process, worker.pipe)
        return result

    def _lost(self, worker: _Worker, why: str) -> Result:
        self._busy.remove(worker)
        _end(worker)
        if self._waiting:
            self._hire()
        return worker.case.result("error", reason=why)

    def _is_late(self, worker: _Worker) -> bool:
        return REAL.monotonic() - worker.since_s > self._limit_s

    def _patience_s(self) -> float:
        first = min(worker.since_s for worker in self._busy)
        return max(first + self._limit_s - REAL.monotonic(), 0) + 0.1

    def dismiss(self) -> None:
        for worker in self._busy:
            _end(worker)
        self._busy.clear()


def _end(worker: _Worker) -> None:
    worker.process.kill()
    worker.process.join()
    worker.pipe.close()


def _serve(pipe: Connection, runner: Runner) -> None:
    """Run what comes through the pipe until its other end is closed."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all processes; the first one decides
    with suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            pipe.send(runner(pipe.recv()))
