"""What differs between two shapes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from .shape import Shape


@dataclass(frozen=True)
class Difference:
    """One thing that differs. `how`: missing (recorded, not ours), more (ours alone), order, form, place."""

    how: str
    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.how}: {self.place}: {self.what}"


def differences(recorded: Shape, ours: Shape, *, ordered: bool) -> Iterator[Difference]:
    """Compare place by place. `ordered`: the order that was recorded is the service's own."""
    for place in (*recorded.names, *(place for place in ours.names if place not in recorded.names)):
        if place not in recorded.names or place not in ours.names:
            how = "missing" if place in recorded.names else "more"
            yield Difference(how, place, "all of it")
            continue
        yield from _names(place, recorded.names[place], ours.names[place], ordered=ordered)
    for place in (*recorded.forms, *(place for place in ours.forms if place not in recorded.forms)):
        theirs, mine = recorded.forms.get(place, "nothing"), ours.forms.get(place, "nothing")
        if theirs != mine:
            yield Difference("form", place, f"{theirs} / {mine}")
    if recorded.blocks != ours.blocks:
        yield Difference("form", "blocks", f"{_kinds(recorded)} / {_kinds(ours)}")


def _kinds(shape: Shape) -> str:
    return ", ".join(dict.fromkeys(shape.blocks)) or "none"


def _names(place: str, theirs: tuple[str, ...], mine: tuple[str, ...], *, ordered: bool) -> Iterator[Difference]:
    yield from (Difference("missing", place, name) for name in theirs if name not in mine)
    yield from (Difference("more", place, name) for name in mine if name not in theirs)
    then, now = ([name for name in names if name in theirs and name in mine] for names in (theirs, mine))
    if ordered and then != now:
        first = next(f"{a} before {b}" for a, b in pairwise(then) if now.index(a) > now.index(b))
        yield Difference("order", place, first)
