"""The fake on a socket, on an event loop of its own in a thread: for tests and programs that have none to spare."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from windtunnel_server.inprocess import InProcess
from windtunnel_server.server import Server


class ThreadedServer:
    """Runs a server in a daemon thread from `start` to `stop`."""

    def __init__(self, server: Server, inprocess: InProcess | None = None) -> None:
        self.server = server
        self._inprocess = inprocess
        self._thread = threading.Thread(target=self._run, name="windtunnel server", daemon=True)
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._stop: Callable[[], object] = lambda: None

    def start(self) -> None:
        """Return once the server listens; raise what kept it from doing so."""
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            failure, self._failure = self._failure, None
            raise failure

    def stop(self) -> None:
        """Return once the server and its thread are gone; raise, once, what ended them before they were told to."""
        if self._thread.is_alive():
            self._stop()
            self._thread.join()
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _run(self) -> None:
        if self._inprocess is not None:
            self._inprocess.join(is_server=True)
        try:
            # Not the policy's loop: a virtual clock needs asyncio's own.
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(self._serve())
        except BaseException as error:
            self._failure = error
            self._ready.set()
        finally:
            if self._inprocess is not None:
                self._inprocess.leave()

    async def _serve(self) -> None:
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        await self.server.start()
        self._stop = lambda: loop.call_soon_threadsafe(over.set)
        self._ready.set()
        await over.wait()
        await self.server.stop()
