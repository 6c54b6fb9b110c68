"""What the requests of a client have used and cost, by model and purpose: retries, compaction and aborted streams included.

The counts are those the API reported to the client. A request that failed before its answer began used nothing; of a
stream that broke, what it had reported is booked and marked: what the service charges for it may be more, and only the
service knows.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

from windtunnel.client import prices
from windtunnel.client.hooks import tell


@dataclass(frozen=True, slots=True)
class Used:
    """Token counts and cost. `input_tokens` is the uncached remainder only."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    cache_read_tokens: int = 0
    web_searches: int = 0
    #: Micro-dollars, exact; requests of unknown price are not in it.
    cost_micro_usd: Decimal = Decimal(0)
    #: Requests whose price is not known.
    unpriced: int = 0
    #: Requests whose stream broke, or was left, before its end.
    aborted: int = 0

    def __add__(self, other: Used) -> Used:
        return Used(*(getattr(self, part.name) + getattr(other, part.name) for part in fields(Used)))

    def __sub__(self, other: Used) -> Used:
        """Return what has come on top of `other`."""
        return Used(*(getattr(self, part.name) - getattr(other, part.name) for part in fields(Used)))

    @property
    def prompt_tokens(self) -> int:
        """All of the input: new, written to the cache, and read from it."""
        return self.input_tokens + self.cache_write_5m_tokens + self.cache_write_1h_tokens + self.cache_read_tokens

    @property
    def cost_usd(self) -> Decimal:
        return self.cost_micro_usd / 1_000_000

    def usage(self) -> dict[str, Any]:
        """Return the counts in the API's own keys."""
        return {
            "input_tokens": self.input_tokens,
            "cache_creation_input_tokens": self.cache_write_5m_tokens + self.cache_write_1h_tokens,
            "cache_read_input_tokens": self.cache_read_tokens,
            "cache_creation": {
                "ephemeral_5m_input_tokens": self.cache_write_5m_tokens,
                "ephemeral_1h_input_tokens": self.cache_write_1h_tokens,
            },
            "output_tokens": self.output_tokens,
        }

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; the cost is a string, so that no reader rounds it."""
        counts = {part.name: getattr(self, part.name) for part in fields(Used)}
        return counts | {"cost_micro_usd": f"{self.cost_micro_usd.normalize():f}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One request in the books."""

    model: str
    purpose: str
    used: Used
    #: As the API reported it.
    usage: Mapping[str, Any] = field(repr=False)
    aborted: bool = False


class Account:
    """The books of one client, or of several that share them, in any threads."""

    def __init__(self, *, keep_lines: int | None = 1_000, on_booked: Callable[[Line], None] | None = None) -> None:
        """Open the books. Sums are kept for good, lines only the last `keep_lines` (None: all).

        `on_booked` hears of every line; what it raises is logged.
        """
        self._lines: deque[Line] = deque(maxlen=keep_lines)
        self._on_booked = on_booked
        self._by: dict[tuple[str, str], Used] = {}
        self._lock = threading.Lock()

    @property
    def lines(self) -> tuple[Line, ...]:
        """The last lines, in order."""
        with self._lock:
            return tuple(self._lines)

    def book(
        self,
        model: str,
        usage: Mapping[str, Any],
        *,
        purpose: str = "answer",
        aborted: bool = False,
        regional: bool = False,
        betas: frozenset[str] = frozenset(),
    ) -> Line:
        """Book one answer, and return its line. `model` is an id of the direct API.

        `aborted`: its stream broke, and the counts are those it had reported. `regional`: the endpoint is one of a
        cloud's regions, which costs more.
        """
        cost = prices.cost(usage, model, on=dt.datetime.now(dt.UTC).date(), regional=regional, betas=betas)
        money = Used(unpriced=1) if cost is None else Used(cost_micro_usd=cost)
        used = counted(usage) + money + Used(aborted=int(aborted))
        line = Line(model=model, purpose=purpose, used=used, usage=usage, aborted=aborted)
        with self._lock:
            self._by[model, purpose] = self._by.get((model, purpose), Used()) + used
            self._lines.append(line)
        tell("on_booked", self._on_booked, line)
        return line

    @property
    def total(self) -> Used:
        return sum((used for _, used in self._entries()), Used())

    @property
    def by_model(self) -> dict[str, Used]:
        return self._summed(0)

    @property
    def by_purpose(self) -> dict[str, Used]:
        """ "answer", "compaction" and whatever else requests were made for."""
        return self._summed(1)

    def _summed(self, place: int) -> dict[str, Used]:
        found: dict[str, Used] = {}
        for key, used in self._entries():
            found[key[place]] = found.get(key[place], Used()) + used
        return dict(sorted(found.items()))

    def _entries(self) -> list[tuple[tuple[str, str], Used]]:
        with self._lock:
            return list(self._by.items())

    def to_json(self) -> dict[str, Any]:
        """Return the account as plain JSON values."""
        return {
            "total": self.total.to_json(),
            "by_model": {name: used.to_json() for name, used in self.by_model.items()},
            "by_purpose": {name: used.to_json() for name, used in self.by_purpose.items()},
        }


def counted(usage: Mapping[str, Any]) -> Used:
    """Read one answer's usage. Where there are iterations, they are what counts: the whole leaves compaction out.

    What should be a number of tokens and is none counts as 0; `prices.cost` knows no price of such a usage.
    """
    total = Used(requests=1)
    for part in prices.parts_of(usage):
        short, hour = prices.writes(part)
        total += Used(
            input_tokens=prices.number(part.get("input_tokens")),
            output_tokens=prices.number(part.get("output_tokens")),
            cache_write_5m_tokens=short,
            cache_write_1h_tokens=hour,
            cache_read_tokens=prices.number(part.get("cache_read_input_tokens")),
        )
    return total + Used(web_searches=prices.searches(usage))
