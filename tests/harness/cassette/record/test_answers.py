"""Answers at hand: each once, in order; and what is said where there is none."""

from __future__ import annotations

import json

from windtunnel.cassette.interaction import Interaction, Request, Response
from windtunnel.cassette.record.answers import Answers


def asked(number: int) -> Request:
    return Request(method="POST", uri="https://api.anthropic.com/v1/messages", body=b'{"n":%d}' % number)


def taken(number: int, said: bytes = b"{}") -> Interaction:
    return Interaction(request=asked(number), response=Response(status=200, body=said))


def test_the_same_request_is_answered_in_the_order_of_its_recordings():
    answers = Answers([taken(1, b"first"), taken(1, b"second")], on_miss="record")

    said = [answers(asked(1)), answers(asked(1)), answers(asked(1))]

    assert [one and one.body for one in said] == [b"first", b"second", None]
    assert (answers.played, answers.misses) == (2, [])


def test_a_miss_is_refused_in_the_words_of_a_tests_report():
    answers = Answers([taken(1)], on_miss="refuse", name="a.yaml")

    answers(asked(1))
    said = answers(asked(2))

    (miss,) = answers.misses
    assert str(miss).splitlines() == [
        "No recording answers POST /v1/messages (request 2).",
        "  nearest: interaction 1 of a.yaml",
        "  differs: n  1  !=  2",
        "  what to do: record it: windtunnel record --record new --cassette a.yaml",
    ]
    assert said is not None and said.status == 400
    assert json.loads(said.body)["error"]["message"] == miss.brief
