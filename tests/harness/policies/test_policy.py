"""Policies: which failures are retried, after what wait."""

from __future__ import annotations

import json
import math
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.policies import POLICIES, Failure, Jitter, PolicyError, RetryAfter, custom, find, policy_from_json

PYTHON, TYPESCRIPT = POLICIES["anthropic_python"], POLICIES["anthropic_typescript"]


def failing(status: int | None = 429, **headers: str) -> Failure:
    return Failure(status=status, headers=tuple((k.replace("_", "-"), v) for k, v in headers.items()))


def limits(policy, failure: Failure, retry: int = 0) -> tuple[float, float]:
    envelope = policy.envelope(failure, retry)
    return envelope.low_s, envelope.high_s


@pytest.mark.parametrize("policy", [PYTHON, TYPESCRIPT], ids=lambda policy: policy.name)
@pytest.mark.parametrize(
    ("retry", "low", "high"),
    [(0, 0.375, 0.5), (1, 0.75, 1.0), (2, 1.5, 2.0), (4, 6.0, 8.0), (5, 6.0, 8.0), (5000, 6.0, 8.0)],
)
def test_the_sdks_double_from_half_a_second_to_eight_less_up_to_a_quarter(policy, retry, low, high):
    assert limits(policy, failing(), retry) == (low, high)


@pytest.mark.parametrize(
    ("status", "retried"),
    [
        (400, False),
        (401, False),
        (408, True),
        (409, True),
        (413, False),
        (429, True),
        (499, False),
        (500, True),
        (529, True),
        (None, True),
    ],
)
def test_which_statuses_are_retried(status, retried):
    assert PYTHON.should_retry(failing(status)) is retried


def test_the_override_header_works_both_ways():
    assert PYTHON.should_retry(failing(400, x_should_retry="true"))
    assert not PYTHON.should_retry(failing(529, x_should_retry="false"))
    assert PYTHON.should_retry(failing(529, x_should_retry="maybe"))


def test_a_policy_may_ignore_the_override_header():
    own = custom(base_s=1, should_retry_header="ignored")

    assert own.should_retry(failing(429, x_should_retry="false"))


def test_a_stream_is_never_retried_once_its_head_said_2xx():
    cut = Failure(status=200, streamed=True, whole=False)

    assert not PYTHON.should_retry(cut)
    assert not TYPESCRIPT.should_retry(cut)


def test_a_cut_json_body_is_a_connection_error_for_python_and_final_for_typescript():
    cut = Failure(status=200, streamed=False, whole=False)

    assert PYTHON.should_retry(cut)
    assert not TYPESCRIPT.should_retry(cut)


def test_python_loses_the_hint_with_the_body_that_was_cut():
    cut = Failure(status=429, whole=False, headers=(("retry-after", "20"),))

    assert limits(PYTHON, cut) == (0.375, 0.5)
    assert limits(TYPESCRIPT, cut) == (20.0, 20.0)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry_after": "2"}, 2.0),
        ({"retry_after": "0.25"}, 0.25),
        ({"retry_after": "3600"}, 3600.0),
        ({"retry_after_ms": "1500"}, 1.5),
        ({"retry_after_ms": "1500", "retry_after": "9"}, 1.5),
        ({"retry_after_ms": "soon", "retry_after": "9"}, 9.0),
    ],
)
def test_a_hint_takes_the_place_of_the_backoff(headers, wait):
    for policy in (PYTHON, TYPESCRIPT):
        envelope = policy.envelope(failing(429, **headers), 1)

        assert (envelope.low_s, envelope.high_s, envelope.source) == (wait, wait, "retry-after")


@pytest.mark.parametrize("value", ["0", "-3", "nan", "soon", ""])
def test_a_hint_that_is_no_positive_number_leaves_the_backoff(value):
    for policy in (PYTHON, TYPESCRIPT):
        assert limits(policy, failing(429, retry_after=value)) == (0.375, 0.5)


def test_zero_milliseconds_hide_the_seconds_from_python_only():
    both = failing(429, retry_after_ms="0", retry_after="7")

    assert limits(PYTHON, both) == (0.375, 0.5)
    assert limits(TYPESCRIPT, both) == (7.0, 7.0)


