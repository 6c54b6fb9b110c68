"""A text that matches a regular expression: literals, classes, repeats, groups and alternatives.

Lookarounds and back references are beyond it: `text_for` gives None and the caller does without. A library that goes
further: hypothesis' `from_regex`, in tests.
"""

from __future__ import annotations

import importlib
import re
import string
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

# The standard library's own parser; private, so its absence is survived.
try:
    _parser: Any = importlib.import_module("re._parser")
except ImportError:  # pragma: no cover
    _parser = None

_WORDS = string.ascii_lowercase + string.digits
_CLASSES: Mapping[str, str] = {
    "CATEGORY_DIGIT": string.digits,
    "CATEGORY_WORD": string.ascii_lowercase,
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_DIGIT": string.ascii_lowercase,
    "CATEGORY_NOT_WORD": "-",
    "CATEGORY_NOT_SPACE": string.ascii_lowercase,
}
_MOST_REPEATS = 8


def text_for(pattern: str, rng: Random, *, min_length: int = 0) -> str | None:
    """Write a text that matches `pattern`, of at least `min_length` characters where repeats allow; None if it cannot."""
    if _parser is None:
        return None
    for repeats in (2, _MOST_REPEATS, max(_MOST_REPEATS, min_length)):
        try:
            text = _sequence(_parser.parse(pattern), rng, repeats)
        except (re.error, NotImplementedError, OverflowError):
            return None
        if len(text) >= min_length and re.search(pattern, text):
            return text
    return None


def _sequence(parsed: Any, rng: Random, repeats: int) -> str:
    return "".join(_WRITERS.get(str(op), _cannot)(arg, rng, repeats) for op, arg in parsed)


def _cannot(arg: Any, rng: Random, repeats: int) -> str:
    raise NotImplementedError


def _class(items: Any, rng: Random, repeats: int) -> str:
    negated = str(items[0][0]) == "NEGATE"
    chars = "".join(_chars(str(op), arg) for op, arg in items[negated:])
    if negated:
        chars = "".join(c for c in _WORDS + string.ascii_uppercase + " -" if c not in chars)
    if not chars:
        raise NotImplementedError
    return rng.choice(chars)


def _chars(op: str, arg: Any) -> str:
    if op == "LITERAL":
        return chr(arg)
    if op == "RANGE":
        return "".join(map(chr, range(arg[0], min(arg[1], arg[0] + 128) + 1)))
    return _CLASSES.get(str(arg), "")


def _repeat(arg: Any, rng: Random, repeats: int) -> str:
    low, high, what = arg
    count = (
        rng.randint(int(low), min(int(high), int(low) + repeats))
        if repeats <= 2
        else min(int(high), int(low) + repeats)
    )
    return "".join(_sequence(what, rng, repeats) for _ in range(count))


_WRITERS: Mapping[str, Callable[[Any, Random, int], str]] = {
    "LITERAL": lambda arg, rng, repeats: chr(arg),
    "NOT_LITERAL": lambda arg, rng, repeats: "a" if arg != ord("a") else "b",
    "ANY": lambda arg, rng, repeats: rng.choice(_WORDS),
    "IN": _class,
    "AT": lambda arg, rng, repeats: "",
    "MAX_REPEAT": _repeat,
    "MIN_REPEAT": _repeat,
    "SUBPATTERN": lambda arg, rng, repeats: _sequence(arg[-1], rng, repeats),
    "BRANCH": lambda arg, rng, repeats: _sequence(rng.choice(arg[1]), rng, repeats),
}
