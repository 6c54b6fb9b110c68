"""Attempts turned away at the door. They say nothing of themselves; what the same client sends next says whose they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from windtunnel.verdicts.failures import at_the_door
from windtunnel_server.journal import Entry


def sender_of(entry: Entry) -> str | None:
    """Return who sent the attempt; a client that could not be told is written down at the door as "unknown"."""
    return None if entry.sender == "unknown" else entry.sender


@dataclass(frozen=True, slots=True)
class Habits:
    """Which senders are known from attempts that came in, and which of them send a retry count."""

    known: frozenset[str] = frozenset()
    counting: frozenset[str] = frozenset()

    @classmethod
    def of(cls, entries: Iterable[Entry], counting: Iterable[Entry]) -> Habits:
        inside = [entry.sender for entry in entries if not at_the_door(entry)]
        return cls(_named(inside), _named(entry.sender for entry in counting))

    def plain(self, sender: str | None) -> bool:
        """Say whether the sender is a loop of somebody's own, which goes on without counting."""
        return sender in self.known and sender not in self.counting


def _named(senders: Iterable[str | None]) -> frozenset[str]:
    return frozenset(sender for sender in senders if sender is not None)


@dataclass(slots=True)
class Doorstep:
    """The attempts turned away that nobody has claimed yet, by sender, in order of arrival."""

    waiting: dict[str | None, list[Entry]] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        self.waiting.setdefault(sender_of(entry), []).append(entry)

    def part(self, sender: str | None, count: int | None) -> tuple[list[Entry], list[Entry]]:
        """Take the sender's attempts: those of earlier calls, and those before an attempt with this count.

        A count of n has n attempts before it, none is fewer than are there; no count claims them all.
        """
        all_of_them = self.waiting.pop(sender, [])
        own = len(all_of_them) if count is None else min(count, len(all_of_them))
        place = len(all_of_them) - own
        return all_of_them[:place], all_of_them[place:]
