"""The same body bytes in other pieces."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate

from windtunnel_server.plan import Plan, Send, Step, Wait


def in_pieces(plan: Plan, end_of: Callable[[int], int], *, every_s: float = 0.0) -> Plan:
    """Send the body in other pieces, `every_s` seconds apart.

    `end_of` gives for the offset at which a piece starts the one at which it ends, both counted in body bytes. A wait
    that is in the plan already ends a piece: no byte leaves earlier or later for being regrouped. A piece bears the
    label of the event it completes; of several, that of one that tells the usage, else of the last.
    """
    steps: list[Step] = []
    run: list[Send] = []
    offset = 0
    for step in plan:
        if isinstance(step, Send):
            run.append(step)
            continue
        steps += [*_spaced(_cut_up(run, offset, end_of), offset, every_s), step]
        offset += sum(len(send.data) for send in run)
        run = []
    return Plan((*steps, *_spaced(_cut_up(run, offset, end_of), offset, every_s)), plan.notes)


def _cut_up(run: list[Send], offset: int, end_of: Callable[[int], int]) -> Iterator[Send]:
    data = b"".join(send.data for send in run)
    ends = list(accumulate(len(send.data) for send in run))
    start = 0
    while start < len(data):
        stop = min(max(end_of(offset + start) - offset, start + 1), len(data))
        completed = run[bisect_right(ends, start) : bisect_right(ends, stop)]
        done = [send.event for send in completed if send.event]
        yield Send(data[start:stop], _label(done))
        start = stop


def _label(done: list[str]) -> str | None:
    # The journal reads off the labels which usage a client can have seen.
    return next(
        (name for name in ("message_delta", "metadata", "message_start") if name in done), done[-1] if done else None
    )


def _spaced(pieces: Iterator[Send], offset: int, every_s: float) -> Iterator[Step]:
    for number, piece in enumerate(pieces):
        if every_s > 0 and (number or offset):
            yield Wait(every_s)
        yield piece
