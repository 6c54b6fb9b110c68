"""Reads claims out of JSON, as a command in any language writes them."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from windtunnel.verdicts import _usage
from windtunnel.verdicts._claim import Claim, Claims, ClaimsError

#: Keys of the whole; the rest of a short form is a usage object.
_WHOLE: Final = ("calls", "outcome", "usage", "cost_usd", "source")


def claims_from_text(text: str, *, source: str) -> Claims:
    """Read claims from the text of a JSON document; ClaimsError where it is none."""
    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError) as broken:
        hint = "write one JSON object, as docs/reference/claims.md says"
        raise ClaimsError(f"{source}: not JSON ({broken}); {hint}") from broken
    return claims_from_json(value, source=source)


def claims_from_output(output: str) -> Claims | None:
    """Read claims from the last line of a command's output; None where that line is no JSON object."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    if not lines or not (lines[-1].startswith("{") and lines[-1].endswith("}")):
        return None
    return claims_from_text(lines[-1], source="the last line of the output")


def claims_from_json(value: Any, *, source: str) -> Claims:
    """Read claims from a JSON value, as `Claims.to_json` writes them; a usage object alone will do.

    `source` is named in messages and kept. ClaimsError says which part is wrong, and what may stand there.
    """
    whole = _mapping(value, source)
    _known(whole, (*_WHOLE, *_usage.KNOWN), source)
    flat = {key: item for key, item in whole.items() if key in _usage.KNOWN}
    if flat and whole.get("usage") is not None:
        raise ClaimsError(f"{source}: usage is there twice, as an object and beside it ({', '.join(flat)}); keep one")
    calls = whole.get("calls")
    return Claims(
        calls=None if calls is None else tuple(_call(call, where) for call, where in _items(calls, f"{source}: calls")),
        outcome=_read(_outcome, whole, "outcome", source),
        usage=_usage_of(flat, source) if flat else _read(_usage_of, whole, "usage", source),
        cost_usd=_read(_cost, whole, "cost_usd", source),
        source=source,
    )


def _call(value: Any, where: str) -> Claim:
    call = _mapping(value, where)
    _known(call, _CALL, where)
    if call.get("outcome") is None:
        raise ClaimsError(f'{where}: outcome is missing; write "success" or "error"')
    return Claim(**{name: item for name in _CALL if (item := _read(_CALL[name], call, name, where)) is not None})


def _read(reader: Callable[[Any, str], Any], value: Mapping[str, Any], name: str, where: str) -> Any:
    given = value.get(name)
    return None if given is None else reader(given, f"{where}: {name}" if where[-1] != "]" else f"{where}.{name}")


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ClaimsError(f"{where}: {_shown(value)} is no JSON object")
    return value


def _items(value: Any, where: str) -> list[tuple[Any, str]]:
    if not isinstance(value, (list, tuple)):
        raise ClaimsError(f"{where}: {_shown(value)} is no list")
    return [(item, f"{where}[{place}]") for place, item in enumerate(value)]


def _known(value: Mapping[str, Any], names: Iterable[str], where: str) -> None:
    known = list(names)
    for key in value:
        if key not in known:
            best = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {best[0]}?" if best else ""
            raise ClaimsError(f"{where}: unknown key {key!r}{hint} (known: {', '.join(known)})")


def _outcome(value: Any, where: str) -> str:
    if value not in ("success", "error"):
        raise ClaimsError(f'{where}: {_shown(value)} is no outcome; write "success" or "error"')
    return str(value)


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise ClaimsError(f"{where}: {_shown(value)} is no text")
    return value


def _count(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ClaimsError(f"{where}: {_shown(value)} is no count; write a whole number from 0 up")
    return value


def _seconds(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)) or not math.isfinite(value):
        raise ClaimsError(f"{where}: {_shown(value)} is no instant; write seconds")
    return float(value)


def _cost(value: Any, where: str) -> str:
    """Read an amount exactly as it was written: a float is what its shortest text says."""
    text = value if isinstance(value, str) else str(value)
    try:
        amount = Decimal(text) if isinstance(value, (str, int, float, Decimal)) and value is not True else None
    except InvalidOperation:
        amount = None
    if amount is None or isinstance(value, bool) or not amount.is_finite() or amount < 0:
        raise ClaimsError(f'{where}: {_shown(value)} is no amount; write US dollars, "0.00123"')
    return text


def _tool_uses(value: Any, where: str) -> tuple[dict[str, Any], ...]:
    uses = []
    for use, place in _items(value, where):
        _known(_mapping(use, place), ("id", "name", "input"), place)
        uses.append({key: _plain(item) for key, item in use.items()})
    return tuple(uses)


def _usage_of(value: Any, where: str) -> dict[str, Any]:
    usage = _mapping(value, where)
    _known(usage, _usage.KNOWN, where)
    return {key: _usage_item(key, item, f"{where}.{key}") for key, item in usage.items() if item is not None}


def _usage_item(key: str, value: Any, where: str) -> Any:
    if key in _usage.TOKENS:
        return _count(value, where)
    if key in _usage.OBJECTS:
        inner = _mapping(value, where)
        return {name: _count(item, f"{where}.{name}") for name, item in inner.items() if item is not None}
    return _plain(value)


def _plain(value: Any) -> Any:
    """Give numbers the types that every reader of JSON gives them."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number in JSON")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


#: The keys of a call, and how each is read.
_CALL: Final[Mapping[str, Callable[[Any, str], Any]]] = {
    "outcome": _outcome,
    "text": _text,
    "thinking": _text,
    "tool_uses": _tool_uses,
    "stop_reason": _text,
    "message_id": _text,
    "model": _text,
    "usage": _usage_of,
    "cost_usd": _cost,
    "error": _text,
    "status": _count,
    "client": _count,
    "asked_at": _seconds,
    "ended_at": _seconds,
}
