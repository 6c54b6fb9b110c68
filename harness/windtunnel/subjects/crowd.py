"""Several clients at once, on threads, and what they say in the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from windtunnel.subjects.ask import Ask
from windtunnel.verdicts._usage import as_usage, counts
from windtunnel.verdicts.claims import Claim, Claims

#: Plays one client, by its number, and tells each claim as it is made.
Play = Callable[[int, Callable[[Claim], None]], None]


def on_threads(ask: Ask, play: Play) -> Claims:
    """Let every client play on a thread of its own; one alone stays on the caller's.

    Started inside a tunnel, the threads share its clock. They are joined without a time-out, which would be real time.
    What a client raises is raised here, after all have ended.
    """
    claims: list[Claim] = []
    if ask.clients == 1:
        play(0, claims.append)
        return summed(claims)
    raised: list[BaseException] = []

    def run(number: int) -> None:
        try:
            time.sleep(number * ask.every)
            play(number, claims.append)
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(number,), name=f"client {number}") for number in range(ask.clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]
    return summed(claims)


def summed(claims: Iterable[Claim]) -> Claims:
    """Put the claims of all clients in the order of their ends, and sum up what they booked."""
    calls = tuple(sorted(claims, key=lambda claim: (claim.ended_at or 0.0, claim.client)))
    usage: Mapping[str, Any] = {}
    for call in calls:
        usage = plus(usage, as_usage(counts(call.usage)))
    failed = not calls or any(call.outcome == "error" for call in calls)
    return Claims(calls=calls, outcome="error" if failed else "success", usage=usage or None)


def plus(total: Mapping[str, Any], usage: Mapping[str, Any]) -> dict[str, Any]:
    """Add the numbers of a usage, also those in objects (`cache_creation`); what is neither is left out."""
    out = dict(total)
    for key, value in usage.items():
        if isinstance(value, Mapping):
            out[key] = plus(out.get(key) or {}, value)
        elif isinstance(value, int) and not isinstance(value, bool):
            out[key] = out.get(key, 0) + value
    return out
