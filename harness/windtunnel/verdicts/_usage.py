"""Usage as numbers that can be added and compared: first-party keys, those in objects with a dot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

#: `input_tokens`, `cache_creation.ephemeral_5m_input_tokens`, … → a number. What is not there was not said.
Counts: TypeAlias = dict[str, int]

#: Keys whose value is a number of tokens, and those whose value is an object of numbers (wire.md 8.1).
TOKENS: Final = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
OBJECTS: Final[Mapping[str, tuple[str, ...]]] = {
    "cache_creation": ("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"),
    "server_tool_use": ("web_search_requests", "web_fetch_requests"),
    "output_tokens_details": ("thinking_tokens",),
}
#: Keys that say something else than a number.
OTHERS: Final = ("service_tier", "inference_geo", "speed", "iterations", "fallback_credit")
KNOWN: Final = (*TOKENS, *OBJECTS, *OTHERS)

#: Every number there is, in the order in which they are told.
PARTS: Final = (*TOKENS, *(f"{name}.{key}" for name, keys in OBJECTS.items() for key in keys))


def counts(usage: Mapping[str, Any] | None) -> Counts:
    """Take the numbers out of a usage object. Null is not said.

    Where there are `iterations`, their tokens are what is billed, and count in the place of the whole's (wire.md 8.1).
    """
    said = usage or {}
    rounds = said.get("iterations")
    if not isinstance(rounds, (list, tuple)) or not rounds:
        return _counts(said)
    inside = added(_counts(one) for one in rounds if isinstance(one, Mapping))
    return _counts(said) | inside


def top_level(usage: Mapping[str, Any] | None) -> Counts:
    """Take the numbers out of a usage object as if it had no `iterations`."""
    return _counts(usage or {})


def _counts(said: Mapping[str, Any]) -> Counts:
    flat = {name: said.get(name) for name in TOKENS}
    for name, keys in OBJECTS.items():
        inner = said.get(name)
        if isinstance(inner, Mapping):
            flat |= {f"{name}.{key}": inner.get(key) for key in keys}
    return {name: value for name, value in flat.items() if isinstance(value, int) and not isinstance(value, bool)}


def added(all_of_them: Iterable[Counts]) -> Counts:
    """Add up, part by part."""
    total: Counts = {}
    for one in all_of_them:
        total = {name: total.get(name, 0) + one.get(name, 0) for name in PARTS if name in total or name in one}
    return total


def as_usage(flat: Counts) -> dict[str, Any]:
    """Put numbers back into the shape of a usage object."""
    usage: dict[str, Any] = {}
    for name, value in flat.items():
        outer, dot, key = name.partition(".")
        if dot:
            usage.setdefault(outer, {})[key] = value
        else:
            usage[name] = value
    return usage
