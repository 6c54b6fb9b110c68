"""What can be read off Bedrock's answers: whole and in frames, of InvokeModel and of Converse."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from windtunnel.verdicts.sent import Sent, read
from windtunnel_server import faults
from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.core import Core
from windtunnel_server.plan import Close, Head, Plan, Reset, Send
from windtunnel_server.providers.bedrock import Bedrock
from windtunnel_server.script import ErrorSpec, ReplySpec, Step
from windtunnel_server.wire import eventstream

MODEL = "us.anthropic.claude-opus-4-8"
CONTENT = (
    {"type": "thinking", "thinking": "Hm, föhn.", "signature": "abc"},
    {"type": "text", "text": "Wind from the west, éà."},
    {"type": "tool_use", "id": "tooluse_1", "name": "look", "input": {"city": "Zürich", "days": [1, 2]}},
)
SCRIPTED = Step(reply=ReplySpec(content=CONTENT, stop_reason="tool_use"))
BODIES: dict[str, dict[str, Any]] = {
    "invoke": {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 99,
        "messages": [{"role": "user", "content": "Hi"}],
    },
    "converse": {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]},
}
BODIES |= {"invoke-with-response-stream": BODIES["invoke"], "converse-stream": BODIES["converse"]}
STREAMS = ("invoke-with-response-stream", "converse-stream")


def answer(operation: str, step: Step = SCRIPTED, change: Callable[[Plan], Plan] = lambda plan: plan) -> Sent:
    """Ask our door, change the plan, and read what the journal would have of it."""
    clock = VirtualClock()
    core = Core(Bedrock(clock), clock)
    core.extend_script([step])
    body = json.dumps(BODIES[operation]).encode()
    plan, entry = core.answer(Call("POST", f"/model/{MODEL}/{operation}", body=body))
    plan = change(plan)
    for one in plan:
        if isinstance(one, Head):
            entry.status, entry.response_headers = one.status, one.headers
        elif isinstance(one, Send):
            entry.sent.append(one.data)
    last = plan.steps[-1]
    entry.ended = "closed" if isinstance(last, Close) else "reset" if isinstance(last, Reset) else "complete"
    return read(entry)


def rough(name: str, **options: Any) -> Callable[[Plan], Plan]:
    return lambda plan: faults.apply(plan, name, options, Random(1))


@pytest.mark.parametrize("operation", BODIES)
def test_a_whole_answer_is_read_as_it_was_meant(operation: str) -> None:
    sent = answer(operation)

    assert (sent.text, sent.thinking) == ("Wind from the west, éà.", "Hm, föhn.")
    (use,) = sent.tool_uses
    assert (use.id, use.name, use.input, use.whole) == ("tooluse_1", "look", {"city": "Zürich", "days": [1, 2]}, True)
    assert (sent.stop_reason, sent.whole, sent.doubts, sent.error) == ("tool_use", True, (), None)
    assert sent.streamed is (operation in STREAMS)


@pytest.mark.parametrize("operation", BODIES)
def test_usage_has_first_party_keys(operation: str) -> None:
    sent = answer(operation)

    assert sent.usage is not None
    assert sent.usage["input_tokens"] > 0
    assert sent.usage["output_tokens"] > 0


@pytest.mark.parametrize("operation", STREAMS)
@pytest.mark.parametrize("name", ["end_mid_stream", "close_mid_stream", "reset_mid_body"])
def test_a_stream_that_breaks_off_is_not_whole(operation: str, name: str) -> None:
    sent = answer(operation, change=rough(name))

    assert not sent.whole
    assert sent.error is None


@pytest.mark.parametrize("operation", STREAMS)
def test_an_exception_ends_a_stream(operation: str) -> None:
    sent = answer(operation, change=rough("error_event", kind="rate_limited", after_events=3))

    assert sent.error is not None
    assert (sent.error.status, sent.error.type) == (200, "throttlingException")
    assert sent.last_event == "error"


@pytest.mark.parametrize("operation", STREAMS)
def test_nothing_behind_a_broken_frame_is_read(operation: str) -> None:
    sent = answer(operation, change=rough("wrong_checksum", at_event=2))

    assert not sent.whole
    assert sent.text == ""
    assert sent.doubts[0] == "the checksum of a frame is wrong"


@pytest.mark.parametrize("operation", STREAMS)
def test_bytes_behind_the_last_frame_break_the_reading_of_all(operation: str) -> None:
    sent = answer(operation, change=rough("trailing_garbage"))

    assert sent.text == "Wind from the west, éà."
    assert not sent.whole
    assert sent.doubts == ("the checksum of a frame's lengths is wrong",)


@pytest.mark.parametrize("operation", STREAMS)
def test_an_event_that_is_no_json_is_lost(operation: str) -> None:
    sent = answer(operation, change=rough("malformed_json", at_event=2))

    assert not sent.whole
    assert any("is not JSON" in doubt for doubt in sent.doubts)


@pytest.mark.parametrize("name", ["unknown_event", "regroup", "stall"])
@pytest.mark.parametrize("operation", STREAMS)
def test_what_clients_pass_over_changes_nothing(operation: str, name: str) -> None:
    options: dict[str, Any] = {"for_s": 1.0} if name == "stall" else {}

    sent = answer(operation, change=rough(name, **options))

    assert (sent.text, sent.whole, sent.doubts) == ("Wind from the west, éà.", True, ())


@pytest.mark.parametrize(
    ("name", "doubt"),
    [
        ("wrong_content_type", "the content-type is text/html"),
        ("gzip", "the frames are compressed, and botocore reads them as they come"),
        ("json_instead_of_stream", "a JSON body came in the place of a stream"),
    ],
)
def test_what_only_some_clients_read_is_doubtful(name: str, doubt: str) -> None:
    sent = answer("invoke-with-response-stream", change=rough(name))

    assert sent.whole
    assert doubt in sent.doubts


def test_a_chunk_without_a_type_is_dropped() -> None:
    def with_another(plan: Plan) -> Plan:
        new = Send(eventstream.chunk({"hello": "there"}, pad="ab").encode(), "new")
        return Plan((plan.steps[0], new, *plan.steps[1:]))

    assert answer("invoke-with-response-stream", change=with_another).doubts == ()


def test_bytes_behind_a_json_body_are_doubtful() -> None:
    sent = answer("invoke", change=rough("trailing_garbage"))

    assert sent.whole
    assert sent.doubts == ("bytes that do not belong to it follow the JSON body",)


def test_half_a_body_is_nothing() -> None:
    for operation in ("invoke", "converse"):
        sent = answer(operation, change=rough("truncated_json"))

        assert (sent.whole, sent.text) == (False, "")


@pytest.mark.parametrize(
    ("kind", "type", "message"),
    [
        ("rate_limited", "ThrottlingException", "Too many tokens, please wait before trying again."),
        ("invalid_request", "ValidationException", "Invalid request"),
    ],
)
def test_an_error_is_named_as_amazon_names_it(kind: str, type: str, message: str) -> None:
    sent = answer("invoke", Step(error=ErrorSpec(kind=kind)))

    assert sent.error is not None
    assert (sent.error.type, sent.error.message) == (type, message)
