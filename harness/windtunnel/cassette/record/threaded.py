"""The recording proxy on an event loop of its own in a thread: beside a command, or a test."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Final

from windtunnel.cassette.record.proxy import Proxy

#: How its thread is called, and those that look up names for it.
THREADS: Final = "windtunnel recorder"


class ThreadedProxy:
    """Runs a proxy in a daemon thread from `start` to `stop`, or for the time of a with statement."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._stop: Callable[[], object] = lambda: None
        self._thread = threading.Thread(target=self._run, name=THREADS, daemon=True)

    def start(self) -> None:
        """Return once it listens; raise what kept it from doing so."""
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure

    def stop(self) -> None:
        """Return once it and its thread are gone, and everything it took down has been handed over."""
        if self._thread.is_alive():
            self._stop()
            self._thread.join()

    def __enter__(self) -> Proxy:
        self.start()
        return self.proxy

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(self._serve())
        except BaseException as error:
            self._failure = error
            self._ready.set()

    async def _serve(self) -> None:
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        loop.set_default_executor(ThreadPoolExecutor(thread_name_prefix=THREADS))
        await self.proxy.start()
        self._stop = lambda: loop.call_soon_threadsafe(over.set)
        self._ready.set()
        await over.wait()
        await self.proxy.stop()
