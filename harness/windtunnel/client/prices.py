"""What a request costs, as far as its client can tell: a dated table, in micro-dollars a token, exact.

Read off the API's pricing page in October and November 2026. A model that is not in the table has no known price, and a
request of it no known cost: it is counted, not guessed. Not in the table: the premium of fast mode.
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
    parts = usage.get("iterations") or [usage]
    if usage.get("speed") == "fast" or any(part.get("type", "message") not in _OWN for part in parts):
        return None
    total = Decimal(0)
    for part in parts:
        charged = _charged(part, model, on or dt.date.max, betas)
        if charged is None:
            return None
        total += charged
    searches = int((usage.get("server_tool_use") or {}).get("web_search_requests") or 0)
    return total * _factor(usage, model, regional) + searches * _SEARCH


#: Iterations that the model itself worked on; others are charged at another model's price.
_OWN: Final = frozenset({"message", "compaction"})


def writes(usage: Mapping[str, Any]) -> tuple[int, int]:
    """Return the tokens written to the cache for five minutes and for an hour; without a split, all are of the first kind."""
    split = usage.get("cache_creation")
    if not split:
        return int(usage.get("cache_creation_input_tokens") or 0), 0
    return int(split.get("ephemeral_5m_input_tokens") or 0), int(split.get("ephemeral_1h_input_tokens") or 0)


def _charged(part: Mapping[str, Any], model: str, on: dt.date, betas: frozenset[str]) -> Decimal | None:
    plain, read = int(part.get("input_tokens") or 0), int(part.get("cache_read_input_tokens") or 0)
    short, hour = writes(part)
    rate = _holding(model, plain + read + short + hour, on, betas)
    if rate is None:
        return None
    weighed = plain + short * _SHORT_WRITE + hour * _HOUR_WRITE + read * rate.read
    return weighed * rate.input + int(part.get("output_tokens") or 0) * rate.output


def _holding(model: str, prompt: int, on: dt.date, betas: frozenset[str]) -> Rate | None:
    holding = None
    for rate in RATES.get(short_name(model), ()):
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
