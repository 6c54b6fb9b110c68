"""What a foreign recorder did not keep."""

from __future__ import annotations

import pytest

from windtunnel.cassette.importing.lost import Lost, can_have_body, whole
from windtunnel.cassette.interaction import Ended, Headers, Interaction, Request, Response

URI = "https://api.anthropic.com/v1/messages"
LONG: Headers = (("Content-Length", "17"),)
NONE: Headers = (("content-length", "0"),)


def exchange(asked: Headers = (), said: Headers = (), *, status: int = 200, ended: Ended = "complete") -> Interaction:
    return Interaction(
        request=Request(method="POST", uri=URI, headers=asked),
        response=Response(status=status, headers=said, ended=ended),
    )


@pytest.mark.parametrize(
    ("one", "what"), [(exchange(LONG), "request"), (exchange((), LONG), "answer"), (exchange(LONG, LONG), "request")]
)
def test_a_length_without_a_body_is_a_body_that_was_not_kept(one: Interaction, what: str) -> None:
    found = whole(one, "entry 3")

    assert isinstance(found, Lost)
    assert str(found) == f"entry 3 (POST {URI}): the body of the {what} was not kept"


@pytest.mark.parametrize("one", [exchange((), (("server", "cloud\u2013flare"),)), exchange(status=101)])
def test_what_http_could_not_carry_is_lost(one: Interaction) -> None:
    found = whole(one, "entry 1")

    assert isinstance(found, Lost)
    assert found.why.startswith("response.")


@pytest.mark.parametrize("one", [exchange(NONE, NONE), exchange((), LONG, status=304), exchange((), LONG, ended="cut")])
def test_where_nothing_was_to_come_nothing_is_lost(one: Interaction) -> None:
    assert whole(one, "entry 1") is one


@pytest.mark.parametrize(("method", "status", "may"), [("HEAD", 200, False), ("GET", 204, False), ("GET", 500, True)])
def test_some_answers_never_have_a_body(method: str, status: int, may: bool) -> None:
    assert can_have_body(method, status) is may
