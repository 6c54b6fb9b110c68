"""Error answers in the first-party envelope (each kind through the door: test_anthropic.py)."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from windtunnel_server.call import Call
from windtunnel_server.model.problem import Problem
from windtunnel_server.plan import Plan
from windtunnel_server.providers import errors
from windtunnel_server.providers.asked import Asked
from windtunnel_server.providers.first_party import FirstParty
from windtunnel_server.script import ErrorSpec
from windtunnel_server.wire.headers import RateLimit, RateLimits, Stamp
from windtunnel_server.wire.ids import Ids

STAMP = Stamp(at=100.0, request_id="req_1", organization_id="org-1", cf_ray="ray")
LIMITS = RateLimits(requests=RateLimit(5, 0, 112.0))


DIALECT = FirstParty()


def asked(request: Any = None) -> Asked:
    return Asked(Call("POST", "/v1/messages", json=request), Random(0), STAMP, Ids(Random(0)))


def scripted(spec: ErrorSpec, request: Any = None) -> Plan:
    return errors.scripted(DIALECT, asked(request), spec, window=lambda model: 5_000)


def message(plan: Plan) -> str:
    return str(json.loads(plan.body)["error"]["message"])


def test_a_refusal_says_what_is_wrong_and_who_said_so() -> None:
    plan = errors.refused(DIALECT, asked(), Problem("model_not_found", "model: x"))

    assert (plan.status, message(plan)) == (404, "model: x")
    assert plan.notes == {"error_type": "not_found_error", "request_id": "req_1", "answered_by": "refused"}


def test_a_limit_is_refused_with_its_headers_and_the_wait() -> None:
    plan = errors.refused(DIALECT, asked(), Problem("rate_limited", "Too much."), limits=LIMITS, retry_after_s=12)

    assert plan.head is not None
    assert plan.head.header("retry-after") == "12"
    assert plan.head.header("anthropic-ratelimit-requests-reset") == "1970-01-01T00:01:52Z"


def test_limits_are_shown_with_a_429_alone() -> None:
    plan = errors.refused(DIALECT, asked(), Problem("invalid_request", "No."), limits=LIMITS)

    assert plan.head is not None
    assert plan.head.header("anthropic-ratelimit-requests-limit") is None


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("prompt_too_long", "prompt is too long: 5251 tokens > 5000 maximum"),
        (
            "rate_limited",
            "rate limit of 2,000,000 input tokens per minute (org: org-1, model: claude-haiku-4-5-20251001)",
        ),
        ("model_not_found", "model: claude-haiku-4-5-20251001"),
    ],
)
def test_a_scripted_error_fits_the_call(kind: str, words: str) -> None:
    assert words in message(scripted(ErrorSpec(kind=kind), {"model": "claude-haiku-4-5"}))


@pytest.mark.parametrize("request_", [None, [], {}, {"model": 5}])
def test_a_call_that_tells_nothing_gets_the_examples(request_: Any) -> None:
    assert message(scripted(ErrorSpec(kind="prompt_too_long"), request_)) == (
        "prompt is too long: 200251 tokens > 200000 maximum"
    )
