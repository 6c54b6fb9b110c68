"""Finding the interaction that answers: in order, once each, and without looking at all the others."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from windtunnel.cassette.interaction import Interaction, Request, Response
from windtunnel.cassette.match import Asked, Index, Matched, Matching, Reel, redacting
from windtunnel.cassette.match import asked as asked_module

URI = "https://api.anthropic.com/v1/messages"


def taken(text: str, *, spaced: bool = False, headers: Any = (), **more: Any) -> Interaction:
    body = {"model": "m", "max_tokens": 10, "messages": [{"role": "user", "content": text}]} | more
    data = json.dumps(body, separators=(", ", ": ") if spaced else (",", ":")).encode()
    return Interaction(
        request=Request(method="POST", uri=URI, headers=headers, body=data), response=Response(status=200)
    )


def like(interaction: Interaction) -> Asked:
    return Asked("POST", "/v1/messages", body=interaction.request.body, headers=interaction.request.headers)


def index(*interactions: Interaction, rules: Any = ("method", "path", "query", "body"), **options: Any) -> Index:
    return Index(Reel([("c", interactions)]), Matching.of(rules), **options)


def places(found: Index, *asked: Interaction) -> list[int | None]:
    matched = [found.take(like(one)) for one in asked]
    return [None if one is None else one.place for one in matched]


A, B, C = taken("a"), taken("b"), taken("c")


def test_requests_are_found_in_whatever_order_they_come() -> None:
    assert places(index(A, B, C), C, A, B) == [2, 0, 1]


def test_identical_requests_are_answered_in_the_order_of_their_recording_each_once() -> None:
    assert places(index(A, B, A, A), A, A, A, A) == [0, 2, 3, None]


def test_with_repeats_the_last_goes_on_answering() -> None:
    found = index(A, B, A, allow_repeats=True)

    assert places(found, A, A, A, A) == [0, 2, 2, 2]
    assert found.take(like(A)) == Matched(2, again=True)


def test_the_same_request_in_other_bytes_is_found() -> None:
    assert places(index(A, B), taken("b", spaced=True), taken("a", spaced=True)) == [1, 0]


def test_bytes_that_are_spent_do_not_hide_a_recording_that_asks_the_same_in_other_bytes() -> None:
    assert places(index(A, taken("a", spaced=True)), A, A, A) == [0, 1, None]


def test_an_interaction_put_back_comes_before_those_behind_it() -> None:
    found = index(A, A)
    assert places(found, A) == [0]

    found.again(0)

    assert places(found, A, A, A) == [0, 1, None]


def test_an_interaction_put_back_late_is_there_again() -> None:
    found = index(A, A, A)
    assert places(found, A, A) == [0, 1]

    found.again(0)

    assert places(found, A, A, A) == [0, 2, None]


def test_a_rewound_index_begins_anew() -> None:
    found = index(A, A)
    places(found, A, A)

    found.rewind()

    assert places(found, A, A) == [0, 1]


def test_what_is_played_is_known() -> None:
    found = index(A, B, C)
    places(found, B)

    assert (list(found.played), found.unplayed) == ([0, 1, 0], True)


def test_a_header_counts_where_a_rule_asks_for_it() -> None:
    one, other = taken("a", headers=(("x-day", "mon"),)), taken("a", headers=(("x-day", "tue"),))

    assert places(index(one, other, rules=["body", "headers:x-day"]), other, other) == [1, None]
    assert places(index(one, other), other, other) == [0, 1]


def test_without_the_body_any_request_to_the_place_is_answered_in_order() -> None:
    assert places(index(A, B, rules=["method", "path"]), C, C, C) == [0, 1, None]


def test_a_rule_of_ones_own_may_refuse_a_recording() -> None:
    def same_day(asked: Request, recorded: Request) -> bool:
        return asked.headers == recorded.headers

    one, other = taken("a", headers=(("x-day", "mon"),)), taken("a", headers=(("x-day", "tue"),))

    assert places(index(one, other, rules=["body", same_day]), other, one, one) == [1, 0, None]


def test_a_secret_in_a_live_request_meets_its_placeholder() -> None:
    def redact(request: Request) -> Request:
        return replace(request, body=request.body.replace(b"sk-secret", b"PLACEHOLDER"))

    recorded, live = taken("my key is PLACEHOLDER"), taken("my key is sk-secret")

    assert places(index(recorded), live) == [None]
    assert places(index(recorded, redact=redacting(redact)), live) == [0]


def test_no_body_is_parsed_for_a_request_that_comes_as_it_was_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(*args: object) -> None:
        raise AssertionError("parsed")

    found = index(A, B, C)
    monkeypatch.setattr(asked_module, "canonical", parse)

    assert places(found, C, B) == [2, 1]


def test_one_that_comes_in_its_turn_in_other_words_is_found_without_reading_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parsed: list[bytes] = []
    real = asked_module.canonical
    monkeypatch.setattr(asked_module, "canonical", lambda body, kind: (parsed.append(body), real(body, kind))[1])
    found = index(A, B, C)

    assert places(found, taken("a", spaced=True), taken("b", spaced=True)) == [0, 1]
    assert len(parsed) == 4


def test_the_name_of_a_user_is_passed_over_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    found = index(*(taken(text, metadata={"user_id": "then"}, stream=True) for text in "abc"))
    monkeypatch.setattr(asked_module, "canonical", lambda *_: pytest.fail("parsed"))

    assert places(found, taken("c", metadata={"user_id": "now"}, stream=True)) == [2]


def test_a_request_is_redacted_once() -> None:
    seen: list[Request] = []

    def redact(request: Request) -> Request:
        seen.append(request)
        return replace(request, body=request.body.replace(b"secret", b"REDACTED"))

    assert places(index(A, taken("REDACTED"), redact=redacting(redact)), taken("secret")) == [1]
    assert len(seen) == 1


def test_one_recorded_in_the_very_bytes_comes_before_others_that_ask_the_same() -> None:
    assert places(index(taken("a", spaced=True), A), A, A) == [1, 0]


def test_a_compressed_body_is_read() -> None:
    head = (("content-encoding", "gzip"), ("content-type", "application/json"))
    packed = [
        replace(A, request=replace(A.request, headers=head, body=gzip.compress(A.request.body, mtime=mtime)))
        for mtime in (1, 2)
    ]

    assert places(index(B, packed[0]), packed[1]) == [1]


def test_recorded_bodies_are_parsed_once_however_many_requests_come(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes] = []
    real = asked_module.canonical
    monkeypatch.setattr(asked_module, "canonical", lambda body, kind: (parsed.append(body), real(body, kind))[1])
    recorded = [taken(str(number)) for number in range(50)]
    found = index(*recorded)

    places(found, *(taken(str(number), spaced=True) for number in reversed(range(50))))

    assert len(parsed) == 101  # the first was tried in its turn


# --- a miss ------------------------------------------------------------------------------------------------------


def nearest(recorded: Sequence[Interaction], seen: Interaction, **options: Any) -> Any:
    return index(*recorded, **options).nearest(like(seen))


def test_the_nearest_is_the_one_that_shares_most() -> None:
    far = taken("b", model="other", max_tokens=1)
    near = taken("a", max_tokens=11)

    found = nearest([far, near], A)

    assert (found.place, str(found.difference)) == (1, "max_tokens  11  !=  10")


def test_a_conversation_is_nearest_to_the_recording_that_begins_as_it_does() -> None:
    def turns(*texts: str) -> Interaction:
        return taken("", messages=[{"role": "user", "content": text} for text in texts])

    found = nearest([turns("x", "y"), turns("a", "b", "c"), turns("a")], turns("a", "b", "d"))

    assert found.place == 1
    assert str(found.difference) == 'messages[2].content[0].text  "c"  !=  "d"'


def test_what_was_played_already_is_named_and_has_no_difference() -> None:
    found = index(A, B)
    places(found, A)

    told = found.nearest(like(A))

    assert told is not None
    assert (told.place, told.difference) == (0, None)


def test_nothing_is_near_where_nothing_is_recorded() -> None:
    assert nearest([], A) is None


def test_a_rule_of_ones_own_says_why() -> None:
    found = nearest([A], A, rules=["body", lambda asked, recorded: "the day differs"])

    assert str(found.difference) == "match  the recording  !=  the day differs"
