"""Logical requests, and which claim is about which."""

from __future__ import annotations

from typing import Any

from windtunnel.verdicts._requests import match, requests
from windtunnel.verdicts.claims import Claim


def numbers(matched: Any) -> list[tuple[int, ...] | None]:
    return [None if pair.request is None else pair.request.numbers for pair in matched.pairs]


def test_a_request_that_is_asked_anew_after_a_failure_is_one(wired: Any):
    first = {"x-stainless-retry-count": "0"}
    wired.refuse(429, headers=first)
    wired.refuse(429, at=1.0, headers={"x-stainless-retry-count": "1"})
    wired.answer(at=2.0, stream=False, headers=first)
    wired.answer(at=3.0, headers=first)

    assert [request.numbers for request in requests(wired.entries)] == [(1, 2, 3), (4,)]


def test_another_sender_or_another_question_is_another_request(wired: Any):
    wired.refuse(429)
    wired.answer(at=1.0, sender="thread 2")
    wired.refuse(429, at=2.0, sender="thread 2", asked="one")
    wired.answer(at=3.0, sender="thread 2", asked="two")

    assert [request.numbers for request in requests(wired.entries)] == [(1,), (2,), (3,), (4,)]


def test_message_ids_go_before_order(wired: Any):
    wired.answer(asked="a")
    wired.answer(at=1.0, asked="b")

    matched = match(
        wired.entries, [Claim(outcome="success", message_id="msg_2"), Claim(outcome="success", message_id="msg_1")]
    )

    assert numbers(matched) == [(2,), (1,)]
    assert {pair.by for pair in matched.pairs} == {"message id"}


def test_earlier_failures_go_with_the_claim_whose_id_came_in_the_end(wired: Any):
    wired.answer(close_mid_stream={})
    wired.answer(at=1.0)

    matched = match(wired.entries, [Claim(outcome="success", message_id="msg_2")])

    assert numbers(matched) == [(1, 2)]


def test_a_failure_that_has_a_claim_of_its_own_stays_apart(wired: Any):
    wired.refuse(429, headers={"x-stainless-retry-count": "0"})
    wired.refuse(429, at=1.0, headers={"x-stainless-retry-count": "1"})
    wired.answer(at=2.0, headers={"x-stainless-retry-count": "0"})

    matched = match(wired.entries, [Claim(outcome="error"), Claim(outcome="success", message_id="msg_3")])

    assert numbers(matched) == [(1, 2), (3,)]


def test_time_tells_claims_apart_where_they_name_it(wired: Any):
    wired.refuse(400, asked="a long one")
    wired.answer(at=1.0, asked="a short one")
    wired.answer(at=5.0, asked="something else")

    matched = match(
        wired.entries,
        [
            Claim(outcome="success", asked_at=0.0, ended_at=1.5),
            Claim(outcome="success", asked_at=4.9, ended_at=5.5),
        ],
    )

    assert numbers(matched) == [(1, 2), (3,)]


def test_a_client_known_by_one_message_is_known_by_its_sender(wired: Any):
    for place, sender in enumerate(("thread 1", "thread 2", "thread 1", "thread 2")):
        if place < 2:
            wired.answer(at=0.0, sender=sender, asked=f"{place}", stall={"for_s": 2.0})
        else:
            wired.refuse(400, at=3.0, sender=sender, asked=f"{place}")

    matched = match(
        wired.entries,
        [
            Claim(outcome="success", client=7, message_id="msg_2", asked_at=0.0, ended_at=2.0),
            Claim(outcome="success", client=8, message_id="msg_1", asked_at=0.0, ended_at=2.0),
            Claim(outcome="error", client=7, asked_at=3.0, ended_at=3.0),
            Claim(outcome="error", client=8, asked_at=3.0, ended_at=3.0),
        ],
    )

    assert numbers(matched) == [(2,), (1,), (4,), (3,)]


