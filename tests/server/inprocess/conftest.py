from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from windtunnel import Windtunnel

BODY = json.dumps({"model": "claude-sonnet-4-6", "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}]})
HEADERS = {"x-api-key": "key", "anthropic-version": "2023-06-01", "content-type": "application/json"}


def post(url: str, timeout_s: float | None = 60.0) -> int:
    """One call with the standard library alone: blocking sockets, read through `recv_into`."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=timeout_s)
    try:
        connection.request("POST", "/v1/messages", BODY, HEADERS)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


async def apost(url: str) -> int:
    """The same with asyncio's streams."""
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        lines = [f"{name}: {value}" for name, value in {**HEADERS, "host": host, "connection": "close"}.items()]
        head = "\r\n".join(["POST /v1/messages HTTP/1.1", *lines, f"content-length: {len(BODY)}"])
        writer.write(f"{head}\r\n\r\n{BODY}".encode())
        answer = await reader.read()
        return int(answer.split(b" ", 2)[1])
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.fixture
def tunnel() -> Iterator[Windtunnel]:
    with Windtunnel() as opened:
        yield opened


@pytest.fixture
def call() -> Callable[..., int]:
    return post


@pytest.fixture
def acall() -> Callable[..., Any]:
    return apost
