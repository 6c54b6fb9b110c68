"""Usage as a script gives it, in the keys of the wire, laid over the counted one."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from windtunnel_server.script import ScriptError
from windtunnel_server.wire.message import Usage

#: A value of the wire in, the fields of `Usage` it changes out.
Change = Callable[[Any], dict[str, Any]]

_LIFETIMES = {
    "ephemeral_5m_input_tokens": "cache_creation_5m_tokens",
    "ephemeral_1h_input_tokens": "cache_creation_1h_tokens",
}


def overlay(usage: Usage, given: Mapping[str, Any]) -> Usage:
    """Replace counts by those of `given` (first-party usage keys).

    `cache_creation_input_tokens` alone counts as five-minute writes; beside `cache_creation` it has to be its sum.
    Raises ScriptError for an unknown key, a count that is no whole number from 0 up, or a sum that is wrong.
    """
    changes: dict[str, Any] = {}
    for key, value in given.items():
        if key not in _KEYS:
            raise ScriptError(_unknown(key))
        changes |= _KEYS[key](value)
    return replace(usage, **changes | _written(given, changes))


def _written(given: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, int]:
    """Settle what the sum of the cache writes says beside its parts."""
    total = given.get("cache_creation_input_tokens")
    if total is None:
        return {}
    parts = [changes[field] for field in _LIFETIMES.values() if field in changes]
    if not parts:
        return {"cache_creation_5m_tokens": total, "cache_creation_1h_tokens": 0}
    if total != sum(parts):
        raise ScriptError(
            f"usage: cache_creation_input_tokens is {total}, its parts in cache_creation make {sum(parts)}; "
            "leave it out, it is their sum"
        )
    return {}


def _unknown(key: object) -> str:
    near = difflib.get_close_matches(str(key), list(_KEYS), n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"usage: unknown {key!r}{hint} (known: {', '.join(_KEYS)})"


def _count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ScriptError(f"usage: {name} is {value!r}, not a whole number from 0 up; leave it out to have it counted")
    return value


def _object(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ScriptError(f"usage: {name} is {value!r}, not an object")
    return value


def _plain(name: str, field: str) -> Change:
    return lambda value: {field: _count(name, value)}


def _text(field: str) -> Change:
    return lambda value: {} if value is None else {field: str(value)}


def _cache_creation_total(value: Any) -> dict[str, Any]:
    if value is not None:
        _count("cache_creation_input_tokens", value)
    return {}


def _cache_creation(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    parts = _object("cache_creation", value)
    for key in parts:
        if key not in _LIFETIMES:
            raise ScriptError(f"usage: unknown {key!r} in cache_creation (known: {', '.join(_LIFETIMES)})")
    return {field: _count(key, parts.get(key, 0)) for key, field in _LIFETIMES.items()}


def _server_tool_use(value: Any) -> dict[str, Any]:
    if value is None:
        return {"server_tool_use": None}
    counts = _object("server_tool_use", value)
    return {"server_tool_use": {str(key): _count(str(key), number) for key, number in counts.items()}}


def _details(value: Any) -> dict[str, Any]:
    if value is None:
        return {"thinking_tokens": None}
    return {
        "thinking_tokens": _count("thinking_tokens", _object("output_tokens_details", value).get("thinking_tokens"))
    }


def _iterations(value: Any) -> dict[str, Any]:
    if value is None:
        return {"iterations": None}
    if isinstance(value, (str, Mapping)):
        raise ScriptError(f"usage: iterations is {value!r}, not a list")
    return {"iterations": tuple(_object("iterations", item) for item in value)}


_KEYS: Mapping[str, Change] = {
    "input_tokens": _plain("input_tokens", "input_tokens"),
    "cache_creation_input_tokens": _cache_creation_total,
    "cache_read_input_tokens": _plain("cache_read_input_tokens", "cache_read_tokens"),
    "cache_creation": _cache_creation,
    "iterations": _iterations,
    "output_tokens": _plain("output_tokens", "output_tokens"),
    "output_tokens_details": _details,
    "service_tier": _text("service_tier"),
    "inference_geo": _text("inference_geo"),
    "speed": _text("speed"),
    "server_tool_use": _server_tool_use,
}
