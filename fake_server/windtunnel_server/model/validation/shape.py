"""The shapes of JSON values, as small functions made from tables; a fault is told in pydantic's words, as the API does.

A shape takes a value and the terms of the call, and gives None or its first fault: the path from the value to it
(dotted, "" for the value itself) and the words. Paths are put together only where there is a fault, so a good value
costs little. The order of a table's keys is the order in which faults are found; keys nobody knows come last.

Recorded: `tools.0.custom.name: String should match pattern …`, `messages.0.content.1.text.text: Field required`: the tag
of a union's member is a segment of the path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from windtunnel_server.model.validation.terms import Terms

#: Where, from the value on, and what is wrong there.
Fault: TypeAlias = tuple[str, str]
Shape: TypeAlias = Callable[[Any, Terms], "Fault | None"]
Condition: TypeAlias = Callable[[Terms], bool]

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
    return not isinstance(value, bool) and isinstance(value, (int, float)) and float(value).is_integer()


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def boolean(value: Any, terms: Terms) -> Fault | None:
    """Take true and false."""
    return None if isinstance(value, bool) else ("", NOT_A_BOOLEAN)


def text(
    *, least: int = 0, most: int | None = None, pattern: str | None = None, complaint: str = NOT_A_STRING
) -> Shape:
    """Make a shape for strings, of `least` to `most` characters and of a pattern."""
    matches = re.compile(pattern).search if pattern else None

    def check(value: Any, terms: Terms) -> Fault | None:
        if not isinstance(value, str):
            return "", complaint
        if len(value) < least:
            return "", EMPTY if least == 1 else f"String should have at least {least} characters"
        if most is not None and len(value) > most:
            return "", f"String should have at most {most} characters"
        if matches is not None and not matches(value):
            return "", f"String should match pattern '{pattern}'"
        return None

    return check


def integer(*, least: int | None = None, most: int | None = None) -> Shape:
    """Make a shape for whole numbers."""
    return _numbers(is_integer, NOT_AN_INTEGER, least, most)


def number(*, least: float | None = None, most: float | None = None) -> Shape:
    """Make a shape for numbers."""
    return _numbers(is_number, NOT_A_NUMBER, least, most)


def _numbers(fits: Callable[[Any], bool], complaint: str, least: float | None, most: float | None) -> Shape:
    def check(value: Any, terms: Terms) -> Fault | None:
        if not fits(value):
            return "", complaint
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


def nullable(shape: Shape) -> Shape:
    """Make a shape that takes null too."""

    def check(value: Any, terms: Terms) -> Fault | None:
        return None if value is None else shape(value, terms)

    return check


def mapping(item: Shape = anything, *, complaint: str = NOT_AN_OBJECT) -> Shape:
    """Make a shape for objects with whatever keys, their values of one shape."""

    def check(value: Any, terms: Terms) -> Fault | None:
        if not isinstance(value, Mapping):
            return "", complaint
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


def record(keys: Mapping[str, Key], *, complaint: str = NOT_AN_OBJECT, open: bool = False) -> Shape:
    """Make a shape for objects with these keys and no others; `open`: with whatever others."""
    every = tuple(keys.items())

    def check(value: Any, terms: Terms) -> Fault | None:
        if not isinstance(value, Mapping):
            return "", complaint
        for name, key in every:
            if name not in value:
                if key.required or (key.required_if is not None and key.required_if(terms)):
                    return name, REQUIRED
                continue
            if key.known is not None and not key.known(terms):
                continue
            member = value[name]
            if member is None and key.nullable:
                continue
            fault = key.shape(member, terms)
            if fault is not None:
                return beneath(name, fault)
        return None if open else _extra(value, terms)

    def _extra(value: Mapping[str, Any], terms: Terms) -> Fault | None:
        for name in value:
            key = keys.get(name)
            if key is None or (key.known is not None and not key.known(terms)):
                return name, EXTRA
        return None

    return check


def tagged(
    members: Mapping[str, Shape],
    *,
    by: str = "type",
    default: str | None = None,
    known: Callable[[Terms], Mapping[str, Shape]] | None = None,
    segment: bool = True,
    complaint: str = NOT_AN_OBJECT,
) -> Shape:
    """Make a shape for a union told apart by a tag; `default` is the tag of an object that names none.

    `known` narrows the members for the terms of a call. A fault within a member has its tag as a segment of the path.
    """

    def check(value: Any, terms: Terms) -> Fault | None:
        if not isinstance(value, Mapping):
            return "", complaint
        tag = value.get(by)
        if tag is None and default is not None and (by not in value or value[by] is None):
            tag = default
        elif by not in value:
            return by, REQUIRED
        elif not isinstance(tag, str):
            return by, NOT_A_STRING
        offered = members if known is None else known(terms)
        shape = offered.get(tag)
        if shape is None:
            return "", unexpected_tag(by, tag, tuple(offered))
        fault = shape(value, terms)
        if fault is None:
            return None
        return beneath(tag, fault) if segment else fault

    return check


def unexpected_tag(by: str, tag: str, expected: tuple[str, ...]) -> str:
    """Say that a union has no such member (recorded on Bedrock, 2025)."""
    listed = ", ".join(f"'{name}'" for name in sorted(expected))
    return f"Input tag '{tag}' found using '{by}' does not match any of the expected tags: {listed}"


def with_beta(*names: str) -> Condition:
    """Make the condition that one of these betas is asked for; a name that ends in `-` stands for all that begin so."""

    def met(terms: Terms) -> bool:
        return any(beta in names or any(n.endswith("-") and beta.startswith(n) for n in names) for beta in terms.betas)

    return met


def on_messages(terms: Terms) -> bool:
    """The condition that a message is to be made, not counted."""
    return terms.endpoint == "messages"


def on_older(terms: Terms) -> bool:
    """The condition of an API version before 2026-10-21."""
    return not terms.modern
