"""Plays interactions: the tape that the fake asks for recorded answers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from windtunnel.cassette.interaction import Request
from windtunnel.cassette.match import (
    DEFAULT,
    Asked,
    Custom,
    Index,
    Matching,
    Nearest,
    Place,
    Reel,
    Source,
    redacting,
)
from windtunnel.cassette.plans import Pace, pace_of, plan_of
from windtunnel.cassette.rules_beside import rules_beside
from windtunnel_server.call import Call
from windtunnel_server.plan import Plan
from windtunnel_server.tape import Recorded

if TYPE_CHECKING:
    from windtunnel.cassette.redact import Redactor

#: What a user may do about a miss, where nobody knows better.
_REMEDY = "record it again, or let the client ask what is recorded"


@dataclass(frozen=True, slots=True)
class Miss:
    """A request that no interaction answers."""

    #: What was asked: "POST /v1/messages".
    line: str
    #: Its number among all that were asked of the player, counted from 1.
    number: int
    nearest: Nearest | None
    place: Place | None
    remedy: str

    def __str__(self) -> str:
        return "\n".join(
            [f"No recording answers {self.line} (request {self.number}).", *map("  {}".format, self._lines())]
        )

    @property
    def brief(self) -> str:
        """All of it on one line."""
        return " · ".join([f"No recording answers {self.line} (request {self.number})", *self._lines()])

    def _lines(self) -> list[str]:
        lines = []
        if self.nearest is None:
            lines.append("nearest: none, the cassette is empty")
        else:
            lines.append(f"nearest: {self.place}")
            differs = self.nearest.difference
            spent = "nothing, but it has been played already; allow_repeats lets it answer again"
            lines.append(f"differs: {spent if differs is None else differs}")
        return [*lines, f"what to do: {self.remedy}"]


class Player:
    """Interactions to answer with, and what has become of them.

    `cassettes` are names with their interactions; `pace` is "none", "recorded" or a number (so many times as fast).
    `match` are rules by name or functions (`match/matchers.py`). With `allow_repeats` the last of the interactions that
    answer a request goes on answering it. `redact` makes of a live request what a recorder would have written down.
    """

    def __init__(
        self,
        cassettes: Iterable[tuple[str, Source]],
        *,
        pace: Pace = "none",
        match: Iterable[str | Custom] = DEFAULT,
        allow_repeats: bool = False,
        redact: Callable[[Request], Request] | None = None,
        remedy: str = _REMEDY,
    ) -> None:
        pace_of(pace)
        self._pace: Pace = pace
        self._reel = Reel(cassettes)
        self._index = Index(
            self._reel,
            Matching.of(match),
            allow_repeats=allow_repeats,
            redact=None if redact is None else redacting(redact),
        )
        self._plans: dict[tuple[int, bool], Plan] = {}
        self._asked = 0
        self.remedy = remedy
        self.misses: list[Miss] = []

    @classmethod
    def load(cls, *files: str | os.PathLike[str], **options: Any) -> Player:
        """Play cassette files, one behind the other; options as of the class. CassetteError for what is none."""
        from windtunnel.cassette.files import load

        return cls([(os.fspath(file), load(file)) for file in files], **{"redact": as_recorded(files), **options})

    def __len__(self) -> int:
        return len(self._reel)

    # --- what the fake asks --------------------------------------------------------------------------------------

    def play(self, call: Call, *, editable: bool = False) -> Recorded | None:
        """Give the answer to a call, which is spent with it; None where nothing answers it."""
        self._asked += 1
        found = self._index.take(_asked(call))
        if found is None:
            return None
        again: Callable[[], Any] = partial(self._index.again, found.place)
        return Recorded(self._plan(found.place, editable), str(self._reel.places[found.place]), again)

    def missed(self, call: Call) -> str:
        """Take down that nothing answers a call; say what is nearest and how it differs."""
        asked = _asked(call)
        nearest = self._index.nearest(asked)
        place = None if nearest is None else self._reel.places[nearest.place]
        self.misses.append(Miss(asked.line, self._asked, nearest, place, self.remedy))
        return self.misses[-1].brief

    def rewind(self) -> None:
        """Begin anew."""
        self._index.rewind()
        self._asked = 0
        self.misses.clear()

    def _plan(self, place: int, editable: bool) -> Plan:
        key = place, editable
        if key not in self._plans:
            method, response = self._reel.answer(place)
            self._plans[key] = plan_of(response, method=method, pace=self._pace, editable=editable)
        return self._plans[key]

    # --- what became of them -------------------------------------------------------------------------------------

    @property
    def played(self) -> list[Place]:
        """Interactions that have answered, in the order of the cassette."""
        return [place for place, played in zip(self._reel.places, self._index.played, strict=True) if played]

    @property
    def unplayed(self) -> list[Place]:
        """Interactions that have answered nothing yet."""
        return [place for place, played in zip(self._reel.places, self._index.played, strict=True) if not played]


def as_recorded(
    cassettes: Iterable[str | os.PathLike[str]] = (), rules: str | None = None
) -> Callable[[Request], Request]:
    """Return what makes of a live request what the recorder of these cassettes would have written down.

    `rules` are the user's, as `rules_for` takes them. CassetteError for rules that cannot be followed.
    """
    made: list[Redactor] = []
    asked = rules if rules is not None else rules_beside(cassettes)
    if asked is not None:
        from windtunnel.cassette.redact import Redactor
        from windtunnel.cassette.redact.rule_files import read

        made.append(Redactor(read(os.fspath(asked))))

    def redact(request: Request) -> Request:
        # Late: most requests are found without it.
        from windtunnel.cassette.redact import Redactor

        if not made:
            made.append(Redactor())
        return made[0].request(request)

    return redact


def _asked(call: Call) -> Asked:
    return Asked(call.method, call.route or call.path, call.query, call.headers, call.body, call.provider)
