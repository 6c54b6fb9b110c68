"""A script as values: steps, what they are made of, and the queue that hands them out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from windtunnel_server.wire.message import Block

#: What a step can be for.
ENDPOINTS = ("messages", "count_tokens", "models", "batches", "any")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a script: an error or a reply (None for both: composed), the faults laid over it, how often."""

    error: ErrorSpec | None = None
    reply: ReplySpec | None = None
    faults: tuple[Fault, ...] = ()
    stream: Stream | None = None
    times: int = 1
    #: The endpoint it answers; "any" for whichever call comes. A call takes the first step that is for it.
    on: str = "messages"

    def __post_init__(self) -> None:
        if isinstance(self.times, bool) or not isinstance(self.times, int) or self.times < 1:
            raise ScriptError(f"times: {self.times!r} is not a whole number from 1 up; leave the step out instead")
        if self.reply is not None and self.on not in ("messages", "any"):
            raise ScriptError(
                f"on: a reply is for messages, not for {self.on}; answer that with fail(…), or not at all"
            )
        if self.error is not None and self.reply is not None:
            raise ScriptError("a step is either a failure or a reply; write two steps")
        if self.on not in ENDPOINTS:
            raise ScriptError(unknown_word("on", self.on, ENDPOINTS))

    def is_for(self, endpoint: str) -> bool:
        """Whether a call of `endpoint` may take it. What a reply says, only messages can say."""
        return self.on == endpoint or (self.on == "any" and (self.reply is None or endpoint == "messages"))

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


class Script:
    """The steps still to come; each is taken as often as it says."""

    def __init__(self) -> None:
        self._left: list[list[Any]] = []  # [step, how often still]

    def extend(self, steps: Iterable[Step]) -> None:
        """Add steps behind those still to come."""
        self._left.extend([step, step.times] for step in steps)

    def clear(self) -> None:
        self._left.clear()

    @property
    def next(self) -> Step | None:
        """The step that comes next, whatever it is for; None when the script is at its end."""
        return self._left[0][0] if self._left else None

    def take(self, endpoint: str) -> Step | None:
        """Take the first step for `endpoint` once; "door" takes whatever comes next."""
        for place, item in enumerate(self._left):
            step: Step = item[0]
            if endpoint == "door" or step.is_for(endpoint):
                item[1] -= 1
                if item[1] == 0:
                    del self._left[place]
                return step
        return None

    @property
    def left(self) -> list[Step]:
        """Steps not yet used up."""
        return [item[0] for item in self._left]
