"""The prompt cache: what of a prompt is read from it, what is written to it, and for how long it stays (wire.md 8.2).

Entries are written at breakpoints only, and known by the digest of the prompt up to there. An entry can be read once
the answer that wrote it has begun to leave, and lives from its request's start: 5 minutes or an hour, anew with every
use. Instants are seconds on one clock.

Unverified: that a breakpoint inside of what was read writes nothing; that a read renews an entry for the lifetime it
was written with; that the walk back takes in 20 blocks besides the breakpoint's own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from windtunnel_server.model.breakpoints import Breakpoint
from windtunnel_server.model.chain import chain
from windtunnel_server.model.models import Model
from windtunnel_server.model.prompt import Prompt

LOOK_BACK: Final = 20
LIFETIMES_S: Final[Mapping[str, float]] = {"5m": 300.0, "1h": 3600.0}

#: The shortest prefix that is cached, in tokens, by line and version (wire.md 8.2).
MINIMUM: Final[Mapping[str, int]] = {
    **dict.fromkeys(("fable-5", "fable-5-1", "mythos-5", "mythos-5-1", "opus-5", "opus-5-5"), 512),
    **dict.fromkeys(("opus-4-8", "opus-4-1", "opus-4", "sonnet-5", "sonnet-4-6", "sonnet-4-5", "sonnet-4"), 1024),
    **dict.fromkeys(("opus-4-7", "mythos-preview", "3-5-haiku"), 2048),
    **dict.fromkeys(("opus-4-6", "opus-4-5", "haiku-4-5"), 4096),
}
#: For Sonnet 5.5, Haiku 5.5, the 5.2 models and what is older than Haiku 3.5: not known (unverified).
USUAL_MINIMUM: Final = 1024

#: Entries kept before the expired ones are looked for.
_MANY: Final = 1024


def minimum(model: Model) -> int:
    """Give the shortest prefix that a model caches, in tokens."""
    return MINIMUM.get(model.short_name, USUAL_MINIMUM)


@dataclass(slots=True)
class _Entry:
    made_at: float
    lifetime_s: float
    readable_at: float = math.inf
    expires_at: float = -math.inf

    def is_live(self, at: float) -> bool:
        return self.readable_at <= at < self.expires_at

    def begin(self, asked_at: float, at: float) -> None:
        self.readable_at = min(self.readable_at, at)
        self.use(asked_at)

    def is_needed(self, at: float) -> bool:
        """It is live, or its answer may be still to come."""
        return at < max(self.expires_at, self.made_at + self.lifetime_s)

    def use(self, asked_at: float) -> None:
        self.expires_at = max(self.expires_at, asked_at + self.lifetime_s)


@dataclass(frozen=True, slots=True)
class Matched:
    """What the cache does for one call, in tokens. The rest of the prompt is plain input."""

    read: int = 0
    written_5m: int = 0
    written_1h: int = 0
    _used: tuple[_Entry, ...] = ()
    _new: tuple[_Entry, ...] = ()

    def begin(self, asked_at: float, at: float) -> None:
        """The answer begins to leave at `at`: what it wrote can be read, and what it read lives on from `asked_at`."""
        for entry in self._used:
            entry.use(asked_at)
        for entry in self._new:
            entry.begin(asked_at, at)


class PromptCache:
    """The cached prefixes of all workspaces and models."""

    def __init__(self) -> None:
        self._entries: dict[bytes, _Entry] = {}
        self._many = _MANY

    def match(
        self,
        request: Mapping[str, Any],
        prompt: Prompt,
        wanted: tuple[Breakpoint, ...],
        *,
        model: Model,
        workspace: str,
        at: float,
    ) -> Matched:
        """Look a prompt up, and prepare what it writes; nothing lasts before `Matched.begin`."""
        if not wanted:
            return Matched()
        links = tuple(chain(request, prompt.pieces[: wanted[-1].at + 1], f"{workspace}\n{model.id}"))
        found = max((self._found(links, mark.at, at) for mark in wanted), default=-1)
        used = tuple(entry for link in links[: found + 1] if (entry := self._live(link, at)) is not None)
        done = prompt.upto[found] if found >= 0 else 0
        read, written, new = done, {"5m": 0, "1h": 0}, []
        least = minimum(model)
        for mark in wanted:
            if mark.at > found and prompt.upto[mark.at] >= least:
                written[mark.ttl] += prompt.upto[mark.at] - done
                done = prompt.upto[mark.at]
                new.append(self._made(links[mark.at], mark.ttl, at))
        return Matched(read, written["5m"], written["1h"], used, tuple(new))

    def _found(self, links: tuple[bytes, ...], start: int, at: float) -> int:
        """Walk back from a breakpoint to the nearest block that an entry ends at; -1 for none."""
        for index in range(start, max(start - LOOK_BACK, 0) - 1, -1):
            if self._live(links[index], at) is not None:
                return index
        return -1

    def _live(self, link: bytes, at: float) -> _Entry | None:
        entry = self._entries.get(link)
        return entry if entry is not None and entry.is_live(at) else None

    def _made(self, link: bytes, ttl: str, at: float) -> _Entry:
        """Make an entry that waits to be readable. Calls that write the same at once share one."""
        entry = self._entries.get(link)
        if entry is None or entry.readable_at <= at:
            self._forget_expired(at)
            entry = self._entries[link] = _Entry(at, LIFETIMES_S[ttl])
        entry.lifetime_s = max(entry.lifetime_s, LIFETIMES_S[ttl])
        return entry

    def _forget_expired(self, at: float) -> None:
        if len(self._entries) >= self._many:
            kept = {link: entry for link, entry in self._entries.items() if entry.is_needed(at)}
            self._entries, self._many = kept, max(_MANY, 2 * len(kept))
