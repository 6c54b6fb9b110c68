"""Requests that stand in for a stream that broke: the same question, asked again without one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from windtunnel.verdicts.chains import Chain
from windtunnel.verdicts.failures import asked_for_stream, failed
from windtunnel_server.journal import Entry


def broke_off(chain: Chain) -> bool:
    """Say whether the chain ended in a stream whose head said 2xx, and which failed."""
    last = chain.attempts[-1]
    return failed(last) and last.status is not None and last.status < 300 and asked_for_stream(last)


def attempts_before(chain: Chain, streams: Iterable[Chain]) -> int:
    """Return how many attempts were made for the stream that the chain stands in for; 0 where it does for none.

    That is the last one that its sender was over with, with the same messages.
    """
    first = chain.attempts[0]
    if asked_for_stream(first):
        return 0
    before = [stream for stream in streams if _may_stand_in(first, stream.attempts[-1])]
    last = max(before, key=lambda stream: stream.attempts[-1].ended_at or 0.0, default=None)
    return 0 if last is None else len(last.attempts)


def _may_stand_in(entry: Entry, stream: Entry) -> bool:
    over = stream.ended_at is not None and stream.ended_at <= entry.arrived_at
    asked = _messages(entry)
    return over and stream.sender == entry.sender and asked is not None and _messages(stream) == asked


def _messages(entry: Entry) -> Any:
    return entry.body.get("messages") if isinstance(entry.body, dict) else None
