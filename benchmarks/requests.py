"""Small requests: answers a second, next to servers that do nothing but answer."""

from __future__ import annotations

from benchmarks.bodies import small
from benchmarks.rounds import Table
from benchmarks.servers import Pace, compare

_NOTE = (
    "Ours validates, composes, counts and journals each time; the others send the bytes of one such answer again and "
    "again,\n  uvicorn's app an event a message."
)


def measure(*, quick: bool) -> list[Table]:
    """Send a question of one word, streamed and not."""
    bodies = {"message": small(stream=False), "stream": small(stream=True)}
    return compare("small requests", bodies, Pace(1, 0.1) if quick else Pace(5, 0.6), _NOTE)
