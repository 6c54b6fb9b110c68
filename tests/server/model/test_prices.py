"""What calls cost, to the last fraction of a micro-dollar."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.model.models import MODELS
from windtunnel_server.model.prices import FAST_PRICES, PRICES, Terms, cost, price
from windtunnel_server.model.window import LONG_CONTEXT_BETA

SONNET = "claude-sonnet-4-6"


def usage(
    input: int = 0, output: int = 0, *, short: int = 0, hour: int = 0, read: int = 0, **more: Any
) -> dict[str, Any]:
    return {
        "input_tokens": input,
        "output_tokens": output,
        "cache_creation_input_tokens": short + hour,
        "cache_read_input_tokens": read,
        "cache_creation": {"ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": hour},
    } | more


@pytest.mark.parametrize(
    ("model", "used", "micro_usd"),
    [
        (SONNET, usage(1_000_000), "3000000"),
        (SONNET, usage(0, 1_000_000), "15000000"),
        (SONNET, usage(7, 11, short=13, hour=17, read=19), "342.45"),
        (SONNET, usage(short=1000), "3750"),
        (SONNET, usage(hour=1000), "6000"),
        (SONNET, usage(read=1000), "300"),
        ("claude-fable-5-1", usage(read=1000), "250"),
        ("claude-fable-5", usage(read=1000), "1000"),
        ("claude-opus-5-5", usage(10, 10, read=1), "240.2"),
        ("claude-3-5-haiku-latest", usage(1, 1), "4.8"),
        ("claude-sonnet-4-5", usage(1, 1), "18"),
    ],
)
def test_each_kind_of_token_has_its_price(model: str, used: dict[str, Any], micro_usd: str) -> None:
    assert cost(used, model) == Decimal(micro_usd)


def test_a_write_without_its_lifetime_is_one_for_five_minutes() -> None:
    assert cost({"cache_creation_input_tokens": 1000}, SONNET) == Decimal(3750)


def test_factors_stack() -> None:
    used = usage(1000, 1000, service_tier="batch", inference_geo="us")

    assert cost(used, SONNET, Terms(regional=True)) == Decimal(18_000) * Decimal("0.5") * Decimal("1.1") * Decimal(
        "1.1"
    )


@pytest.mark.parametrize(
    ("model", "geo", "factor"),
    [("claude-opus-4-6", "us", "1.1"), ("claude-opus-4-6", "global", "1"), ("claude-opus-4-5", "us", "1")],
)
def test_a_place_costs_from_opus_4_6_on(model: str, geo: str, factor: str) -> None:
    assert cost(usage(1000, inference_geo=geo), model) == Decimal(5000) * Decimal(factor)


def test_a_region_costs_from_sonnet_4_5_on() -> None:
    terms = Terms(regional=True)

    assert cost(usage(1000), "claude-sonnet-4-5", terms) == Decimal(3300)
    assert cost(usage(1000), "claude-sonnet-4-0", terms) == Decimal(3000)


def test_a_long_prompt_costs_more_on_haiku_5_5_and_cached_tokens_make_it_long() -> None:
    assert cost(usage(100_000), "claude-haiku-5-5") == Decimal(10_000)
    assert cost(usage(1, read=100_000), "claude-haiku-5-5") == Decimal("5000.5")


def test_a_long_prompt_costs_more_on_sonnet_4_5_where_the_beta_let_it_in() -> None:
    long = usage(200_001, 10)

    assert cost(long, "claude-sonnet-4-5", Terms(betas=frozenset({LONG_CONTEXT_BETA}))) == Decimal(200_001 * 6 + 225)
    assert cost(long, "claude-sonnet-4-5") == Decimal(200_001 * 3 + 150)
    assert cost(usage(200_001), SONNET, Terms(betas=frozenset({LONG_CONTEXT_BETA}))) == Decimal(200_001 * 3)


@pytest.mark.parametrize(("on", "read"), [(date(2026, 10, 6), "0.1"), (date(2026, 10, 7), "0.05"), (None, "0.05")])
def test_prices_have_dates(on: date | None, read: str) -> None:
    found = price("claude-sonnet-5-5", terms=Terms(on=on))

    assert found is not None and found.read == Decimal(read)


def test_searches_are_charged_by_use_and_fetches_are_free() -> None:
    assert cost(usage(server_tool_use={"web_search_requests": 3, "web_fetch_requests": 5}), SONNET) == Decimal(30_000)
    assert cost(usage(server_tool_use=None), SONNET) == 0


def test_iterations_are_what_is_billed() -> None:
    rounds = [usage(1000, 10, type="compaction"), usage(100, 10, type="message")]

    assert cost(usage(100, 10, iterations=rounds), SONNET) == Decimal(1100 * 3 + 20 * 15)


@pytest.mark.parametrize(
    ("model", "used", "terms"),
    [
        ("claude-fable-5-2", usage(1), Terms()),
        ("claude-3-opus-latest", usage(1), Terms()),
        ("another-model", usage(1), Terms()),
        (SONNET, usage(1), Terms(fast=True)),
        (SONNET, usage(1, iterations=[usage(1, type="advisor_message")]), Terms()),
    ],
)
def test_what_is_not_known_has_no_price(model: str, used: dict[str, Any], terms: Terms) -> None:
    assert cost(used, model, terms) is None


def test_every_price_is_of_a_model_there_is() -> None:
    assert set(PRICES) <= {model.short_name for model in MODELS}


def test_all_models_of_2025_and_2026_that_have_a_known_price_have_one() -> None:
    missing = {
        model.short_name for model in MODELS if price(model.id) is None and (model.released or "2025") > "2025-05"
    }

    assert missing == {"fable-5-2", "mythos-5-2"}


@given(st.tuples(*[st.integers(0, 10**9)] * 5), st.sampled_from(sorted(PRICES)))
def test_costs_are_exact_and_add_up(counts: tuple[int, ...], name: str) -> None:
    model = next(model.id for model in MODELS if model.short_name == name)
    keys = ("input", "output", "short", "hour", "read")
    prompt_is_long = counts[0] + sum(counts[2:]) > 100_000

    whole = cost(usage(**dict(zip(keys, counts, strict=True))), model)

    charged = price(model, 100_001 if prompt_is_long else 0)
    assert whole is not None and charged is not None
    plain, said, short, hour, read = counts
    twenties = 4000 * (plain * charged.input + said * charged.output) + 5000 * short * charged.input
    assert whole * 4000 == twenties + 8000 * hour * charged.input + 4000 * charged.read * read * charged.input


@pytest.mark.parametrize(
    ("model", "on", "usd"),
    [
        ("claude-opus-5-5", None, (8, 40)),
        ("claude-opus-5", None, (10, 50)),
        ("claude-opus-4-8", None, (10, 50)),
        ("claude-opus-4-7", date(2026, 7, 1), (30, 150)),
        ("claude-opus-4-6", date(2026, 3, 1), (30, 150)),
        ("claude-opus-4-6", None, (5, 25)),
    ],
)
def test_fast_mode_has_prices_of_its_own(model: str, on: date | None, usd: tuple[int, int]) -> None:
    found = price(model, terms=Terms(on=on, fast=True))

    assert found is not None and (found.input, found.output) == tuple(map(Decimal, usd))


def test_what_is_read_costs_the_usual_share_of_the_fast_price_and_a_place_comes_on_top() -> None:
    used = usage(read=1000, inference_geo="us", speed="fast")

    assert cost(used, "claude-opus-5-5") == Decimal("8") * 1000 * Decimal("0.05") * Decimal("1.1")


def test_the_speed_of_a_usage_knows_better_than_what_was_asked_for() -> None:
    assert cost(usage(1, speed="standard"), "claude-opus-5", Terms(fast=True)) == 5
    assert cost(usage(1, speed="fast"), "claude-opus-5") == 10


def test_every_fast_price_is_above_the_usual_one_of_a_model_there_is() -> None:
    for name, (fast, *_) in FAST_PRICES.items():
        assert fast.input > PRICES[name][-1].input and fast.read == PRICES[name][-1].read
