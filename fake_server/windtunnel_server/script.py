"""A script as values: steps, and what they are made of. `taking.py` hands them out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from windtunnel_server.conditions import When, Window
from windtunnel_server.wire.message import Block

#: What a step can be for.
ENDPOINTS = ("messages", "count_tokens", "models", "batches", "token", "any")


#: How many names a message lists, nearest first.
_SHOWN = 12


class ScriptError(ValueError):
    """A step that cannot be: an unknown word, or a value out of its range. Says what to write instead."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault by name (`faults/` has one file for each) and its options."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """How a streamed reply is paced. Seconds; 0 everywhere sends it in one write."""

    #: Silence between the request and the first byte.
    first_byte: float = 0.0
    #: Output tokens a second; 0 for no pacing. A delta of n tokens follows n / tokens_per_second seconds of silence.
    tokens_per_second: float = 0.0
    #: A ping after each so many seconds of silence; 0 for none but the usual one.
    ping_every: float = 0.0
    #: Characters in a text delta; None: as the model does.
    text_piece: int | None = None
    #: Characters in an input_json_delta; None: as the model does.
    input_piece: int | None = None

    def __post_init__(self) -> None:
        for name in ("first_byte", "tokens_per_second", "ping_every"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
                raise ScriptError(f"stream: {name} is {value!r}, and must be a number from 0 up")
        for name in ("text_piece", "input_piece"):
            size = getattr(self, name)
            if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 1):
                raise ScriptError(f"stream: {name} is {size!r}, and must be a whole number of characters from 1 up")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplySpec:
    """What a scripted reply says. Everything left out is composed or counted."""

    content: tuple[Block, ...]
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: Mapping[str, Any] | None = None
    #: First-party usage keys; those given replace the counted ones.
    usage: Mapping[str, Any] | None = None
    model: str | None = None
    id: str | None = None
    container: Mapping[str, Any] | None = None
    context_management: Mapping[str, Any] | None = None
    #: Texts are templates over the request that is answered.
    template: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorSpec:
    """An HTTP error answer: a kind of `wire/errors.py`, with what is changed about it."""

    #: Name of the kind ("rate_limited"), or None where only a status was given.
    kind: str | None = None
    status: int | None = None
    type: str | None = None
    message: str | None = None
    details: Mapping[str, Any] | None = None
    #: `retry-after`: seconds, written as given.
    retry_after: float | None = None
    #: `retry-after-ms`: milliseconds.
    retry_after_ms: float | None = None
    #: `retry-after` as an HTTP date so many seconds from now (rounded up to a whole second).
    retry_after_date: float | None = None
    #: `x-should-retry`; None: as the real API sends it for this kind.
    should_retry: bool | None = None
    #: Further response headers.
    headers: Mapping[str, str] = field(default_factory=dict)


#: How often a step is taken: a number, or for as long as there are calls for it.
Times: TypeAlias = "int | Literal['forever']"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a script: an error or a reply (None for both: composed), the faults laid over it, when, how often."""

    error: ErrorSpec | None = None
    reply: ReplySpec | None = None
    faults: tuple[Fault, ...] = ()
    stream: Stream | None = None
    times: Times = 1
    #: The endpoint it answers; "any" for whichever call comes. A call takes the first step that is for it.
    on: str = "messages"
    #: The calls it is for; None: for any.
    when: When | None = None
    #: The time it applies at; None: always.
    during: Window | None = None
    #: The share of calls that take it, of those it is for; 1: all of them.
    chance: float = 1.0

    def __post_init__(self) -> None:
        if self.times != "forever" and (
            isinstance(self.times, bool) or not isinstance(self.times, int) or self.times < 1
        ):
            raise ScriptError(
                f'times: {self.times!r} is neither a whole number from 1 up nor "forever"; to take a step never, leave it out'
            )
        if self.reply is not None and self.on not in ("messages", "any"):
            raise ScriptError(
                f"on: a reply is for messages, not for {self.on}; answer that with fail(…), or not at all"
            )
        if self.error is not None and self.reply is not None:
            raise ScriptError("a step is either a failure or a reply; write two steps")
        if self.on not in ENDPOINTS:
            raise ScriptError(unknown_word("on", self.on, ENDPOINTS))
        if isinstance(self.chance, bool) or not isinstance(self.chance, (int, float)) or not 0 < self.chance <= 1:
            raise ScriptError(f"chance: {self.chance!r} is not a share above 0 and up to 1; write 0.25 for a quarter")

    def is_for(self, endpoint: str) -> bool:
        """Whether a call of `endpoint` may take it. What a reply says, only messages can say."""
        return self.on == endpoint or (self.on == "any" and (self.reply is None or endpoint == "messages"))

    @property
    def is_plain(self) -> bool:
        """Whether any call of messages may take it, as far as its window says: that can be told before a call is read."""
        return self.is_for("messages") and self.when is None and self.chance == 1

    @property
    def label(self) -> str:
        """A short name for reports: "fail rate_limited", "reply", "composed"."""
        if self.error is not None:
            what = f"fail {self.error.kind or self.error.status}"
        elif self.reply is not None:
            what = "reply"
        else:
            what = "composed"
        return " + ".join([what, *(fault.name for fault in self.faults)])


def check_words(given: Iterable[Any], known: Sequence[str], where: str) -> None:
    """Raise for the first word of `given` that is not known."""
    for key in given:
        if key not in known:
            raise ScriptError(unknown_word(where, key, known))


def unknown_word(where: str, key: object, known: Iterable[str]) -> str:
    """Say that a word is unknown, and which are known, nearest first."""
    on_offer = list(known)
    nearest = difflib.get_close_matches(str(key), on_offer, n=_SHOWN)
    hint = f"; did you mean {nearest[0]}?" if nearest else ""
    listed = [*nearest, *(name for name in on_offer if name not in nearest)] if len(on_offer) > _SHOWN else on_offer
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return f"{where}: unknown {key!r}{hint} (known: {', '.join(listed[:_SHOWN]) or 'nothing more here'}{more})"


#: What answers a call that no step is left for: a composed reply, the steps that are used up once more, a refusal, or
#: a step, which has no end.
Then: TypeAlias = "Literal['composed', 'repeat', 'refuse'] | Step"
THENS: Final = ("composed", "repeat", "refuse")
