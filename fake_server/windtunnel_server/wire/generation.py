"""Which generation of the family a model id names."""

from __future__ import annotations

import re
from typing import TypeAlias

Generation: TypeAlias = tuple[int, int]

#: What a name without a number (`claude-mythos-preview`, a deployment name) is taken for.
NEWEST: Generation = (5, 5)

_NEW_STYLE = re.compile(r"claude-[a-z]+-(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")
_OLD_STYLE = re.compile(r"claude-(?:v|instant-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")


def generation(model: str) -> Generation:
    """Read major and minor from a model id of any provider; `NEWEST` where the id has no number.

    `claude-sonnet-4-20250514` is (4, 0), `anthropic.claude-3-5-haiku-20241022-v1:0` is (3, 5).
    """
    found = _NEW_STYLE.search(model) or _OLD_STYLE.search(model)
    if found is None:
        return NEWEST
    return int(found[1]), int(found[2] or 0)
