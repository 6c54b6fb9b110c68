"""Top-level fields of a request: which are known, which are required, of what type they are.

The order of the table is the order in which faults are reported. Order and words are unverified where no recording
has them: for the fields up to `inference_geo` they rest on one public report of August 2026, for the others on none.
A field grows by giving it a deeper `check`.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from windtunnel_server.model.problem import Problem, invalid

Endpoint = Literal["messages", "count_tokens"]
Check = Callable[[str, Any], Iterator[Problem]]

SHAPE = "Input does not match the expected shape."
EXTRA = "Extra inputs are not permitted"
REQUIRED = "Field required"
NOT_A_STRING = "Input should be a valid string"
NOT_A_LIST = "Input should be a valid array"
NOT_AN_OBJECT = "Input should be an object"

Kind = Literal["integer", "number", "boolean", "string", "list", "object", "shape", "text or list", "any"]

#: How each type is recognised, and what is said of a value that is not of it.
KINDS: Mapping[Kind, tuple[Callable[[Any], bool], str]] = {
    "integer": (lambda v: is_integer(v), "Input should be a valid integer"),
    "number": (lambda v: isinstance(v, (int, float)) and not isinstance(v, bool), "Input should be a valid number"),
    "boolean": (lambda v: isinstance(v, bool), "Input should be a valid boolean"),
    "string": (lambda v: isinstance(v, str), NOT_A_STRING),
    "list": (lambda v: isinstance(v, list), NOT_A_LIST),
    "object": (lambda v: isinstance(v, Mapping), NOT_AN_OBJECT),
    "shape": (lambda v: isinstance(v, Mapping), SHAPE),
    "text or list": (lambda v: isinstance(v, (str, list)), NOT_A_LIST),
    "any": (lambda v: True, ""),
}


def is_integer(value: Any) -> bool:
    """Tell whole numbers from the rest: 16 and 16.0, not True and not "16"."""
    return not isinstance(value, bool) and isinstance(value, (int, float)) and float(value).is_integer()


def _nothing(path: str, value: Any) -> Iterator[Problem]:
    yield from ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One top-level key."""

    name: str
    kind: Kind = "any"
    nullable: bool = False
    required_on: tuple[Endpoint, ...] = ()
    known_on: tuple[Endpoint, ...] = ("messages", "count_tokens")
    #: Gone from API version 2026-10-21.
    legacy: bool = False
    check: Check = _nothing

    def problems(self, request: Mapping[str, Any], endpoint: Endpoint) -> Iterator[Problem]:
        """Find what is wrong with this field of `request`."""
        if self.name not in request:
            if endpoint in self.required_on:
                yield invalid(self.name, REQUIRED)
            return
        value = request[self.name]
        if value is None and self.nullable:
            return
        fits, complaint = KINDS[self.kind]
        if not fits(value):
            yield invalid(self.name, complaint)
        else:
            yield from self.check(self.name, value)


def extras(path: str, value: Mapping[str, Any], known: Container[str]) -> Iterator[Problem]:
    """Refuse every key that is not known."""
    for key in value:
        if key not in known:
            yield invalid(f"{path}.{key}" if path else key, EXTRA)


def of_kind(path: str, value: Any, kind: Kind) -> Iterator[Problem]:
    """Refuse a value of another type."""
    fits, complaint = KINDS[kind]
    if not fits(value):
        yield invalid(path, complaint)


def one_of(*allowed: str) -> Check:
    """Make a check for an enumeration of strings."""
    words = [f"'{name}'" for name in allowed]
    complaint = f"Input should be {', '.join(words[:-1])} or {words[-1]}"

    def check(path: str, value: Any) -> Iterator[Problem]:
        if value not in allowed:
            yield invalid(path, complaint)

    return check


def non_empty(path: str, value: str) -> Iterator[Problem]:
    """Refuse the empty string."""
    if not value:
        yield invalid(path, "String should have at least 1 character")


def metadata(path: str, value: Mapping[str, Any]) -> Iterator[Problem]:
    """Check `metadata`: only `user_id`, a string or null."""
    yield from extras(path, value, frozenset({"user_id"}))
    if value.get("user_id") is not None:
        yield from of_kind(f"{path}.user_id", value["user_id"], "string")


def stop_sequences(path: str, value: list[Any]) -> Iterator[Problem]:
    """Check `stop_sequences`: strings, none of them blank."""
    for place, item in enumerate(value):
        yield from of_kind(f"{path}.{place}", item, "string")
        if not item.strip():
            yield invalid(path, "each stop sequence must contain non-whitespace")


def temperature(path: str, value: float) -> Iterator[Problem]:
    """Check the range of `temperature`."""
    if not 0 <= value <= 1:
        yield invalid(path, "range: 0..1")


def system(path: str, value: Any) -> Iterator[Problem]:
    """Check that a `system` list holds objects."""
    for place, item in enumerate(value if isinstance(value, list) else ()):
        yield from of_kind(f"{path}.{place}", item, "shape")


def output_config(path: str, value: Mapping[str, Any]) -> Iterator[Problem]:
    """Check that an output format names its schema."""
    if isinstance(value.get("format"), Mapping):
        yield from output_format(f"{path}.format", value["format"])


def output_format(path: str, value: Mapping[str, Any]) -> Iterator[Problem]:
    """Check that a `json_schema` format has a `schema`."""
    if value.get("type") == "json_schema" and "schema" not in value:
        yield invalid(f"{path}.schema", REQUIRED)
