"""The true account: what the calls of a journal are charged for, in tokens and in money.

Booked from the entries alone. A call is charged once its answer begins to leave; failed calls cost nothing. Beside it
stands what the client can have read off what left (`reported`): for a stream that was cut, that is less.

Unverified: that a stream is charged in full when it is cut or its client hangs up (the real service may stop, and
charge for what it had produced), and that one which ends in an error event costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from windtunnel_server.journal import Entry, Journal
from windtunnel_server.model import prices


@dataclass(frozen=True, slots=True)
class Account:
    """Token counts and cost; `input_tokens` is the uncached remainder only."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    #: The sum of the two lifetimes.
    cache_creation_input_tokens: int = 0
    cache_read_input_tokens: int = 0
    cache_creation_5m_input_tokens: int = 0
    cache_creation_1h_input_tokens: int = 0
    web_search_requests: int = 0
    web_fetch_requests: int = 0
    #: Micro-dollars, exact; what calls of unknown price cost is not in it.
    cost_micro_usd: Decimal = Decimal(0)
    #: Calls whose price is not known.
    unpriced_calls: int = 0

    def __add__(self, other: Account) -> Account:
        return Account(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(Account)))

    def plus(self, usage: Mapping[str, Any]) -> Account:
        """Add one answer's usage, without its cost."""
        return self + counted(usage)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; the cost is a string, so that no reader rounds it."""
        out: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(Account)}
        return out | {"cost_micro_usd": f"{self.cost_micro_usd.normalize():f}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """One call in the books."""

    #: The call's number in the journal.
    number: int
    provider: str
    #: As it was asked for.
    model: str
    #: What it is charged for.
    account: Account
    #: What the client can have read off its answer; None for nothing.
    reported: Account | None

    @property
    def cost_micro_usd(self) -> Decimal | None:
        """Micro-dollars, exact; None where the price is not known."""
        return None if self.account.unpriced_calls else self.account.cost_micro_usd

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        reported = None if self.reported is None else self.reported.to_json()
        line = {"number": self.number, "provider": self.provider, "model": self.model}
        return line | self.account.to_json() | {"reported": reported}


def book(entries: Iterable[Entry]) -> list[Booking]:
    """Book the calls that used something, in their order."""
    return [_booking(entry) for entry in entries if entry.billed or entry.usage]


class Ledger:
    """The account of a journal: by call, by model, by provider and in all. Calls that used nothing are not in it."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    @property
    def calls(self) -> list[Booking]:
        """One line a call."""
        return book(self._journal.calls)

    @property
    def total(self) -> Account:
        return _sum(line.account for line in self.calls)

    @property
    def reported(self) -> Account:
        """What clients can have read off their answers, all in all."""
        return _sum(line.reported for line in self.calls if line.reported is not None)

    @property
    def by_model(self) -> dict[str, Account]:
        """Accounts by the model that was asked for."""
        return _by(self.calls, lambda line: line.model)

    @property
    def by_provider(self) -> dict[str, Account]:
        return _by(self.calls, lambda line: line.provider)

    def to_json(self) -> dict[str, Any]:
        """Return the account as plain JSON values."""
        lines = self.calls
        grouped = {
            "by_model": _by(lines, lambda line: line.model),
            "by_provider": _by(lines, lambda line: line.provider),
        }
        return {
            "total": _sum(line.account for line in lines).to_json(),
            "reported": _sum(line.reported for line in lines if line.reported is not None).to_json(),
            **{by: {name: account.to_json() for name, account in found.items()} for by, found in grouped.items()},
            "calls": [line.to_json() for line in lines],
        }


def counted(usage: Mapping[str, Any]) -> Account:
    """Make a usage (first-party keys) one call's account, without its cost. Iterations count where there are any."""
    total = Account(calls=1)
    for part in prices.billed_parts(usage):
        short, hour = prices.cache_writes(part)
        read = int(part.get("cache_read_input_tokens") or 0)
        tokens = int(part.get("input_tokens") or 0), int(part.get("output_tokens") or 0)
        total += Account(0, *tokens, short + hour, read, short, hour)
    tools = usage.get("server_tool_use") or {}
    searches, fetches = (int(tools.get(f"web_{kind}_requests") or 0) for kind in ("search", "fetch"))
    return total + Account(web_search_requests=searches, web_fetch_requests=fetches)


def _booking(entry: Entry) -> Booking:
    model = str(entry.body.get("model")) if isinstance(entry.body, dict) else ""
    reported = _priced(entry.usage, model, entry) if entry.usage else None
    charged = entry.usage if entry.billed is None else entry.billed
    has_failed = entry.error_type is not None and "error" in entry.events_sent
    account = _priced(charged, model, entry) if charged and not has_failed else Account(calls=1)
    return Booking(number=entry.number, provider=entry.provider, model=model, account=account, reported=reported)


def _priced(usage: Mapping[str, Any], model: str, entry: Entry) -> Account:
    cost = prices.cost(usage, model, _terms(entry))
    return counted(usage) + (Account(unpriced_calls=1) if cost is None else Account(cost_micro_usd=cost))


def _terms(entry: Entry) -> prices.Terms:
    named = [value for name, value in entry.headers if name.lower() == "anthropic-beta"]
    betas = frozenset(beta.strip() for value in named for beta in value.split(","))
    return prices.Terms(betas=betas, fast=isinstance(entry.body, dict) and entry.body.get("speed") == "fast")


def _by(lines: Iterable[Booking], key: Callable[[Booking], str]) -> dict[str, Account]:
    accounts: dict[str, Account] = {}
    for line in lines:
        accounts[key(line)] = accounts.get(key(line), Account()) + line.account
    return dict(sorted(accounts.items()))


def _sum(accounts: Iterable[Account]) -> Account:
    return sum(accounts, Account())
