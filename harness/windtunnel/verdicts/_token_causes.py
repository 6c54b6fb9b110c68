"""What usually lies behind a wrong count: each cause says what a client that had it would have claimed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from windtunnel.verdicts._usage import Counts, added, counts, top_level
from windtunnel.verdicts.sent import Sent

READ: Final = "cache_read_input_tokens"
WRITTEN: Final = "cache_creation_input_tokens"
SHORT: Final = "cache_creation.ephemeral_5m_input_tokens"
LONG: Final = "cache_creation.ephemeral_1h_input_tokens"
_CACHED: Final = (READ, WRITTEN, SHORT, LONG)


@dataclass(frozen=True, slots=True)
class Cause:
    """A usual mistake; `books` gives what it makes of the answers, in order of their arrival."""

    name: str
    advice: str
    books: Callable[[Sequence[Sent]], Counts]


def likely(said: Counts, sent: Sequence[Sent]) -> Cause | None:
    """Return the first cause that explains every number that was said; None where none does."""
    for cause in CAUSES:
        made = cause.books(sent)
        if all(made.get(name, 0) == value for name, value in said.items()):
            return cause
    return None


def likely_in(name: str, said: int, sent: Sequence[Sent]) -> Cause | None:
    """Return the first cause that explains this one number."""
    return likely({name: said}, sent)


def true(sent: Iterable[Sent]) -> Counts:
    """Return what was reported in the end, over all answers."""
    return added(counts(one.usage) for one in sent if one.usage is not None)


def _changed(change: Callable[[Counts], Mapping[str, int]]) -> Callable[[Sequence[Sent]], Counts]:
    def books(sent: Sequence[Sent]) -> Counts:
        booked = true(sent)
        return {**booked, **change(booked)}

    return books


def _input_with(*names: str) -> Callable[[Sequence[Sent]], Counts]:
    return _changed(lambda c: {"input_tokens": c.get("input_tokens", 0) + sum(c.get(name, 0) for name in names)})


def _folded(*names: str) -> Callable[[Sequence[Sent]], Counts]:
    return _changed(
        lambda c: (
            {"input_tokens": c.get("input_tokens", 0) + sum(c.get(n, 0) for n in names)} | dict.fromkeys(_CACHED, 0)
        )
    )


def _added_up(sent: Sequence[Sent]) -> Counts:
    return added(counts(usage) for one in sent for usage in one.usages)


def _output_added_up(sent: Sequence[Sent]) -> Counts:
    return {**true(sent), "output_tokens": _added_up(sent).get("output_tokens", 0)}


def _first_reports(sent: Sequence[Sent]) -> Counts:
    return added(counts(one.usages[0]) for one in sent if one.usages)


def _last_reports(sent: Sequence[Sent]) -> Counts:
    return added(counts(one.usages[-1]) for one in sent if one.usages)


def _without_rounds(sent: Sequence[Sent]) -> Counts:
    """The counts beside the iterations leave compaction out."""
    return added(top_level(one.usage) for one in sent if one.usage is not None)


def _whole_only(sent: Sequence[Sent]) -> Counts:
    return true(one for one in sent if one.whole)


def _last_only(sent: Sequence[Sent]) -> Counts:
    return true([one for one in sent if one.usage is not None][-1:])


def _for_each_attempt(sent: Sequence[Sent]) -> Counts:
    """The request that went well is counted once for each of its attempts, those that were refused too."""
    whole = [one for one in sent if one.whole]
    return added([counts(one.usage) for one in whole] * len(sent)) if len(whole) == 1 else {}


#: The most telling first: the first that explains the numbers is named.
CAUSES: Final[tuple[Cause, ...]] = (
    Cause(
        "only the whole of a compacted answer was counted",
        "add up its iterations: compaction is billed beside the message",
        _without_rounds,
    ),
    Cause(
        "the reports of one stream were added up",
        "message_delta is cumulative: let its counts replace those of message_start",
        _added_up,
    ),
    Cause(
        "the output counts of one stream were added up",
        "message_delta is cumulative: let its output_tokens replace that of message_start",
        _output_added_up,
    ),
    Cause(
        "only message_start was counted",
        "take the final counts from message_delta",
        _first_reports,
    ),
    Cause(
        "answers that broke off were left out",
        "book what a cut stream had reported: it is billed",
        _whole_only,
    ),
    Cause(
        "only the last answer was counted",
        "add up over all calls and attempts that reported usage",
        _last_only,
    ),
    Cause(
        "attempts that were refused were counted",
        "book nothing for an answer that reports no usage",
        _for_each_attempt,
    ),
    Cause(
        "cache reads and writes are in input_tokens too",
        "input_tokens is the uncached remainder; add nothing to it",
        _input_with(READ, WRITTEN),
    ),
    Cause(
        "cache reads are in input_tokens too",
        "input_tokens is the uncached remainder; add nothing to it",
        _input_with(READ),
    ),
    Cause(
        "cache writes are in input_tokens too",
        "input_tokens is the uncached remainder; add nothing to it",
        _input_with(WRITTEN),
    ),
    Cause(
        "cache tokens were dropped",
        "book cache_read_input_tokens and cache_creation_input_tokens",
        _changed(lambda c: dict.fromkeys(_CACHED, 0)),
    ),
    Cause(
        "cache tokens were booked as plain input",
        "book cache reads and writes apart: they have prices of their own",
        _folded(READ, WRITTEN),
    ),
    Cause(
        "cache reads were dropped",
        "book cache_read_input_tokens",
        _changed(lambda c: {READ: 0}),
    ),
    Cause(
        "cache writes were dropped",
        "book cache_creation_input_tokens and its lifetimes",
        _changed(lambda c: {WRITTEN: 0, SHORT: 0, LONG: 0}),
    ),
    Cause(
        "server tools were dropped",
        "book server_tool_use: web searches cost extra",
        _changed(lambda c: {name: 0 for name in c if name.startswith("server_tool_use.")}),
    ),
    Cause(
        "the lifetimes of cache writes were exchanged",
        "book ephemeral_5m and ephemeral_1h as they are reported",
        _changed(lambda c: {SHORT: c.get(LONG, 0), LONG: c.get(SHORT, 0)}),
    ),
    Cause(
        "all cache writes were booked as 5-minute ones",
        "book ephemeral_1h_input_tokens apart: it costs more",
        _changed(lambda c: {SHORT: c.get(SHORT, 0) + c.get(LONG, 0), LONG: 0}),
    ),
    Cause(
        "input and output were exchanged",
        "book input_tokens as input",
        _changed(lambda c: {"input_tokens": c.get("output_tokens", 0), "output_tokens": c.get("input_tokens", 0)}),
    ),
    Cause(
        "only message_delta was counted",
        "keep what message_start said and message_delta leaves out",
        _last_reports,
    ),
)
