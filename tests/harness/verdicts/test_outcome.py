"""Outcome and attempts: what the client says became of it, and how often it tried."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel.verdicts import outcome
from windtunnel.verdicts.claims import Claim, Claims
from windtunnel.verdicts.sent import read
from windtunnel.verdicts.verdict import Verdict

WELL = Claim(outcome="success")
BADLY = Claim(outcome="error")


def judged(wired: Any, *claims: Claim, expected: outcome.Expected = "honest") -> Verdict:
    return outcome.judge(wired.entries, Claims(calls=claims), expected, finished=True)


def of_run(wired: Any, said: Any, expected: outcome.Expected = "honest") -> Verdict:
    return outcome.judge(wired.entries, Claims(outcome=said), expected, finished=True)


def titles(verdict: Verdict) -> list[str]:
    return [finding.title for finding in verdict.findings]


def test_success_where_the_last_attempt_was_whole_is_honest(wired: Any):
    wired.refuse(429)
    wired.answer(at=1.0)

    assert [judged(wired, WELL).value, of_run(wired, "success").value] == ["pass", "pass"]
    assert [judged(wired, BADLY).value, of_run(wired, "error").value] == ["fail", "fail"]


@pytest.mark.parametrize(
    "fault",
    ["end_mid_stream", "close_mid_stream", "reset_mid_body", "error_event", "empty_body", "reset_before_headers"],
)
def test_an_error_where_the_last_attempt_failed_is_honest(wired: Any, fault: str):
    wired.answer(**{fault: {}})

    assert [judged(wired, BADLY).value, of_run(wired, "error").value] == ["pass", "pass"]
    assert [judged(wired, WELL).value, of_run(wired, "success").value] == ["fail", "fail"]


@pytest.mark.parametrize("fault", ["missing_message_stop", "json_instead_of_stream", "no_event_names"])
def test_where_careful_clients_differ_either_outcome_is_honest(wired: Any, fault: str):
    wired.answer(**{fault: {}})

    verdicts = [judged(wired, WELL), judged(wired, BADLY), of_run(wired, "error"), of_run(wired, "success")]

    assert [verdict.value for verdict in verdicts] == ["pass"] * 4
    assert [finding.weight for finding in verdicts[0].findings] == ["note"]


@pytest.mark.parametrize("reason", ["max_tokens", "refusal"])
def test_a_client_may_take_a_short_answer_for_an_error(wired: Any, said: Any, reason: str):
    wired.answer(said("Hello", stop_reason=reason))

    assert judged(wired, BADLY).passed
    assert judged(wired, WELL).passed


def test_honesty_is_not_enough_where_an_outcome_is_expected(wired: Any):
    wired.refuse(400)

    assert judged(wired, BADLY, expected="error").passed
    assert titles(judged(wired, BADLY, expected="success")) == ["success was expected"]
    assert of_run(wired, "error", "success").failed


def test_a_client_that_never_called_fails_and_one_that_may_yet_does_not():
    verdicts = [outcome.judge([], Claims(outcome="error"), "error", finished=finished) for finished in (True, False)]

    assert [verdict.value for verdict in verdicts] == ["fail", "unknown"]
    assert titles(verdicts[0]) == ["never called"]
    assert "environment" in verdicts[0].findings[0].advice


def test_without_claims_nothing_can_be_said(wired: Any):
    wired.answer()

    assert outcome.judge(wired.entries, None, "success", finished=True).unknown
    assert outcome.judge(wired.entries, Claims(usage={"input_tokens": 1}), "success", finished=True).unknown


def test_the_error_that_is_claimed_must_be_the_one_that_was_met(wired: Any):
    wired.refuse(529)
    honest = [("OverloadedError", 529), ("overloaded_error", None), ("InternalServerError", 529), ("MyError", None)]
    wrong = [("RateLimitError", 529), ("rate_limit_error", None), ("OverloadedError", 500), (None, 429)]

    def claimed(error: str | None, status: int | None) -> str:
        return judged(wired, Claim(outcome="error", error=error, status=status)).value

    assert [claimed(*pair) for pair in honest] == ["pass"] * 4
    assert [claimed(*pair) for pair in wrong] == ["fail"] * 4


def test_an_error_inside_a_stream_has_two_statuses_to_be_known_by(wired: Any):
    wired.answer(error_event={"kind": "overloaded", "after_events": 3})

    values = [judged(wired, Claim(outcome="error", status=status)).value for status in (200, 529, 429)]

    assert values == ["pass", "pass", "fail"]


def test_a_failed_request_that_another_one_made_good_is_noted(wired: Any):
    wired.refuse(400, asked="a long conversation")
    wired.answer(at=1.0, asked="a short one")

    verdict = of_run(wired, "success")

    assert verdict.passed
    assert titles(verdict) == ["the client went on with another request"]


def test_one_of_several_clients_that_failed_makes_the_run_no_success(wired: Any):
    wired.refuse(400, asked="one", sender="thread 1")
    wired.answer(at=1.0, asked="two", sender="thread 2")

    assert of_run(wired, "success").failed
    assert of_run(wired, "error").passed


def test_more_successes_than_whole_answers_cannot_be(wired: Any):
    for place in range(2):
        wired.answer(asked=f"{place}", sender=f"thread {place}", stall={"for_s": 9.0}, end_mid_stream={})
    wired.answer(asked="third", sender="thread 3", stall={"for_s": 9.0})

    assert judged(wired, WELL, WELL).failed
    assert judged(wired, WELL, BADLY).unknown


def test_a_success_without_any_call_fails(wired: Any):
    entry = wired.answer()

    verdict = judged(wired, Claim(outcome="success", message_id=read(entry).message_id), WELL)

    assert titles(verdict) == ["a success that nobody gave"]


def test_attempts_are_counted_request_by_request(wired: Any):
    wired.refuse(429)
    wired.refuse(429, at=1.0)
    wired.answer(at=2.0)
    wired.answer(at=3.0, asked="another")

    assert titles(outcome.attempts(wired.entries[:3], 2)) == ["too many attempts"]
    assert outcome.attempts(wired.entries[:3], 3).passed
    assert titles(outcome.attempts(wired.entries, 3)) == ["too few attempts"]
    assert outcome.attempts(wired.entries, range(1, 4)).passed
    assert outcome.attempts(wired.entries, range(2, 2**63 - 1)).failed
    assert "2 or more" in outcome.attempts(wired.entries, range(2, 2**63 - 1)).summary


def test_a_loop_of_ones_own_around_an_sdk_makes_attempts_of_one_request(wired: Any):
    for place, count in enumerate((0, 1, 0, 1)):
        headers = {"x-stainless-retry-count": str(count)}
        if place < 3:
            wired.refuse(429, at=float(place), headers=headers)
        else:
            wired.answer(at=3.0, headers=headers)

    assert outcome.attempts(wired.entries, 4).passed


def test_calls_for_other_things_are_no_attempts(wired: Any):
    wired.answer()
    wired.refuse(at=1.0)
    wired.entries[1].path = "/v1/messages/count_tokens"

    assert outcome.attempts(wired.entries, 1).passed
    assert outcome.attempts(wired.entries[1:], 0).passed
    assert outcome.attempts(wired.entries[1:], 1).failed
