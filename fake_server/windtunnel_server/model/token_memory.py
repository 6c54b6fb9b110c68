"""What blocks cost, remembered by what they say: a turn costs what is new in it."""

from __future__ import annotations

import marshal
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

#: Blocks remembered, some 100 bytes each; the oldest go first.
_REMEMBERED = 1 << 16
#: A text as short as this is counted faster than it is looked up.
_SHORT = 24
#: The last format of marshal that writes equal values alike, whoever else holds them.
_FORMAT = 2

_known: dict[bytes, int] = {}


def remembered(kind: str, value: Any, count: Callable[[], int]) -> int:
    """Give the count for `value` (JSON as Python has it), counted once for each `kind` of counting."""
    if isinstance(value, str):
        if len(value) <= _SHORT:
            return count()
        written = value.encode("utf-8", "surrogatepass")
    else:
        try:
            written = marshal.dumps(value, _FORMAT)
        except ValueError:
            # Not plain JSON: a mapping of another class, say.
            return count()
    digest = blake2b(written, digest_size=16, person=kind.encode()).digest()
    known = _known.get(digest)
    if known is None:
        known = _known[digest] = count()
        if len(_known) > _REMEMBERED:
            _forget_the_oldest()
    return known


def _forget_the_oldest() -> None:
    try:
        _known.pop(next(iter(_known)), None)
    except (RuntimeError, StopIteration):
        # Another thread was here in between; the next count tries again.
        pass


def forget() -> None:
    """Forget every count, as if nothing had been seen."""
    _known.clear()
