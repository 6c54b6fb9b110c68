"""The official SDK against the fake in calm weather: every call it knows of the Messages API."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import anthropic
import pytest

from windtunnel import reply

WEATHER = {
    "name": "get_weather",
    "description": "Tell the weather of a place.",
    "input_schema": {
        "type": "object",
        "properties": {
            "place": {"type": "string"},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            "days": {"type": "integer", "minimum": 1, "maximum": 7},
        },
        "required": ["place", "unit", "days"],
        "additionalProperties": False,
    },
}


def test_create_reads_a_scripted_reply(windtunnel: Any, subject: Any) -> None:
    windtunnel.script(reply("Hello"))

    message = subject.create()

    (call,) = windtunnel.journal
    assert message.content[0].text == "Hello"
    assert (message.role, message.model, message.stop_reason) == ("assistant", "claude-sonnet-4-6", "end_turn")
    assert message._request_id == call.request_id
    assert (call.status, call.ended, call.answered_by) == (200, "complete", "reply")


def test_a_raw_stream_brings_the_same_text(windtunnel: Any, subject: Any) -> None:
    windtunnel.script(reply("Hello there, stream.", stream={"text_piece": 6}))

    read = subject.raw()

    assert read.error is None
    assert read.text == "Hello there, stream."
    assert read.names[0] == "message_start"
    assert read.names[-2:] == ["message_delta", "message_stop"]
    assert read.names.count("content_block_delta") == 4


def test_the_helper_accumulates_what_was_streamed(windtunnel: Any, subject: Any) -> None:
    windtunnel.script(reply("Hello there, helper.", stream={"text_piece": 6}))

    read = subject.helped()

    assert read.error is None
    assert read.message.content[0].text == "Hello there, helper."
    assert read.message.stop_reason == "end_turn"


def test_streamed_and_whole_answers_of_nobody_s_script_are_the_same(subject: Any) -> None:
    whole, streamed = subject.create(), subject.helped().message

    assert whole.content[0].text
    assert whole.content[0].text == streamed.content[0].text
    assert whole.usage.output_tokens == streamed.usage.output_tokens
    assert whole.usage.input_tokens == streamed.usage.input_tokens


def test_a_raw_response_shows_the_headers(windtunnel: Any, subject: Any) -> None:
    windtunnel.script(reply("Hello"))

    response = subject.call(lambda client: client.messages.with_raw_response.create(**_asked()))

    assert response.headers["request-id"] == windtunnel.journal[0].request_id
    assert int(response.headers["anthropic-ratelimit-requests-remaining"]) > 0
    assert response.headers["content-type"] == "application/json"
    assert subject.run(response.parse).content[0].text == "Hello"


def test_count_tokens_agrees_with_the_usage_of_the_call(subject: Any) -> None:
    asked = _asked()
    del asked["max_tokens"]

    counted = subject.call(lambda client: client.messages.count_tokens(**asked))

    assert counted.input_tokens == subject.create().usage.input_tokens


def test_models_are_paged_through_to_the_end(windtunnel: Any, subject: Any) -> None:
    at_once = subject.listed(lambda client: client.models.list(limit=1000))
    windtunnel.reset()

    paged = subject.listed(lambda client: client.models.list(limit=3))

    assert [model.id for model in paged] == [model.id for model in at_once]
    assert len({model.id for model in paged}) == len(paged) > 3
    assert len(windtunnel.journal) == -(-len(paged) // 3)
    assert all("after_id=" in call.query for call in windtunnel.journal.calls[1:])


def test_a_page_of_models_starts_behind_after_id(subject: Any) -> None:
    first, second, third = subject.listed(lambda client: client.models.list(limit=1000))[:3]

    page = subject.run(lambda: subject.client.models.list(limit=2, after_id=first.id))

    assert [model.id for model in page.data] == [second.id, third.id]
    assert (page.first_id, page.last_id, page.has_more) == (second.id, third.id, True)


def test_one_model_is_retrieved_by_its_name(subject: Any) -> None:
    model = subject.call(lambda client: client.models.retrieve("claude-sonnet-4-6"))

    assert (model.id, model.type) == ("claude-sonnet-4-6", "model")
    assert model.display_name


def test_a_batch_goes_from_creation_to_deletion_by_the_clock(windtunnel: Any, subject: Any) -> None:
    batches = subject.client.messages.batches
    requests = [{"custom_id": f"request-{number}", "params": _asked()} for number in range(3)]
    batch = subject.run(batches.create, requests=requests)
    assert (batch.processing_status, batch.request_counts.processing) == ("in_progress", 3)
    assert _instant(batch.expires_at) - _instant(batch.created_at) == timedelta(hours=24)

    windtunnel.clock.advance(59)
    assert subject.run(batches.retrieve, batch.id).processing_status == "in_progress"
    time.sleep(1)

    ended = subject.run(batches.retrieve, batch.id)
    assert (ended.processing_status, ended.request_counts.succeeded) == ("ended", 3)
    assert _instant(ended.ended_at) - _instant(ended.created_at) == timedelta(seconds=60)
    results = subject.listed(lambda client: client.messages.batches.results(batch.id))
    assert {line.custom_id for line in results} == {"request-0", "request-1", "request-2"}
    assert all(line.result.message.content[0].text for line in results)
    assert [listed.id for listed in subject.listed(lambda client: client.messages.batches.list())] == [batch.id]
    assert subject.run(batches.delete, batch.id).type == "message_batch_deleted"
    with pytest.raises(anthropic.NotFoundError):
        subject.run(batches.retrieve, batch.id)


def test_dates_in_answers_are_dates_in_virtual_time_too(subject: Any) -> None:
    model = subject.call(lambda client: client.models.retrieve("claude-sonnet-4-6"))

    assert isinstance(model.created_at, datetime)


@pytest.mark.windtunnel(clock="real")
def test_dates_in_answers_are_dates_in_real_time(subject: Any) -> None:
    model = subject.call(lambda client: client.models.retrieve("claude-sonnet-4-6"))

    assert isinstance(model.created_at, datetime)


def test_a_cancelled_batch_keeps_what_was_done_by_then(windtunnel: Any, subject: Any) -> None:
    batches = subject.client.messages.batches
    requests = [{"custom_id": f"request-{number}", "params": _asked()} for number in range(2)]
    batch = subject.run(batches.create, requests=requests)
    windtunnel.clock.advance(45)

    assert subject.run(batches.cancel, batch.id).processing_status == "canceling"
    windtunnel.clock.advance(2)

    ended = subject.run(batches.retrieve, batch.id)
    counts = ended.request_counts
    assert (ended.processing_status, counts.succeeded, counts.canceled) == ("ended", 1, 1)
    results = subject.listed(lambda client: client.messages.batches.results(batch.id))
    assert [line.result.type for line in results] == ["succeeded", "canceled"]


def test_a_batch_request_that_the_api_would_refuse_is_an_errored_result(windtunnel: Any, subject: Any) -> None:
    batches = subject.client.messages.batches
    bad = _asked() | {"messages": []}
    batch = subject.run(batches.create, requests=[{"custom_id": "bad", "params": bad}])
    windtunnel.clock.advance(60)

    (line,) = subject.listed(lambda client: client.messages.batches.results(batch.id))

    assert line.result.type == "errored"
    assert line.result.error.error.type == "invalid_request_error"


def test_beta_messages_answer_like_the_others(windtunnel: Any, subject: Any) -> None:
    windtunnel.script(reply("Beta"), reply("Beta stream"))

    message = subject.call(
        lambda client: client.beta.messages.create(betas=["context-management-2025-06-27"], **_asked())
    )
    streamed = subject.helped(beta=True)

    assert message.content[0].text == "Beta"
    assert streamed.message.content[0].text == "Beta stream"
    assert windtunnel.journal[0].header("anthropic-beta") == "context-management-2025-06-27"


@pytest.mark.parametrize("choice", [{"type": "tool", "name": "get_weather"}, {"type": "any"}], ids=["tool", "any"])
def test_a_forced_tool_choice_gives_an_input_that_fits_the_schema(subject: Any, choice: dict[str, Any]) -> None:
    forced = {"tools": [WEATHER], "tool_choice": choice}

    whole, streamed = subject.create(**forced), subject.helped(**forced).message

    assert whole.stop_reason == streamed.stop_reason == "tool_use"
    for said in (whole.content[-1].input, streamed.content[-1].input):
        assert set(said) == {"place", "unit", "days"}
        assert isinstance(said["place"], str)
        assert said["unit"] in ("celsius", "fahrenheit")
        assert 1 <= said["days"] <= 7


def test_an_agent_s_loop_comes_to_an_end(windtunnel: Any, subject: Any) -> None:
    call = {"name": "get_weather", "input": {"place": "Oslo", "unit": "celsius", "days": 1}}
    windtunnel.script(reply("Let me see.", tool_use=[call, call]), reply(tool_use=call))
    messages: list[Any] = [{"role": "user", "content": "How is the weather in Oslo?"}]

    for _ in range(10):
        answer = subject.create(messages=messages, tools=[WEATHER])
        calls = [block for block in answer.content if block.type == "tool_use"]
        if not calls:
            break
        results = [{"type": "tool_result", "tool_use_id": block.id, "content": "12 °C"} for block in calls]
        messages += [{"role": "assistant", "content": answer.content}, {"role": "user", "content": results}]

    assert answer.stop_reason == "end_turn"
    assert [entry.status for entry in windtunnel.journal] == [200, 200, 200]
    assert [entry.answered_by for entry in windtunnel.journal] == ["reply", "reply", "composed"]


def _asked() -> dict[str, Any]:
    return {
        "model": "claude-sonnet-4-6",
        "max_tokens": 1000,
        "messages": [{"role": "user", "content": "Hello, tunnel."}],
    }


def _instant(value: Any) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
