"""Chains: which attempts belong to one request."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from windtunnel.verdicts.chains import chains


def numbers(found) -> list[tuple[int, ...]]:
    return [chain.numbers for chain in found]


def test_a_retry_count_above_zero_goes_on_and_zero_begins_anew(told):
    told.chain(0.0, 0.5, 1.5, sender="thread 1")
    told.chain(2.0, 2.5, sender="thread 1")

    found = chains(told.entries)

    assert numbers(found) == [(1, 2, 3), (4, 5)]
    assert all(chain.certain and chain.marks == "sender" for chain in found)


def test_senders_are_kept_apart_though_they_say_the_same(told):
    for at, count in ((0.0, 0), (0.5, 1)):
        for task in ("task 1", "task 2", "task 3"):
            told.call(at, 429, count=count, sender=task)

    assert numbers(chains(told.entries)) == [(1, 4), (2, 5), (3, 6)]


def test_without_counts_a_sender_that_repeats_a_failed_body_goes_on(told):
    told.call(0.0, 429, sender="thread 1")
    told.call(0.5, 200, sender="thread 1")

    assert numbers(chains(told.entries)) == [(1, 2)]


def test_without_counts_another_body_or_a_success_before_begins_anew(told):
    told.call(0.0, 429, body="one", sender="thread 1")
    told.call(0.5, 200, body="two", sender="thread 1")
    told.call(1.0, 200, body="two", sender="thread 1")

    assert numbers(chains(told.entries)) == [(1,), (2,), (3,)]


def test_a_token_refresh_in_between_does_not_part_a_senders_chain(told):
    told.call(0.0, 401, count=0, sender="thread 1")
    told.call(0.1, 200, sender="thread 1", path="/v1/oauth/token")
    told.call(0.2, 200, count=1, sender="thread 1")

    assert numbers(chains(told.entries)) == [(1, 3), (2,)]


def test_a_retry_with_another_model_in_the_path_stays_in_the_senders_chain(told):
    told.call(0.0, 429, count=0, sender="thread 1", path="/model/a/invoke")
    told.call(0.5, 200, count=1, sender="thread 1", path="/model/b/invoke")

    assert numbers(chains(told.entries)) == [(1, 2)]


def test_counts_that_stay_at_zero_can_be_ignored_for_a_loop_of_ones_own(told):
    told.call(0.0, 429, count=0, sender="thread 1")
    told.call(1.0, 200, count=0, sender="thread 1")

    assert numbers(chains(told.entries, counts="read")) == [(1,), (2,)]
    assert numbers(chains(told.entries, counts="ignore")) == [(1, 2)]
    assert numbers(chains(told.entries, counts="auto")) == [(1, 2)]


def test_a_count_that_starts_above_zero_has_lost_its_beginning(told):
    told.call(0.0, 429, count=1, sender="thread 1")
    told.call(1.0, 200, count=2, sender="thread 1")

    (chain,) = chains(told.entries)

    assert chain.numbers == (1, 2)
    assert not chain.certain


def test_a_count_of_one_does_not_go_on_from_another_calls_last_retry(told):
    told.chain(0.0, 0.5, 1.5, sender="thread 1")
    told.call(9.0, 200, count=1, sender="thread 1")

    assert numbers(chains(told.entries)) == [(1, 2, 3), (4,)]


def test_a_retry_of_a_success_belongs_to_it(told):
    told.call(0.0, 200, count=0, sender="thread 1")
    told.call(0.5, 200, count=1, sender="thread 1")

    assert numbers(chains(told.entries)) == [(1, 2)]


def test_a_key_of_the_clients_own_is_exact(told):
    for at in (0.0, 0.5):
        for key in ("a", "b"):
            told.call(at, 429, key=key)
    told.call(1.0, 200, sent={"amz-sdk-invocation-id": "c"})
    told.call(1.5, 200, sent={"amz-sdk-invocation-id": "c"})

    found = chains(told.entries)

    assert numbers(found) == [(1, 3), (2, 4), (5, 6)]
    assert all(chain.certain and chain.marks == "key" for chain in found)


def test_the_one_failure_with_the_count_before_is_certain(told):
    told.call(0.0, 429, count=0)
    told.call(0.1, 200, count=0, takes=5.0)
    told.call(0.5, 200, count=1)

    found = chains(told.entries)

    assert numbers(found) == [(1, 3), (2,)]
    assert all(chain.certain for chain in found)


def test_a_failure_that_ended_after_the_arrival_cannot_be_what_was_retried(told):
    told.call(0.0, 429, count=0, takes=2.0)
    told.call(0.1, 429, count=0)
    told.call(0.5, 200, count=1)

    assert numbers(chains(told.entries)) == [(1,), (2, 3)]


def test_other_bodies_are_other_requests(told):
    told.call(0.0, 429, count=0, body="one")
    told.call(0.1, 429, count=0, body="two")
    told.call(0.5, 200, count=1, body="two")
    told.call(0.6, 200, count=1, body="one")

    found = chains(told.entries)

    assert numbers(found) == [(1, 4), (2, 3)]
    assert all(chain.certain for chain in found)


def test_two_failures_alike_leave_both_chains_uncertain_and_name_the_rivals(told):
    for at, count in ((0.0, 0), (0.1, 0), (0.5, 1), (0.6, 1)):
        told.call(at, 429, count=count)

    found = chains(told.entries)

    assert numbers(found) == [(1, 3), (2, 4)]
    assert not any(chain.certain for chain in found)
    assert [rival.number for rival in found[0].rivals[3]] == [2]
    assert [rival.number for rival in found[1].rivals[4]] == [1]


def test_the_connection_decides_between_equals_but_proves_nothing(told):
    told.call(0.0, 429, count=0, connection=1)
    told.call(0.1, 429, count=0, connection=2)
    told.call(0.5, 200, count=1, connection=2)

    found = chains(told.entries)

    assert numbers(found) == [(1,), (2, 3)]
    assert not found[1].certain


def test_a_plain_client_goes_on_after_a_failure_with_the_same_body(told):
    told.call(0.0, 500)
    told.call(1.0, None, ended="reset")
    told.call(3.0, 200)

    (chain,) = chains(told.entries)

    assert chain.numbers == (1, 2, 3)
    assert chain.certain


def test_a_plain_client_that_asks_the_same_again_may_have_been_two_clients(told):
    """The fourth may be the retry of the first, and the third a call of somebody else."""
    for at, status in ((0.0, 500), (1.0, 500), (3.0, 200), (4.0, 200)):
        told.call(at, status)

    found = chains(told.entries)

    assert numbers(found) == [(1, 2, 3), (4,)]
    assert not any(chain.certain for chain in found)
    assert not any(chain.rivals for chain in found)


def test_doubt_reaches_as_far_as_a_retry_and_no_further(told):
    told.chain(0.0, 1.0, counted=False)
    told.chain(601.0, 602.0, counted=False)
    told.chain(900.0, 901.0, counted=False)

    found = chains(told.entries)

    assert numbers(found) == [(1, 2), (3, 4), (5, 6)]
    assert [chain.certain for chain in found] == [True, False, False]
    assert not any(chain.rivals for chain in found)


def test_a_plain_client_that_comes_back_hours_later_makes_a_new_request(told):
    told.call(0.0, 500)
    told.call(7200.0, 200)

    assert numbers(chains(told.entries)) == [(1,), (2,)]


def test_a_long_hint_makes_a_long_wait_plausible(told):
    told.call(0.0, 429, said={"retry-after": "7000"})
    told.call(7000.0, 200)

    assert numbers(chains(told.entries)) == [(1, 2)]


def test_a_plain_client_with_the_same_request_twice_at_once_is_uncertain(told):
    told.call(0.0, 500, takes=0.1)
    told.call(0.0, 200, takes=9.0)
    told.call(1.0, 200)

    found = chains(told.entries)

    assert numbers(found) == [(1, 3), (2,)]
    assert not any(chain.certain for chain in found)


def test_twelve_calls_at_once_come_out_as_twelve_chains(told):
    for count in range(3):
        for connection in range(12):
            told.call(count + connection / 1000, 429 if count < 2 else 200, count=count, connection=connection + 1)

    found = chains(told.entries)

    assert len(found) == 12
    assert {len(chain.attempts) for chain in found} == {3}


waits = st.lists(st.floats(0.001, 10), min_size=0, max_size=4)
crowds = st.lists(st.lists(waits, min_size=1, max_size=3), min_size=1, max_size=5)


@given(crowds=crowds, marked=st.sampled_from(["sender", "key"]), counted=st.booleans(), data=st.data())
def test_concurrent_senders_come_out_as_the_chains_that_made_them(journals, crowds, marked, counted, data):
    """Each sender makes its calls one after the other; the last attempt of a call succeeds. All say the same."""
    journal, made = journals(), []
    for sender, calls in enumerate(crowds):
        at = data.draw(st.floats(0, 5))
        for call, gaps in enumerate(calls):
            instants = [at := at + gap for gap in [0.001, *gaps]]
            names = {"sender": f"task {sender}"} if marked == "sender" else {"key": f"{sender}.{call}"}
            chain = [
                journal.call(when, 200 if place == len(gaps) else 429, count=place if counted else None, **names)
                for place, when in enumerate(instants)
            ]
            made.append(tuple(entry.number for entry in chain))

    found = chains(data.draw(st.permutations(journal.entries)))

    assert sorted(numbers(found)) == sorted(made)
    assert all(chain.certain for chain in found)


entries = st.lists(
    st.fixed_dictionaries(
        {
            "at": st.floats(0, 3),
            "status": st.sampled_from([None, 200, 400, 429]),
            "count": st.sampled_from([None, 0, 1, 2]),
            "body": st.sampled_from("ab"),
            "takes": st.floats(0, 1),
            "ended": st.sampled_from(["complete", "reset", None]),
            "sender": st.sampled_from([None, None, "task 1"]),
            "key": st.sampled_from([None, None, "k"]),
            "connection": st.integers(0, 2),
        }
    ),
    max_size=12,
)


@given(calls=entries, counts=st.sampled_from(["read", "ignore", "auto"]))
def test_chains_part_the_journal_and_keep_the_order_of_arrival(journals, calls, counts):
    journal = journals()
    for call in calls:
        journal.call(**call)

    found = chains(journal.entries, counts=counts)

    assert sorted(number for chain in found for number in chain.numbers) == [e.number for e in journal.entries]
    for chain in found:
        arrivals = [(attempt.arrived_at, attempt.number) for attempt in chain.attempts]
        assert arrivals == sorted(arrivals)
        assert not chain.certain or not chain.rivals
