"""The shapes of JSON values, as small functions made from tables; a fault is told in pydantic's words, as the API does.

A shape takes a value and the terms of the call, and gives None or its first fault: the path from the value to it
(dotted, "" for the value itself) and the words. Paths are put together only where there is a fault, so a good value
costs little. The order of a table's keys is the order in which faults are told; keys nobody knows come last.

Which complaint a value of the wrong type meets depends on what is wanted there (measured, August 2026): an object of
known keys "does not match the expected shape", a union told apart by a tag and a mapping "should be an object".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from windtunnel_server.model.validation.conditions import Condition
from windtunnel_server.model.validation.terms import Terms

#: Where, from the value on, and what is wrong there.
Fault: TypeAlias = tuple[str, str]
Shape: TypeAlias = Callable[[Any, Terms], "Fault | None"]

UNFIT = "Input does not match the expected shape."
EXTRA = "Extra inputs are not permitted"
REQUIRED = "Field required"
NOT_A_STRING = "Input should be a valid string"
NOT_A_LIST = "Input should be a valid array"
NOT_AN_OBJECT = "Input should be an object"
NOT_AN_INTEGER = "Input should be a valid integer"
NOT_A_NUMBER = "Input should be a valid number"
NOT_A_BOOLEAN = "Input should be a valid boolean"
EMPTY = "String should have at least 1 character"


def beneath(segment: object, fault: Fault) -> Fault:
    """Tell a fault from one step further out."""
    path, words = fault
    return f"{segment}.{path}" if path else str(segment), words


def anything(value: Any, terms: Terms) -> Fault | None:
    """Take whatever comes."""
    return None


def is_integer(value: Any) -> bool:
    """Tell whole numbers from the rest: 16 and 16.0, not True and not "16"."""
    if isinstance(value, int):
        return not isinstance(value, bool)
    return isinstance(value, float) and value.is_integer()


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def boolean(value: Any, terms: Terms) -> Fault | None:
    """Take true and false."""
    return None if isinstance(value, bool) else ("", NOT_A_BOOLEAN)


def string(value: Any, terms: Terms) -> Fault | None:
    """Take any string."""
    return None if isinstance(value, str) else ("", NOT_A_STRING)


def text(*, least: int = 0, most: int | None = None, pattern: str | None = None) -> Shape:
    """Make a shape for strings, of `least` to `most` characters and of a pattern."""
    matches = re.compile(pattern).fullmatch if pattern else None

    def check(value: Any, terms: Terms) -> Fault | None:
        if not isinstance(value, str):
            return "", NOT_A_STRING
        if len(value) < least:
            return "", EMPTY if least == 1 else f"String should have at least {least} characters"
        if most is not None and len(value) > most:
            return "", f"String should have at most {most} characters"
        if matches is not None and not matches(value):
            return "", f"String should match pattern '{pattern}'"
        return None

    return check


def integer(*, least: int | None = None, most: int | None = None, above: int | None = None) -> Shape:
    """Make a shape for whole numbers."""
    return _numbers(is_integer, NOT_AN_INTEGER, least, most, above)


def number(*, least: float | None = None, most: float | None = None) -> Shape:
    """Make a shape for numbers."""
    return _numbers(is_number, NOT_A_NUMBER, least, most, None)


def _numbers(
    fits: Callable[[Any], bool], complaint: str, least: float | None, most: float | None, above: float | None
) -> Shape:
    def check(value: Any, terms: Terms) -> Fault | None:
        if not fits(value):
            return "", complaint
        if above is not None and value <= above:
            return "", f"Input should be greater than {above}"
        if least is not None and value < least:
            return "", f"Input should be greater than or equal to {least}"
        if most is not None and value > most:
            return "", f"Input should be less than or equal to {most}"
        return None

    return check


def one_of(*allowed: str) -> Shape:
    """Make a shape for an enumeration of strings."""
    complaint = f"Input should be {either_words(allowed)}"
    known = frozenset(allowed)

    def check(value: Any, terms: Terms) -> Fault | None:
        return None if isinstance(value, str) and value in known else ("", complaint)

    return check


def either_words(allowed: tuple[str, ...]) -> str:
    """Write names as pydantic lists them: 'a', 'b' or 'c'."""
    words = [f"'{name}'" for name in allowed]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def one_of_known(allowed: Mapping[str, Condition | None]) -> Shape:
    """Make a shape for an enumeration whose members depend on the terms; None: always there.

    It lists them without an "or" (reported of `thinking.adaptive.display` and `server_tool_use.name`, September 2026).
    """

    def check(value: Any, terms: Terms) -> Fault | None:
        if isinstance(value, str) and value in allowed:
            condition = allowed[value]
            if condition is None or condition(terms):
                return None
        names = [f"'{name}'" for name, condition in allowed.items() if condition is None or condition(terms)]
        return "", f"Input should be {', '.join(names)}"

    return check


def listing(item: Shape, *, least: int = 0, most: int | None = None) -> Shape:
    """Make a shape for lists of a shape."""

    def check(value: Any, terms: Terms) -> Fault | None:
        if not isinstance(value, list):
            return "", NOT_A_LIST
        if len(value) < least:
            return "", f"List should have at least {least} item{'s' * (least != 1)} after validation, not {len(value)}"
        if most is not None and len(value) > most:
            return "", f"List should have at most {most} item{'s' * (most != 1)} after validation, not {len(value)}"
        for place, member in enumerate(value):
            fault = item(member, terms)
            if fault is not None:
                return beneath(place, fault)
        return None

    return check


def text_or(other: Shape) -> Shape:
    """Make a shape for a string, or else for something other."""

    def check(value: Any, terms: Terms) -> Fault | None:
        return None if isinstance(value, str) else other(value, terms)

    return check


def mapping(item: Shape = anything) -> Shape:
    """Make a shape for objects with whatever keys, their values of one shape."""

    def check(value: Any, terms: Terms) -> Fault | None:
        if type(value) is not dict and not isinstance(value, Mapping):
            return "", NOT_AN_OBJECT
        if item is not anything:
            for name, member in value.items():
                fault = item(member, terms)
                if fault is not None:
                    return beneath(name, fault)
        return None

    return check


@dataclass(frozen=True, slots=True)
class Key:
    """One key of an object."""

    shape: Shape = anything
    required: bool = False
    nullable: bool = False
    #: Whether the key is known under the terms of a call; None: always. One that is not is an extra input.
    known: Condition | None = None
    #: Whether it is required under them, where that depends.
    required_if: Condition | None = None


def must(shape: Shape) -> Key:
    """A key that has to be there."""
    return Key(shape, required=True)


def may(shape: Shape = anything, *, known: Condition | None = None) -> Key:
    """A key that may be there. It may be null too: recorded of many, and no report says of any that it may not."""
    return Key(shape, nullable=True, known=known)


def record(keys: Mapping[str, Key], *, complaint: str = UNFIT, open: bool = False) -> Shape:
    """Make a shape for objects with these keys and no others; `open`: with whatever others."""
    order = {name: place for place, name in enumerate(keys)}
    last = len(order)
    always = {name: key.shape for name, key in keys.items() if key.known is None}
    sometimes = {name: (key.known, key.shape) for name, key in keys.items() if key.known is not None}
    nullable = frozenset(name for name, key in keys.items() if key.nullable)
    wanted = tuple(name for name, key in keys.items() if key.required)
    wanted_if = tuple((name, key.required_if) for name, key in keys.items() if key.required_if is not None)

    def check(value: Any, terms: Terms) -> Fault | None:
        # A dict is what JSON gives; asking for the abstract class takes longer than most shapes do.
        if type(value) is not dict and not isinstance(value, Mapping):
            return "", complaint
        faults: list[tuple[int, Fault]] = []
        for name, member in value.items():
            shape = always.get(name)
            if shape is None:
                known, shape = sometimes.get(name, _NEVER)
                if not known(terms):
                    if not open:
                        faults.append((last, (name, EXTRA)))
                    continue
            fault = None if shape is anything else shape(member, terms)
            if fault is not None and not (member is None and name in nullable):
                faults.append((order[name], beneath(name, fault)))
        for name in wanted:
            if name not in value:
                faults.append((order[name], (name, REQUIRED)))
        for name, asked in wanted_if:
            if name not in value and asked(terms):
                faults.append((order[name], (name, REQUIRED)))
        return min(faults, key=_place)[1] if faults else None

    return check


def _place(fault: tuple[int, Fault]) -> int:
    return fault[0]


def _nowhere(terms: Terms) -> bool:
    return False


_NEVER: tuple[Condition, Shape] = (_nowhere, anything)
