"""A load generator: connections kept alive, each sending its next request when the answer to the last one is whole."""

from __future__ import annotations

import asyncio
import socket
import time
from dataclasses import dataclass
from typing import cast

from benchmarks import loops

#: What every answer here ends with; no chunk of one does.
_END = b"\r\n0\r\n\r\n"
WARM_UP_S = 0.1


class Asker(asyncio.Protocol):
    """One connection."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._tail = b""
        self._enough: asyncio.Future[None] | None = None
        self.answers = 0
        self.lost: Exception | str | None = None
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._tail = (self._tail + data)[-len(_END) :]
        if self._tail == _END:
            self._tail = b""
            self.answers += 1
            if self._enough is None:
                self.transport.write(self._request)
            elif not self._enough.done():
                self._enough.set_result(None)

    async def enough(self) -> None:
        """Ask no more, and leave when the last answer is whole."""
        self._enough = asyncio.get_running_loop().create_future()
        await self._enough
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = exc or "the server closed the connection"


#: So many rounds may pass without an answer before that counts as a failure.
_PATIENCE = 20


@dataclass(frozen=True, slots=True)
class Load:
    """What a server bore: answers a second behind the warm-up, and answers in all."""

    rate: float
    answers: int


def bear(port: int, request: bytes, *, connections: int, for_s: float) -> Load:
    """Load a server for `for_s` seconds behind a short warm-up."""
    with asyncio.Runner(loop_factory=loops.FACTORIES[loops.names()[-1]]) as runner:
        return runner.run(_bear(port, request, connections, for_s))


async def _bear(port: int, request: bytes, connections: int, for_s: float) -> Load:
    loop = asyncio.get_running_loop()
    askers = [(await loop.create_connection(lambda: Asker(request), "127.0.0.1", port))[1] for _ in range(connections)]
    await asyncio.sleep(WARM_UP_S)
    before, since = sum(asker.answers for asker in askers), time.perf_counter()
    answers = 0
    # On a busy machine the first answer may take longer than the whole of a short round.
    for _ in range(_PATIENCE):
        await asyncio.sleep(for_s)
        answers, took_s = sum(asker.answers for asker in askers) - before, time.perf_counter() - since
        if answers or any(asker.lost is not None for asker in askers):
            break
    lost = [asker.lost for asker in askers if asker.lost is not None]
    if lost or not answers:
        raise RuntimeError(f"{len(lost)} of {connections} connections were lost, {answers} answers came: {lost[:1]}")
    await asyncio.gather(*(asker.enough() for asker in askers))
    return Load(answers / took_s, sum(asker.answers for asker in askers))


def one_answer(port: int, request: bytes) -> bytes:
    """Ask once and return the whole answer as it came."""
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(request)
        got = b""
        while not got.endswith(_END):
            piece = sock.recv(65536)
            if not piece:
                raise RuntimeError(f"the answer ended early: {got[-200:]!r}")
            got += piece
        return got
