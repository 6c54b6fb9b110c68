"""What calls cost: a dated table, and the factors on it (wire.md 8.4, read off the API's pricing page in Oct–Nov 2026).

Exact: decimals all the way. A price in dollars for a million tokens is one in micro-dollars for a token.

Fast mode has prices of its own, and everything else comes on top of them: caching, place, batch (the API's pages on pricing
and on fast mode, September to November 2026). Opus 4.6 and 4.7 charged six times the usual price while they had it.

Not known, so a call that needs it has no cost: prices of Fable 5.2, Mythos 5.2 and of models older than Haiku 3.5.
Left out: code execution by the hour, and what fast mode on Opus 4.6 charged beyond 200 K tokens until March 2026.
Unverified: that a batch's web searches cost what they always do. A tenth for Haiku 5.5's cache reads: TheKrush/PromptFuel,
release 1.0.23.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from windtunnel_server.model.models import find
from windtunnel_server.model.window import LONG_CONTEXT_BETA
from windtunnel_server.wire.generation import generation

AS_OF: Final = date(2026, 11, 1)

WRITE_5M: Final = Decimal("1.25")
WRITE_1H: Final = Decimal(2)
BATCH: Final = Decimal("0.5")
#: `inference_geo: "us"`, from Opus 4.6 on.
US: Final = Decimal("1.1")
#: Regional and multi-region endpoints of the clouds, from Sonnet 4.5 on.
REGIONAL: Final = Decimal("1.1")
#: Micro-dollars; ten dollars for a thousand.
WEB_SEARCH: Final = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Price:
    """What a model charges, in micro-dollars a token. `read` is the factor on input for what the cache gave."""

    input: Decimal
    output: Decimal
    read: Decimal = Decimal("0.1")
    #: The first day it holds.
    since: date = date.min
    #: It holds for prompts of more tokens than this, cached ones included.
    above: int = 0
    #: It holds with this beta only.
    beta: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What about a call, besides its usage, decides its price. `on`: the day; None for the newest prices."""

    on: date | None = None
    betas: AbstractSet[str] = frozenset()
    #: It went through a regional endpoint of a cloud.
    regional: bool = False
    #: Fast mode was asked for; a usage that names its speed knows better.
    fast: bool = False


def _usd(input: str, output: str, read: str = "0.1", **more: Any) -> Price:
    return Price(Decimal(input), Decimal(output), Decimal(read), **more)


_OPUS = (_usd("5", "25"),)
_SONNET = (_usd("3", "15"),)
#: Sonnet 4 and 4.5 beyond 200 K tokens: twice the input, one and a half times the output.
_LONG_SONNET = (*_SONNET, _usd("6", "22.5", above=200_000, beta=LONG_CONTEXT_BETA))

#: By `Model.short_name`. Of the rows that hold for a call, the last one counts.
PRICES: Final[Mapping[str, tuple[Price, ...]]] = {
    **dict.fromkeys(("fable-5-1", "mythos-5-1"), (_usd("10", "50", "0.025"),)),
    **dict.fromkeys(("fable-5", "mythos-5"), (_usd("10", "50"),)),
    "opus-5-5": (_usd("4", "20", "0.05"),),
    **dict.fromkeys(("opus-5", "opus-4-8", "opus-4-7", "opus-4-6", "opus-4-5"), _OPUS),
    **dict.fromkeys(("opus-4-1", "opus-4"), (_usd("15", "75"),)),
    "sonnet-5-5": (_usd("2", "10"), _usd("2", "10", "0.05", since=date(2026, 10, 7))),
    "sonnet-5": (_usd("2", "10"),),
    "sonnet-4-6": _SONNET,
    **dict.fromkeys(("sonnet-4-5", "sonnet-4"), _LONG_SONNET),
    "haiku-5-5": (_usd("0.10", "0.50"), _usd("0.50", "2.50", above=100_000)),
    "haiku-4-5": (_usd("1", "5"),),
    "3-5-haiku": (_usd("0.80", "4"),),
}