def test_order_is_no_guide_where_requests_overlap(wired: Any):
    for place in range(2):
        wired.answer(asked=f"{place}", sender=f"thread {place}", stall={"for_s": 2.0})

    matched = match(wired.entries, [Claim(outcome="success"), Claim(outcome="success")])

    assert (len(matched.pairs), len(matched.open_claims), len(matched.open_requests)) == (0, 2, 2)


def test_a_claim_with_nothing_left_to_be_about_has_no_request(wired: Any):
    wired.answer()

    matched = match(wired.entries, [Claim(outcome="success", message_id="msg_1"), Claim(outcome="error")])

    assert numbers(matched) == [(1,), None]


def test_a_chain_that_was_claimed_in_two_parts_is_parted(wired: Any):
    wired.answer(reset_mid_body={})
    wired.answer()
    claims = [Claim(outcome="error", message_id="msg_1"), Claim(outcome="success", message_id="msg_2")]

    assert [request.numbers for request in requests(wired.entries)] == [(1, 2)]
    assert numbers(match(wired.entries, claims)) == [(1,), (2,)]
    assert numbers(match(wired.entries, claims[1:])) == [(1, 2)]


def test_as_many_claims_as_attempts_have_one_each(wired: Any):
    wired.refuse(429)
    wired.refuse(429, at=1.0)
    wired.answer(at=2.0)
    three = [Claim(outcome="error"), Claim(outcome="error"), Claim(outcome="success")]

    assert numbers(match(wired.entries, three)) == [(1,), (2,), (3,)]
    assert numbers(match(wired.entries, three[2:])) == [(1, 2, 3)]
    assert match(wired.entries, three[1:]).open_claims == tuple(three[1:])


def test_a_claim_is_not_from_nowhere_while_another_has_attempts_to_spare(wired: Any):
    wired.refuse(429)
    wired.refuse(429, at=1.0)
    wired.answer(at=2.0)
    all_day = {"asked_at": 0.0, "ended_at": 3.0}
    claims = [Claim(outcome="success", **all_day), Claim(outcome="error", asked_at=9.0, ended_at=9.0)]

    assert len(match(wired.entries, claims).open_claims) == 2


def test_a_failure_at_the_same_instant_belongs_to_the_claim_that_was_open(wired: Any):
    wired.answer(stream=False, truncated_json={})
    wired.answer(stream=False)
    wired.answer(stream=False, asked="more")
    instant = {"asked_at": 0.0, "ended_at": 0.0}

    matched = match(
        wired.entries,
        [
            Claim(outcome="success", message_id="msg_2", **instant),
            Claim(outcome="success", message_id="msg_3", **instant),
        ],
    )

    assert numbers(matched) == [(1, 2), (3,)]


def crowd(wired: Any) -> list[Claim]:
    """Three clients, each turned away twice by a client library that counts nothing; what they say of it."""
    for at in (0.0, 2.0):
        for place in range(3):
            headers = {"x-stainless-retry-count": "0"}
            wired.refuse(429, at=at + place * at / 10, sender=f"task {place}", headers=headers)
    return [Claim(outcome="error", client=9 - end, asked_at=0.0, ended_at=2.0 + end / 5) for end in range(3)]


def test_those_of_a_crowd_that_came_to_nothing_are_told_apart_by_their_ends(wired: Any):
    claims = crowd(wired)

    matched = match(wired.entries, claims)

    assert numbers(matched) == [(1, 4), (2, 5), (3, 6)]
    assert {pair.by for pair in matched.pairs} == {"time"}


def test_without_senders_the_ends_of_a_crowd_prove_nothing(wired: Any):
    """Whose second attempt is whose cannot be told."""
    for at, ended_at in ((0.0, 1.0), (0.0, 1.0), (2.0, 4.0), (3.0, 5.0)):
        wired.refuse(429, at=at, sender=None, headers={"x-stainless-retry-count": "0"}).ended_at = ended_at
    claims = [Claim(outcome="error", client=end, asked_at=0.0, ended_at=4.0 + end) for end in range(2)]

    assert match(wired.entries, claims).open_claims == tuple(claims)
