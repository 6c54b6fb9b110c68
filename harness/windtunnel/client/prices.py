"""What a request costs, as far as its client can tell: a dated table, in micro-dollars a token, exact.

Read off the API's pricing page in October and November 2026. A model that is not in the table has no known price, and a
request of it no known cost: it is counted, not guessed. Fast mode has rates of its own, and all else comes on top of them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

AS_OF: Final = dt.date(2026, 11, 1)

_LONG_SONNET: Final = "context-1m-2025-08-07"
_BATCH: Final = Decimal("0.5")
_IN_THE_US: Final = Decimal("1.1")
_REGIONAL: Final = Decimal("1.1")
_SHORT_WRITE, _HOUR_WRITE = Decimal("1.25"), Decimal(2)
#: Micro-dollars a search.
_SEARCH: Final = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Rate:
    """Micro-dollars a token for input and output; what is read from the cache costs that share of input."""

    input: Decimal
    output: Decimal
    read: Decimal
    #: The first day it holds.
    since: dt.date = dt.date.min
    #: It holds for prompts of more tokens than this, cached ones included.
    above: int = 0
    #: It holds only where this beta is asked for.
    beta: str = ""


def _rate(input: str, output: str, read: str = "0.1", **when: Any) -> Rate:
    return Rate(Decimal(input), Decimal(output), Decimal(read), **when)


#: By the id without its family's name and its date; of the rates that hold, the last one counts.
RATES: Final[Mapping[str, tuple[Rate, ...]]] = {
    "fable-5-1": (_rate("10", "50", "0.025"),),
    "mythos-5-1": (_rate("10", "50", "0.025"),),
    "fable-5": (_rate("10", "50"),),
    "mythos-5": (_rate("10", "50"),),
    "opus-5-5": (_rate("4", "20", "0.05"),),
    "opus-5": (_rate("5", "25"),),
    "opus-4-8": (_rate("5", "25"),),
    "opus-4-7": (_rate("5", "25"),),
    "opus-4-6": (_rate("5", "25"),),
    "opus-4-5": (_rate("5", "25"),),
    "opus-4-1": (_rate("15", "75"),),
    "opus-4": (_rate("15", "75"),),
    "sonnet-5-5": (_rate("2", "10"), _rate("2", "10", "0.05", since=dt.date(2026, 10, 7))),
    "sonnet-5": (_rate("2", "10"),),
    "sonnet-4-6": (_rate("3", "15"),),
    "sonnet-4-5": (_rate("3", "15"), _rate("6", "22.5", above=200_000, beta=_LONG_SONNET)),
    "sonnet-4": (_rate("3", "15"), _rate("6", "22.5", above=200_000, beta=_LONG_SONNET)),
    "haiku-5-5": (_rate("0.1", "0.5"), _rate("0.5", "2.5", above=100_000)),
    "haiku-4-5": (_rate("1", "5"),),
    "3-5-haiku": (_rate("0.8", "4"),),
}

#: The same for fast mode (the API's pages on pricing and on fast mode, September to November 2026). Opus 4.6 was to lose it
#: 30 days after 2026-05-28, and is charged as usual since (unverified: the day).
FAST_RATES: Final[Mapping[str, tuple[Rate, ...]]] = {
    "opus-5-5": (_rate("8", "40", "0.05"),),
    "opus-5": (_rate("10", "50"),),
    "opus-4-8": (_rate("10", "50"),),
    "opus-4-7": (_rate("30", "150"),),
    "opus-4-6": (_rate("30", "150"), _rate("5", "25", since=dt.date(2026, 6, 27))),
}


def cost(
    usage: Mapping[str, Any],
    model: str,
    *,
    on: dt.date | None = None,
    regional: bool = False,
    betas: frozenset[str] = frozenset(),
) -> Decimal | None:
    """Price a usage as the API reports it, in micro-dollars; None where the price is not known.

    `model` is an id of the direct API. `on` is the day, None for today's newest rates. `regional`: the request went to a
    regional endpoint of a cloud. Iterations, where there are any, are what is charged.
    """
    parts = parts_of(usage)
    if any(part.get("type", "message") not in _OWN for part in parts):
        return None
    if not all(map(_is_sound, parts)):
        return None
    rates = FAST_RATES if usage.get("speed") == "fast" else RATES
    total = Decimal(0)
    for part in parts:
        charged = _charged(part, rates.get(short_name(model), ()), on or dt.date.max, betas)
        if charged is None:
            return None
        total += charged
    return total * _factor(usage, model, regional) + searches(usage) * _SEARCH


#: Iterations that the model itself worked on; others are charged at another model's price.
_OWN: Final = frozenset({"message", "compaction"})


def writes(usage: Mapping[str, Any]) -> tuple[int, int]:
    """Return the tokens written to the cache for five minutes and for an hour; without a split, all are of the first kind."""
    split = usage.get("cache_creation")
    if not split or not isinstance(split, Mapping):
        return number(usage.get("cache_creation_input_tokens")), 0
    return number(split.get("ephemeral_5m_input_tokens")), number(split.get("ephemeral_1h_input_tokens"))


def searches(usage: Mapping[str, Any]) -> int:
    """Return how often the web was searched."""
    told = usage.get("server_tool_use")
    return number(told.get("web_search_requests")) if isinstance(told, Mapping) else 0


def parts_of(usage: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what is charged: the iterations, where there are any, or the usage itself."""
    told = usage.get("iterations")
    parts = [part for part in told if isinstance(part, Mapping)] if isinstance(told, list) else []
    return parts or [usage]


def number(value: object) -> int:
    """Return a number of tokens; 0 for what is none."""
    return value if isinstance(value, int) and value > 0 else 0


#: Keys of a usage that are numbers.
_COUNTS: Final = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


def _is_sound(part: Mapping[str, Any]) -> bool:
    """Whether all counts are numbers, or absent: the price of anything else is not known."""
    return all(part.get(name) is None or (isinstance(part[name], int) and part[name] >= 0) for name in _COUNTS)


def _charged(part: Mapping[str, Any], rates: tuple[Rate, ...], on: dt.date, betas: frozenset[str]) -> Decimal | None:
    plain, read = number(part.get("input_tokens")), number(part.get("cache_read_input_tokens"))
    short, hour = writes(part)
    rate = _holding(rates, plain + read + short + hour, on, betas)
    if rate is None:
        return None
    weighed = plain + short * _SHORT_WRITE + hour * _HOUR_WRITE + read * rate.read
    return weighed * rate.input + number(part.get("output_tokens")) * rate.output


def _holding(rates: tuple[Rate, ...], prompt: int, on: dt.date, betas: frozenset[str]) -> Rate | None:
    holding = None
    for rate in rates:
        if rate.since <= on and (not rate.above or prompt > rate.above) and (not rate.beta or rate.beta in betas):
            holding = rate
    return holding


def short_name(model: str) -> str:
    """Return an id without its family's name, its date and the like: "sonnet-4-5"."""
    return re.sub(r"^claude-|-\d{8}$|-latest$|-0$", "", model)


def _factor(usage: Mapping[str, Any], model: str, regional: bool) -> Decimal:
    factor, age = Decimal(1), _generation(model)
    if usage.get("service_tier") == "batch":
        factor *= _BATCH
    if usage.get("inference_geo") == "us" and age >= (4, 6):
        factor *= _IN_THE_US
    if regional and age >= (4, 5):
        factor *= _REGIONAL
    return factor


def _generation(model: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"(?<![\d])\d{1,2}(?!\d)", short_name(model))[:2])) or (0,)
