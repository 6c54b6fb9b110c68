"""Rate limits as headers show them: of a tier where nothing is limited, of the buckets where something is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from windtunnel_server.model.buckets import Standing
from windtunnel_server.model.limits import Family
from windtunnel_server.wire.headers import RateLimit, RateLimits
from windtunnel_server.wire.message import Usage

#: A tier's limits per minute, as the answers report them: requests, input tokens, output tokens (recorded, 2026-08).
REQUESTS: Final = 4_000
INPUT_TOKENS: Final = 2_000_000
OUTPUT_TOKENS: Final = 400_000


def untouched(at: float, usage: Usage) -> RateLimits:
    """Show a tier as if this call had been the only one for a while."""
    used_in, used_out = usage.input_tokens + usage.cache_creation_tokens, usage.output_tokens
    return RateLimits(
        requests=RateLimit(REQUESTS, REQUESTS - 1, at),
        input_tokens=RateLimit(INPUT_TOKENS, INPUT_TOKENS - used_in, at),
        output_tokens=RateLimit(OUTPUT_TOKENS, OUTPUT_TOKENS - used_out, at),
        tokens=RateLimit(INPUT_TOKENS + OUTPUT_TOKENS, INPUT_TOKENS + OUTPUT_TOKENS - used_in - used_out, at),
    )


def spent(at: float) -> RateLimits:
    """Show a tier with nothing left, for a 429 that a script asked for."""
    return RateLimits(
        requests=RateLimit(REQUESTS, 0, at),
        input_tokens=RateLimit(INPUT_TOKENS, 0, at),
        output_tokens=RateLimit(OUTPUT_TOKENS, 0, at),
        tokens=RateLimit(INPUT_TOKENS + OUTPUT_TOKENS, 0, at),
    )


def shown(at: float, standings: Mapping[Family, Standing]) -> RateLimits:
    """Show where the limits stand; a family that is not limited is left out (unverified). `at`: POSIX seconds."""
    tokens = [standings[family] for family in ("input_tokens", "output_tokens") if family in standings]
    # The family `tokens` is the sum of the other two on the real API (FACTS, 1,857 of 1,857).
    summed = Standing(
        sum(one.limit for one in tokens),
        sum(one.remaining for one in tokens),
        max((one.whole_in_s for one in tokens), default=0.0),
    )
    return RateLimits(
        requests=_limit(at, standings.get("requests")),
        input_tokens=_limit(at, standings.get("input_tokens")),
        output_tokens=_limit(at, standings.get("output_tokens")),
        tokens=_limit(at, summed if tokens else None),
        fast_input_tokens=_limit(at, standings.get("fast_input_tokens")),
        fast_output_tokens=_limit(at, standings.get("fast_output_tokens")),
    )


def _limit(at: float, standing: Standing | None) -> RateLimit | None:
    if standing is None:
        return None
    # Shown in whole seconds: rounded up, so that the limit is whole by then.
    whole_at = math.ceil(at + standing.whole_in_s) if standing.whole_in_s else at
    return RateLimit(standing.limit, standing.remaining, whole_at)
