"""A reply that leaves complete and at once: its bytes are known from the start, its events when somebody asks for them."""

from __future__ import annotations

from collections.abc import Callable

from windtunnel_server.plan import Head, Plan, Step


class Whole(Plan):
    """A plan of a head, a body and its end, with no silence in between, that is worked out late.

    `make` returns it with all its pieces and its notes. Whoever needs but the bytes takes `head` and `data`.
    """

    __slots__ = ("_head", "_made", "_make", "data")

    data: bytes
    _head: Head
    _make: Callable[[], Plan]
    _made: list[Plan]

    def __init__(self, head: Head, data: bytes, make: Callable[[], Plan]) -> None:
        # The class above is frozen, and this one all the same.
        for name, value in (("_head", head), ("data", data), ("_make", make), ("_made", [])):
            object.__setattr__(self, name, value)

    @property
    def head(self) -> Head:
        return self._head

    @property
    def steps(self) -> tuple[Step, ...]:
        return self._plan.steps

    @property
    def notes(self) -> dict[str, object]:
        return self._plan.notes

    @property
    def _plan(self) -> Plan:
        if not self._made:
            self._made.append(self._make())
        return self._made[0]
