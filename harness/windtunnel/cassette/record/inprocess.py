"""Taking down, or playing, what the HTTP libraries of this process send and receive: httpx2, httpx, aiohttp, and what is
built on `http.client` (requests, urllib3, botocore, urllib).

For code whose base address cannot be changed; where it can, `proxy.py` and the fake's own door need no hooks.

These hooks are our own. vcrpy's, which know the same libraries, read an answer to its end before the caller sees its first
byte, and lose an answer that breaks off (wire.md 12, measured); here pieces are seen in passing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Final, cast
from urllib.parse import urlsplit

from windtunnel.cassette.interaction import Interaction, Request
from windtunnel.cassette.record.hooks import aiohttp, http_client, httpx, httpx2
from windtunnel.cassette.record.hooks.patching import HookError, Patches
from windtunnel.cassette.record.hooks.port import Hook
from windtunnel.cassette.record.played import Answer
from windtunnel.cassette.record.take import Sink, Take

HOOKS: Final = cast("tuple[Hook, ...]", (httpx2, httpx, aiohttp, http_client))

_one_at_a_time = threading.Lock()


@contextmanager
def recording(sink: Sink, *, hosts: Collection[str] | None = None) -> Iterator[None]:
    """Hand every exchange of this process to `sink`, as it ends, for the time of a with statement.

    `hosts` are the names wanted ("api.anthropic.com"); None: all. An exchange that is still under way at the end is
    handed over as far as it came, as one that the client did not wait for. One recording or playing at a time: HookError.
    """
    recorder = _Recorder(sink, hosts)
    with _hooked(lambda hook, patches: hook.record(patches, recorder.begin)):
        try:
            yield
        finally:
            recorder.finish()


@contextmanager
def playing(answer: Answer, *, through: Collection[str] = ()) -> Iterator[None]:
    """Answer every request of this process from `answer`, for the time of a with statement; nothing reaches a network.

    An exception that `answer` raises reaches the caller. Only hosts named in `through` are reached as ever. Answers come
    at once, in their recorded pieces.
    """

    def is_through(uri: str) -> bool:
        return (urlsplit(uri).hostname or "") in through

    with _hooked(lambda hook, patches: hook.play(patches, answer, is_through)):
        yield


@contextmanager
def _hooked(apply: Callable[[Hook, Patches], None]) -> Iterator[None]:
    if not _one_at_a_time.acquire(blocking=False):
        raise HookError("this process is recording or playing already: leave that with statement first")
    patches = Patches()
    try:
        for hook in HOOKS:
            apply(hook, patches)
        yield
    finally:
        patches.undo()
        _one_at_a_time.release()


class _Recorder:
    """Keeps the takes that are under way, and lets the sink be called by one thread at a time."""

    def __init__(self, sink: Sink, hosts: Collection[str] | None) -> None:
        self._sink, self._hosts = sink, hosts
        self._lock = threading.Lock()
        self._under_way: dict[int, Take] = {}

    def begin(self, request: Request) -> Take | None:
        if self._hosts is not None and urlsplit(request.uri).hostname not in self._hosts:
            return None

        def keep(interaction: Interaction) -> None:
            with self._lock:
                self._under_way.pop(id(take), None)
                self._sink(interaction)

        take = Take(keep)
        with self._lock:
            self._under_way[id(take)] = take
        return take

    def finish(self) -> None:
        for take in list(self._under_way.values()):
            take.end("timeout")
        self._under_way.clear()
