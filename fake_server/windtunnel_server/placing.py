"""The words that every step of a script takes: how often, for which calls, and when.

- `times`: a number or "forever". Left out it is 1, and "forever" for a step with a window or a chance.
- `on`: the endpoint.
- `when`: conditions on the call, which must all hold (`conditions.When` has their names).
- `during`: a window in seconds on the clock, `(0, 30)` or `{"from": 0, "until": 30}`.
- `chance`: the share of calls that take the step, of those that come to it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from windtunnel_server.conditions import Numbers, Range, When, Window
from windtunnel_server.script import ScriptError, Step, check_words

WORDS: Final = ("times", "on", "when", "during", "chance")
#: How `when` and `during` may be said.
Conditions: TypeAlias = When | Mapping[str, Any]
Stretch: TypeAlias = Window | Mapping[str, float | None] | Sequence[float]
CONDITIONS: Final = tuple(When.__dataclass_fields__)


def read(options: dict[str, Any]) -> dict[str, Any]:
    """Take the words of placing out of `options`, as values for `Step`."""
    placed: dict[str, Any] = {name: options.pop(name) for name in WORDS if name in options}
    if "when" in placed:
        placed["when"] = _when(placed["when"])
    if "during" in placed:
        placed["during"] = _window(placed["during"])
    placed = {name: value for name, value in placed.items() if value is not None}
    if "times" not in placed and {"during", "chance"} & set(placed):
        placed["times"] = "forever"
    return placed


def to_json(step: Step) -> dict[str, Any]:
    """Write these words of a step so that `read` gives them back; those that say nothing are left out."""
    out: dict[str, Any] = {}
    implied = "forever" if step.during is not None or step.chance != 1 else 1
    if step.times != implied:
        out["times"] = step.times
    if step.on != "messages":
        out["on"] = step.on
    if step.when is not None:
        out["when"] = _when_to_json(step.when)
    if step.during is not None:
        out["during"] = _bounds("from", "until", step.during.from_s or None, step.during.until_s)
    if step.chance != 1:
        out["chance"] = step.chance
    return out


# --- when --------------------------------------------------------------------------------------------------------


def _when(given: Any) -> When | None:
    if given is None or isinstance(given, When):
        return given
    if not isinstance(given, Mapping):
        raise ScriptError(f'when: {given!r} is not an object like {{"tool_result": true}}')
    check_words(given, CONDITIONS, "when")
    return When(**{name: _READ[name](name, value) for name, value in given.items() if value is not None})


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ScriptError(f"when: {name} is {value!r}, and must be a text")
    return value


def _pattern(name: str, value: Any) -> str:
    text = _text(name, value)
    try:
        re.compile(text)
    except re.error as error:
        raise ScriptError(
            f"when: {name} is {text!r}, and no regular expression: {error}; put \\ before signs that stand for themselves"
        ) from None
    return text


def _tool_result(name: str, value: Any) -> bool | str:
    if not isinstance(value, (bool, str)):
        raise ScriptError(f"when: {name} is {value!r}, and must be true, false or a text")
    return value if isinstance(value, bool) else _pattern(name, value)


def _yes_or_no(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ScriptError(f"when: {name} is {value!r}, and must be true or false")
    return value


def _headers(name: str, value: Any) -> dict[str, str | bool]:
    if not isinstance(value, Mapping) or not all(isinstance(wanted, (str, bool)) for wanted in value.values()):
        raise ScriptError(f'when: {name} is {value!r}; write {{"x-name": "pattern"}}, or true or false for the value')
    return {str(header): wanted for header, wanted in value.items()}


def _call(name: str, value: Any) -> Numbers | Range:
    if isinstance(value, Mapping):
        return _range(name, value)
    numbers = value if isinstance(value, (list, tuple)) else [value]
    if not numbers or not all(isinstance(n, int) and not isinstance(n, bool) and n >= 1 for n in numbers):
        raise ScriptError(f"when: {name} is {value!r}; calls are counted from 1: 3, [1, 3], or {{at_least: 3}}")
    return Numbers(numbers)


def _range(name: str, value: Any) -> Range:
    limits = value if isinstance(value, Mapping) else {}
    check_words(limits, ("at_least", "at_most"), f"when: {name}")
    low, high = limits.get("at_least"), limits.get("at_most")
    if low is None and high is None:
        raise ScriptError(f"when: {name} is {value!r}; write {{at_least: …}}, {{at_most: …}}, or both")
    if not all(limit is None or (_is_number(limit) and math.isfinite(limit)) for limit in (low, high)):
        raise ScriptError(f"when: {name} is {value!r}; its limits must be numbers")
    if low is not None and high is not None and low > high:
        raise ScriptError(f"when: {name} is {value!r}, which no number is within; write the smaller one as at_least")
    return low, high


_READ: Final[Mapping[str, Callable[[str, Any], Any]]] = {
    "model": _text,
    "text": _pattern,
    "system": _pattern,
    "tool_result": _tool_result,
    "tokens": _range,
    "header": _headers,
    "call": _call,
    "provider": _text,
    "stream": _yes_or_no,
}


def _when_to_json(when: When) -> dict[str, Any]:
    said = {name: getattr(when, name) for name in CONDITIONS}
    return {name: _plain(value) for name, value in said.items() if value is not None and value != {}}


def _plain(value: Any) -> Any:
    if isinstance(value, Numbers):
        listed = sorted(value)
        return listed[0] if len(listed) == 1 else listed
    if isinstance(value, tuple):
        return _bounds("at_least", "at_most", *value)
    return dict(value) if isinstance(value, Mapping) else value


# --- during ------------------------------------------------------------------------------------------------------


def _window(given: Any) -> Window | None:
    if given is None or isinstance(given, Window):
        return given
    if isinstance(given, Mapping):
        check_words(given, ("from", "until"), "during")
        begin, end = (given.get(name) for name in ("from", "until"))
        begin, end = 0.0 if begin is None else begin, math.inf if end is None else end
    elif isinstance(given, (list, tuple)) and len(given) == 2:
        begin, end = given
    else:
        raise ScriptError(f"during: {given!r}; write {{from: 0, until: 30}}, in seconds on the clock")
    if not (_is_number(begin) and _is_number(end) and 0 <= begin < end):
        raise ScriptError(f"during: from {begin!r} until {end!r} is no stretch of time from 0 s on")
    return Window(float(begin), float(end))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value)


def _bounds(low_name: str, high_name: str, low: float | None, high: float | None) -> dict[str, float]:
    bounds = {low_name: low, high_name: None if high == math.inf else high}
    return {name: value for name, value in bounds.items() if value is not None}
