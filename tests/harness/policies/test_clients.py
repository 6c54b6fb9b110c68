"""The policies of real clients: each number that its source gives."""

from __future__ import annotations

import pytest

from windtunnel.policies import POLICIES, Failure, Policy, PolicyError, find


def failing(status: int | None = 429, **headers: str) -> Failure:
    return Failure(status=status, headers=tuple((k.replace("_", "-"), v) for k, v in headers.items()))


def limits(policy: Policy, failure: Failure, retry: int = 0) -> tuple[float, float]:
    envelope = policy.envelope(failure, retry)
    return envelope.low_s, envelope.high_s


def waits(name: str, failure: Failure | None = None, retries: int = 4) -> list[tuple[float, float]]:
    return [limits(find(name), failure or failing(529), retry) for retry in range(retries)]


def retried(name: str) -> set[int]:
    return {status for status in range(400, 600) if find(name).should_retry(failing(status))}


def test_every_policy_is_listed_under_its_own_name_with_its_source():
    for name, policy in POLICIES.items():
        assert policy.name == name
        assert policy.source
        assert find(name) is policy


def test_an_unknown_policy_names_the_nearest_first():
    with pytest.raises(PolicyError, match="'anthropic_pyton'.*\n.*nearest first: anthropic_python, "):
        find("anthropic_pyton")


# --- unified_client ------------------------------------------------------------------------------------------------


def test_the_unified_client_waits_one_two_four_seconds_give_or_take_a_quarter():
    assert waits("unified_client", retries=3) == [(0.75, 1.25), (1.5, 2.5), (3.0, 5.0)]
    assert find("unified_client").max_retries == 3


def test_the_unified_client_retries_rate_limits_server_errors_and_the_network():
    assert retried("unified_client") == {408, 409, 429, *range(500, 600)}
    assert find("unified_client").should_retry(failing(None))
    assert limits(find("unified_client"), failing(429, retry_after="30")) == (30.0, 37.5)
    assert limits(find("unified_client"), failing(429, retry_after="60")) == (60.0, 75.0)
    assert not find("unified_client").should_retry(failing(429, retry_after="61"))


def test_the_unified_client_is_told_to_retry_by_every_status_but_a_401():
    assert find("unified_client").should_retry(failing(400, x_should_retry="true"))
    assert not find("unified_client").should_retry(failing(401, x_should_retry="true"))


# --- claude_code ---------------------------------------------------------------------------------------------------

CLAUDE = POLICIES["claude_code"]


def test_claude_code_doubles_from_half_a_second_to_32_plus_up_to_a_quarter():
    assert waits("claude_code", retries=3) == [(0.5, 0.625), (1.0, 1.25), (2.0, 2.5)]
    assert waits("claude_code", retries=10)[6:] == [(32.0, 40.0)] * 4
    assert CLAUDE.max_retries == 10


def test_claude_code_retries_a_401_too():
    assert retried("claude_code") == {401, 408, 409, 429, *range(500, 600)}
    assert CLAUDE.should_retry(failing(None))


@pytest.mark.parametrize(
    ("value", "retry", "wait"),
    [
        ("10", 0, (10.0, 10.0)),
        ("1", 0, (1.0, 1.0)),
        ("1.5", 0, (1.0, 1.0)),
        ("60", 0, (60.0, 60.0)),
        ("60.9", 0, (60.0, 60.0)),
        ("10", 4, (10.0, 10.0)),
        ("9", 4, (9.0, 10.0)),
        ("5", 4, (8.0, 10.0)),
        ("0", 0, (0.5, 0.625)),
        ("-5", 0, (0.5, 0.625)),
        ("soon", 0, (0.5, 0.625)),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 0, (0.5, 0.625)),
    ],
)
def test_claude_code_takes_whole_seconds_for_the_least_wait(value, retry, wait):
    assert limits(CLAUDE, failing(429, retry_after=value), retry) == wait


def test_claude_code_ignores_milliseconds():
    assert limits(CLAUDE, failing(429, retry_after_ms="9000")) == (0.5, 0.625)


@pytest.mark.parametrize(("value", "retried"), [("60", True), ("61", False), ("90", False), ("3600", False)])
def test_claude_code_gives_up_at_a_hint_of_more_than_a_minute(value, retried):
    for status in (429, 503, 529):
        assert CLAUDE.should_retry(failing(status, retry_after=value)) is retried


def test_claude_code_says_why_it_gives_up():
    hinted = failing(429, retry_after="90")

    assert CLAUDE.ended_by_hint(hinted)
    assert CLAUDE.why_final(hinted) == "retry-after: 90 asks for more than 60 s, the longest it waits"


def test_claude_code_obeys_x_should_retry_but_not_always_on_a_529():
    assert CLAUDE.decision(failing(400, x_should_retry="true")) == "retry"
    assert [CLAUDE.decision(failing(status, x_should_retry="false")) for status in (429, 500, 401, 529)] == [
        "final",
        "final",
        "final",
        "either",
    ]


