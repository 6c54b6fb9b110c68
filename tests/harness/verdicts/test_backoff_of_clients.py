"""The backoff verdict by the policies of clients that have rules of their own."""

from __future__ import annotations

import pytest

from windtunnel.policies import POLICIES
from windtunnel.verdicts import EXACT
from windtunnel.verdicts.backoff import judge

CLAUDE, BOTO, GOOGLE = POLICIES["claude_code"], POLICIES["botocore_standard"], POLICIES["google_auth"]
THROTTLED = 429


def verdict_on(told, policy):
    return judge(told.entries, policy, tolerance=EXACT, finished=True)


def titles(verdict) -> list[str]:
    return [finding.title for finding in verdict.findings]


def hinted(told, hint: str, *at: float, status: int = 429) -> None:
    for when in at:
        last = when == at[-1] and len(at) > 1
        told.call(when, 200 if last else status, sender="thread 1", said={"retry-after": hint})


def test_giving_up_at_a_hint_beyond_the_clients_limit_passes(told):
    hinted(told, "90", 0.0)

    assert verdict_on(told, CLAUDE).passed


def test_coming_back_after_a_hint_beyond_the_clients_limit_fails(told):
    hinted(told, "90", 0.0, 90.0)

    verdict = verdict_on(told, CLAUDE)

    (finding,) = verdict.findings
    assert verdict.failed
    assert finding.title == "retried although the server asked for a longer wait than the client takes"
    assert finding.allowed == ("no further attempt: retry-after: 90 asks for more than 60 s, the longest it waits")
    assert finding.advice == "hand the answer to the caller, with the time the server asked for"


def test_giving_up_at_a_hint_that_the_client_waits_for_fails(told):
    hinted(told, "60", 0.0)

    assert titles(verdict_on(told, CLAUDE)) == ["gave up early"]


@pytest.mark.parametrize(("gap", "value"), [(10.0, "pass"), (10.5, "fail"), (9.9, "fail"), (0.55, "fail")])
def test_a_hint_is_the_least_wait(told, gap, value):
    hinted(told, "10", 0.0, gap)

    verdict = verdict_on(told, CLAUDE)

    assert verdict.value == value
    if gap == 0.55:
        assert (
            verdict.findings[0].allowed == "10.000 s (retry-after: 10, as the least of backoff 0.5 s, plus up to 25%)"
        )


def repeated(told, status: int, times: int, model: str, policy=CLAUDE) -> None:
    at = 0.0
    for retry in range(times):
        told.call(at, status).body["model"] = model
        at += policy.base_s * 2**retry


@pytest.mark.parametrize(
    ("status", "times", "model", "value"),
    [
        (529, 3, "claude-opus-4-8", "pass"),
        (529, 2, "claude-opus-4-8", "fail"),
        (529, 5, "claude-opus-4-8", "pass"),
        (529, 3, "claude-sonnet-5", "fail"),
        (529, 11, "claude-sonnet-5", "pass"),
        (500, 3, "claude-opus-4-8", "fail"),
    ],
)
def test_the_third_overload_of_a_large_model_may_end_a_request_or_not(told, status, times, model, value):
    repeated(told, status, min(times, 7), model)
    for _ in range(times - 7):
        told.call(told.entries[-1].arrived_at + 32.0, status).body["model"] = model

    verdict = verdict_on(told, CLAUDE)

    assert verdict.value == value, verdict.render()
    assert titles(verdict) == ([] if value == "pass" else ["gave up early"])


def test_an_overload_that_says_not_to_retry_allows_both(told):
    told.call(0.0, 529, said={"x-should-retry": "false"})
    assert verdict_on(told, CLAUDE).passed

    told.call(0.5, 200)
    assert verdict_on(told, CLAUDE).passed


def test_a_401_is_retried_with_the_same_key(told):
    for at, status in ((0.0, 401), (0.5, 200)):
        told.call(at, status, sender="thread 1", sent={"x-api-key": "sk-ant-***abcd"})

    assert verdict_on(told, CLAUDE).passed


def botocore_calls(told, attempts: int, *, calls: int) -> None:
    for call in range(calls):
        for attempt in range(attempts):
            told.call(call + attempt * 0.01, 500, sent={"amz-sdk-invocation-id": str(call)})


@pytest.mark.parametrize(("calls", "value"), [(17, "fail"), (18, "unknown")])
def test_a_client_whose_budget_may_be_spent_is_not_blamed_for_giving_up(told, calls, value):
    """Two retries of 17 calls take 476 of 500 tokens; two more are 504."""
    botocore_calls(told, 3, calls=calls)
    told.call(100.0, 500, sent={"amz-sdk-invocation-id": "the last"})

    verdict = verdict_on(told, BOTO)

    assert verdict.value == value
    assert titles(verdict) == [("perhaps " if value == "unknown" else "") + "gave up early"]
    assert ("its budget of retries may have been used up" in verdict.findings[0].seen) is (value == "unknown")


@pytest.mark.parametrize(("status", "gap", "value"), [(500, 0.04, "pass"), (500, 0.6, "fail"), (429, 0.6, "pass")])
def test_throttling_has_longer_waits_than_other_failures(told, status, gap, value):
    told.call(0.0, status, sent={"amz-sdk-invocation-id": "a"})
    told.call(gap, 200, sent={"amz-sdk-invocation-id": "a"})

    assert verdict_on(told, BOTO).value == value


def test_a_policy_for_credentials_looks_at_the_calls_that_fetch_them(told):
    told.call(0.0, 503, path="/token", sender="thread 1")
    told.call(1.0, 200, path="/token", sender="thread 1")
    told.call(2.0, 500, sender="thread 1")

    assert verdict_on(told, GOOGLE).passed
    assert titles(verdict_on(told, POLICIES["anthropic_python"])) == ["gave up early"]


def test_a_token_fetched_again_at_once_fails(told):
    told.call(0.0, 503, path="/token", sender="thread 1")
    told.call(0.1, 200, path="/token", sender="thread 1")

    assert titles(verdict_on(told, GOOGLE)) == ["waited too briefly"]
