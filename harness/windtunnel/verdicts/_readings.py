"""Other readings of attempts without marks: could they be several calls, each of which did right?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from windtunnel_server.journal import Entry

Part: TypeAlias = tuple[Entry, ...]

#: So many attempts are looked at, in so many steps at most; beyond that anything is taken for possible.
_MOST_ATTEMPTS = 400
_MOST_STEPS = 5_000


class Rules(Protocol):
    """What makes a part of the attempts one call that did right."""

    def goes_on(self, part: Part, entry: Entry) -> bool:
        """Say whether the attempt may come after the part, as the next retry."""

    def may_end(self, part: Part) -> bool:
        """Say whether the part may be all there was of the call."""


def innocent(attempts: Sequence[Entry], rules: Rules) -> bool:
    """Say whether the attempts, in order of arrival, can be parted into calls that did right, or may be."""
    if len(attempts) > _MOST_ATTEMPTS:
        return True
    steps = iter(range(_MOST_STEPS))
    return _parted(tuple(attempts), (), rules, lambda: next(steps, None) is None)


def _parted(left: Part, parts: tuple[Part, ...], rules: Rules, exhausted: Callable[[], bool]) -> bool:
    if exhausted():
        return True
    if not left:
        return all(rules.may_end(part) for part in parts)
    entry, rest = left[0], left[1:]
    for place, part in enumerate(parts):
        if rules.goes_on(part, entry):
            others = parts[:place] + parts[place + 1 :]
            if _parted(rest, (*others, (*part, entry)), rules, exhausted):
                return True
    return _parted(rest, (*parts, (entry,)), rules, exhausted)
