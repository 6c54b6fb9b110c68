"""The TypeScript SDK, in a process of its own, reads every kind of answer that the fake gives."""

from __future__ import annotations

import json

import pytest

from windtunnel import fail, reply

pytestmark = [pytest.mark.slow, pytest.mark.windtunnel(clock="real")]

VERSIONS = {"0": "2023-06-01", "1": "2026-10-21"}
WEATHER = {"name": "weather", "input_schema": {"type": "object"}}
CITY = {"city": "Tromsø", "days": [1, 2]}


def test_a_message_arrives_as_it_was_scripted(windtunnel, sdk, generation):
    windtunnel.script(reply("Hello, Node. ☃"))

    message = sdk(windtunnel.env, "create")["result"]

    assert message["content"] == [{"type": "text", "text": "Hello, Node. ☃"}]
    assert message["stop_reason"] == "end_turn"
    assert message["usage"]["output_tokens"] == windtunnel.journal.calls[0].usage["output_tokens"]
    assert windtunnel.journal.calls[0].header("anthropic-version") == VERSIONS[generation]
    assert windtunnel.journal.calls[0].header("x-stainless-lang") == "js"


def test_a_stream_arrives_event_by_event(windtunnel, sdk):
    windtunnel.script(reply("Hello there, Node.", stream={"text_piece": 6}))

    read = sdk(windtunnel.env, "events")["result"]

    sent = [name for name in windtunnel.journal.calls[0].events_sent if name != "ping"]
    assert [event["type"] for event in read["events"]] == sent
    deltas = [event["delta"]["text"] for event in read["events"] if event["type"] == "content_block_delta"]
    assert deltas == ["Hello ", "there,", " Node."]
    assert read["error"] is None


def test_the_helper_tells_the_text_as_it_comes_and_ends_with_the_message(windtunnel, sdk):
    windtunnel.script(reply("Hello there", stream={"text_piece": 4}))

    told = sdk(windtunnel.env, "helped")["result"]

    assert told["text"] == ["Hell", "o th", "ere"]
    assert told["message"]["content"][0]["text"] == "Hello there"


def test_tool_input_comes_in_pieces_that_its_partial_parser_reads(windtunnel, sdk):
    windtunnel.script(reply(text="Let me see.", tool_use={"name": "weather", "input": CITY}, stream={"input_piece": 5}))

    told = sdk(windtunnel.env, "helped", tools=[WEATHER])["result"]

    assert json.loads("".join(step["piece"] for step in told["input"])) == CITY
    assert len(told["input"]) > 4
    assert told["input"][0]["snapshot"] == {}
    assert told["input"][-1]["snapshot"] == CITY
    assert told["message"]["stop_reason"] == "tool_use"
    assert told["message"]["content"][1]["input"] == CITY


def test_tokens_are_counted(windtunnel, sdk):
    counted = sdk(windtunnel.env, "countTokens")["result"]
    message = sdk(windtunnel.env, "create")["result"]

    assert counted["input_tokens"] == message["usage"]["input_tokens"] > 0


def test_models_are_listed_over_all_pages(windtunnel, sdk):
    models = sdk(windtunnel.env, "models")["result"]

    names = [model["id"] for model in models["listed"]]
    assert models["one"]["id"] in names
    assert len(names) == len(set(names)) > 3
    assert len(windtunnel.journal.calls) == -(-len(names) // 3) + 1


def test_a_batch_goes_from_creation_to_results(serve, sdk):
    served = serve("--speed", "200")

    batch = sdk(served.env, "batch")["result"]

    assert batch["made"]["processing_status"] == "in_progress"
    assert batch["ended"]["request_counts"]["succeeded"] == 2
    assert {line["custom_id"] for line in batch["results"]} == {"first", "second"}
    assert {line["result"]["type"] for line in batch["results"]} == {"succeeded"}


def test_an_error_that_is_not_retried_arrives_in_its_own_class(windtunnel, sdk):
    windtunnel.script(fail("permission_denied"))

    error = sdk(windtunnel.env, "create")["error"]

    assert (error["name"], error["status"]) == ("PermissionDeniedError", 403)
    assert error["type"] == "permission_error"
    assert len(windtunnel.journal) == 1
