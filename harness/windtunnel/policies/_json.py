"""Policies as JSON, under their fields' own names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, get_origin, get_type_hints

from windtunnel._hints import RetryAfter
from windtunnel.policies._extras import Budget, Patience, Throttling
from windtunnel.policies._jitter import Jitter
from windtunnel.policies._policy import Policy

#: What a field's value is made of, where it has parts of its own.
PARTS: Mapping[str, type[Any]] = {
    "jitter": Jitter,
    "retry_after": RetryAfter,
    "throttling": Throttling,
    "budget": Budget,
    "patience": Patience,
}


def plain(value: Any) -> Any:
    """Return a policy, or a part of one, as plain JSON values under its fields' own names."""
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return sorted(value) if isinstance(value, frozenset) else value


def policy_from_json(value: Mapping[str, Any]) -> Policy:
    """Read a policy as `Policy.to_json` wrote it."""
    return Policy(**_fields(Policy, value) | {name: _part(name, value.get(name)) for name in PARTS if name in value})


def _part(name: str, value: Mapping[str, Any] | None) -> Any:
    return None if value is None else PARTS[name](**_fields(PARTS[name], value))


def _fields(kind: type[Any], value: Mapping[str, Any]) -> dict[str, Any]:
    lists = {name for name, hint in get_type_hints(kind).items() if get_origin(hint) is frozenset}
    return {name: frozenset(one) if name in lists else one for name, one in value.items()}
