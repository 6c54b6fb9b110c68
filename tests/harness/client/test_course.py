"""A request on its way: time, failures, and endings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from windtunnel.client.course import Course, begun
from windtunnel.client.events import Discarded, Retrying
from windtunnel.client.failures import (
    ContextTooLong,
    DeadlineExceeded,
    Failure,
    IncompleteAnswer,
    Kind,
    NotAuthenticated,
    RequestError,
    RetryLater,
)
from windtunnel.client.options import Options
from windtunnel.client.request import Request

Asking = Callable[..., Request]


def on_its_way(asking: Asking, *failures: Failure, **options: Any) -> Course:
    async def begin() -> Course:
        return begun(asking(), Options(**options))

    course = asyncio.run(begin())
    for failure in failures:
        course.failed(failure)
    return course


def failure(kind: Kind, **more: Any) -> Failure:
    return Failure(kind=kind, message="no", **more)


@pytest.mark.parametrize(
    ("last", "error"),
    [
        (failure("overloaded"), RequestError),
        (failure("unauthorised", status=401), NotAuthenticated),
        (failure("too_long"), ContextTooLong),
        (failure("rate_limited", retry_after_s=3_600.0), RetryLater),
    ],
)
def test_the_last_failure_decides_what_it_ends_in(asking: Asking, last: Failure, error: type[RequestError]) -> None:
    ended = on_its_way(asking, failure("server"), last).given_up(None)

    assert type(ended) is error
    assert [one.kind for one in ended.attempts] == ["server", last.kind]
    assert "after 2 attempts" in str(ended)


def test_once_a_stream_has_broken_there_is_text_to_tell(asking: Asking) -> None:
    course = on_its_way(asking, deadline_s=60)
    course.broke(failure("stream_broken", status=200), "one two")
    course.failed(failure("overloaded"))

    ended = course.given_up(None)

    assert type(ended) is IncompleteAnswer and ended.text == "one two"
    assert course.too_late().text == "one two"
    assert course.too_late("three").text == "three"


def test_after_a_stream_that_broke_the_next_attempt_is_without_one(asking: Asking) -> None:
    course = on_its_way(asking)
    broken = failure("stream_broken", status=200)
    course.broke(broken, "one")

    assert course.anew(1, 1.5) == [Discarded(broken), Retrying(broken, 1, 1.5)]
    assert not course.request.stream
    course.failed(later := failure("server"))
    assert course.anew(2, 1.5) == [Retrying(later, 2, 1.5)]


def test_where_the_credential_came_from_is_told_if_one_was_sent(asking: Asking) -> None:
    sent, none = failure("unauthorised", status=401), failure("unauthorised")

    assert str(on_its_way(asking, sent).given_up(lambda: "It is in A.")) == "unauthorised: 401 no. It is in A."
    assert str(on_its_way(asking, none).given_up(lambda: "It is in A.")) == "unauthorised: no"


def test_time_that_is_up_ends_what_goes_on_and_lets_nothing_begin(asking: Asking) -> None:
    async def late() -> list[str]:
        course, said = begun(asking(), Options(deadline_s=0.001)), list[str]()
        for _ in range(2):
            try:
                async with course.in_time():
                    await asyncio.Event().wait()
            except DeadlineExceeded as error:
                said.append(str(error))
        return said

    assert asyncio.run(late()) == ["the deadline of 0.001 s has passed"] * 2


def test_a_timeout_of_somebody_elses_stays_what_it_is(asking: Asking) -> None:
    async def ask() -> None:
        async with begun(asking(), Options(deadline_s=60)).in_time():
            raise TimeoutError("theirs")

    with pytest.raises(TimeoutError, match="theirs"):
        asyncio.run(ask())
