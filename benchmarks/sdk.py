"""The official SDK over our in-memory transport, next to its library's mock answering the same bytes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import anthropic
import httpx2

from benchmarks.bodies import KEY, MODEL
from benchmarks.rounds import Row, Table, by_turns
from windtunnel import Windtunnel

_URL = "http://sdk.invalid"
_ASKED: dict[str, Any] = {"model": MODEL, "max_tokens": 1024, "messages": [{"role": "user", "content": "Hello"}]}


def measure(*, quick: bool) -> list[Table]:
    """Make calls one after another, streamed and not."""
    rows: list[Row] = []
    for what, stream in (("message", False), ("stream", True)):
        with ExitStack() as stack:
            tunnel = stack.enter_context(Windtunnel(clock="real"))
            answer = httpx2.Client(transport=tunnel.transport()).post(
                f"{_URL}/v1/messages",
                content=json.dumps(_ASKED | {"stream": stream}),
                headers={"x-api-key": KEY, "anthropic-version": "2023-06-01"},
            )
            ours = stack.enter_context(_client(tunnel.transport()))
            mock = stack.enter_context(_client(httpx2.MockTransport(_canned(answer))))
            calls, rounds = (5, 1) if quick else (150, 7)
            found = by_turns(
                {"ours": lambda: _rate(ours, calls, stream), "mock": lambda: _rate(mock, calls, stream)},  # noqa: B023
                rounds,
            )
        rows.append(Row(f"{what}: calls/s", found["ours"], found["mock"], "httpx2.MockTransport"))
    return [Table("the official SDK in memory (more is better)", rows)]


def _canned(answer: httpx2.Response) -> Callable[[httpx2.Request], httpx2.Response]:
    content, headers = answer.read(), [(k, v) for k, v in answer.headers.multi_items() if k != "transfer-encoding"]
    return lambda request: httpx2.Response(200, headers=headers, content=content)


def _client(transport: Any) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=_URL, api_key=KEY, http_client=httpx2.Client(transport=transport))


def _rate(client: anthropic.Anthropic, calls: int, stream: bool) -> float:
    began = time.perf_counter()
    for _ in range(calls):
        answer = client.messages.create(**_ASKED, stream=stream)
        if stream:
            assert list(answer)
    return calls / (time.perf_counter() - began)
