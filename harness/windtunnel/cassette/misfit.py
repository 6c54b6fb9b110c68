"""Values at their places in an interaction, checked on the way out of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Place: TypeAlias = tuple[str | int, ...]


class Misfit(ValueError):
    """A value that is not what stands at its place in an interaction; `place` leads there from the interaction."""

    def __init__(self, place: Place, why: str) -> None:
        super().__init__(f"{'.'.join(map(str, place)) or 'the interaction'} {why}")
        self.place = place


def mapping(structure: Mapping[str, Any], *place: str) -> Mapping[str, Any]:
    """Return the mapping at a place."""
    found: Any = structure
    for depth, key in enumerate(place, 1):
        found = found.get(key)
        if not isinstance(found, Mapping):
            why = "is missing" if found is None else f"is {kind(found)}, not a mapping"
            raise Misfit(place[:depth], why)
    return found  # type: ignore[no-any-return]


def text(value: Any, place: Place) -> str:
    """Return a text that stands at a place."""
    if not isinstance(value, str):
        raise Misfit(place, "is missing" if value is None else f"is {kind(value)}, not a text")
    return value


def whole_number(value: Any, place: Place) -> int:
    """Return a number from 0 up that stands at a place."""
    if type(value) is not int or value < 0:
        raise Misfit(place, "is missing" if value is None else f"is {value!r}, not a whole number from 0 up")
    return value


def one_of(choices: Sequence[Any], value: Any, place: Place) -> Any:
    """Return one of a few values that stands at a place."""
    if value not in choices:
        raise Misfit(place, f"is {value!r}, not one of {', '.join(choices)}")
    return value


def kind(value: Any) -> str:
    """Say what a value is, for a message."""
    named = {dict: "a mapping", list: "a list", str: "a text", bytes: "!!binary", bool: "a truth value"}
    return named.get(type(value), f"{value!r}")
