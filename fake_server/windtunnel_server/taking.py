"""The queue that hands out the steps of a script: which one a call takes, and what follows the last."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from windtunnel_server.call import Call
from windtunnel_server.conditions import Facts, Window
from windtunnel_server.script import THENS, ScriptError, Step, Then, unknown_word


@dataclass(slots=True, eq=False)
class _Written:
    """A step of the script, and how often it was taken."""

    step: Step
    #: Counted from 1; 0 for what follows the last step.
    place: int
    #: In all.
    taken: int = 0
    #: Since it was written, or began once more.
    taken_now: int = 0

    @property
    def used_up(self) -> bool:
        return self.step.times != "forever" and self.taken_now >= self.step.times

    def is_on(self, at_s: float) -> bool:
        return self.step.during is None or at_s in self.step.during

    def applies(self, facts: Facts, seed: int) -> bool:
        step = self.step
        if not (step.is_for(facts.endpoint) and self.is_on(facts.call.arrived_at)):
            return False
        if step.when is not None and not step.when.matches(facts):
            return False
        return step.chance >= 1 or self._draw(facts, seed) < step.chance

    def _draw(self, facts: Facts, seed: int) -> float:
        # Drawn anew for each step and call: what other steps do, and how often one looks, changes nothing.
        return Random(f"{seed} step {self.place} {facts.endpoint} {facts.number}").random()


class Script:
    """The steps still to come; a call takes the first one that applies to it."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self.clear()

    def clear(self) -> None:
        self._written: list[_Written] = []
        #: Those not used up, as they were written.
        self._open: list[_Written] = []
        self._windows: list[Window] = []
        self._asked: Counter[str] = Counter()
        self.follow("composed")

    def extend(self, steps: Iterable[Step]) -> None:
        """Add steps behind those still to come."""
        added = [_Written(step, place) for place, step in enumerate(steps, len(self._written) + 1)]
        self._written += added
        self._open += added
        self._windows += [item.step.during for item in added if item.step.during is not None]

    def follow(self, then: Then) -> None:
        """Say what answers a call that no step is left for."""
        if not isinstance(then, Step) and then not in THENS:
            raise ScriptError(f"{unknown_word('then', then, THENS)}, or a step")
        self.then = then
        #: The step that follows the last one, or nothing.
        self._behind = [_Written(replace(then, times="forever"), 0)] if isinstance(then, Step) else []

    @property
    def is_blank(self) -> bool:
        """Nothing is left of it, and nothing follows: no call and no time can take a step."""
        return not self._open and not self._behind and self.then != "repeat"

    # --- calls ---------------------------------------------------------------------------------------------------

    def facts(self, endpoint: str, call: Call, count: Callable[[Any], int]) -> Facts:
        """Number a call, and say what conditions can ask of it."""
        self._asked[endpoint] += 1
        return Facts(call, endpoint, self._asked[endpoint], count)

    def take(self, facts: Facts) -> Step | None:
        """Take the first step that applies to the call once; None where there is none, and none follows."""
        found = self._first(self._open, facts) or self._again(facts) or self._first(self._behind, facts)
        return None if found is None else self._take(found)

    def _first(self, items: Iterable[_Written], facts: Facts) -> _Written | None:
        return next((item for item in items if item.applies(facts, self._seed)), None)

    def _again(self, facts: Facts) -> _Written | None:
        """The script begins once more for the calls that its open steps are not for; others keep their place in it."""
        if self.then != "repeat":
            return None
        spent = [item for item in self._written if item.used_up and item.applies(facts, self._seed)]
        self._renew(spent)
        return spent[0] if spent else None

    def _renew(self, spent: list[_Written]) -> None:
        for item in spent:
            item.taken_now = 0
        if spent:
            self._open = [item for item in self._written if not item.used_up]

    def _take(self, item: _Written) -> Step:
        item.taken += 1
        item.taken_now += 1
        if item.used_up:
            self._open.remove(item)
        return item.step

    # --- the door ------------------------------------------------------------------------------------------------

    def at_the_door(self, at_s: float) -> Step | None:
        """The first step that applies at that time to a call of which nothing is known but that it comes."""
        item = self._next_known(at_s)
        return None if item is None else item.step

    def take_at_the_door(self, at_s: float) -> Step | None:
        """Take that step once."""
        item = self._next_known(at_s)
        if item is None:
            return None
        if item.used_up:
            self._renew([item for item in self._written if item.used_up and item.step.is_plain and item.is_on(at_s)])
        return self._take(item)

    def _next_known(self, at_s: float) -> _Written | None:
        for item in self._open:
            if item.step.is_plain and item.is_on(at_s):
                return item
        if any(item.step.is_for("messages") and item.is_on(at_s) for item in self._open):
            return None  # a step with conditions may be for the call, which has to be let in to tell
        following = self._written if self.then == "repeat" else self._behind
        return next((item for item in following if item.step.is_plain and item.is_on(at_s)), None)

    def next_change(self, at_s: float) -> float | None:
        """The next instant at which a window opens or closes."""
        behind = [item.step.during for item in self._behind if item.step.during is not None]
        edges = (edge for window in (*self._windows, *behind) for edge in (window.from_s, window.until_s))
        return min((edge for edge in edges if at_s < edge < math.inf), default=None)

    # --- what is left --------------------------------------------------------------------------------------------

    @property
    def steps(self) -> list[Step]:
        """Every step that was written, and the one behind the last if there is one."""
        return [item.step for item in (*self._written, *self._behind)]

    @property
    def left(self) -> list[Step]:
        """Steps not yet used up."""
        return [item.step for item in self._open]

    @property
    def untaken(self) -> list[Step]:
        """Steps that no call has taken."""
        return [item.step for item in self._written if not item.taken]
