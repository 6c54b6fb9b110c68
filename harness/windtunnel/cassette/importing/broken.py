"""How an exchange broke off, as far as the words of its recorder tell."""

from __future__ import annotations

from typing import Final

from windtunnel.cassette.interaction import ENDINGS, Ended

#: What stands in the words, in small letters, and what it means; the first that fits counts. Seen in dumps of
#: mitmproxy 11.0.2 ("Client disconnected.", "Connect call failed") and of Chromium 156 (net::ERR_…); others unverified.
_WORDS: Final[tuple[tuple[str, Ended], ...]] = (
    ("refused", "refused"),
    ("connect call failed", "refused"),
    ("name_not_resolved", "refused"),
    ("reset", "reset"),
    ("client disconnect", "timeout"),
    ("abort", "timeout"),
    ("timed", "timeout"),
    ("timeout", "timeout"),
)


def ended_by(words: object) -> Ended:
    """Return the ending that an error's words stand for: a cut where they say nothing else."""
    said = str(words or "").lower()
    exact: tuple[tuple[str, Ended], ...] = tuple((ending, ending) for ending in ENDINGS if said == ending)
    return next((ending for word, ending in exact + _WORDS if word in said), "cut")
