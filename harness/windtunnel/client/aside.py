"""Waiting for what blocks, without being held up by it, and for what must not be broken off."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from typing import Any, TypeVar

T = TypeVar("T")


async def aside(blocking: Callable[[], T]) -> T:
    """Run what blocks in a thread of its own, and return what it returns; the loop goes on.

    Who stops waiting leaves the thread behind, and so does the end of the process: an executor's threads would be waited
    for, however long they hang.
    """
    loop = asyncio.get_running_loop()
    came: asyncio.Future[T] = loop.create_future()
    context = copy_context()

    def run() -> None:
        try:
            value = context.run(blocking)
        except BaseException as error:
            _tell(loop, came, None, error)
        else:
            _tell(loop, came, value, None)

    threading.Thread(target=run, name="windtunnel client", daemon=True).start()
    return await came


def _tell(
    loop: asyncio.AbstractEventLoop, came: asyncio.Future[T], value: T | None, error: BaseException | None
) -> None:
    def settle() -> None:
        if came.done():
            return  # nobody waits any more
        if error is not None:
            # A future takes no StopIteration.
            came.set_exception(RuntimeError(repr(error)) if isinstance(error, StopIteration) else error)
        else:
            came.set_result(value)  # type: ignore[arg-type]

    try:
        loop.call_soon_threadsafe(settle)
    except RuntimeError:
        pass  # the loop has been closed meanwhile


async def to_the_end(going: Coroutine[Any, Any, T]) -> T:
    """Return what it returns. A cancellation takes effect when it is done, and not before."""
    task = asyncio.ensure_future(going)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is None:
        return task.result()
    if not task.cancelled():
        task.exception()  # seen: who would hear of it has left
    raise cancelled
