"""The SDK's own retries in virtual time: hours in no time, and gaps that are exact."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import anthropic
import pytest

from windtunnel import fail, reply
from windtunnel_server.clock import REAL

NEWER = int(anthropic.__version__.partition(".")[0]) >= 1
#: Up to 0.x a hint of more than 60 s is passed over.
HINT_S = 300 if NEWER else 45
MILLISECOND = 0.001

#: Between which bounds the default delay before the first and the second retry lies (wire.md 7.1).
FIRST, SECOND = (0.375, 0.5), (0.75, 1.0)


def test_a_hint_of_minutes_is_waited_out_to_the_millisecond(
    windtunnel: Any, subject: Any, settled: Any, policy: Any
) -> None:
    windtunnel.script(fail("rate_limited", retry_after=HINT_S, times=2), reply("Hello"))
    started = REAL.monotonic()

    message = subject.create()

    assert message.content[0].text == "Hello"
    assert gaps(settled()) == pytest.approx([HINT_S, HINT_S], abs=MILLISECOND)
    assert [call.header("x-stainless-retry-count") for call in windtunnel.journal] == ["0", "1", "2"]
    assert REAL.monotonic() - started < 10
    windtunnel.verdict.backoff(policy).check()
    if NEWER:
        windtunnel.verdict.backoff("anthropic_python").check()


@pytest.mark.parametrize("ask", ["raw", "helped"])
def test_a_stream_is_retried_until_it_begins(
    windtunnel: Any, subject: Any, settled: Any, policy: Any, ask: str
) -> None:
    windtunnel.script(fail("overloaded", retry_after=20), fail("internal_error"), reply("Hello"))

    read = getattr(subject, ask)()

    assert read.error is None
    first, second = gaps(settled())
    assert first == pytest.approx(20, abs=MILLISECOND)
    assert SECOND[0] <= second <= SECOND[1]
    windtunnel.verdict.backoff(policy).check()


HINTS: Mapping[str, tuple[dict[str, Any], tuple[float, float]]] = {
    "seconds": ({"retry_after": 7}, (7, 7)),
    "a fraction": ({"retry_after": 1.5}, (1.5, 1.5)),
    "milliseconds": ({"retry_after_ms": 1234}, (1.234, 1.234)),
    "milliseconds first": ({"retry_after_ms": 250, "retry_after": 30}, (0.25, 0.25)),
    "milliseconds of zero": ({"retry_after_ms": 0, "retry_after": 30}, FIRST),
    "a date": ({"retry_after_date": 40}, (40, 41)),
    "zero": ({"retry_after": 0}, FIRST),
    "in the past": ({"retry_after_date": -40}, FIRST),
    "no number": ({"headers": {"retry-after": "soon"}}, FIRST),
    "none": ({}, FIRST),
}


@pytest.mark.parametrize(("hint", "bounds"), HINTS.values(), ids=HINTS.keys())
def test_every_form_of_hint_is_followed(
    windtunnel: Any, connect: Any, settled: Any, policy: Any, hint: dict[str, Any], bounds: tuple[float, float]
) -> None:
    for door in ("sync-socket", "async-memory"):
        windtunnel.reset()
        windtunnel.script(fail("rate_limited", **hint), reply("Hello"))

        connect(door).create()

        (gap,) = gaps(settled())
        assert bounds[0] - MILLISECOND <= gap <= bounds[1] + MILLISECOND
        windtunnel.verdict.backoff(policy).check()


def test_a_hint_of_more_than_a_minute_is_followed_since_one_point_oh(
    windtunnel: Any, subject: Any, settled: Any
) -> None:
    windtunnel.script(fail("rate_limited", retry_after=3600), reply("Hello"))

    subject.create()

    (gap,) = gaps(settled())
    assert gap == pytest.approx(3600, abs=MILLISECOND) if NEWER else FIRST[0] <= gap <= FIRST[1]


RETRIED = [
    "request_timeout",
    "conflict",
    "rate_limited",
    "internal_error",
    "bad_gateway",
    "unavailable",
    "gateway_timeout",
]
RETRIED += ["cloudflare_520", "overloaded", "reset_before_headers", "empty_answer"]
AT_THE_DOOR = ["connection_refused", "connection_dropped"]


@pytest.mark.parametrize("name", RETRIED + AT_THE_DOOR)
def test_what_may_pass_is_retried_with_backoff(
    windtunnel: Any, connect: Any, settled: Any, policy: Any, name: str
) -> None:
    for door in ("sync-socket", "async-socket", "sync-memory", "async-memory"):
        windtunnel.reset()
        windtunnel.script(fail(name, times=2), reply("Hello"))

        message = connect(door).create()

        assert message.content[0].text == "Hello"
        first, second = gaps(settled())
        assert FIRST[0] <= first <= FIRST[1] + MILLISECOND
        assert SECOND[0] <= second <= SECOND[1] + MILLISECOND
        windtunnel.verdict.backoff(policy).check()


@pytest.mark.parametrize("name", AT_THE_DOOR)
def test_the_verdict_sees_attempts_that_were_turned_away_at_the_door(
    windtunnel: Any, subject: Any, policy: Any, name: str
) -> None:
    windtunnel.script(fail(name, times=2), reply("Hello"))

    subject.create()

    windtunnel.verdict.backoff(policy).check()


FINAL = ["invalid_request", "invalid_api_key", "billing", "permission_denied", "not_found", "request_too_large"]


@pytest.mark.parametrize("name", FINAL)
def test_what_will_not_pass_is_not_retried(windtunnel: Any, connect: Any, settled: Any, policy: Any, name: str) -> None:
    for door in ("sync-socket", "async-socket"):
        windtunnel.reset()
        windtunnel.script(fail(name), reply("Hello"))

        with pytest.raises(anthropic.APIStatusError):
            connect(door).create()

        assert len(settled()) == 1
        windtunnel.verdict.backoff(policy).check()


def test_the_server_s_word_on_retrying_is_obeyed_both_ways(
    windtunnel: Any, subject: Any, settled: Any, policy: Any
) -> None:
    windtunnel.script(fail("invalid_request", should_retry=True), fail("internal_error", should_retry=False))

    with pytest.raises(anthropic.InternalServerError):
        subject.create()

    assert [call.status for call in settled()] == [400, 500]
    windtunnel.verdict.backoff(policy).check()


def test_the_client_gives_up_behind_its_last_retry(windtunnel: Any, subject: Any, settled: Any, policy: Any) -> None:
    windtunnel.script(fail("overloaded", times=9))

    with pytest.raises(anthropic.APIStatusError) as raised:
        subject.create()

    assert raised.value.status_code == 529
    assert len(settled()) == 3
    assert raised.value.request_id == windtunnel.journal[2].request_id
    windtunnel.verdict.backoff(policy).check()


def test_more_retries_grow_the_delay_up_to_its_cap(windtunnel: Any, connect: Any, settled: Any, policy: Any) -> None:
    windtunnel.script(fail("internal_error", times=7), reply("Hello"))

    connect("sync-socket", max_retries=7).create()

    for place, gap in enumerate(gaps(settled())):
        delay = min(0.5 * 2**place, 8.0)
        assert 0.75 * delay <= gap <= delay + MILLISECOND
    windtunnel.verdict.backoff(policy, max_retries=7).check()
    assert windtunnel.verdict.backoff(policy).failed


def test_silence_for_ever_ends_in_the_client_s_own_timeout(
    windtunnel: Any, subject: Any, settled: Any, policy: Any
) -> None:
    windtunnel.script(fail("stall_before_headers", times=3))
    started = REAL.monotonic()

    with pytest.raises(anthropic.APITimeoutError):
        subject.create()

    calls = settled()
    assert [call.ended for call in calls] == ["hung up"] * 3
    assert [call.ended_at - call.arrived_at for call in calls] == pytest.approx([600.0] * 3, abs=MILLISECOND)
    assert windtunnel.clock.now() == pytest.approx(3 * 600.0 + sum(gaps(calls)), abs=MILLISECOND)
    assert REAL.monotonic() - started < 10
    windtunnel.verdict.backoff(policy).check()


def test_a_stall_that_ends_in_time_is_no_failure(windtunnel: Any, subject: Any, settled: Any) -> None:
    windtunnel.script(fail("stall_before_headers", for_s=599))

    subject.create()

    (call,) = settled()
    assert (call.ended, windtunnel.clock.now()) == ("complete", pytest.approx(599, abs=MILLISECOND))


def test_a_timeout_of_the_client_s_own_choice_holds(windtunnel: Any, connect: Any, door: Any, settled: Any) -> None:
    windtunnel.script(fail("stall_before_headers"))

    with pytest.raises(anthropic.APITimeoutError):
        connect(door, max_retries=0, timeout=12.5).create()

    (call,) = settled()
    assert call.ended_at == pytest.approx(12.5, abs=MILLISECOND)


def test_a_body_cut_while_it_is_read_whole_is_retried(windtunnel: Any, subject: Any, settled: Any, policy: Any) -> None:
    windtunnel.script(fail("reset_mid_body"), fail("close_mid_stream"), reply("Hello"))

    message = subject.create()

    assert message.content[0].text == "Hello"
    assert [call.ended for call in settled()] == ["reset", "closed", "complete"]
    windtunnel.verdict.backoff(policy).check()


@pytest.mark.parametrize(
    "name",
    [
        "rate_limited",
        "overloaded",
        "reset_before_headers",
        *AT_THE_DOOR,
    ],
)
def test_a_client_that_does_not_wait_fails_the_verdict(
    windtunnel: Any, once: Any, settled: Any, policy: Any, asked: dict[str, Any], name: str
) -> None:
    windtunnel.script(fail(name, times=2), reply("Hello"))

    once.call(lambda client: _hammer(client, asked))

    assert len(settled()) == 3
    verdict = windtunnel.verdict.backoff(policy.changed(counts="ignore"))
    assert verdict.failed
    assert [finding.attempts for finding in verdict.findings] == [(2,), (3,)]


def test_a_bare_loop_over_the_http_library_fails_the_verdict(
    windtunnel: Any, httpx_like: Any, asked: dict[str, Any], policy: Any
) -> None:
    windtunnel.script(fail("rate_limited", retry_after=30, times=2), reply("Hello"))
    headers = {"x-api-key": windtunnel.api_key, "anthropic-version": "2023-06-01"}

    with httpx_like.Client(base_url=windtunnel.url, headers=headers) as client:
        while client.post("/v1/messages", json=asked).status_code != 200:
            pass

    assert windtunnel.verdict.backoff(policy).failed
    assert windtunnel.verdict.backoff("anthropic_python").failed


def test_a_client_that_retries_what_it_must_not_fails_the_verdict(
    windtunnel: Any, once: Any, policy: Any, asked: dict[str, Any]
) -> None:
    windtunnel.script(fail("invalid_request", times=3), reply("Hello"))

    once.call(lambda client: _hammer(client, asked))

    verdict = windtunnel.verdict.backoff(policy.changed(counts="ignore"))
    assert verdict.failed
    assert "must not be retried" in verdict.findings[0].title


def _hammer(client: Any, asked: dict[str, Any]) -> Any:
    """Ask again at once until there is an answer: in one task, as a loop of somebody's own would."""
    if isinstance(client, anthropic.Anthropic):
        while True:
            try:
                return client.messages.create(**asked)
            except anthropic.APIError:
                pass
    return _hammer_async(client, asked)


async def _hammer_async(client: Any, asked: dict[str, Any]) -> Any:
    while True:
        try:
            return await client.messages.create(**asked)
        except anthropic.APIError:
            pass


def gaps(calls: Any) -> list[float]:
    """Seconds from the end of each attempt to the arrival of the next."""
    return [after.arrived_at - before.ended_at for before, after in pairwise(calls)]
