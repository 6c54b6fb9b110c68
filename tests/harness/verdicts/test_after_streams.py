"""Retries of a call that begins with a stream and goes on without one."""

from __future__ import annotations

import pytest

from windtunnel.policies import find
from windtunnel.verdicts import EXACT
from windtunnel.verdicts.backoff import judge

UNIFIED = find("unified_client")


def asked(told, at: float, status: int = 529, *, stream: bool, words: str = "Hello", sender: str | None = "task 1"):
    """Write down a call with these words; a stream that is answered 200 is cut."""
    cut = stream and status == 200
    entry = told.call(
        at, status, sender=sender, stream=stream, body=f"{words} {stream}", ended="closed" if cut else "complete"
    )
    entry.body["messages"] = [{"role": "user", "content": words}]
    return entry


def verdict_on(told, policy=UNIFIED):
    return judge(told.entries, policy, tolerance=EXACT, finished=True)


def titles(verdict) -> list[str]:
    return [finding.title for finding in verdict.findings]


def test_a_client_may_give_up_when_stream_and_whole_have_used_up_its_retries(told):
    asked(told, 0.0, 200, stream=True)
    for at in (1.0, 2.0, 4.0):
        asked(told, at, stream=False)

    assert verdict_on(told).passed
    assert titles(verdict_on(told, UNIFIED.changed(after_a_stream="counts anew"))) == ["gave up early"]


def test_a_client_that_counts_anew_makes_too_many_attempts(told):
    asked(told, 0.0, 200, stream=True)
    for at in (1.0, 2.0, 4.0, 8.0):
        asked(told, at, stream=False)

    verdict = verdict_on(told)

    assert verdict.failed and titles(verdict) == ["too many attempts"]
    assert verdict.findings[0].seen == "retry 3, after 1 attempt at the stream that it stands in for"
    assert verdict_on(told, UNIFIED.changed(after_a_stream="counts anew")).passed


@pytest.mark.parametrize("other", [{"words": "Another question"}, {"sender": "task 2"}])
def test_the_streams_of_others_take_no_retries(told, other):
    asked(told, 0.0, 200, stream=True, **other)
    for at in (1.0, 2.0, 4.0):
        asked(told, at, stream=False)

    assert titles(verdict_on(told)) == ["gave up early"]


def test_a_stream_that_is_whole_or_comes_later_takes_no_retries(told):
    asked(told, 0.0, 200, stream=True).ended = "complete"
    for at in (1.0, 2.0, 4.0):
        asked(told, at, stream=False)
    asked(told, 9.0, 200, stream=True)

    assert titles(verdict_on(told)) == ["gave up early"]
