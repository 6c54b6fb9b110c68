"""What counts as a failure, and how it is put in words."""

from __future__ import annotations

import pytest

from windtunnel.verdicts.failures import answer, asked_for_stream, asks_the_api, at_the_door, failed, failure_of
from windtunnel_server.journal import Performed


@pytest.mark.parametrize(
    ("call", "is_failure", "words"),
    [
        ({"status": 200}, False, "200"),
        ({"status": 429}, True, "429 rate_limit_error"),
        ({"status": None, "ended": "refused"}, True, "refused before the head"),
        ({"status": None, "ended": "hung up"}, True, "client hung up before the head"),
        ({"status": None, "ended": None}, False, "under way"),
        ({"status": 200, "ended": None}, False, "200, under way"),
        ({"status": 200, "ended": "reset", "stream": True}, True, "200, reset after 0 events"),
        ({"status": 200, "ended": "closed"}, True, "200, cut"),
        ({"status": 200, "stream": True, "error_type": "overloaded_error"}, True, "200 overloaded_error"),
    ],
)
def test_what_failed_and_how(told, call, is_failure, words):
    entry = told.call(0.0, **call)

    assert failed(entry) is is_failure
    assert answer(entry) == words


def test_a_stream_is_asked_for_in_the_body_or_in_the_path(told):
    assert asked_for_stream(told.call(0.0, stream=True))
    assert asked_for_stream(told.call(0.0, path="/model/m/invoke-with-response-stream"))
    assert asked_for_stream(
        told.call(0.0, path="/v1/projects/p/locations/l/publishers/anthropic/models/m:streamRawPredict")
    )
    assert not asked_for_stream(told.call(0.0, path="/model/m/invoke"))


def test_the_rules_see_how_long_the_failure_took(told):
    entry = told.call(5.0, 429, takes=3.0, said={"Retry-After": "2"})
    entry.steps[:] = [Performed(6.0, "head")]

    failure = failure_of(entry)

    assert (failure.since_arrival_s, failure.since_head_s) == (3.0, 2.0)
    assert failure.header("retry-after") == "2"


def test_a_shut_door_is_met_by_attempts_at_the_api(told):
    told.door(0.0, ended="closed")

    (entry,) = told.entries
    assert at_the_door(entry) and asks_the_api(entry) and failed(entry)
    assert failure_of(entry).status is None
    assert not at_the_door(told.call(0.0, None, ended="reset"))


def test_credential_services_are_not_the_api(told):
    assert asks_the_api(told.call(0.0, path="/v1/messages/count_tokens"))
    assert not asks_the_api(told.call(0.0, path="/v1/oauth/token"))
