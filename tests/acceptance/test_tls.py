"""Every fault over TLS: the official SDK meets what it meets without, at the same instants."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anthropic
import pytest

pytest.importorskip("trustme")

from windtunnel import Windtunnel, reply
from windtunnel_server import certificates
from windtunnel_server.certificates import Certificates
from windtunnel_server.faults import FAULTS
from windtunnel_server.script import Fault

ASKED: dict[str, Any] = {
    "model": "claude-sonnet-4-6",
    "max_tokens": 1000,
    "messages": [{"role": "user", "content": "Hello, tunnel."}],
}
#: Those that have to be told where, or for how long.
OPTIONS: dict[str, dict[str, Any]] = {"stall": {"for_s": 20.0, "after_events": 2}, "cut_utf8": {"after_events": 3}}


@pytest.fixture(scope="module")
def made() -> Certificates:
    return certificates.make()


@contextmanager
def tunnel(made: Certificates | None) -> Iterator[Windtunnel]:
    opened = Windtunnel()
    opened._server._tls = None if made is None else made.context
    with opened:
        yield opened


def met(made: Certificates | None, way: str, name: str) -> tuple[Any, ...]:
    """What a streamed call meets: its error, the events before it, how the journal has it, and when it was over."""
    context = ssl.create_default_context()
    if made is not None:
        context.load_verify_locations(cadata=made.authority.decode())
    with tunnel(made) as opened:
        opened.script(reply("Hello, client.", faults=[Fault(name, OPTIONS.get(name, {}))]))
        events, error = READERS[way](opened, context)
        call = opened.journal[0]
        return type(error).__name__, events, call.ended, call.status, round(opened.clock.now(), 6)


def by_thread(opened: Windtunnel, context: ssl.SSLContext) -> tuple[int, BaseException | None]:
    events = 0
    http = anthropic.DefaultHttpxClient(verify=context)
    with anthropic.Anthropic(base_url=opened.url, api_key="key", max_retries=0, http_client=http) as client:
        try:
            with client.messages.create(**ASKED, stream=True) as stream:
                for _ in stream:
                    events += 1
        except Exception as error:
            return events, error
    return events, None


def by_loop(opened: Windtunnel, context: ssl.SSLContext) -> tuple[int, BaseException | None]:
    async def read() -> tuple[int, BaseException | None]:
        events = 0
        http = anthropic.DefaultAsyncHttpxClient(verify=context)
        async with anthropic.AsyncAnthropic(
            base_url=opened.url, api_key="key", max_retries=0, http_client=http
        ) as client:
            try:
                async with await client.messages.create(**ASKED, stream=True) as stream:
                    async for _ in stream:
                        events += 1
            except Exception as error:
                return events, error
        return events, None

    return asyncio.run(read())


READERS = {"thread": by_thread, "loop": by_loop}


@pytest.mark.parametrize("way", READERS)
@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_fault_is_met_as_it_is_without_tls(made: Certificates, way: str, name: str) -> None:
    assert met(made, way, name) == met(None, way, name)
