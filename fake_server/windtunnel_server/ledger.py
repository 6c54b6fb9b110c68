"""The true account: what the calls of a journal are charged for, in tokens and in money.

Calls are booked from the entries alone. A call is charged once its answer begins to leave; failed calls cost nothing,
nor does counting tokens. Beside it stands what the client can have read off what left (`reported`): for a stream that
was cut, that is less. A batch is charged when it has ended, for each request that succeeded. Prices are those of the
day in the answer's `Date`.

Unverified: which of Bedrock's ids and Vertex's locations cost more (here: all but `global`), and that Mantle's and the
platforms that Anthropic operates do not; that a stream is charged in full when it is cut or its client hangs up (the real service may stop, and
charge for what it had produced), and that one which ends in an error event costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import unquote

from windtunnel_server.journal import Entry, Journal
from windtunnel_server.model import prices
from windtunnel_server.model.charge import Charge

#: Where a call's path says from which region it is served: the profile before a model on Bedrock, the location on Vertex.
_PLACES: Final[Mapping[str, re.Pattern[str]]] = {
    "bedrock": re.compile(r"/model/(?:arn:[^/]*/)?(?:(\w+)\.)?anthropic\."),
    "vertex": re.compile(r"/locations/([^/]+)/"),
}


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
    #: The day it was answered on (UTC); None where the answer does not say.
    day: date | None = None
    #: Of a batch's requests: which one it is.
    custom_id: str | None = None

    @property
    def cost_micro_usd(self) -> Decimal | None:
        """Micro-dollars, exact; None where the price is not known."""
        return None if self.account.unpriced_calls else self.account.cost_micro_usd

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        reported = None if self.reported is None else self.reported.to_json()
        line: dict[str, Any] = {"number": self.number, "provider": self.provider, "model": self.model}
        line["day"] = None if self.day is None else self.day.isoformat()
        if self.custom_id is not None:
            line["custom_id"] = self.custom_id
        return line | self.account.to_json() | {"reported": reported}


def book(entries: Iterable[Entry]) -> list[Booking]:
    """Book the calls that used something, in their order."""
    return [_booking(entry) for entry in entries if entry.billed or entry.usage]


class Ledger:
    """The account of a journal: by call, by model, by provider, by day and in all.

    Calls that used nothing are not in it.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._expected: list[tuple[Entry, Callable[[], Iterable[Charge]]]] = []

    def expect(self, entry: Entry, charges: Callable[[], Iterable[Charge]]) -> None:
        """Book what a call leads to later: `charges` tells what there is of it by now."""
        self._expected.append((entry, charges))

    def clear(self) -> None:
        """Forget what was expected."""
        self._expected.clear()

    @property
    def calls(self) -> list[Booking]:
        """One line a call, and one for each request of a batch, under the number of the call that made it."""
        entries = self._journal.calls
        batched = [_of_batch(entry, charge, entries) for entry, found in self._expected for charge in found()]
        return sorted([*book(entries), *batched], key=lambda line: line.number)

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

    @property
    def by_day(self) -> dict[str, Account]:
        """Accounts by the day of the answer, as in "2026-11-02" (UTC); "" where none is told."""
        return _by(self.calls, _day)

    def to_json(self) -> dict[str, Any]:
        """Return the account as plain JSON values."""
        lines = self.calls
        grouped = {
            "by_model": _by(lines, lambda line: line.model),
            "by_provider": _by(lines, lambda line: line.provider),
            "by_day": _by(lines, _day),
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


def terms(entry: Entry) -> prices.Terms:
    """Tell what about a call, besides its usage, decides its price."""
    named = [value for name, value in entry.headers if name.lower() == "anthropic-beta"]
    betas = frozenset(beta.strip() for value in named for beta in value.split(","))
    fast = isinstance(entry.body, dict) and entry.body.get("speed") == "fast"
    return prices.Terms(on=day_of(entry), betas=betas, regional=_is_regional(entry), fast=fast)


def day_of(entry: Entry) -> date | None:
    """Read the day (UTC) off the answer's `Date`; None where it has none that can be read."""
    said = entry.response_header("date")
    try:
        return None if said is None else parsedate_to_datetime(said).date()
    except ValueError:
        return None


def _is_regional(entry: Entry) -> bool:
    place = _PLACES.get(entry.provider)
    found = place.search(unquote(entry.path)) if place is not None else None
    return found is not None and found[1] != "global"


def _booking(entry: Entry) -> Booking:
    model = str(entry.body.get("model")) if isinstance(entry.body, dict) else ""
    at = terms(entry)
    reported = _priced(entry.usage, model, at) if entry.usage else None
    charged = entry.usage if entry.billed is None else entry.billed
    has_failed = entry.error_type is not None and "error" in entry.events_sent
    account = _priced(charged, model, at) if charged and not has_failed else Account(calls=1)
    return Booking(
        number=entry.number, provider=entry.provider, model=model, account=account, reported=reported, day=at.on
    )


def _of_batch(entry: Entry, charge: Charge, entries: Iterable[Entry]) -> Booking:
    day = datetime.fromtimestamp(charge.ended_at, UTC).date()
    account = _priced(charge.usage, charge.model, replace(terms(entry), on=day))
    were_read = any(
        other.path.endswith(f"/{charge.batch_id}/results") and other.status == 200 and other.ended == "complete"
        for other in entries
    )
    return Booking(
        number=entry.number,
        provider=entry.provider,
        model=charge.model,
        account=account,
        reported=account if were_read else None,
        day=day,
        custom_id=charge.custom_id,
    )


def _priced(usage: Mapping[str, Any], model: str, at: prices.Terms) -> Account:
    cost = prices.cost(usage, model, at)
    return counted(usage) + (Account(unpriced_calls=1) if cost is None else Account(cost_micro_usd=cost))


def _day(line: Booking) -> str:
    return "" if line.day is None else line.day.isoformat()


def _by(lines: Iterable[Booking], key: Callable[[Booking], str]) -> dict[str, Account]:
    accounts: dict[str, Account] = {}
    for line in lines:
        accounts[key(line)] = accounts.get(key(line), Account()) + line.account
    return dict(sorted(accounts.items()))


def _sum(accounts: Iterable[Account]) -> Account:
    return sum(accounts, Account())
