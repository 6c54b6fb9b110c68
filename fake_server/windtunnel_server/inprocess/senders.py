"""Who is calling: a stable name for the thread and task that runs now."""

from __future__ import annotations

import asyncio
import itertools
import threading
import weakref
from typing import Any

_threads: weakref.WeakKeyDictionary[threading.Thread, int] = weakref.WeakKeyDictionary()
_tasks: weakref.WeakKeyDictionary[asyncio.Task[Any], int] = weakref.WeakKeyDictionary()
_numbers = itertools.count(1)


def current_sender() -> str | None:
    """ "thread 1", "thread 1 task 3"; None inside an event loop's callback that belongs to no task."""
    if asyncio._get_running_loop() is None:
        return f"thread {_number_of(_threads, threading.current_thread())}"
    task = asyncio.current_task()
    return None if task is None else _of_task(task)


def connecting_sender() -> str | None:
    """The same for a connection that is being made: anyio connects in a task of its own, for the task that asked."""
    if asyncio._get_running_loop() is None:
        return current_sender()
    task = asyncio.current_task()
    if task is None or "connect_tcp" not in task.get_name():
        return current_sender()
    from anyio import get_current_task

    parent_id = get_current_task().parent_id
    parent = next((other for other in asyncio.all_tasks() if id(other) == parent_id), task)
    return _of_task(parent)


def _of_task(task: asyncio.Task[Any]) -> str:
    return f"thread {_number_of(_threads, threading.current_thread())} task {_number_of(_tasks, task)}"


def _number_of(table: weakref.WeakKeyDictionary[Any, int], key: Any) -> int:
    if key not in table:
        table[key] = next(_numbers)
    return table[key]
