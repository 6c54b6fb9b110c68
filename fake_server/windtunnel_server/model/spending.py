"""The month's money: what calls cost, against the limit of the organisation (wire.md 6.3, `enforced_spend_limit_reached`).

Months are those of the calendar in UTC (unverified), and a call that is let in may cost more than is left.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from windtunnel_server.model.problem import Problem
from windtunnel_server.wire.errors import KINDS

_MICRO: Final = 1_000_000


class Spending:
    """What a month has cost so far. Instants are POSIX seconds."""

    def __init__(self, limit_usd: float) -> None:
        self._limit_micro_usd = Decimal(str(limit_usd)) * _MICRO
        self._month, self._spent = (0, 0), Decimal(0)

    def add(self, micro_usd: Decimal, at: float) -> None:
        self._turn(at)
        self._spent += micro_usd

    def refusal(self, at: float) -> Problem | None:
        """Say that the month's money is gone, and when there is some again; None while there is some."""
        year, month = self._turn(at)
        if self._spent < self._limit_micro_usd:
            return None
        regained = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
        kind = KINDS["spend_limited"]
        return Problem(kind.name, kind.text({"date": f"{regained:%Y-%m-%d at %H:%M} UTC"}))

    def _turn(self, at: float) -> tuple[int, int]:
        now = datetime.fromtimestamp(at, UTC)
        if (now.year, now.month) != self._month:
            self._month, self._spent = (now.year, now.month), Decimal(0)
        return self._month