@pytest.mark.parametrize(
    ("provider", "model", "answers", "may"),
    [
        ("anthropic", "claude-opus-4-8", 3, True),
        ("anthropic", "claude-fable-5", 4, True),
        ("anthropic", "claude-opus-4-8", 2, False),
        ("anthropic", "claude-sonnet-5", 3, False),
        ("bedrock", "us.anthropic.claude-opus-4-6-v1", 3, False),
        ("anthropic", None, 3, False),
    ],
)
def test_claude_code_may_lose_patience_with_the_third_529_of_a_large_model(provider, model, answers, may):
    failure = Failure(status=529, provider=provider, model=model)

    assert CLAUDE.may_lose_patience(failure, answers) is may
    assert not CLAUDE.may_lose_patience(Failure(status=500, provider=provider, model=model), answers)


# --- vercel_ai -----------------------------------------------------------------------------------------------------

VERCEL = POLICIES["vercel_ai"]


def test_vercel_waits_two_then_four_seconds_without_jitter():
    assert waits("vercel_ai", retries=2) == [(2.0, 2.0), (4.0, 4.0)]
    assert VERCEL.max_retries == 2
    assert retried("vercel_ai") == {408, 409, 429, *range(500, 600)}
    assert VERCEL.should_retry(failing(429, x_should_retry="false"))


@pytest.mark.parametrize(
    ("headers", "retry", "wait"),
    [
        ({"retry_after": "9"}, 0, 9.0),
        ({"retry_after": "9 seconds"}, 0, 9.0),
        ({"retry_after": "0"}, 0, 0.0),
        ({"retry_after_ms": "0", "retry_after": "9"}, 0, 0.0),
        ({"retry_after_ms": "1500"}, 0, 1.5),
        ({"retry_after": "-1"}, 0, 2.0),
        ({"retry_after": "59.9"}, 0, 59.9),
        ({"retry_after": "60"}, 0, 2.0),
        ({"retry_after": "60"}, 5, 60.0),
        ({"retry_after": "64"}, 5, 64.0),
        ({"retry_after": "65"}, 5, 64.0),
    ],
)
def test_vercel_uses_a_hint_below_a_minute_or_below_its_own_delay(headers, retry, wait):
    assert limits(VERCEL, failing(429, **headers), retry) == (wait, wait)


# --- botocore_standard ---------------------------------------------------------------------------------------------

BOTO = POLICIES["botocore_standard"]


def test_botocore_has_full_jitter_over_a_twentieth_of_a_second_and_over_a_second_when_throttled():
    assert waits("botocore_standard", failing(500), 3) == [(0.0, 0.05), (0.0, 0.1), (0.0, 0.2)]
    assert waits("botocore_standard", failing(429), 6) == [(0.0, high) for high in (1.0, 2.0, 4.0, 8.0, 16.0, 20.0)]
    assert limits(BOTO, failing(None)) == (0.0, 0.05)


def test_a_model_that_is_not_ready_is_not_throttling():
    not_ready = failing(429, x_amzn_errortype="ModelNotReadyException:http://internal.amazon.com/")

    assert limits(BOTO, not_ready) == (0.0, 0.05)
    assert BOTO.tokens(not_ready) == 14
    assert BOTO.tokens(failing(429)) == 5


def test_botocore_retries_few_statuses():
    assert retried("botocore_standard") == {429, 500, 502, 503, 504}


@pytest.mark.parametrize(
    ("hint", "wait"),
    [("300", (0.3, 1.0)), ("2000", (2.0, 2.0)), ("9000", (5.0, 6.0)), ("5500", (5.0, 5.5)), ("0", (0.0, 1.0))],
)
def test_botocore_lengthens_its_delay_to_the_hint_by_five_seconds_at_most(hint, wait):
    assert limits(BOTO, failing(429, x_amz_retry_after=hint)) == wait


@pytest.mark.parametrize("headers", [{"x_amz_retry_after": "1.5"}, {"x_amz_retry_after": "-9"}, {"retry_after": "9"}])
def test_botocore_passes_over_other_hints(headers):
    assert limits(BOTO, failing(429, **headers)) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("status", "streamed", "decision"),
    [(200, False, "final"), (500, False, "retry"), (429, True, "either"), (500, True, "either"), (200, True, "final")],
)
def test_botocore_and_bodies_that_are_cut(status, streamed, decision):
    assert BOTO.decision(Failure(status=status, streamed=streamed, whole=False)) == decision


# --- google_auth ---------------------------------------------------------------------------------------------------


def test_google_auth_asks_a_token_endpoint_three_times_and_the_metadata_server_five_times():
    assert waits("google_auth", failing(503), 2) == [(0.9, 1.1), (1.8, 2.2)]
    assert [find(name).max_retries for name in ("google_auth", "google_auth_metadata")] == [2, 4]
    assert [find(name).should_retry(failing(None)) for name in ("google_auth", "google_auth_metadata")] == [False, True]


def test_google_auth_retries_few_statuses_and_reads_no_hint():
    assert retried("google_auth") == retried("google_auth_metadata") == {408, 429, 500, 503, 504}
    assert limits(find("google_auth"), failing(503, retry_after="30")) == (0.9, 1.1)
