"""What is wrong with a policy, and the nearest word to a wrong one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PolicyError(ValueError):
    """A policy that does not exist or cannot be. Says what is on offer."""


def unknown_word(word: object, known: Iterable[str], where: str) -> PolicyError:
    """Return the error for a word nobody knows, with the nearest known one."""
    offer = list(known)
    near = difflib.get_close_matches(str(word), offer, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return PolicyError(f"{where}: unknown {word!r}{hint} (known: {', '.join(offer)})")
