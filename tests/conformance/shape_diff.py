"""What differs between two shapes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from tests.conformance.shape import Shape


@dataclass(frozen=True)
class Difference:
    """One thing that differs. `how`: missing (recorded, not ours), more (ours alone), order, form, place."""

    how: str
    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.how}: {self.place}: {self.what}"


#: What an answer has only where a tool of the service ran.
_OF_RUNS = {"server_tool_use", "usage.server_tool_use", "message_delta.usage.server_tool_use", "container"}
_OF_RUNS |= {f"message_delta.delta.{name}" for name in ("container",)}


def differences(recorded: Shape, ours: Shape, *, ordered: bool) -> Iterator[Difference]:
    """Compare place by place. `ordered`: the order that was recorded is the service's own.

    Blocks of a kind that only one of them has are one difference, and so are their consequences: keys of usage, a
    container.
    """
    yield from (
        Difference("missing", "blocks", kind) for kind in dict.fromkeys(recorded.blocks) if kind not in ours.blocks
    )
    yield from (
        Difference("more", "blocks", kind) for kind in dict.fromkeys(ours.blocks) if kind not in recorded.blocks
    )
    compared = _Comparison(recorded, ours)
    for place in compared.places(recorded.names, ours.names):
        if place in recorded.names and place in ours.names:
            found = _names(place, recorded.names[place], ours.names[place], ordered=ordered)
            yield from (one for one in found if compared.counts(one.what))
        else:
            yield Difference("missing" if place in recorded.names else "more", place, "all of it")
    for place in compared.places(recorded.forms, ours.forms):
        theirs, mine = recorded.forms.get(place, "nothing"), ours.forms.get(place, "nothing")
        if theirs != mine:
            yield Difference("form", place, f"{theirs} / {mine}")


@dataclass(frozen=True)
class _Comparison:
    recorded: Shape
    ours: Shape

    def places(self, theirs: Iterable[str], mine: Iterable[str]) -> list[str]:
        return [place for place in dict.fromkeys((*theirs, *mine)) if self.counts(place)]

    def counts(self, name: str) -> bool:
        """Leave out what belongs to a kind of block that only one of them has."""
        if name in _OF_RUNS:
            return _runs(self.recorded) == _runs(self.ours)
        kind = name.partition(" ")[0]
        return (kind in self.recorded.blocks) == (kind in self.ours.blocks)


def _runs(shape: Shape) -> set[str]:
    return {kind.partition("_execution")[0] for kind in shape.blocks if kind.endswith("_tool_result")}


def _names(place: str, theirs: tuple[str, ...], mine: tuple[str, ...], *, ordered: bool) -> Iterator[Difference]:
    yield from (Difference("missing", place, name) for name in theirs if name not in mine)
    yield from (Difference("more", place, name) for name in mine if name not in theirs)
    then, now = ([name for name in names if name in theirs and name in mine] for names in (theirs, mine))
    if ordered and then != now:
        first = next(f"{a} before {b}" for a, b in pairwise(then) if now.index(a) > now.index(b))
        yield Difference("order", place, first)
