"""The official SDK and the service behind the door: what is cached, what is limited, what fits, what it costs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import anthropic
import pytest

from windtunnel import Windtunnel, fail, reply
from windtunnel_server.settings import RateLimits, Settings

MARKED = {"type": "text", "text": "All is well in the tunnel. " * 300, "cache_control": {"type": "ephemeral"}}

ASKED = {"model": "claude-sonnet-4-6", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello"}]}

Opened = Callable[..., tuple[Windtunnel, Any]]


@pytest.fixture
def opened(make: Callable[..., Any]) -> Iterator[Opened]:
    """Open a tunnel with settings, and a client of it over a socket; both are closed behind the test."""
    left: list[Any] = []

    def open_(*steps: Any, max_retries: int = 0, **settings: Any) -> tuple[Windtunnel, Any]:
        tunnel = Windtunnel(*steps, settings=Settings(**settings)).start()
        left.append(tunnel.stop)
        subject = make(tunnel, "sync-socket", base_url=tunnel.url, api_key=tunnel.api_key, max_retries=max_retries)
        left.append(subject.close)
        return tunnel, subject

    yield open_
    for close in reversed(left):
        close()


def test_a_second_call_reads_the_cache_and_five_minutes_later_none_does(opened: Opened) -> None:
    _, subject = opened()

    first, second = (subject.create(system=[MARKED]).usage for _ in range(2))
    time.sleep(300)
    third = subject.create(system=[MARKED]).usage

    assert first.cache_creation_input_tokens > 1024
    assert second.cache_read_input_tokens == first.cache_creation_input_tokens
    assert (second.cache_creation_input_tokens, third.cache_read_input_tokens) == (0, 0)
    assert third.cache_creation.ephemeral_5m_input_tokens == first.cache_creation_input_tokens


def test_a_stream_says_the_same_at_its_start_and_at_its_end(opened: Opened) -> None:
    _, subject = opened()
    subject.create(system=[MARKED])

    read = subject.helped(system=[MARKED])

    started = read.events[0].message.usage
    assert read.error is None
    assert started.cache_read_input_tokens == read.message.usage.cache_read_input_tokens > 1024


def test_a_client_that_heeds_the_hint_gets_through_at_its_first_retry(opened: Opened) -> None:
    tunnel, subject = opened(rate_limit=RateLimits(requests_per_minute=2), max_retries=2)

    for _ in range(3):
        subject.create()

    assert [call.status for call in tunnel.journal] == [200, 200, 429, 200]
    refused, retried = tunnel.journal[2], tunnel.journal[3]
    waited_s = retried.arrived_at - refused.arrived_at
    assert refused.response_header("retry-after") == "30"
    assert 30.0 <= waited_s < 31.0


def test_the_limit_reads_as_the_sdk_s_own_error(opened: Opened) -> None:
    _, subject = opened(rate_limit=RateLimits(input_tokens_per_minute=1000))

    with pytest.raises(anthropic.RateLimitError, match="rate limit of 1,000 input tokens per minute") as caught:
        subject.create(system=[MARKED])

    assert caught.value.response.headers["anthropic-ratelimit-input-tokens-remaining"] == "1000"


def test_of_three_calls_at_once_one_too_many_is_told_to_wait(make: Callable[..., Any]) -> None:
    slow = reply("Slow", stream={"first_byte": 0.5}, times=3)

    with Windtunnel(slow, settings=Settings(rate_limit=RateLimits(concurrent=2))) as tunnel:
        subject = make(tunnel, "async-socket", base_url=tunnel.url, api_key=tunnel.api_key)
        subject.run(lambda: asyncio.gather(*(subject.client.messages.create(**ASKED) for _ in range(3))))
        subject.close()
        calls = tunnel.journal.calls

    assert sorted(call.status or 0 for call in calls[:3]) == [200, 200, 429]
    assert [call.status for call in calls[3:]] == [200]
    assert calls[3].arrived_at >= 1.0


def test_a_prompt_that_does_not_fit_is_refused_before_any_streaming(opened: Opened) -> None:
    _, subject = opened(context_window=1000)

    read = subject.raw(system=[MARKED])

    assert isinstance(read.error, anthropic.BadRequestError)
    assert "prompt is too long: " in str(read.error) and " tokens > 1000 maximum" in str(read.error)
    assert read.events == []


def test_the_ledger_tells_what_it_all_costs(opened: Opened) -> None:
    tunnel, subject = opened(reply("One"), fail("overloaded"), reply("Two"), max_retries=1)

    used = [subject.create(system=[MARKED]).usage for _ in range(2)]

    total = tunnel.ledger.total
    assert total.calls == 2
    assert total.output_tokens == sum(usage.output_tokens for usage in used)
    assert total.cache_read_input_tokens == used[1].cache_read_input_tokens > 0
    # Sonnet 4.6, micro-dollars a token: 3 in, 3.75 written, 0.3 read, 15 out.
    assert total.cost_micro_usd * 100 == sum(
        300 * usage.input_tokens
        + 375 * usage.cache_creation_input_tokens
        + 30 * usage.cache_read_input_tokens
        + 1500 * usage.output_tokens
        for usage in used
    )
    assert tunnel.ledger.reported == total
