"""Functions of the caller's that are told something: what they raise harms no request."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

_LOG: Final = logging.getLogger("windtunnel.client")


def tell(name: str, hook: Callable[[T], object] | None, value: T) -> None:
    """Call a hook, if there is one. What it raises is logged, with its traceback: an answer that was paid for comes first."""
    if hook is None:
        return
    try:
        hook(value)
    except Exception:
        _LOG.exception("%s raised an exception; the request goes on without it", name)
