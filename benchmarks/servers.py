"""One kind of request against our server, a canned one and a minimal app on uvicorn, each on every loop there is."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

from benchmarks import load, loops
from benchmarks.bodies import request
from benchmarks.child import Child, running
from benchmarks.rounds import Range, Row, Table, by_turns

OTHERS = ("canned", "uvicorn")


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to measure: so many rounds of so many seconds a server, over so many connections."""

    rounds: int
    for_s: float
    connections: tuple[int, ...] = (1, 16)


@dataclass(slots=True)
class Subject:
    """One server under one load, measured again and again."""

    kind: str
    child: Child
    asked: bytes
    connections: int
    for_s: float
    #: CPU µs an answer cost its process, a figure a round; empty where the system does not tell.
    costs: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        """Load the server once; return answers a second."""
        before = self.child.cpu_s()
        borne = load.bear(self.child.port, self.asked, connections=self.connections, for_s=self.for_s)
        after = self.child.cpu_s()
        if before is not None and after is not None:
            self.costs.append((after - before) / borne.answers * 1e6)
        if self.kind == "ours":
            _forget(self.child.port)
        return borne.rate


def compare(title: str, bodies: Mapping[str, bytes], pace: Pace, note: str) -> list[Table]:
    """Compare answers a second, and CPU time an answer, for each body."""
    rates: list[Row] = []
    costs: list[Row] = []
    for name, body in bodies.items():
        for rate, cost in _compared(name, request(body), pace):
            rates.append(rate)
            costs += cost
    tables = [Table(f"{title}: answers a second (more is better)", rates, note)]
    return [*tables, Table(f"{title}: CPU µs of the server an answer (less is better)", costs)] if costs else tables


def _compared(name: str, asked: bytes, pace: Pace) -> Iterator[tuple[Row, list[Row]]]:
    with ExitStack() as stack:
        children = {("ours", loop): stack.enter_context(running("ours", loop)) for loop in loops.names()}
        answer = load.one_answer(children["ours", "asyncio"].port, asked)
        for kind in OTHERS:
            for loop in loops.names():
                children[kind, loop] = stack.enter_context(running(kind, loop, answer))
        for count in pace.connections:
            subjects = {
                f"{kind} {loop}": Subject(kind, child, asked, count, pace.for_s)
                for (kind, loop), child in children.items()
            }
            rates = by_turns(subjects, pace.rounds)
            for loop in loops.names():
                for kind in OTHERS:
                    yield _rows(f"{name}, {count} at once", subjects, rates, kind, loop)


def _rows(
    what: str, subjects: Mapping[str, Subject], rates: Mapping[str, Range], kind: str, loop: str
) -> tuple[Row, list[Row]]:
    ours, other = f"ours {loop}", f"{kind} {loop}"
    costs = tuple(subjects[ours].costs), tuple(subjects[other].costs)
    shown = [Row(what, Range(costs[0]), Range(costs[1]), kind, loop)] if all(costs) else []
    return Row(what, rates[ours], rates[other], kind, loop), shown


def _forget(port: int) -> None:
    """Clear the journal, which holds every body it has seen."""
    reset = urllib.request.Request(f"http://127.0.0.1:{port}/_windtunnel/reset", method="POST")
    with urllib.request.urlopen(reset) as answer:
        assert json.load(answer) == {"reset": True}
