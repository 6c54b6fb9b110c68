"""A limit on tokens, with levels that a user interface can show. Input and output count, cached input too."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Literal, TypeAlias

from windtunnel.client.account import Line
from windtunnel.client.failures import BudgetExhausted
from windtunnel.client.hooks import tell

Level: TypeAlias = Literal["ok", "low", "critical", "spent"]

#: Share of the budget from which each level holds.
LEVELS: Final[tuple[tuple[Level, float], ...]] = (("ok", 0.0), ("low", 0.75), ("critical", 0.9), ("spent", 1.0))

_WIDTH: Final = 20


class Budget:
    """So many tokens, all in all, for one client or several that share it: `AsyncClient(…, budget=Budget(500_000))`.

    `on_level` hears of a new level; what it raises is logged.
    """

    def __init__(
        self,
        limit: int,
        *,
        low: float = LEVELS[1][1],
        critical: float = LEVELS[2][1],
        on_level: Callable[[Level], None] | None = None,
    ) -> None:
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise ValueError(f"limit is {limit!r}, and must be a whole number of tokens from 1 up")
        if not 0 < low <= critical <= 1:
            raise ValueError(
                f"low is {low!r} and critical {critical!r}; they must be shares with 0 < low <= critical <= 1"
            )
        self.limit, self.used = limit, 0
        self._thresholds: tuple[tuple[Level, float], ...] = (("spent", 1.0), ("critical", critical), ("low", low))
        self._on_level = on_level
        self._lock = threading.Lock()

    @property
    def remaining(self) -> int:
        """Tokens that are left; 0 where more were used than there are."""
        return max(self.limit - self.used, 0)

    @property
    def level(self) -> Level:
        share = self.used / self.limit
        return next((level for level, least in self._thresholds if share >= least), "ok")

    def spend(self, line: Line) -> None:
        """Take what one request used; `on_level` hears of a new level."""
        with self._lock:
            before = self.level
            self.used += line.used.prompt_tokens + line.used.output_tokens
            now = self.level
        if now != before:
            tell("on_level", self._on_level, now)

    def check(self) -> None:
        """Raise BudgetExhausted where nothing is left."""
        if self.level == "spent":
            raise BudgetExhausted(
                f"the token budget is used up: {self.used:,} of {self.limit:,}; give a larger one, or begin anew"
            )

    def gauge(self) -> str:
        """Draw it for a terminal, in 44 characters at most for budgets below a billion: `[####....] 12,000 of 50,000 low`."""
        filled = min(round(self.used / self.limit * _WIDTH), _WIDTH)
        level = "" if self.level == "ok" else f" {self.level}"
        return f"[{'#' * filled}{'.' * (_WIDTH - filled)}] {self.used:,} of {self.limit:,}{level}"
