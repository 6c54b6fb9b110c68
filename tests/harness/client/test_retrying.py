"""Which failures are tried again, and after what wait."""

from __future__ import annotations

import random
from typing import get_args

import pytest
from tenacity import AsyncRetrying, RetryCallState

from windtunnel.client.failures import Failure, Kind
from windtunnel.client.options import Options
from windtunnel.client.retrying import Backoff, Failed, is_tried_again


def failed(kind: Kind = "overloaded", *, in_stream: bool = False, **more: object) -> Failed:
    return Failed(Failure(kind=kind, message="no", **more), in_stream=in_stream)  # type: ignore[arg-type]


def state(number: int, error: Failed) -> RetryCallState:
    made = RetryCallState(AsyncRetrying(), None, (), {})
    made.attempt_number = number
    made.set_exception((type(error), error, None))
    return made


def waits(number: int, error: Failed, options: Options, *, before: int = 0) -> list[float]:
    backoff = Backoff(options, random.Random(1))
    backoff.before = before
    return [backoff(state(number, error)) for _ in range(500)]


@pytest.mark.parametrize(("number", "length"), [(1, 1.0), (2, 2.0), (3, 4.0), (4, 4.0), (5_000, 4.0)])
def test_waits_double_up_to_the_cap_and_chance_goes_either_way(number: int, length: float) -> None:
    found = waits(number, failed(), Options())

    assert min(found) >= 0.75 * length and max(found) <= 1.25 * length
    assert min(found) < 0.8 * length and max(found) > 1.2 * length


def test_a_request_of_another_form_begins_with_the_first_wait() -> None:
    assert max(waits(3, failed(), Options(), before=2)) <= 1.25


def test_a_hint_is_never_cut_short_and_chance_comes_on_top() -> None:
    found = waits(1, failed(retry_after_s=20.0), Options())

    assert min(found) >= 20.0 and 24.0 < max(found) <= 25.0
    assert waits(1, failed(retry_after_s=20.0), Options(jitter=0))[0] == 20.0


def test_what_may_pass_is_tried_again_unless_the_server_asks_for_too_much() -> None:
    again = {kind for kind in get_args(Kind) if is_tried_again(failed(kind), Options())}

    assert again == {"rate_limited", "overloaded", "server", "network", "timeout", "conflict"}
    assert not is_tried_again(failed(retry_after_s=61.0), Options())
    assert not is_tried_again(failed(should_retry=False), Options())
    assert is_tried_again(failed("invalid", should_retry=True), Options())


def test_a_refused_credential_is_not_sent_again_whatever_the_server_says() -> None:
    assert not is_tried_again(failed("unauthorised", should_retry=True), Options())


def test_a_stream_that_broke_is_asked_for_whole_but_not_what_fails_all_the_same() -> None:
    def again(kind: Kind, **options: bool) -> bool:
        return is_tried_again(failed(kind, in_stream=True), Options(**options))  # type: ignore[arg-type]

    assert again("stream_broken") and again("stream_error") and again("overloaded")
    assert not again("stream_broken", fall_back_to_whole=False)
    assert not again("too_long") and not again("billing")
