"""Why a recorded answer and ours differ: rules, each with a reason and a source. What none explains is a fault of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from .exchanges import Exchange
from .shape_diff import Difference

When = Callable[[Exchange], bool]

#: Sources.
FACTS: Final = "recorded traffic"
DOCS: Final = "documentation"


def always(exchange: Exchange) -> bool:
    return True


def before(day: str) -> When:
    """Recorded before a day, or nobody knows when."""
    return lambda exchange: exchange.day < day


def on(provider: str, *apis: str) -> When:
    return lambda exchange: exchange.provider == provider and (not apis or exchange.api in apis)


def asks_with(*words: str) -> When:
    """The request has one of these words in it."""
    return lambda exchange: any(word in json.dumps(exchange.request) for word in words)


def all_of(*tests: When) -> When:
    return lambda exchange: all(test(exchange) for test in tests)


@dataclass(frozen=True)
class Cause:
    """A reason for differences: those whose text is one of `what` (a pattern), in exchanges like `when`."""

    group: str
    reason: str
    source: str
    what: str
    when: When = always

    def explains(self, difference: Difference, exchange: Exchange) -> bool:
        return re.fullmatch(self.what, str(difference)) is not None and self.when(exchange)


def cause(difference: Difference, exchange: Exchange) -> Cause | None:
    """Give the first reason for a difference; None where there is none."""
    return next((one for one in CAUSES if one.explains(difference, exchange)), None)


# --- how it was recorded ---------------------------------------------------------------------------------------------


def _kept_some(exchange: Exchange) -> bool:
    """Every answer has a date, an id and a ray: where one is gone, the recorder left headers out."""
    names = {name.lower() for name, _ in exchange.headers}
    ids = {"cf-ray", "request-id"} if exchange.provider == "anthropic" else set()
    return not names >= {"date", *ids}


def _sorted(exchange: Exchange) -> bool:
    names = [name.lower() for name, _ in exchange.headers]
    return names == sorted(names)


def _rewritten(exchange: Exchange) -> bool:
    return not exchange.raw


def _http2(exchange: Exchange) -> bool:
    names = {name.lower() for name, _ in exchange.headers}
    return "connection" not in names


def _kept_no_betas(exchange: Exchange) -> bool:
    return not any(name.lower().startswith("anthropic-") for name in exchange.row["request_headers"] or {})


_LIMITS: Final = r"anthropic-ratelimit-(requests|tokens|input-tokens|output-tokens)-(limit|remaining|reset)"
_EDGE: Final = r"server|vary|cf-cache-status|x-robots-tag|content-security-policy|cf-ray|server-timing"

RECORDERS: Final = (
    Cause(
        "the recorder",
        "left headers out: every answer has a date, an id and a ray",
        FACTS,
        r"more: headers: .*",
        _kept_some,
    ),
    Cause(
        "the recorder",
        "left headers out, that of the content type and the id among them, or wrote something over them",
        FACTS,
        r"form: (request-id|content-type): (nothing|.* and something else|\*\*REDACTED\*\*) / .*",
    ),
    Cause("the recorder", "wrote placeholders over ids", FACTS, r"form: id.*: \w+_ and something else / .*"),
    Cause(
        "the recorder",
        "wrote placeholders over ids, and the model called no tool of ours",
        FACTS,
        r"form: id of \w+: \w+_ and something else / nothing",
    ),
    Cause("the recorder", "sorted the headers by name", FACTS, r"order: headers: .*", _sorted),
    Cause("the recorder", "read and wrote the events anew, without padding", FACTS, r"form: padding: 0 blanks / .*", _rewritten),
    Cause(
        "the recorder",
        "unpacked the body: an answer that came in chunks or compressed has a length since",
        FACTS,
        r"(missing: headers: (content-length|content-encoding)|more: headers: transfer-encoding)",
    ),
    Cause("the recorder", "spoke HTTP/2, which has neither", FACTS, r"more: headers: (transfer-encoding|connection)", _http2),
    Cause(
        "the recorder",
        "left out the headers of the request, and so the beta that adds it",
        FACTS,
        r"(missing|more): (answer: |message_delta: )?context_management.*",
        _kept_no_betas,
    ),
)

# --- what the network adds -------------------------------------------------------------------------------------------

NETWORK: Final = (
    Cause(
        "the network",
        "headers of the edge come and go, and so does a cookie",
        FACTS,
        rf"(missing|more): headers: ({_EDGE}|set-cookie|content-encoding)",
    ),
    Cause("the network", "the edge adds its headers in no fixed order", FACTS, rf"order: headers: .*\b({_EDGE})\b.*"),
    Cause("the network", "retry-after is on about one success in ten, by chance", FACTS, r"(missing|more): headers: retry-after"),
)

CAUSES: Final[tuple[Cause, ...]] = (*RECORDERS, *NETWORK)
