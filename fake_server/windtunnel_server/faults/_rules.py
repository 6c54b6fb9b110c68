"""What the options of the faults accept: types with their range, in words that a message can quote."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition on a value, `text` completing the sentence "it must be …"."""

    text: str
    holds: Callable[[Any], bool]
    #: The words to choose from, for a rule that is a list of words.
    on_offer: Callable[[], Iterable[str]] = tuple


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _offsets(value: Any) -> bool:
    if not isinstance(value, (list, tuple)) or not all(_whole(item) and item >= 1 for item in value):
        return False
    return all(left < right for left, right in pairwise(value))


def _error_kinds() -> Iterable[str]:
    from windtunnel_server.wire import errors

    # Pages and bodies of the edge have no place in a stream.
    return tuple(name for name, kind in errors.KINDS.items() if kind.body == "api")


Seconds = Annotated[
    float, Rule("seconds from 0 up (infinity: until the client hangs up)", lambda v: _number(v) and v >= 0)
]
FiniteSeconds = Annotated[
    float, Rule("seconds from 0 up, and not infinite", lambda v: _number(v) and 0 <= v < math.inf)
]
Count = Annotated[int, Rule("a whole number from 0 up", lambda v: _whole(v) and v >= 0)]
Size = Annotated[int, Rule("a whole number of bytes from 1 up", lambda v: _whole(v) and v >= 1)]
NonZero = Annotated[int, Rule("a whole number of bytes other than 0", lambda v: _whole(v) and v != 0)]
GzipLevel = Annotated[int, Rule("a whole number from 0 to 9", lambda v: _whole(v) and 0 <= v <= 9)]
Offsets = Annotated[list[int], Rule("a rising list of whole numbers from 1 up", _offsets)]
Word = Annotated[
    str, Rule("a text on one line", lambda v: isinstance(v, str) and v != "" and v.isprintable() and v.isascii())
]
ErrorKind = Annotated[
    str, Rule("the name of an error the API itself sends", lambda v: v in _error_kinds(), _error_kinds)
]


def fits(value: Any, hint: Any) -> bool:
    """Say whether `value` is what the annotation `hint` allows."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(fits(value, choice) for choice in args)
    if origin is Annotated:
        return bool(args[1].holds(value))
    if origin is Literal:
        return isinstance(value, str) and value in args
    return isinstance(value, hint)


def text(hint: Any) -> str:
    """Put the annotation `hint` into words."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return ", or ".join(text(choice) for choice in args)
    if origin is Annotated:
        return str(args[1].text)
    if origin is Literal:
        return " or ".join(map(repr, args))
    return {str: "a text", NoneType: "None"}[hint]


def on_offer(hint: Any) -> tuple[str, ...]:
    """List the words the annotation `hint` offers; empty where it is not a choice of words."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return tuple(word for choice in args for word in on_offer(choice))
    if origin is Annotated:
        return tuple(args[1].on_offer())
    return tuple(args) if origin is Literal else ()


def nearest(word: object, offered: Iterable[str]) -> str:
    """Put the offered words behind a message, the one most like `word` first."""
    words = list(offered)
    best = difflib.get_close_matches(str(word), words, n=1)
    hint = f"; did you mean {best[0]}?" if best else ""
    return f"{hint} (known: {', '.join(words) or 'none'})"
