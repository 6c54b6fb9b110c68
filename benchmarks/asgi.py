"""The least an ASGI app on uvicorn can do: read the body, answer what was laid out beforehand, an event a message."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

Receive: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]
Tell: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]


def app(answer: bytes) -> Callable[[dict[str, Any], Receive, Tell], Awaitable[None]]:
    """Build an app that gives one chunked answer: its head, its chunks."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    headers = [(name.lower(), value) for name, _, value in (line.partition(b": ") for line in lines)]
    start = {"type": "http.response.start", "status": int(status.split()[1]), "headers": headers}
    pieces = [{"type": "http.response.body", "body": chunk, "more_body": True} for chunk in chunks(body)]

    async def answers(scope: dict[str, Any], receive: Receive, tell: Tell) -> None:
        while (await receive()).get("more_body"):
            pass
        await tell(start)
        for piece in pieces:
            await tell(piece)
        await tell({"type": "http.response.body", "body": b""})

    return answers


def chunks(body: bytes) -> list[bytes]:
    """Take a chunked body apart."""
    found: list[bytes] = []
    while True:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        if not length:
            return found
        found.append(body[:length])
        body = body[length + 2 :]


async def start(answer: bytes) -> int:
    """Serve on a free port of loopback; return the port."""
    import uvicorn

    # Named, not left at 0: asyncio turns Nagle's algorithm off only for sockets that say they are TCP.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    options: dict[str, Any] = {"log_level": "error", "access_log": False, "lifespan": "off"}
    plain = uvicorn.Config(app(answer), http="httptools", date_header=False, server_header=False, **options)
    server = uvicorn.Server(plain)
    task = asyncio.create_task(server.serve([listening]))
    while not server.started:
        await asyncio.sleep(0.01)
    _running.add(task)
    return int(listening.getsockname()[1])


_running: set[asyncio.Task[None]] = set()
