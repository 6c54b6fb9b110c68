"""The TypeScript SDK in rough weather on the real clock: what it makes of each failure, and that its backoff passes."""

from __future__ import annotations

import json
import os
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from windtunnel import fail, reply

pytestmark = [pytest.mark.slow, pytest.mark.windtunnel(clock="real")]

HERE = Path(__file__).parent
NAMES_OF_529 = {"0": "InternalServerError", "1": "OverloadedError"}


def gaps(journal):
    """Seconds from the end of each answer to the arrival of the next attempt."""
    calls = journal.calls
    return [later.arrived_at - earlier.ended_at for earlier, later in pairwise(calls)]


def test_a_hint_of_milliseconds_is_waited_out(windtunnel, sdk):
    windtunnel.script(fail("rate_limited", retry_after_ms=120), reply("Hello"))

    message = sdk(windtunnel.env, "create")["result"]

    assert message["content"][0]["text"] == "Hello"
    assert [call.status for call in windtunnel.journal] == [429, 200]
    windtunnel.verdict.backoff("anthropic_typescript").check()


def test_it_gives_up_after_two_retries(windtunnel, sdk, generation):
    windtunnel.script(fail("overloaded", retry_after_ms=40, times=3), reply("too late"))

    error = sdk(windtunnel.env, "create")["error"]

    assert (error["name"], error["status"], error["type"]) == (NAMES_OF_529[generation], 529, "overloaded_error")
    assert [call.header("x-stainless-retry-count") for call in windtunnel.journal] == ["0", "1", "2"]
    windtunnel.verdict.backoff("anthropic_typescript").check()


def test_without_a_hint_it_waits_as_its_own_formula_says(windtunnel, sdk):
    windtunnel.script(fail("overloaded", times=2), reply("Hello"))

    assert sdk(windtunnel.env, "create")["error"] is None

    first, second = gaps(windtunnel.journal)
    assert first >= 0.373 and second >= 0.748
    verdict = windtunnel.verdict.backoff("anthropic_typescript")
    verdict.check()
    assert len(verdict.report.gaps) == 2


def test_an_error_event_ends_the_stream_and_is_not_retried(windtunnel, sdk):
    windtunnel.script(fail("error_event", after_events=3, text="Hello there"))

    read = sdk(windtunnel.env, "events")["result"]

    assert read["events"][0]["type"] == "message_start"
    assert (read["error"]["name"], read["error"]["status"]) == ("APIError", None)
    assert read["error"]["type"] == "overloaded_error"
    assert len(windtunnel.journal) == 1
    windtunnel.verdict.backoff("anthropic_typescript").check()


@pytest.mark.parametrize("cut", ["reset_mid_body", "close_mid_stream"])
def test_a_cut_stream_is_an_error_and_not_retried(windtunnel, sdk, cut):
    windtunnel.script(*[fail(cut, after_events=3, text="Hello there")] * 2)

    raw = sdk(windtunnel.env, "events")["result"]
    helped = sdk(windtunnel.env, "helped")

    assert (raw["error"]["name"], raw["error"]["message"]) == ("TypeError", "terminated")
    assert raw["events"][0]["type"] == "message_start"
    assert helped["error"]["name"] == "AnthropicError"
    assert len(windtunnel.journal) == 2


def test_a_stream_that_ends_too_early_is_noticed_by_the_helper_alone(windtunnel, sdk):
    windtunnel.script(*[fail("end_mid_stream", after_events=3, text="Hello there")] * 2)

    raw = sdk(windtunnel.env, "events")["result"]
    helped = sdk(windtunnel.env, "helped")

    assert raw["error"] is None
    assert "message_stop" not in [event["type"] for event in raw["events"]]
    assert helped["error"]["name"] == "AnthropicError"


def test_a_reset_before_the_headers_is_retried(windtunnel, sdk):
    windtunnel.script(fail("reset_before_headers"), reply("Hello"))

    message = sdk(windtunnel.env, "create")["result"]

    assert message["content"][0]["text"] == "Hello"
    assert [call.ended for call in windtunnel.journal] == ["reset", "complete"]
    windtunnel.verdict.backoff("anthropic_typescript").check()


def test_resets_without_end_are_a_connection_error(windtunnel, sdk):
    windtunnel.script(fail("reset_before_headers", times=2))

    error = sdk(windtunnel.env, "create", options={"maxRetries": 1})["error"]

    assert (error["name"], error["status"]) == ("APIConnectionError", None)
    windtunnel.verdict.backoff("anthropic_typescript", max_retries=1).check()


def test_a_refused_connection_is_tried_again_until_the_door_opens(serve, sdk):
    served = serve()
    served.script({"fail": "connection_refused", "for_s": 0.6}, {"reply": "Hello"})

    message = sdk(served.env, "create", options={"maxRetries": 5})["result"]

    assert message["content"][0]["text"] == "Hello"
    refused, answered = served.journal
    assert (refused.ended, answered.ended) == ("refused", "complete")
    assert int(answered.header("x-stainless-retry-count")) >= 1


def test_a_door_that_stays_shut_is_a_connection_error(serve, sdk):
    served = serve()
    served.script({"fail": "connection_refused", "for_s": 30})

    error = sdk(served.env, "create", options={"maxRetries": 0})["error"]

    assert (error["name"], error["cause"]) == ("APIConnectionError", "ECONNREFUSED")


def test_a_client_that_hammers_fails_the_same_verdict(windtunnel, node):
    windtunnel.script(fail("rate_limited", retry_after=30, times=4), reply("Hello"))

    run = subprocess.run(
        [node, str(HERE / "naive.mjs")],
        env={**os.environ, **windtunnel.env},
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
    )

    assert json.loads(run.stdout) == [429, 429, 429, 429, 200]
    verdict = windtunnel.verdict.backoff("anthropic_typescript")
    assert verdict.value == "fail"
    assert "retry-after not honoured" in verdict.findings[0].title
