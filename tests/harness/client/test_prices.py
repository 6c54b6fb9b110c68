"""The client's table of prices, held against the one the fake bills by: they were written down apart."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.client import prices
from windtunnel_server.model import prices as billed
from windtunnel_server.model.models import MODELS

NAMES = [name for model in MODELS for name in (model.id, *model.aliases)]
DAYS = [dt.date(2026, 6, 26), dt.date(2026, 6, 27), dt.date(2026, 10, 6), dt.date(2026, 10, 7), dt.date(2026, 11, 22)]
USAGES: list[dict[str, Any]] = [
    {"input_tokens": 1_000, "output_tokens": 77},
    {"input_tokens": 150_000, "output_tokens": 5, "cache_read_input_tokens": 60_000},
    {
        "input_tokens": 3,
        "output_tokens": 9,
        "cache_creation_input_tokens": 30,
        "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20},
        "inference_geo": "us",
        "server_tool_use": {"web_search_requests": 2},
    },
    {"input_tokens": 1_000, "output_tokens": 77, "service_tier": "batch", "cache_creation_input_tokens": 12},
    {
        "input_tokens": 1,
        "output_tokens": 1,
        "iterations": [
            {"type": "compaction", "input_tokens": 90_000, "output_tokens": 400},
            {"type": "message", "input_tokens": 1, "output_tokens": 1},
        ],
    },
    {"input_tokens": 1, "output_tokens": 1, "iterations": [{"type": "advisor_message", "input_tokens": 1}]},
]


@pytest.mark.parametrize("day", DAYS, ids=str)
@pytest.mark.parametrize("model", NAMES)
def test_every_model_costs_what_it_is_billed_at(model: str, day: dt.date) -> None:
    for usage in USAGES:
        for betas in (frozenset[str](), frozenset({"context-1m-2025-08-07"})):
            for regional in (False, True):
                ours = prices.cost(usage, model, on=day, regional=regional, betas=betas)

                assert ours == billed.cost(usage, model, billed.Terms(on=day, betas=betas, regional=regional))


def test_a_model_nobody_knows_has_no_price() -> None:
    assert prices.cost({"input_tokens": 1}, "claude-next") is None


@pytest.mark.parametrize("day", DAYS, ids=str)
@pytest.mark.parametrize("model", NAMES)
def test_fast_mode_costs_what_it_is_billed_at(model: str, day: dt.date) -> None:
    for usage in USAGES:
        fast = usage | {"speed": "fast"}

        assert prices.cost(fast, model, on=day) == billed.cost(fast, model, billed.Terms(on=day))


def test_fast_mode_of_a_model_that_has_none_has_no_price() -> None:
    assert prices.cost({"input_tokens": 1, "speed": "fast"}, "claude-opus-4-8") == 10
    assert prices.cost({"input_tokens": 1, "speed": "fast"}, "claude-haiku-4-5") is None


def test_both_tables_have_the_same_models() -> None:
    assert set(prices.RATES) == set(billed.PRICES)
    assert set(prices.FAST_RATES) == set(billed.FAST_PRICES)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_costs_are_exact(written: int, read: int) -> None:
    usage = {"cache_creation_input_tokens": written, "cache_read_input_tokens": read}

    assert prices.cost(usage, "claude-opus-5-5") == Decimal(5) * written + Decimal("0.2") * read
