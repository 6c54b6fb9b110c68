"""Requests of 200 kB, as a coding agent sends them: answers a second, next to servers that do not read them."""

from __future__ import annotations

from benchmarks.bodies import large
from benchmarks.rounds import Table
from benchmarks.servers import Pace, compare

_NOTE = "Ours parses, checks, counts, digests and keeps 200 kB of JSON each time; the others throw it away unread."


def measure(*, quick: bool) -> list[Table]:
    """Send system prompt, 44 tools and a long history, streamed and not."""
    bodies = {"message": large(stream=False), "stream": large(stream=True)}
    return compare("200 kB requests", bodies, Pace(1, 0.1, (1,)) if quick else Pace(5, 0.6), _NOTE)
