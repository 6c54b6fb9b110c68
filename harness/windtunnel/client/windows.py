"""How many tokens a model's window holds: what a conversation is compacted for (wire.md 11.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_K: Final = 1_000
#: A model that the table does not know is taken for one of the smaller kind.
UNKNOWN: Final = 200 * _K

_LARGE: Final = 1_000 * _K
#: Windows by the beginning of a model's id on the direct API; the longest that fits counts.
WINDOWS: Final[Mapping[str, int]] = {
    "claude-fable-5": _LARGE,
    "claude-mythos": _LARGE,
    "claude-haiku-5": _LARGE,
    "claude-sonnet-5": _LARGE,
    "claude-opus-5": _LARGE,
    "claude-opus-4-8": _LARGE,
    "claude-opus-4-7": _LARGE,
    "claude-opus-4-6": _LARGE,
    "claude-sonnet-4-6": _LARGE,
    "claude-opus-4-5": 200 * _K,
    "claude-sonnet-4-5": 200 * _K,
    "claude-haiku-4-5": 200 * _K,
    "claude-opus-4": 200 * _K,
    "claude-sonnet-4": 200 * _K,
    "claude-3": 200 * _K,
    "claude-2.0": 100 * _K,
}
#: What clouds write before a model's own name.
_BEFORE: Final = re.compile(r"^.*?(?=claude-)")


def window_of(model: str) -> int:
    """Return the tokens that fit, prompt and answer together, whatever the cloud calls the model."""
    name = _BEFORE.sub("", model)
    fitting = [known for known in WINDOWS if name.startswith(known)]
    return WINDOWS[max(fitting, key=len)] if fitting else UNKNOWN
