"""Attempts turned away at the door: whose they are, and what the verdict on backoff makes of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.policies import POLICIES, custom
from windtunnel.verdicts import EXACT
from windtunnel.verdicts.backoff import judge
from windtunnel.verdicts.chains import chains

PYTHON = POLICIES["anthropic_python"]
LOOP = custom(base_s=1, max_retries=3, name="own loop")


def verdict_on(told, policy=PYTHON):
    return judge(told.entries, policy, tolerance=EXACT, finished=True)


def groups(told, **how) -> list[tuple[tuple[int, ...], bool]]:
    return [(chain.numbers, chain.certain) for chain in chains(told.entries, **how)]


def titles(verdict) -> list[str]:
    return [finding.title for finding in verdict.findings]


# --- a sender that counts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ended", ["refused", "closed"])
def test_a_count_claims_as_many_attempts_before_it(told, ended):
    told.door(0.0, 0.4, ended=ended)
    told.call(1.3, 200, count=2, sender="thread 1")

    assert groups(told) == [((1, 2, 3), True)]
    assert verdict_on(told).passed


def test_a_wait_too_brief_behind_a_shut_door_fails(told):
    told.door(0.0, 0.1)
    told.call(1.0, 200, count=2, sender="thread 1")

    verdict = verdict_on(told)

    assert verdict.failed
    assert titles(verdict) == ["waited too briefly"]
    assert verdict.findings[0].seen == "0.100 s after attempt 1 (refused before the head), 0.275 s too briefly"


def test_attempts_beyond_the_count_are_an_earlier_calls(told):
    told.door(0.0, 0.4, 1.3, 9.0)
    told.call(9.4, 200, count=1, sender="thread 1")

    assert groups(told) == [((1, 2, 3), False), ((4, 5), True)]
    assert verdict_on(told).passed


def test_attempts_at_the_door_and_inside_are_counted_together(told):
    told.call(0.0, 429, count=0, sender="thread 1")
    told.door(0.4)
    told.call(1.3, 200, count=2, sender="thread 1")

    assert groups(told) == [((1, 2, 3), True)]
    assert verdict_on(told).passed


def test_a_count_beyond_what_is_there_says_that_attempts_are_missing(told):
    told.call(0.0, 429, count=0, sender="thread 1")
    told.door(0.4)
    told.call(4.0, 200, count=3, sender="thread 1")

    verdict = verdict_on(told)

    assert verdict.unknown
    assert titles(verdict) == ["attempts in between are not in the journal"]


def test_a_single_attempt_that_was_given_up_fails(told):
    told.door(0.0)
    told.call(5.0, 200, count=0, sender="thread 1")

    verdict = verdict_on(told, PYTHON)

    assert verdict.failed
    assert titles(verdict) == ["gave up early"]


@pytest.mark.parametrize(
    ("at", "value"),
    [
        ((0.0, 0.4, 1.3), "pass"),
        ((0.0, 0.4), "unknown"),
        ((0.0, 0.0, 0.0), "unknown"),
        ((0.0, 0.4, 1.3, 3.0), "unknown"),
        ((0.0, 0.4, 1.3, 5.0, 5.4, 6.3), "unknown"),
    ],
)
@pytest.mark.parametrize("known", [True, False])
def test_calls_given_up_at_the_door_pass_where_they_can_be_one_and_never_fail(told, at, value, known):
    told.door(*at)
    if known:
        told.call(20.0, 200, count=0, sender="thread 1")

    verdict = verdict_on(told)

    assert verdict.value == value
    if value == "unknown":
        assert "turned away at the door" in verdict.findings[0].seen


def test_retries_that_meet_a_shut_door_go_on_after_a_failure(told):
    told.call(0.0, 500, count=0, sender="thread 1")
    told.door(0.4, 1.3)

    assert verdict_on(told).passed


@pytest.mark.parametrize("status", [200, 400])
def test_a_call_that_meets_a_shut_door_does_not_go_on_after_a_final_answer(told, status):
    told.call(0.0, status, count=0, sender="thread 1")
    told.door(0.0, 0.4, 1.3)

    verdict = verdict_on(told)

    assert verdict.passed
    assert verdict.report.chains[-1].chain.numbers == (2, 3, 4)


def test_a_call_that_meets_a_shut_door_does_not_go_on_after_the_last_retry(told):
    for count, at in enumerate((0.0, 0.4, 1.3)):
        told.call(at, 500, count=count, sender="thread 1")
    told.door(1.3, 1.7, 2.6)

    verdict = verdict_on(told)

    assert [chain.chain.numbers for chain in verdict.report.chains] == [(1, 2, 3), (4, 5, 6)]
    assert verdict.passed


def test_what_was_proved_before_the_door_shut_stays_proved(told):
    told.call(0.0, 500, count=0, sender="thread 1")
    told.call(0.0, 500, count=1, sender="thread 1")
    told.door(0.8)

    verdict = verdict_on(told)

    assert verdict.failed
    assert [finding.attempts for finding in verdict.findings] == [(2,)]


def test_the_door_counts_on_from_a_call_whose_beginning_is_lost(told):
    told.call(0.0, 500, count=1, sender="thread 1")
    told.door(0.9)
    told.call(2.8, 200, count=3, sender="thread 1")

    assert verdict_on(told, PYTHON.changed(max_retries=3)).passed


def test_chains_that_nothing_claims_are_in_order_too(told):
    told.door(0.0)
    told.call(1.0, 200, sender="thread 2")

    assert [numbers for numbers, _ in groups(told)] == [(1,), (2,)]


def test_senders_keep_their_own(told):
    for at in (0.0, 0.4):
        for task in ("task 1", "task 2"):
            told.door(at, sender=task)
    for task in ("task 1", "task 2"):
        told.call(1.3, 200, count=2, sender=task)

    assert groups(told) == [((1, 3, 5), True), ((2, 4, 6), True)]


# --- a sender that does not -------------------------------------------------------------------------------------------


def test_a_loop_that_hammers_a_shut_door_fails(told):
    told.door(0.0, 0.0)
    told.call(0.0, 200, sender="thread 1")

    verdict = verdict_on(told)

    assert verdict.failed
    assert [finding.attempts for finding in verdict.findings] == [(2,), (3,)]


def test_a_loop_around_an_sdk_with_its_retries_off_goes_on_too(told):
    told.door(0.0, 1.0)
    told.call(3.0, 200, count=0, sender="thread 1")

    assert groups(told) == [((1, 2, 3), True)]
    assert verdict_on(told, LOOP).passed


def test_a_loop_goes_on_through_a_shut_door_after_a_failure(told):
    told.call(0.0, 500, sender="thread 1")
    told.door(1.0)
    told.call(3.0, 200, sender="thread 1")
    told.door(9.0)
    told.call(10.0, 200, sender="thread 1")

    assert groups(told) == [((1, 2, 3), True), ((4, 5), True)]
    assert verdict_on(told, LOOP).passed


def test_a_loop_that_ends_at_a_shut_door_gave_up(told):
    told.call(0.0, 500, sender="thread 1")
    told.door(1.0)

    verdict = verdict_on(told, LOOP)

    assert verdict.failed
    assert titles(verdict) == ["gave up early"]


def test_between_two_bodies_the_door_was_shut_on_either(told):
    told.call(0.0, 500, sender="thread 1", body="one")
    told.door(1.0)
    told.call(3.0, 200, sender="thread 1", body="two")

    assert groups(told) == [((1,), True), ((2, 3), False)]


def test_one_thread_with_two_clients_leaves_it_open_who_met_the_door(told):
    told.chain(0.0, 0.4, sender="thread 1")
    told.door(5.0)
    told.call(5.0, 200, sender="thread 1")

    assert groups(told) == [((1, 2), True), ((3,), False), ((4,), True)]
    assert verdict_on(told).unknown


# --- no sender: a client in another process ---------------------------------------------------------------------------


def test_without_a_sender_a_count_that_fits_is_certain_while_nobody_else_is_there(told):
    told.call(0.0, 200, count=0)
    told.door(1.0, 1.1, ended="closed", sender=None)
    told.call(2.0, 200, count=2)

    verdict = verdict_on(told)

    assert groups(told) == [((1,), True), ((2, 3, 4), True)]
    assert titles(verdict) == ["waited too briefly"]
    assert verdict.failed


@pytest.mark.parametrize(
    "other",
    [
        {"status": 200, "count": 0, "takes": 9.0},
        {"status": 500, "count": 0},
        {"status": 500, "count": None},
        {"status": 500, "count": 0, "key": "k"},
    ],
)
def test_without_a_sender_anybody_else_there_makes_it_uncertain(told, other):
    told.call(0.0, **other)
    told.door(1.0, 1.1, ended="closed", sender=None)
    told.call(2.0, 200, count=2, key=other.get("key"))

    assert not verdict_on(told).failed


@pytest.mark.parametrize("count", [None, 0, 1, 3])
def test_without_a_sender_a_count_that_does_not_fit_proves_nothing(told, count):
    told.door(1.0, 1.1, ended="closed", sender=None)
    told.call(2.0, 200, count=count)

    assert not any(certain for numbers, certain in groups(told, counts="read") if 1 in numbers or 2 in numbers)
    assert verdict_on(told).unknown


def test_a_plain_client_elsewhere_that_waits_well_passes(told):
    told.door(0.0, 1.0, ended="closed", sender=None)
    told.call(3.0, 200)

    assert groups(told) == [((1, 2, 3), False)]
    assert verdict_on(told, LOOP).passed


def test_a_retry_across_a_shut_door_elsewhere_proves_nothing(told):
    told.call(0.0, 500)
    told.door(1.0, ended="closed", sender=None)
    told.call(3.0, 200)

    assert verdict_on(told, LOOP).unknown


def test_a_shut_port_cannot_count_who_knocks(told):
    """Its one entry is dated to the instant it opened again: no attempt was made then."""
    told.door(0.3, sender=None)
    told.call(0.45, 200, count=1)

    verdict = verdict_on(told)

    assert groups(told) == [((1,), False), ((2,), False)]
    assert verdict.unknown


def test_a_client_that_could_not_be_told_is_nobody_in_particular(told):
    told.door(0.0, sender="unknown")

    assert groups(told) == [((1,), False)]


def test_a_failure_elsewhere_that_outlasts_a_shut_door_proves_nothing(told):
    told.call(0.0, 500, count=0, takes=1.5)
    told.door(1.0, ended="closed", sender=None)
    told.call(1.6, 200, count=1)

    assert verdict_on(told).unknown


# --- always -----------------------------------------------------------------------------------------------------------

counts = st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=5)


@given(calls=counts, data=st.data())
def test_a_client_that_keeps_to_its_policy_never_fails(journals, calls, data):
    """Every call makes up to three attempts, each of which meets the door, a failure or, at last, an answer."""
    journal, at, retries = journals(), 0.0, ((0.375, 0.5), (0.75, 1.0))
    for failures, at_the_end in calls:
        for count in range(min(failures, 3)):
            if data.draw(st.booleans()):
                journal.door(at)
            else:
                journal.call(at, 500, count=count, sender="thread 1")
            at += data.draw(st.floats(*retries[count])) if count < 2 else 1.0
        if failures < 3:
            journal.call(at, 200, count=failures, sender="thread 1")
        at += 5.0 if at_the_end else 0.0

    verdict = judge(journal.entries, PYTHON, tolerance=EXACT, finished=True)

    assert not verdict.failed, verdict.render()


events = st.lists(
    st.fixed_dictionaries(
        {
            "at": st.floats(0, 3),
            "door": st.sampled_from([None, "refused", "closed"]),
            "status": st.sampled_from([None, 200, 500]),
            "count": st.sampled_from([None, 0, 1, 2]),
            "sender": st.sampled_from([None, "task 1", "unknown"]),
            "key": st.sampled_from([None, None, "k"]),
        }
    ),
    max_size=12,
)


@given(events=events, counts=st.sampled_from(["read", "ignore", "auto"]))
def test_every_attempt_is_in_exactly_one_chain_in_order(journals, events, counts):
    journal = journals()
    for event in events:
        door = event.pop("door")
        if door:
            journal.door(event["at"], ended=door, sender=event["sender"])
        else:
            journal.call(**event)

    found = chains(journal.entries, counts=counts)

    assert sorted(number for chain in found for number in chain.numbers) == [e.number for e in journal.entries]
    for chain in found:
        arrivals = [(attempt.arrived_at, attempt.number) for attempt in chain.attempts]
        assert arrivals == sorted(arrivals)
    judge(journal.entries, PYTHON, tolerance=EXACT, finished=True).to_json()
