"""The recordings that are searched: interactions of one cassette or several, read no further than need be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable
from urllib.parse import urlsplit

from windtunnel.cassette.interaction import Interaction, Response
from windtunnel.cassette.match.asked import Asked, from_request


class Key(Protocol):
    """What can be had of a recorded request at little cost."""

    @property
    def method(self) -> str: ...
    @property
    def uri(self) -> str: ...
    @property
    def body(self) -> bytes: ...


@runtime_checkable
class Keyed(Protocol):
    """A cassette that can be searched without building its interactions."""

    @property
    def interactions(self) -> Sequence[Interaction]: ...
    @property
    def keys(self) -> Sequence[Key]: ...
    @property
    def responses(self) -> Sequence[Response]: ...


Source: TypeAlias = Keyed | Sequence[Interaction]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an interaction stands: the cassette's name, and its number in it, counted from 1."""

    cassette: str
    number: int

    def __str__(self) -> str:
        return f"interaction {self.number}" + (f" of {self.cassette}" if self.cassette else "")


class Reel:
    """Interactions one behind the other. Indices count from 0 through all cassettes."""

    def __init__(self, cassettes: Iterable[tuple[str, Source]]) -> None:
        self.places: list[Place] = []
        self._spots: list[tuple[Sequence[Interaction], Keyed | None, int]] = []
        for name, source in cassettes:
            interactions, keyed = (source.interactions, source) if isinstance(source, Keyed) else (source, None)
            self.places += [Place(name, number) for number in range(1, len(interactions) + 1)]
            self._spots += [(interactions, keyed, index) for index in range(len(interactions))]

    def __len__(self) -> int:
        return len(self._spots)

    def interaction(self, index: int) -> Interaction:
        interactions, _, at = self._spots[index]
        return interactions[at]

    def answer(self, index: int) -> tuple[str, Response]:
        """Return the method of a request, and the answer to it."""
        interactions, keyed, at = self._spots[index]
        if keyed is None:
            return interactions[at].request.method, interactions[at].response
        return keyed.keys[at].method, keyed.responses[at]

    def asked(self, index: int, *, whole: bool = True) -> Asked:
        """Return a request as matchers see it; without headers and provider where they are not wanted (`whole`)."""
        interactions, keyed, at = self._spots[index]
        if whole or keyed is None:
            return from_request(interactions[at].request, provider=interactions[at].provider)
        key = keyed.keys[at]
        parts = urlsplit(key.uri)
        return Asked(key.method, parts.path or "/", parts.query, (), key.body)
