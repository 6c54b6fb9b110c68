"""Event loops by name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


def _uvloop() -> asyncio.AbstractEventLoop:
    import uvloop

    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


FACTORIES: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.SelectorEventLoop,
    "uvloop": _uvloop,
}


def names() -> tuple[str, ...]:
    """Loops that are installed here."""
    try:
        import uvloop  # noqa: F401
    except ImportError:
        return ("asyncio",)
    return tuple(FACTORIES)
