"""How the client behaves where its caller may choose. Times are seconds, sizes tokens."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The defaults are those of the reference: 1 s, 2 s, 4 s with jitter, up to three times."""

    #: Retries of one request, not attempts, whatever went wrong; another model begins to count anew.
    max_retries: int = 3
    base_s: float = 1.0
    cap_s: float = 4.0
    #: A wait is drawn from its length times 1 - jitter to 1 + jitter; one that the server asks for is never shorter.
    jitter: float = 0.25
    #: A `retry-after` longer than this is not waited for: RetryLater tells the caller when to come again.
    retry_after_ceiling_s: float = 60.0
    #: From the first attempt to the last byte, waits included; None: no limit.
    deadline_s: float | None = None
    #: Until a connection is there.
    connect_timeout_s: float = 5.0
    #: Until the head of a stream is there, or the whole of an answer without one.
    timeout_s: float = 600.0
    #: A stream that says nothing for so long has stalled; pings do not count as saying something.
    idle_timeout_s: float = 300.0
    #: After a stream that broke, ask again without one.
    fall_back_to_whole: bool = True
    #: Asked when the model stays overloaded after all retries; None: no other.
    fallback_model: str | None = None
    #: The window that is compacted for; None: the model's own.
    context_window: int | None = None
    #: Share of the window past which a conversation is compacted before it is sent; 1: only when it is refused.
    compact_at: float = 0.8
    #: Exchanges at the end that a compaction leaves as they are.
    keep_exchanges: int = 2
    #: Requests in one turn of the user, tool results included.
    max_steps: int = 50

    def __post_init__(self) -> None:
        for name in ("max_retries", "keep_exchanges"):
            _least(name, getattr(self, name), 0)
        _least("max_steps", self.max_steps, 1)
        for name in ("base_s", "cap_s", "retry_after_ceiling_s", "connect_timeout_s", "timeout_s", "idle_timeout_s"):
            value = getattr(self, name)
            if not (isinstance(value, (int, float)) and value >= 0):
                raise ValueError(f"{name} is {value!r}, and must be seconds from 0 up")
        if not 0 <= self.jitter < 1:
            raise ValueError(f"jitter is {self.jitter!r}, and must be from 0 up to, but not including, 1")
        if not 0 < self.compact_at <= 1:
            raise ValueError(f"compact_at is {self.compact_at!r}, and must be a share above 0 and up to 1")
        if self.deadline_s is not None and not (self.deadline_s > 0 and math.isfinite(self.deadline_s)):
            raise ValueError(f"deadline_s is {self.deadline_s!r}, and must be seconds above 0; None is no limit")


def _least(name: str, value: object, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name} is {value!r}, and must be a whole number from {least} up")
