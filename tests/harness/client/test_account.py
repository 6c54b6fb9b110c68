"""The books of a client, alone and against the fake's ledger."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from windtunnel import Windtunnel, fail, reply
from windtunnel.client.account import Account, Line, counted
from windtunnel.client.core import AsyncClient
from windtunnel.client.request import Request


def test_lines_add_up_by_model_and_by_purpose() -> None:
    account = Account()

    account.book("claude-haiku-4-5", {"input_tokens": 10, "output_tokens": 1})
    account.book("claude-haiku-4-5", {"input_tokens": 20, "output_tokens": 2}, purpose="compaction")
    account.book("claude-opus-5", {"input_tokens": 30, "output_tokens": 3}, aborted=True)

    assert account.total.requests == 3 and account.total.input_tokens == 60
    assert account.by_model["claude-haiku-4-5"].input_tokens == 30
    assert account.by_purpose["compaction"].output_tokens == 2
    assert account.total.aborted == 1
    assert account.total.cost_micro_usd == Decimal(30 * 1 + 3 * 5 + 30 * 5 + 3 * 25)


def test_what_has_no_price_is_counted_apart() -> None:
    account = Account()

    account.book("claude-next", {"input_tokens": 10, "output_tokens": 1})

    assert account.total.unpriced == 1 and account.total.cost_micro_usd == 0
    assert account.total.input_tokens == 10


def test_iterations_are_what_counts() -> None:
    used = counted({"input_tokens": 5, "output_tokens": 2, "iterations": [{"input_tokens": 100, "output_tokens": 20}]})

    assert (used.input_tokens, used.output_tokens) == (100, 20)


def test_each_line_is_told_as_it_is_booked() -> None:
    told: list[Line] = []

    Account(on_booked=told.append).book("claude-opus-5", {"input_tokens": 1}, purpose="compaction")

    assert [(line.model, line.purpose) for line in told] == [("claude-opus-5", "compaction")]


def test_what_a_hook_raises_is_logged_and_loses_no_line(caplog: pytest.LogCaptureFixture) -> None:
    def hook(line: Line) -> None:
        raise ValueError("not today")

    account = Account(on_booked=hook)
    account.book("claude-opus-5", {"input_tokens": 1})

    assert account.total.input_tokens == 1
    assert "on_booked" in caplog.text and "not today" in caplog.text


def test_only_so_many_lines_are_kept_and_all_sums() -> None:
    account, whole = Account(keep_lines=2), Account(keep_lines=None)

    for tokens in (1, 2, 3):
        account.book("claude-opus-5", {"input_tokens": tokens})
        whole.book("claude-opus-5", {"input_tokens": tokens})

    assert [line.used.input_tokens for line in account.lines] == [2, 3]
    assert account.total.input_tokens == 6
    assert len(whole.lines) == 3


def test_what_came_on_top_is_the_difference() -> None:
    account = Account()
    account.book("claude-opus-5", {"input_tokens": 10, "output_tokens": 1})
    before = account.total

    line = account.book("claude-opus-5", {"input_tokens": 5}, aborted=True)

    assert account.total - before == line.used


@pytest.mark.parametrize(
    "usage",
    [
        {"input_tokens": 10, "output_tokens": "many"},
        {"input_tokens": 10, "output_tokens": -3},
        {"input_tokens": 10, "output_tokens": 2.5},
        {"input_tokens": 10, "output_tokens": [], "server_tool_use": 3, "iterations": "none", "cache_creation": 1},
    ],
)
def test_what_is_no_number_counts_as_nothing_and_has_no_price(usage: dict[str, Any]) -> None:
    used = Account().book("claude-opus-5", usage).used

    assert (used.input_tokens, used.output_tokens, used.unpriced) == (10, 0, 1)


class _Slow(dict[Any, Any]):
    """A mapping that lets other threads in between reading and writing."""

    def get(self, key: Any, default: Any = None) -> Any:
        found = super().get(key, default)
        time.sleep(0.001)
        return found


def test_no_booking_is_lost_between_threads() -> None:
    account = Account()
    account._by = _Slow()

    def book() -> None:
        for _ in range(5):
            account.book("claude-opus-5", {"input_tokens": 1})

    threads = [threading.Thread(target=book) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert account.total.input_tokens == len(account.lines) == 20


def test_as_json_no_figure_is_rounded() -> None:
    account = Account()
    account.book("claude-opus-5-5", {"cache_read_input_tokens": 1})

    assert account.to_json()["total"]["cost_micro_usd"] == "0.2"


def test_after_retries_and_cache_it_equals_the_ledger(
    to_fake: Callable[..., Any], asking: Callable[..., Request]
) -> None:
    request = asking(system=("The wind is what matters. " * 400,), model="claude-sonnet-4-6")
    account = Account()

    async def ask(backend: Any) -> None:
        async with AsyncClient(backend, account=account) as client:
            for _ in range(3):
                await client.send(request)

    with Windtunnel(fail("overloaded", times=2), reply("One."), reply("Two.")) as tunnel:
        asyncio.run(ask(to_fake(tunnel)))
        ledger = tunnel.ledger.total

    total = account.total
    assert total.cache_read_tokens > 0 and total.cache_write_5m_tokens > 0
    assert (total.input_tokens, total.output_tokens) == (ledger.input_tokens, ledger.output_tokens)
    assert total.cache_read_tokens == ledger.cache_read_input_tokens
    assert total.cache_write_5m_tokens == ledger.cache_creation_5m_input_tokens
    assert total.cost_micro_usd == ledger.cost_micro_usd


def test_a_stream_that_broke_is_booked_with_what_it_had_reported(
    to_fake: Callable[..., Any], asking: Callable[..., Request]
) -> None:
    account = Account()

    async def ask(backend: Any) -> None:
        async with AsyncClient(backend, account=account) as client:
            await client.send(asking())

    with Windtunnel(fail("close_mid_stream", after_events=4, text="one two three four"), reply("Whole.")) as tunnel:
        asyncio.run(ask(to_fake(tunnel)))
        reported = tunnel.ledger.reported

    assert account.total.aborted == 1
    assert (account.total.input_tokens, account.total.output_tokens) == (reported.input_tokens, reported.output_tokens)


@pytest.mark.filterwarnings("ignore:The model:DeprecationWarning")
def test_a_beta_that_costs_more_is_booked_as_in_the_ledger(
    to_fake: Callable[..., Any], asking: Callable[..., Request]
) -> None:
    beta = "context-1m-2025-08-07"
    extra = {"extra_headers": {"Anthropic-Beta": f"interleaved-thinking-2025-05-14, {beta}"}}
    request = asking("wind " * 205_000, model="claude-sonnet-4-5-20250929", extra=extra, cached=False)
    account = Account()

    async def ask(backend: Any) -> None:
        async with AsyncClient(backend, account=account) as client:
            await client.send(request)

    with Windtunnel(reply("West.")) as tunnel:
        asyncio.run(ask(to_fake(tunnel)))
        ledger = tunnel.ledger.total

    assert account.total.input_tokens == ledger.input_tokens > 200_000
    assert account.total.cost_micro_usd == ledger.cost_micro_usd
    assert account.total.cost_micro_usd > 6 * ledger.input_tokens
