"""The backoff verdict: for every kind of finding a client that earns it and one that does not."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from windtunnel.policies import POLICIES, custom
from windtunnel.verdicts import EXACT, REAL
from windtunnel.verdicts.backoff import judge

PYTHON = POLICIES["anthropic_python"]
LOOP = custom(base_s=1, max_retries=3, name="own loop")


def verdict_on(told, policy=PYTHON, *, tolerance=EXACT, finished=True):
    return judge(told.entries, policy, tolerance=tolerance, finished=finished)


def titles(verdict) -> list[str]:
    return [finding.title for finding in verdict.findings]


def marks(verdict) -> list[list[str]]:
    return [[attempt.mark for attempt in chain.attempts] for chain in verdict.report.chains]


def test_waits_inside_the_envelope_pass(told):
    told.chain(0.0, 0.4, 1.3, sender="thread 1")

    verdict = verdict_on(told)

    assert verdict.passed, verdict.render()
    assert marks(verdict) == [["", "ok", "ok"]]
    assert verdict.summary == "anthropic_python: 1 chain, 3 attempts, none of 2 gaps outside what is allowed"


def test_a_wait_too_brief_fails_and_says_by_how_much(told):
    told.chain(0.0, 0.1, sender="thread 1")

    verdict = verdict_on(told)

    (finding,) = verdict.findings
    assert verdict.failed
    assert (finding.attempts, finding.title) == ((2,), "waited too briefly")
    assert finding.seen == "0.100 s after attempt 1 (429 rate_limit_error), 0.275 s too briefly"
    assert finding.allowed == "0.375 s to 0.500 s (backoff 0.5 s, less up to 25%)"
    assert marks(verdict) == [["", "early"]]


def test_a_wait_too_long_fails(told):
    told.chain(0.0, 0.4, 2.0, sender="thread 1")

    verdict = verdict_on(told)

    assert titles(verdict) == ["waited too long"]
    assert verdict.findings[0].attempts == (3,)
    assert marks(verdict) == [["", "ok", "late"]]


@pytest.mark.parametrize("gap", [0.375, 0.5])
def test_both_ends_of_the_envelope_belong_to_it(told, gap):
    told.chain(0.0, gap, sender="thread 1")

    assert verdict_on(told).passed


@pytest.mark.parametrize(
    ("gap", "exact", "real"), [(0.3745, "fail", "pass"), (0.6, "fail", "pass"), (0.36, "fail", "fail")]
)
def test_the_real_clock_is_given_some_slack(told, gap, exact, real):
    told.chain(0.0, gap, sender="thread 1")

    assert verdict_on(told).value == exact
    assert verdict_on(told, tolerance=REAL).value == real


def test_the_gap_runs_from_the_end_of_the_failure(told):
    told.call(0.0, 429, takes=3.0, count=0, sender="thread 1")
    told.call(3.4, 200, count=1, sender="thread 1")

    verdict = verdict_on(told)

    assert verdict.passed
    assert verdict.report.gaps[0].gap_s == pytest.approx(0.4)


def test_a_hang_up_by_the_client_counts_from_its_own_instant(told):
    told.call(0.0, None, ended="hung up", takes=600.0, count=0, sender="thread 1")
    told.call(600.4, 200, count=1, sender="thread 1")

    assert verdict_on(told).passed


def test_a_hint_that_is_followed_passes_and_one_that_is_not_fails(told):
    told.call(0.0, 429, count=0, sender="thread 1", said={"retry-after": "2"})
    told.call(2.0, 200, count=1, sender="thread 1")
    assert verdict_on(told).passed

    told.call(10.0, 429, count=0, sender="thread 1", said={"retry-after": "2"})
    told.call(10.4, 200, count=1, sender="thread 1")

    verdict = verdict_on(told)
    assert titles(verdict) == ["retry-after not honoured, waited too briefly"]
    assert verdict.findings[0].allowed == "2.000 s (retry-after: 2)"


def test_a_wait_far_beyond_the_hint_fails(told):
    told.call(0.0, 429, count=0, sender="thread 1", said={"retry-after": "2"})
    told.call(4.0, 200, count=1, sender="thread 1")

    assert titles(verdict_on(told)) == ["retry-after not honoured, waited too long"]


def test_a_date_is_measured_against_the_date_header(told):
    dates = {"date": formatdate(1_800_000_000, usegmt=True), "retry-after": formatdate(1_800_000_005, usegmt=True)}
    told.call(0.0, 429, count=0, sender="thread 1", said=dates)
    told.call(4.3, 200, count=1, sender="thread 1")

    assert verdict_on(told).passed


def test_a_date_without_a_date_header_is_unknown(told):
    told.call(0.0, 429, count=0, sender="thread 1", said={"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"})
    told.call(4.3, 200, count=1, sender="thread 1")

    verdict = verdict_on(told)

    assert verdict.unknown
    assert titles(verdict) == ["the gap cannot be measured"]


def test_as_many_attempts_as_allowed_pass_and_one_more_fails(told):
    told.chain(0.0, 0.4, 1.3, sender="thread 1")
    assert verdict_on(told).passed

    told.chain(10.0, 10.4, 11.3, 13.0, sender="thread 1")

    verdict = verdict_on(told)
    assert titles(verdict) == ["too many attempts"]
    assert verdict.findings[0].attempts == (7,)
    assert marks(verdict)[1] == ["", "ok", "ok", "not allowed"]


def test_giving_up_with_retries_left_fails_when_the_client_is_done(told):
    told.call(0.0, 429, count=0, sender="thread 1")

    verdict = verdict_on(told)

    assert verdict.failed
    assert titles(verdict) == ["gave up early"]
    assert verdict.findings[0].allowed == "2 retries, 2 left"


def test_giving_up_cannot_be_told_from_waiting_while_the_client_runs(told):
    told.call(0.0, 429, count=0, sender="thread 1")

    verdict = verdict_on(told, finished=False)

    assert verdict.unknown
    assert titles(verdict) == ["perhaps gave up early"]


@pytest.mark.parametrize("ended", ["hung up", "stopped"])
def test_a_last_attempt_that_was_broken_off_does_not_prove_giving_up(told, ended):
    told.call(0.0, None, ended=ended, takes=5.0, count=0, sender="thread 1")

    assert verdict_on(told).unknown


def test_giving_up_after_the_last_retry_or_on_a_final_answer_passes(told):
    for at, count in ((0.0, 0), (0.4, 1), (1.3, 2)):
        told.call(at, 529, count=count, sender="thread 1")
    told.call(9.0, 400, count=0, sender="thread 1")

    assert verdict_on(told).passed


def test_a_last_attempt_under_way_is_nothing_to_complain_of(told):
    told.call(0.0, 429, count=0, sender="thread 1")
    told.call(0.4, None, ended=None, count=1, sender="thread 1")

    assert verdict_on(told, finished=False).passed


def test_an_attempt_after_a_failure_still_under_way_cannot_be_measured(told):
    told.call(0.0, 429, ended=None, count=0, sender="thread 1")
    told.call(0.4, 200, count=1, sender="thread 1")

    verdict = verdict_on(told)

    assert titles(verdict) == ["the gap cannot be measured"]
    assert verdict.to_json()["report"]["chains"][0]["attempts"][1]["gap_s"] is None


@pytest.mark.parametrize(
    ("status", "said", "value"),
    [
        (400, {}, "fail"),
        (400, {"x-should-retry": "true"}, "pass"),
        (529, {"x-should-retry": "false"}, "fail"),
        (529, {}, "pass"),
    ],
)
def test_only_what_may_be_retried_is_retried(told, status, said, value):
    told.call(0.0, status, count=0, sender="thread 1", said=said)
    told.call(0.4, 200, count=1, sender="thread 1")

    verdict = verdict_on(told)

    assert verdict.value == value
    assert titles(verdict) == (["retried what must not be retried"] if value == "fail" else [])


def test_a_retry_of_a_success_is_not_allowed(told):
    told.call(0.0, 200, count=0, sender="thread 1")
    told.call(0.4, 200, count=1, sender="thread 1")

    assert titles(verdict_on(told)) == ["retried what must not be retried"]


def test_a_retry_by_count_after_a_stream_had_begun_fails(told):
    told.call(0.0, 200, count=0, sender="thread 1", stream=True, ended="reset")
    told.call(0.4, 200, count=1, sender="thread 1", stream=True)

    verdict = verdict_on(told)

    assert verdict.failed
    assert titles(verdict) == ["asked again after a stream had begun"]


def test_an_application_that_asks_anew_after_a_cut_stream_is_only_noted(told):
    told.call(0.0, 200, sender="thread 1", stream=True, ended="reset")
    told.call(0.0, 200, sender="thread 1", stream=True)

    verdict = verdict_on(told, LOOP)

    assert verdict.passed
    assert [finding.weight for finding in verdict.findings] == ["note"]
    assert marks(verdict) == [["", "again"]]


def test_a_resend_with_a_new_credential_after_a_401_is_not_a_matter_of_backoff(told):
    told.call(0.0, 401, count=0, sender="thread 1", sent={"authorization": "Bearer ***aaaa"})
    told.call(0.0, 200, count=1, sender="thread 1", sent={"authorization": "Bearer ***bbbb"})

    verdict = verdict_on(told)

    assert verdict.passed
    assert marks(verdict) == [["", "re-auth"]]


@pytest.mark.parametrize(("credential", "value"), [("Bearer ***aaaa", "fail"), ("Bearer ***", "unknown")])
def test_a_resend_after_a_401_with_the_same_credential_fails_where_that_can_be_seen(told, credential, value):
    for count, status in enumerate((401, 200)):
        told.call(float(count), status, count=count, sender="thread 1", sent={"authorization": credential})

    assert verdict_on(told).value == value


def test_attempts_that_never_reached_the_server_leave_the_gap_unknown(told):
    told.call(0.0, 429, count=0, sender="thread 1")
    told.call(1.4, 200, count=2, sender="thread 1")

    verdict = verdict_on(told)

    assert verdict.unknown
    assert titles(verdict) == ["attempts in between are not in the journal"]


def test_a_run_without_failures_has_nothing_to_judge(told):
    told.call(0.0, 200)

    verdict = verdict_on(told)

    assert verdict.unknown
    assert "have a call fail" in verdict.findings[0].advice


def test_failing_credential_services_are_not_judged(told):
    told.call(0.0, 500, path="/v1/oauth/token", sender="thread 1")
    told.call(0.0, 200, path="/v1/oauth/token", sender="thread 1")

    assert titles(verdict_on(told)) == ["nothing to judge"]


def test_uncertain_chains_never_fail(told):
    for at, count in ((0.0, 0), (5.0, 0), (5.4, 1), (5.5, 1)):
        told.call(at, 429 if count == 0 else 200, count=count)

    verdict = verdict_on(told)

    assert verdict.unknown
    assert {attempt.mark for chain in verdict.report.chains for attempt in chain.attempts} == {"", "unsure"}
    assert "in process" in verdict.findings[0].advice


def test_uncertain_chains_pass_where_every_reading_of_them_does(told):
    for at, count in ((0.0, 0), (0.01, 0), (0.42, 1), (0.45, 1)):
        told.call(at, 429 if count == 0 else 200, count=count)

    verdict = verdict_on(told)

    assert not any(chain.chain.certain for chain in verdict.report.chains)
    assert verdict.passed


def test_uncertain_chains_are_unknown_where_one_reading_is_wrong(told):
    for at, count in ((0.0, 0), (0.2, 0), (0.4, 1), (0.65, 1)):
        told.call(at, 429 if count == 0 else 200, count=count)

    assert verdict_on(told).unknown


def test_twelve_calls_at_once_are_judged_one_by_one(told):
    for count, at in enumerate((0.0, 0.4, 1.3)):
        for task in range(12):
            late = 5.0 if (count, task) == (2, 7) else 0.0
            told.call(at + late, 429 if count < 2 else 200, count=count, sender=f"task {task}")

    verdict = verdict_on(told)

    assert len(verdict.report.chains) == 12
    assert titles(verdict) == ["waited too long"]


def test_a_loop_around_an_sdk_with_its_retries_off_is_judged_by_place(told):
    for at in (0.0, 1.0, 3.0):
        told.call(at, 429 if at < 3 else 200, count=0, sender="thread 1")

    verdict = verdict_on(told, LOOP)

    assert verdict.passed, verdict.render()
    assert marks(verdict) == [["", "ok", "ok"]]


def test_the_verdict_is_plain_json(told):
    import json

    told.call(0.0, 429, count=0, sender="thread 1", said={"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"})
    told.call(0.1, 200, count=1, sender="thread 1")

    value = verdict_on(told).to_json()

    assert json.loads(json.dumps(value, allow_nan=False)) == value
    assert value["report"]["chains"][0]["attempts"][1]["envelope"]["high_s"] is None
