"""What happened, in order, and nothing secret in it."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.journal import Entry, Journal, Performed, entry_from_json, mask, mask_headers

words = st.text(max_size=8)
instants = st.floats(0, 1e6)
pairs = st.lists(st.tuples(words, words), max_size=3).map(tuple)
values = st.recursive(st.none() | st.booleans() | st.integers() | words, lambda inner: st.dictionaries(words, inner))
performed = st.builds(
    Performed,
    at=instants,
    what=st.sampled_from(["head", "send", "wait", "raw", "end", "close", "reset"]),
    bytes=st.integers(0, 99),
    event=st.none() | st.just("ping"),
)
entries = st.builds(
    Entry,
    number=st.integers(0, 99),
    provider=words,
    method=words,
    path=words,
    query=words,
    headers=pairs,
    body=values,
    bytes_in=st.integers(0, 99),
    body_digest=words,
    arrived_at=instants,
    head_at=st.none() | instants,
    body_at=st.none() | instants,
    connection=st.integers(0, 9),
    sender=st.none() | words,
    status=st.none() | st.integers(100, 599),
    response_headers=pairs,
    error_type=st.none() | words,
    request_id=st.none() | words,
    usage=st.none() | st.dictionaries(words, st.integers()),
    answered_by=st.none() | words,
    faults=st.lists(words, max_size=2).map(tuple),
    steps=st.lists(performed, max_size=3),
    bytes_out=st.integers(0, 99),
    ended=st.none() | st.sampled_from(["complete", "hung up"]),
    ended_at=st.none() | instants,
)


def entry(number: int = 1, **changes: Any) -> Entry:
    return Entry(number=number, provider="anthropic", method="POST", path="/v1/messages", **changes)


@given(entries)
def test_an_entry_survives_json(one: Entry) -> None:
    assert entry_from_json(json.loads(json.dumps(one.to_json()))) == one


def test_an_entry_is_written_in_the_order_of_its_fields() -> None:
    assert list(entry().to_json()) == list(Entry.__slots__)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("sk-ant-api03-abcdefghijkl-WXYZ", "***WXYZ"),
        ("Bearer sk-ant-oat01-abcdefgh-WXYZ", "Bearer ***WXYZ"),
        ("bearer sk-ant-oat01-abcdefgh-WXYZ", "bearer ***WXYZ"),
        ("Basic dXNlcjpwYXNzd29yZDEyMw==", "Basic ***Mw=="),
        ("short", "***"),
        ("Bearer short", "Bearer ***"),
        ("fifteen-letters", "***"),
        ("", "***"),
    ],
)
def test_a_credential_keeps_its_scheme_and_four_characters_of_many(value: str, shown: str) -> None:
    assert mask(value) == shown


@pytest.mark.parametrize(
    "value",
    [
        "session=PLANTEDSECRET; theme=dark",
        "theme=dark; session=PLANTEDSECRET; x=1",
        "PLANTEDSECRET and a comment behind it",
        "Bearer PLANTEDSECRET trailing words",
    ],
)
def test_no_part_of_a_credential_is_taken_for_its_scheme(value: str) -> None:
    assert "PLANTED" not in mask(value)


@given(st.text(min_size=1, max_size=80))
def test_at_most_four_characters_of_a_credential_are_shown(secret: str) -> None:
    shown = mask(secret)

    assert shown.partition("***")[2] in ("", secret[-4:])


@pytest.mark.parametrize(
    "name",
    ["Authorization", "X-Api-Key", "api-key", "Cookie", "Set-Cookie", "proxy-authorization", "X-Amz-Security-Token"],
)
def test_credential_headers_are_masked_in_any_case(name: str) -> None:
    masked = mask_headers(((name, "PLANTED-SECRET-OF-SOME-LENGTH"), ("Accept", "*/*")))

    assert masked == ((name, "***NGTH"), ("Accept", "*/*"))


def test_calls_are_numbered_from_one_and_from_one_again_once_forgotten() -> None:
    journal = Journal()

    numbers = [journal.open(entry).number, journal.open(entry).number]
    journal.clear()

    assert numbers == [1, 2]
    assert journal.open(entry).number == 1
    assert len(journal) == 1


def test_what_came_since_a_call_is_what_came_behind_it() -> None:
    journal = Journal()
    for _ in range(4):
        journal.open(entry)

    assert [one.number for one in journal.since(2)] == [3, 4]
    assert journal.since(4) == []
    assert [one.number for one in journal] == [1, 2, 3, 4]
    assert journal[-1].number == 4


def test_the_list_of_calls_is_the_readers_own() -> None:
    journal = Journal()
    journal.open(entry)

    journal.calls.clear()

    assert len(journal) == 1


def test_threads_that_write_at_once_get_numbers_of_their_own() -> None:
    journal = Journal()
    threads = [threading.Thread(target=lambda: [journal.open(entry) for _ in range(200)]) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [one.number for one in journal.calls] == list(range(1, 801))


def test_headers_are_found_in_any_case() -> None:
    one = entry(headers=(("X-A", "1"),), response_headers=(("Request-Id", "req_1"),))

    assert one.header("x-a") == "1"
    assert one.response_header("request-id") == "req_1"
    assert one.header("request-id") is None
    assert one.response_header("x-a") is None


def test_events_that_left_are_told_in_order() -> None:
    sent = [
        Performed(0, "head", 9),
        Performed(0, "send", 5, "message_start"),
        Performed(1, "send", 5),
        Performed(2, "end"),
    ]

    assert entry(steps=sent).events_sent == ["message_start"]