_SIX_TIMES: Final = (_usd("30", "150"),)
_TWICE: Final = (_usd("10", "50"),)
#: What they charge for fast mode. Opus 4.6 was to lose it 30 days after 2026-05-28 (unverified: the day), and is charged as
#: usual since; Opus 4.7 refuses it.
FAST_PRICES: Final[Mapping[str, tuple[Price, ...]]] = {
    "opus-5-5": (_usd("8", "40", "0.05"),),
    **dict.fromkeys(("opus-5", "opus-4-8"), _TWICE),
    "opus-4-7": _SIX_TIMES,
    "opus-4-6": (*_SIX_TIMES, _usd("5", "25", since=date(2026, 6, 27))),
}


def price(model: str, prompt_tokens: int = 0, terms: Terms = Terms()) -> Price | None:
    """Find what a model charges for a call with such a prompt; None where that is not known."""
    known = find(model)
    on = terms.on or date.max
    table = FAST_PRICES if terms.fast else PRICES
    rows = table.get(known.short_name, ()) if known is not None else ()
    holds = [
        row
        for row in rows
        if row.since <= on
        and (prompt_tokens > row.above or not row.above)
        and (not row.beta or row.beta in terms.betas)
    ]
    return holds[-1] if holds else None


def cost(usage: Mapping[str, Any], model: str, terms: Terms = Terms()) -> Decimal | None:
    """Price a usage (first-party keys) in micro-dollars, exactly; None where a price is not known.

    Where there are `iterations` they are what is billed (wire.md 8.1).
    """
    if usage.get("speed") is not None:
        terms = replace(terms, fast=usage["speed"] == "fast")
    rounds = billed_parts(usage)
    if any(part.get("type", "message") not in ("message", "compaction") for part in rounds):
        return None  # another model had a part in it
    sums = [_tokens_cost(part, model, terms) for part in rounds]
    if None in sums:
        return None
    factor = _factor(usage, model, terms)
    tokens = sum((one for one in sums if one is not None), Decimal(0)) * factor
    searches = int((usage.get("server_tool_use") or {}).get("web_search_requests") or 0)
    return tokens + searches * WEB_SEARCH


def billed_parts(usage: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Give what of a usage is billed: its iterations, or the whole where it has none."""
    return list(usage.get("iterations") or [usage])


def cache_writes(usage: Mapping[str, Any]) -> tuple[int, int]:
    """Give the tokens written to the cache for five minutes and for an hour; without a split, all for five minutes."""
    parts = usage.get("cache_creation") or {}
    whole, hour = _count(usage, "cache_creation_input_tokens"), _count(parts, "ephemeral_1h_input_tokens")
    short = _count(parts, "ephemeral_5m_input_tokens") if parts else whole
    return short, hour


def _tokens_cost(usage: Mapping[str, Any], model: str, terms: Terms) -> Decimal | None:
    plain, read = _count(usage, "input_tokens"), _count(usage, "cache_read_input_tokens")
    short, hour = cache_writes(usage)
    charged = price(model, plain + read + short + hour, terms)
    if charged is None:
        return None
    weighed = plain + short * WRITE_5M + hour * WRITE_1H + read * charged.read
    return weighed * charged.input + _count(usage, "output_tokens") * charged.output


def _factor(usage: Mapping[str, Any], model: str, terms: Terms) -> Decimal:
    factor, age = Decimal(1), generation(model)
    if usage.get("service_tier") == "batch":
        factor *= BATCH
    if usage.get("inference_geo") == "us" and age >= (4, 6):
        factor *= US
    if terms.regional and age >= (4, 5):
        factor *= REGIONAL
    return factor


def _count(usage: Mapping[str, Any], key: str) -> int:
    return int(usage.get(key) or 0)