def test_a_number_with_a_tail_is_a_number_to_typescript_only():
    tail = failing(429, retry_after="7 seconds")

    assert limits(PYTHON, tail) == (0.375, 0.5)
    assert limits(TYPESCRIPT, tail) == (7.0, 7.0)


def test_the_ceiling_caps_python_and_sends_typescript_back_to_its_backoff():
    for_ever = failing(429, retry_after="99999999")

    assert limits(PYTHON, for_ever) == (4_294_967.0, 4_294_967.0)
    assert limits(TYPESCRIPT, for_ever) == (0.375, 0.5)


def dated(wait: int, *, since_arrival_s: float = 0.0, since_head_s: float = 0.0, now: float = 1_800_000_000) -> Failure:
    headers = (("date", formatdate(now, usegmt=True)), ("retry-after", formatdate(int(now) + wait, usegmt=True)))
    return Failure(status=429, headers=headers, since_arrival_s=since_arrival_s, since_head_s=since_head_s)


def test_a_date_leaves_the_second_that_the_date_header_cuts_off():
    assert limits(PYTHON, dated(10)) == (9.0, 10.0)


def test_time_that_passed_before_the_failure_was_complete_is_no_longer_waited():
    low, high = limits(PYTHON, dated(10, since_arrival_s=3.0, since_head_s=2.0))

    assert (low, high) == (6.0, 8.0)


@given(now=st.floats(1.7e9, 1.9e9), wait=st.integers(1, 100), before=st.floats(0, 50), after=st.floats(0, 50))
def test_the_true_wait_for_a_date_is_always_allowed(now, wait, before, after):
    """The head leaves `before` seconds after the arrival, the failure is complete `after` seconds later."""
    written = now + before  # the clock when the date header was written
    until = math.floor(now) + wait
    headers = (("date", formatdate(math.floor(written), usegmt=True)), ("retry-after", formatdate(until, usegmt=True)))
    failure = Failure(status=429, headers=headers, since_arrival_s=before + after, since_head_s=after)

    low, high = limits(PYTHON, failure)

    true = until - (written + after)
    if true > 0:
        assert low - 1e-6 <= true <= high + 1e-6
    else:
        assert low <= 0.375 and high >= 0.5


def test_a_date_in_the_past_leaves_the_backoff():
    assert limits(PYTHON, dated(-5)) == (0.375, 0.5)


def test_a_date_that_may_have_passed_allows_both():
    envelope = PYTHON.envelope(dated(1, since_arrival_s=0.5), 0)

    assert (envelope.low_s, envelope.high_s) == (0.0, 1.0)
    assert "backoff" in envelope.why


def test_a_date_without_a_date_header_cannot_be_measured():
    assert PYTHON.envelope(failing(429, retry_after="Wed, 21 Oct 2026 07:28:00 GMT"), 0).source == "unknown"


@pytest.mark.parametrize(
    ("jitter", "low", "high"),
    [
        (Jitter(), 8, 8),
        (Jitter("subtract", 0.25), 6, 8),
        (Jitter("add", 0.25), 8, 10),
        (Jitter("spread", 0.25), 6, 10),
        (Jitter("full"), 0, 8),
    ],
)
def test_each_kind_of_jitter_has_its_own_ends(jitter, low, high):
    assert jitter.around(8.0) == (low, high)


def test_a_policy_of_ones_own_grows_by_its_factor_up_to_its_cap():
    own = custom(base_s=1, factor=10, cap_s=50, max_retries=4)

    assert [limits(own, failing(), retry)[1] for retry in (0, 1, 2, 1000)] == [1, 10, 50, 50]
    assert (own.name, own.max_retries) == ("custom", 4)


@pytest.mark.parametrize(("hint", "gap"), [(60, (60, 60)), (60.5, (0.375, 0.5)), (3600, (0.375, 0.5))])
def test_the_sdk_before_one_point_oh_passes_over_hints_of_more_than_a_minute(hint, gap):
    assert limits(find("anthropic_python_0"), failing(retry_after=str(hint))) == gap
    assert limits(PYTHON, failing(retry_after=str(hint))) == (hint, hint)


