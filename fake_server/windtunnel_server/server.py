"""The fake on a socket: a listener on loopback, connections, and the control API beside the provider's door."""

from __future__ import annotations

import asyncio
import itertools
import math
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from windtunnel_server.call import Call
from windtunnel_server.clock import Clock, VirtualClock
from windtunnel_server.control import PREFIX, Control
from windtunnel_server.core import Core
from windtunnel_server.feed import Viewer
from windtunnel_server.http1 import Connection
from windtunnel_server.inprocess import InProcess
from windtunnel_server.journal import Entry
from windtunnel_server.performer import Outlet
from windtunnel_server.plan import Plan
from windtunnel_server.script import Step
from windtunnel_server.tls import Secured
from windtunnel_server.wheel import Timer, Wheel

_BACKLOG = 1024
_TURNS = 4
#: How long a thread that writes a script waits for the server to close its door.
_HEED_S = 5.0
#: A client that wakes as a window opens finds its kept-alive connection closed already.
_EARLY_S = 1e-6
LOOPBACK = "127.0.0.1"


class Server:
    """Serves one core on one address, with TLS where `tls` says how. Lives on the event loop that starts it."""

    def __init__(
        self,
        core: Core,
        *,
        host: str = LOOPBACK,
        port: int = 0,
        control: Control | None = None,
        inprocess: InProcess | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.core = core
        self.clock: Clock = core.clock
        self.wheel: Wheel
        self._host, self._port = host, port
        self._control = control or Control(core)
        self._inprocess = inprocess
        self._tls = tls
        self._connections: set[Connection] = set()
        self._numbers = itertools.count(1)
        self._placeholder: socket.socket | None = None
        self._listener: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop
        self._tasks: set[asyncio.Task[Any]] = set()
        #: Opens the door again; None while it is open.
        self._refusal: Timer | None = None
        self._shut_at = 0.0
        #: Looks again at what comes next when a window of the script opens or closes.
        self._change: Timer | None = None
        self._change_at: float | None = None
        self._changed_at = 0.0
        self._thread = 0

    @property
    def url(self) -> str:
        """Base address, without a trailing slash and without /v1."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'http' if self._tls is None else 'https'}://{host}:{self._port}"

    async def start(self) -> None:
        """Bind and listen. Port 0 takes a free one."""
        self._loop = asyncio.get_running_loop()
        self.wheel = Wheel(self.clock, self._loop)
        self._placeholder = _bound(self._host, self._port)
        self._port = self._placeholder.getsockname()[1]
        self._open()
        self._thread = threading.get_ident()
        self.core.on_next_step = self._next_step_changed
        self._heed_next_step()

    def settle(self) -> None:
        """From another thread: wait until the server has seen what its clients have done to their sockets.

        A client knows that it has hung up before the server does; what a test reads next should tell.
        """
        if threading.get_ident() == self._thread:
            return
        settled = threading.Event()

        def turn(left: int) -> None:
            # Each turn of the loop reads what has come; what that leads to is done in the turns after it.
            if left:
                self._loop.call_soon(turn, left - 1)
            else:
                settled.set()

        self._loop.call_soon_threadsafe(turn, _TURNS)
        settled.wait(_HEED_S)

    async def stop(self) -> None:
        """Close the listener and cut what is under way."""
        self.core.on_next_step = lambda: None
        self._close()
        for timer in (self._refusal, self._change):
            if timer is not None:
                timer.cancel()
        if self._placeholder is not None:
            self._placeholder.close()
        # Whoever was let in a moment ago is let in first: a socket on its way has no connection yet that could close it.
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in list(self._connections):
            connection.stop()
        await asyncio.sleep(0)

    # --- listening -----------------------------------------------------------------------------------------------

    def _open(self) -> None:
        self._listener = _bound(self._host, self._port)
        self._listener.listen(_BACKLOG)
        self._loop.add_reader(self._listener.fileno(), self._accept)
        if self._inprocess is not None:
            self._inprocess.open_door(self._listener, self._knock)

    def _close(self) -> None:
        if self._listener is not None:
            self._loop.remove_reader(self._listener.fileno())
            self._listener.close()
            self._listener = None

    def _accept(self) -> None:
        while self._listener is not None:
            try:
                sock, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._spawn(self._loop.connect_accepted_socket(self._connection, sock))

    def _connection(self) -> asyncio.Protocol:
        connection = Connection(self, next(self._numbers))
        return connection if self._tls is None else Secured(self._tls, connection)

    def _spawn(self, work: Awaitable[Any]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- faults at the door --------------------------------------------------------------------------------------

    def _knock(self, sender: str) -> bool:
        """A client of this process connects: False turns it away (on the client's own thread)."""
        return not self.core.take_door_fault("connection_refused", connection=0, sender=sender, ended="refused")

    def _next_step_changed(self) -> None:
        if not self._has_to_heed:
            return
        if threading.get_ident() == self._thread:
            self._heed_next_step()
            return
        # Another thread wrote the script: it goes on once no kept-alive connection can slip past the door.
        heeded = threading.Event()
        self._loop.call_soon_threadsafe(self._heed_next_step)
        self._loop.call_soon_threadsafe(lambda: self._loop.call_soon(heeded.set))
        heeded.wait(_HEED_S)

    @property
    def _has_to_heed(self) -> bool:
        if self._refusal is not None or self._door_fault is not None:
            return True
        return self.core.next_door_change(self._now) != self._change_at

    @property
    def _now(self) -> float:
        # A timer for the beginning of a window comes a hair before it; from then on it has begun.
        return max(self.clock.now(), self._changed_at)

    @property
    def _door_fault(self) -> Step | None:
        return self.core.door_fault(self._now)

    def _heed_next_step(self) -> None:
        self._heed_next_change()
        step = self._door_fault
        is_shut_by = step is not None and step.faults[0].name == "connection_refused" and self._inprocess is None
        if self._refusal is not None and not is_shut_by:
            self._stop_refusing()
            return
        if step is None:
            return
        # A client must meet the door again: no kept-alive connection may slip past it.
        for connection in list(self._connections):
            if connection.is_idle:
                connection.close()
        if is_shut_by:
            self._refuse_for(_shut_for_s(step))

    def _heed_next_change(self) -> None:
        """Be there when the next window opens or closes: no call may come that would tell."""
        at = self.core.next_door_change(self._now)
        if at == self._change_at:
            return
        if self._change is not None:
            self._change.cancel()
        self._change_at = at
        self._change = None if at is None else self.wheel.at(at - _EARLY_S, lambda: self._window_changed(at))

    def _window_changed(self, at: float) -> None:
        self._change_at, self._changed_at = None, at
        self._heed_next_step()

    def _refuse_for(self, for_s: float) -> None:
        """Shut the port for a while: what was refused there cannot be counted, so time decides."""
        if self._refusal is None:
            self._close()
            self._shut_at = self._now
            self._refusal = self.wheel.after(for_s, self._stop_refusing)

    def _stop_refusing(self) -> None:
        if self._refusal is not None:
            self._refusal.cancel()
        self._refusal = None
        self._open()
        # Nobody can say how many were refused: it counts as one. Its window may be over by now.
        self.core.take_door_fault("connection_refused", connection=0, sender=None, ended="refused", at_s=self._shut_at)

    # --- what a connection asks (http1.Host) ---------------------------------------------------------------------

    def connected(self, connection: Connection) -> bool:
        self._connections.add(connection)
        step = self._door_fault
        if step is None or step.faults[0].name != "connection_dropped":
            return True
        self._drop(connection)
        return False

    def _drop(self, connection: Connection) -> None:
        if connection.sender is None and self._inprocess is not None and self._inprocess.is_connecting:
            # Accepted before the client's thread could say that it was the one: it is about to.
            self._loop.call_soon(self._drop, connection)
            return
        self.core.take_door_fault(
            "connection_dropped", connection=connection.number, sender=connection.sender, ended="closed"
        )
        connection.close()

    def disconnected(self, connection: Connection) -> None:
        self._connections.discard(connection)

    def closes_idle(self) -> bool:
        return self._door_fault is not None

    def idle(self, connection: Connection) -> None:
        if self._door_fault is not None:
            connection.close()

    def max_body_bytes(self, path: str) -> int:
        return self.core.max_body_bytes(path)

    def feed(self, call: Call, outlet: Outlet, *, chunked: bool) -> Viewer | None:
        return self._control.feed(call, outlet, chunked=chunked) if call.path.startswith(PREFIX) else None

    def answer(self, call: Call) -> tuple[Plan, Entry]:
        if call.path.startswith(PREFIX) or call.path == PREFIX.rstrip("/"):
            return self._control.answer(call)
        if isinstance(self.clock, VirtualClock) and not call.in_process:
            return self.core.answer_stranger(call)
        return self.core.answer(call)

    def answer_too_large(self, call: Call) -> tuple[Plan, Entry]:
        return self.core.answer_too_large(call)

    def answer_garbage(self, call: Call, why: str) -> tuple[Plan, Entry]:
        return self.core.answer_garbage(call, why)


def _shut_for_s(step: Step) -> float:
    """How long a step that refuses connections shuts the port each time it is taken; the end of its window cuts it short."""
    return math.inf if step.times == "forever" else float(step.faults[0].options.get("for_s", 1.0))


def _bound(host: str, port: int) -> socket.socket:
    """A bound socket. Several may hold one port as long as none listens: that keeps it ours while it is shut."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setblocking(False)
    try:
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


async def serve_until(server: Server, stop: Callable[[], Awaitable[None]]) -> None:
    """Start, wait for `stop`, stop."""
    await server.start()
    try:
        await stop()
    finally:
        await server.stop()
