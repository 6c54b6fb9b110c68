"""What Entra's endpoints have in common: JSON, and what a script changes about an error."""

from __future__ import annotations

import json

import pytest

from windtunnel_server.identity.entra import answers as entra_answers
from windtunnel_server.script import ErrorSpec


def test_an_answer_says_how_long_it_is():
    plan = entra_answers.answered(200, {"a": 1}, (("X-One", "1"),), confidential=True)

    assert plan.head is not None
    assert plan.head.headers == (("X-One", "1"), ("Content-Length", "7"))
    assert (json.loads(plan.body), plan.notes) == ({"a": 1}, {"confidential": True})


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (ErrorSpec(status=429, retry_after=2.0), ("Retry-After", "2")),
        (ErrorSpec(status=429, retry_after=0.5), ("Retry-After", "0.5")),
        (ErrorSpec(status=429, retry_after=1e6), ("Retry-After", "1000000")),
        (ErrorSpec(status=429, retry_after_date=5.5), ("Retry-After", "Thu, 01 Jan 1970 00:01:46 GMT")),
        (ErrorSpec(status=429, retry_after_ms=1500.0), ("retry-after-ms", "1500")),
        (ErrorSpec(status=429, headers={"x-more": "1"}), ("x-more", "1")),
    ],
)
def test_a_script_adds_headers(spec: ErrorSpec, expected: tuple[str, str]):
    plan = entra_answers.scripted(429, {}, (), error="slow", spec=spec, at=100.0)

    assert plan.head is not None
    assert expected in plan.head.headers


@pytest.mark.parametrize(
    ("spec", "status"),
    [
        (ErrorSpec(status=418), 418),
        (ErrorSpec(kind="overloaded"), 529),
        (ErrorSpec(kind="overloaded", status=503), 503),
    ],
)
def test_a_status_is_named_or_comes_with_the_kind(spec: ErrorSpec, status: int):
    assert entra_answers.status_of(spec) == status
