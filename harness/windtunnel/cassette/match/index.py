"""Finds the interaction that answers a request, in a time that does not grow with their number.

Recordings are looked up by their bytes; then the one is tried whose turn it is, since most clients ask again in the order
they asked in; then by the digest of what is left of them once all is gone that clients vary. Identical requests are
answered in the order of their recording, each recording once; one that was recorded in the very bytes of a request comes
before others that ask the same in other words.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from windtunnel.cassette.interaction import Request
from windtunnel.cassette.match import difference
from windtunnel.cassette.match.asked import Asked, from_request
from windtunnel.cassette.match.canonical import but_for_the_user, digest, surely_same
from windtunnel.cassette.match.difference import Difference
from windtunnel.cassette.match.matchers import Matching, custom_says
from windtunnel.cassette.match.reel import Reel

#: How a body begins that is JSON, or nothing at all.
_JSON: Final = (b"{", b"[", b"")

Redact: TypeAlias = Callable[[Asked], Asked]


@dataclass(slots=True)
class _Alike:
    """Recordings of the same request, in order."""

    places: list[int] = field(default_factory=list)
    waiting: deque[int] = field(default_factory=deque)

    def add(self, place: int) -> None:
        self.places.append(place)
        self.waiting.append(place)


@dataclass(frozen=True, slots=True)
class Matched:
    """The interaction at `place` (from 0) answers; `again`: it has answered before."""

    place: int
    again: bool = False


@dataclass(frozen=True, slots=True)
class Nearest:
    """The interaction that comes nearest to a request, and what is the first to differ; None: it has been played."""

    place: int
    difference: Difference | None


class Index:
    """What is to be found in some interactions, and which of them have been played."""

    def __init__(
        self,
        reel: Reel,
        matching: Matching | None = None,
        *,
        allow_repeats: bool = False,
        redact: Redact | None = None,
    ) -> None:
        self._reel = reel
        self._matching = matching or Matching.of()
        self._allow_repeats = allow_repeats
        self._redact = redact
        #: The last request that was redacted, and what became of it: that takes its time.
        self._redacted: tuple[Asked, Asked] | None = None
        self._by_bytes: dict[Hashable, _Alike] = {}
        self._by_sense: dict[Hashable, _Alike] | None = None
        self._alike: list[list[_Alike]] = [[] for _ in range(len(reel))]
        self.played = bytearray(len(reel))
        for place, recorded in enumerate(self._recorded()):
            self._add(self._by_bytes, self._bytes_key(recorded), place)

    def _recorded(self) -> Iterator[Asked]:
        whole = self._matching.reads_headers
        return (self._reel.asked(index, whole=whole) for index in range(len(self._reel)))

    # --- finding -------------------------------------------------------------------------------------------------

    def take(self, asked: Asked) -> Matched | None:
        """Find the interaction that answers, and spend it; None where there is none."""
        same = None if self._matching.custom else self._by_bytes.get(self._bytes_key(asked))
        if self.unplayed:
            found = self._next(same, asked)
            if found is None:
                found = self._whose_turn_it_is(asked)
            if found is None:
                found = self._next(self._like(asked), asked)
            if found is not None:
                self.played[found] = 1
                return Matched(found)
        return self._repeated(same or self._like(asked), asked) if self._allow_repeats else None

    @property
    def unplayed(self) -> bool:
        """Whether there is any interaction that has not answered yet."""
        return self.played.find(0) >= 0

    def again(self, place: int) -> None:
        """Have an interaction answer once more, before those that are recorded behind it."""
        self.played[place] = 0
        for alike in self._alike[place]:
            alike.waiting.appendleft(place)

    def rewind(self) -> None:
        """Begin anew."""
        self.played = bytearray(len(self._reel))
        for alike in (*self._by_bytes.values(), *(self._by_sense or {}).values()):
            alike.waiting = deque(alike.places)

    def _whose_turn_it_is(self, asked: Asked) -> int | None:
        """The first that has not been played, where it answers: that saves reading all the others."""
        place = self.played.find(0)
        if self._by_sense is not None or self._matching.custom or not self._matching.body:
            return None
        recorded = self._recording(place, whole=self._matching.reads_headers)
        for seen in self._readings(asked):
            if self._matching.key(seen) == self._matching.key(recorded) and surely_same(
                seen.canonical, recorded.canonical
            ):
                return place
        return None

    def _readings(self, asked: Asked) -> Iterator[Asked]:
        """A request as it came, and as a recorder would have written it down."""
        yield asked
        if self._redact is not None:
            if self._redacted is None or self._redacted[0] is not asked:
                self._redacted = asked, self._redact(asked)
            yield self._redacted[1]

    def _next(self, alike: _Alike | None, asked: Asked) -> int | None:
        if alike is None:
            return None
        while alike.waiting and self.played[alike.waiting[0]]:
            alike.waiting.popleft()
        if not self._matching.custom:
            return alike.waiting[0] if alike.waiting else None
        waiting = (place for place in alike.waiting if not self.played[place])
        return next((place for place in waiting if self._refusal(asked, place) is None), None)

    def _repeated(self, alike: _Alike | None, asked: Asked) -> Matched | None:
        places = reversed(alike.places) if alike is not None else ()
        fitting = next((place for place in places if self._refusal(asked, place) is None), None)
        return None if fitting is None else Matched(fitting, again=True)

    def _like(self, asked: Asked) -> _Alike | None:
        if self._by_sense is None:
            self._by_sense = {}
            for place in range(len(self._reel)):
                recorded = self._recording(place, whole=self._matching.reads_headers)
                self._add(self._by_sense, self._sense_key(recorded), place)
        found = (self._by_sense.get(self._sense_key(seen)) for seen in self._readings(asked))
        return next((alike for alike in found if alike is not None), None)

    def _recording(self, place: int, *, whole: bool) -> Asked:
        recorded = self._reel.asked(place, whole=whole)
        # For a form, or for what is compressed, the headers have to be looked at.
        return recorded if recorded.body[:1] in _JSON else self._reel.asked(place)

    def _refusal(self, asked: Asked, place: int) -> str | None:
        """What a rule of the user's own has against an interaction."""
        if not self._matching.custom:
            return None
        ours, theirs = _request(asked), self._reel.interaction(place).request
        return next((why for rule in self._matching.custom if (why := custom_says(rule, ours, theirs))), None)

    def _add(self, index: dict[Hashable, _Alike], key: Hashable, place: int) -> None:
        alike = index.setdefault(key, _Alike())
        alike.add(place)
        self._alike[place].append(alike)

    def _bytes_key(self, asked: Asked) -> Hashable:
        return self._matching.key(asked), but_for_the_user(asked.body) if self._matching.body else b""

    def _sense_key(self, asked: Asked) -> Hashable:
        return self._matching.key(asked), digest(asked.canonical) if self._matching.body else b""

    # --- explaining ----------------------------------------------------------------------------------------------

    def nearest(self, asked: Asked) -> Nearest | None:
        """Find the interaction that is nearest to a request that nothing answers; None where there are none at all."""
        if not len(self._reel):
            return None
        seen = self._redact(asked) if self._redact is not None else asked
        ranked = (
            (difference.nearness(self._matching, seen, recorded), not self.played[place], -place)
            for place, recorded in ((place, self._reel.asked(place)) for place in range(len(self._reel)))
        )
        place = -max(ranked)[2]
        found = difference.first(self._matching, seen, self._reel.asked(place))
        why = self._refusal(asked, place) if found is None else None
        return Nearest(place, found if why is None else Difference("match", "the recording", why))


def _request(asked: Asked) -> Request:
    query = f"?{asked.query}" if asked.query else ""
    return Request(
        method=asked.method, uri=f"http://windtunnel{asked.path}{query}", headers=asked.headers, body=asked.body
    )


def redacting(redact: Callable[[Request], Request]) -> Redact:
    """Make a redaction of requests one of what matchers see."""

    def redacted(asked: Asked) -> Asked:
        return replace(from_request(redact(_request(asked))), provider=asked.provider)

    return redacted