def test_a_date_near_the_ceiling_allows_what_the_client_may_have_read():
    """The date is 59.5 to 60.5 s away: followed by this client if it is 60 s or less, passed over otherwise."""
    old = find("anthropic_python_0")

    assert limits(old, dated(61, since_arrival_s=0.5, since_head_s=0.5)) == (0.375, 60.0)
    assert limits(old, dated(62, since_arrival_s=0.5, since_head_s=0.5)) == (0.375, 0.5)


def test_a_date_near_the_last_hint_it_waits_for_leaves_both_open():
    own = custom(base_s=1, retry_after=RetryAfter(ceiling_s=60, beyond="final"))

    assert [own.decision(dated(wait)) for wait in (60, 61, 62)] == ["retry", "either", "final"]
    assert own.decision(failing(429, retry_after="Wed, 21 Oct 2026 07:28:00 GMT")) == "either"


def test_a_floor_takes_the_longer_of_hint_and_backoff():
    own = custom(base_s=4, jitter=Jitter("add", 0.5), retry_after=RetryAfter(role="floor", adds_at_most_s=3))

    assert limits(own, failing(retry_after="2")) == (4.0, 6.0)
    assert limits(own, failing(retry_after="5")) == (5.0, 6.0)
    assert limits(own, failing(retry_after="6.5")) == (6.5, 6.5)
    assert limits(own, failing(retry_after="60")) == (7.0, 9.0)
    assert own.envelope(failing(retry_after="2"), 0).source == "backoff"
    assert own.envelope(failing(retry_after="5"), 0).source == "retry-after"


def test_chance_may_lengthen_a_hint_by_a_share_of_it():
    wait = custom(base_s=4, retry_after=RetryAfter(ceiling_s=60, jitter_share=0.5))
    floor = wait.changed(retry_after=RetryAfter(role="floor", jitter_share=0.5))

    envelope = wait.envelope(failing(retry_after="10"), 0)
    assert (envelope.low_s, envelope.high_s, envelope.by_chance) == (10.0, 15.0, True)
    assert envelope.why == "retry-after: 10, plus up to 50%"
    assert limits(wait, failing(retry_after="100")) == (60.0, 90.0)
    assert limits(floor, failing(retry_after="3")) == (4.0, 4.5)
    assert not floor.envelope(failing(retry_after="3"), 0).by_chance
    assert not wait.envelope(failing(), 0).by_chance


ODD = custom(base_s=1, jitter=Jitter("add", 0.1), retry_statuses=frozenset({418, 429}), retry_after=None)


@pytest.mark.parametrize(
    "policy", [*POLICIES.values(), ODD, PYTHON.changed(name="patient", max_retries=7)], ids=lambda p: p.name
)
def test_a_policy_comes_back_from_json_as_it_was(policy):
    assert policy_from_json(json.loads(json.dumps(policy.to_json()))) == policy


def test_a_hint_rule_of_ones_own_comes_back_too():
    own = PYTHON.changed(retry_after=RetryAfter(ceiling_s=5, numbers="prefix"))

    assert policy_from_json(own.to_json()) == own


def test_an_unknown_word_names_the_nearest():
    with pytest.raises(PolicyError, match="unknown 'max_retry'; did you mean max_retries"):
        PYTHON.changed(max_retry=3)
    with pytest.raises(PolicyError, match="unknown 'cap'.*cap_s"):
        custom(base_s=1, cap=3)


@pytest.mark.parametrize("wrong", [{"max_retries": -1}, {"max_retries": 1.5}, {"base_s": -1.0}, {"cap_s": math.nan}])
def test_a_policy_that_cannot_be_is_refused(wrong):
    with pytest.raises(PolicyError):
        PYTHON.changed(**wrong)


def test_a_jitter_that_cannot_be_is_refused():
    with pytest.raises(PolicyError, match="fraction"):
        Jitter("add", 25)
    with pytest.raises(PolicyError, match="full jitter has no share"):
        Jitter("full", 0.25)
    with pytest.raises(PolicyError, match="known: none, subtract"):
        Jitter("sideways")  # type: ignore[arg-type]
