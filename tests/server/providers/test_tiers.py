"""Rate limits as headers show them."""

from __future__ import annotations

from windtunnel_server.model.limits import Standing
from windtunnel_server.providers import tiers
from windtunnel_server.wire.headers import RateLimit, RateLimits
from windtunnel_server.wire.message import Usage


def test_tokens_are_the_sum_of_input_and_output() -> None:
    shown = tiers.shown(100.0, {"input_tokens": Standing(1000, 400, 36.0), "output_tokens": Standing(500, 499, 0.12)})

    assert shown == RateLimits(
        input_tokens=RateLimit(1000, 400, 136),
        output_tokens=RateLimit(500, 499, 101),
        tokens=RateLimit(1500, 899, 136),
    )


def test_what_is_not_limited_is_not_shown() -> None:
    assert tiers.shown(0.0, {"requests": Standing(5, 5, 0.0)}) == RateLimits(requests=RateLimit(5, 5, 0.0))


def test_one_limit_on_tokens_stands_for_them_all() -> None:
    assert tiers.shown(0.0, {"input_tokens": Standing(9, 9, 0.0)}).tokens == RateLimit(9, 9, 0.0)


def test_an_untouched_tier_shows_this_call_alone_without_what_was_read_from_the_cache() -> None:
    usage = Usage(input_tokens=10, cache_creation_5m_tokens=5, cache_read_tokens=1000, output_tokens=7)

    shown = tiers.untouched(50.0, usage)

    assert shown.input_tokens == RateLimit(tiers.INPUT_TOKENS, tiers.INPUT_TOKENS - 15, 50.0)
    assert shown.tokens == RateLimit(2_400_000, 2_400_000 - 22, 50.0)
    assert shown.requests == RateLimit(4000, 3999, 50.0)


def test_a_spent_tier_has_nothing_left() -> None:
    shown = tiers.spent(50.0)

    assert [limit and limit.remaining for limit in (shown.requests, shown.tokens)] == [0, 0]
