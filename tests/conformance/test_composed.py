"""Whatever a valid request asks for, the composed answer is one: the SDK's types take it, it goes back as history, it adds up."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import jsonschema  # type: ignore[import-untyped]
from anthropic.types.beta import BetaMessage, BetaRawMessageStreamEvent
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from windtunnel_server.model.compose import compose
from windtunnel_server.model.validation import Terms, check
from windtunnel_server.wire.events import message, stream
from windtunnel_server.wire.ids import Ids
from windtunnel_server.wire.message import Reply

TERMS = Terms(version="2023-06-01", betas=frozenset({"interleaved-thinking-2025-05-14", "code-execution-2025-08-25"}))
MESSAGE: TypeAdapter[Any] = TypeAdapter(BetaMessage)
EVENT: TypeAdapter[Any] = TypeAdapter(BetaRawMessageStreamEvent)

MODELS = ("claude-opus-4-8", "claude-sonnet-4-6", "claude-haiku-4-5", "claude-sonnet-4-20250514", "claude-sonnet-5")
QUESTIONS = (
    "What is the weather in Oslo, and what time is it there?",
    "Book the flight, please.",
    "Search the web for the latest news, then answer.",
    "Calculate 3 * 17 in Python.",
    "Read https://example.com/a.html for me.",
    "Answer in JSON only.",
    "Mitä kuuluu? 天気はどうですか。",
    "…",
    "\U0001f3d4 ‮ \x00",
)
SCHEMA = {
    "type": "object",
    "properties": {
        "when": {"type": "string", "format": "date-time"},
        "seats": {"type": "array", "items": {"$ref": "#/$defs/seat"}, "minItems": 2},
        "note": {"anyOf": [{"type": "string", "minLength": 12}, {"type": "null"}]},
        "class": {"enum": ["low", "high"]},
    },
    "required": ["when", "seats", "note", "class"],
    "additionalProperties": False,
    "$defs": {"seat": {"type": "object", "properties": {"row": {"type": "integer"}}, "required": ["row"]}},
}
OUTPUT = {
    "type": "object",
    "properties": {"rows": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}}},
    "required": ["rows"],
    "additionalProperties": False,
}
CITED = {"enabled": True}
SOURCES: tuple[dict[str, Any], ...] = (
    {"type": "text", "media_type": "text/plain", "data": "Grass is green. The sky is blue."},
    {"type": "content", "content": [{"type": "text", "text": "Wind is air."}, {"type": "text", "text": "It moves."}]},
    {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjQK"},
)
TOOLS = (
    {"name": "get_weather", "description": "Tell it.", "input_schema": {"type": "object", "properties": {}}},
    {"name": "book_flight", "description": "Book one.", "input_schema": SCHEMA},
    {"type": "web_search_20250305", "name": "web_search", "max_uses": 3},
    {"type": "bash_20250124", "name": "bash"},
)
CHOICES = (
    {"type": "auto"},
    {"type": "auto", "disable_parallel_tool_use": True},
    {"type": "any"},
    {"type": "none"},
    {"type": "tool", "name": "book_flight"},
)


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    document = {"type": "document", "source": draw(st.sampled_from(SOURCES)), "citations": CITED, "title": "On air"}
    text = {"type": "text", "text": draw(st.sampled_from(QUESTIONS) | st.text(min_size=1, max_size=40))}
    content = draw(st.sampled_from([text["text"], [text], [document, text]]))
    asked: dict[str, Any] = {
        "model": draw(st.sampled_from(MODELS)),
        "max_tokens": draw(st.integers(1, 120) | st.just(4_000)),
        "messages": [{"role": "user", "content": content}],
    }
    optional: dict[str, Any] = {
        "tools": st.lists(st.sampled_from(TOOLS), min_size=1, unique_by=lambda tool: str(tool["name"])),
        "thinking": st.sampled_from([{"type": "enabled", "budget_tokens": 1024}, {"type": "adaptive"}]),
        "stop_sequences": st.just(["the", "composed"]),
        "output_config": st.just({"format": {"type": "json_schema", "schema": OUTPUT}}),
    }
    for key in draw(st.sets(st.sampled_from(sorted(optional)), max_size=2)):
        asked[key] = draw(optional[key])
    if "tools" in asked and draw(st.booleans()):
        asked["tool_choice"] = draw(st.sampled_from(CHOICES))
    if draw(st.integers(0, 5)) == 0:
        asked["messages"].append({"role": "assistant", "content": draw(st.sampled_from(["{", "I think", '["a", "b']))})
    return asked


def composed(asked: dict[str, Any], seed: int) -> Reply:
    return compose(asked, seed=seed, ids=Ids(Random(seed)), at=1_790_000_000.0)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(requests(), st.integers(0, 20))
def test_an_answer_to_a_valid_request_holds_in_every_way(asked: dict[str, Any], seed: int) -> None:
    assume(check(asked, TERMS) is None)

    reply = composed(asked, seed)

    whole = message(reply, model=str(asked["model"]), message_id="msg_1")
    MESSAGE.validate_python(whole)
    assert composed(asked | {"stream": True}, seed) == reply
    _streams_the_same(reply, whole)
    _adds_up(reply, asked)
    _goes_back(reply, asked)
    _fits(reply, asked)


def _streams_the_same(reply: Reply, whole: dict[str, Any]) -> None:
    said = [event for event in stream(reply, model="m", message_id="msg_1", rng=Random(2)) if event.payload is not None]
    payloads = [event.payload for event in said if event.payload is not None]
    for payload in payloads:
        EVENT.validate_python(payload)

    assert _joined(payloads) == whole["content"]
    assert payloads[-2]["delta"]["stop_reason"] == whole["stop_reason"]
    assert payloads[-2]["usage"]["output_tokens"] == whole["usage"]["output_tokens"]
    assert sum(event.tokens for event in said) in (reply.usage.output_tokens, 0)


def _joined(payloads: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Put the blocks of a stream together again, as a client does."""
    blocks: list[dict[str, Any]] = []
    for payload in payloads:
        if payload["type"] == "content_block_start":
            blocks.append(dict(payload["content_block"]))
            written = ""
        elif payload["type"] == "content_block_delta":
            block, delta = blocks[-1], payload["delta"]
            if delta["type"] == "input_json_delta":
                written += delta["partial_json"]
                block["input"] = json.loads(written) if written and _ends(payload, payloads) else block["input"]
            elif delta["type"] == "citations_delta":
                block["citations"] = [*block["citations"], delta["citation"]]
            else:
                key = delta["type"].removesuffix("_delta")
                block[key] += delta[key]
    return blocks


def _ends(payload: Mapping[str, Any], payloads: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether the block ends after this delta."""
    place = next(place for place, one in enumerate(payloads) if one is payload)
    return bool(payloads[place + 1]["type"] == "content_block_stop")


def _adds_up(reply: Reply, asked: dict[str, Any]) -> None:
    usage = reply.usage
    assert 0 <= (usage.thinking_tokens or 0) <= usage.output_tokens <= asked["max_tokens"]
    assert (reply.stop_reason == "max_tokens") <= (usage.output_tokens == asked["max_tokens"])
    runs = [block["name"] for block in reply.content if block["type"] == "server_tool_use"]
    assert (usage.server_tool_use or {}).get("web_search_requests", 0) == runs.count("web_search")


def _goes_back(reply: Reply, asked: dict[str, Any]) -> None:
    if not reply.content:
        return
    calls = [block["id"] for block in reply.content if block["type"] == "tool_use"]
    results = [{"type": "tool_result", "tool_use_id": id, "content": "ok"} for id in calls]
    before, last = asked["messages"], asked["messages"][-1]
    begun = [{"type": "text", "text": last["content"]}] if last["role"] == "assistant" else []
    said = [*begun, *(dict(block) for block in reply.content)]
    turns = [*(before[:-1] if begun else before), {"role": "assistant", "content": said}]
    follow = {**asked, "messages": [*turns, {"role": "user", "content": results or "Go on."}]}

    assert check(follow, TERMS) is None


def _fits(reply: Reply, asked: dict[str, Any]) -> None:
    whole = reply.stop_reason == "tool_use"
    for block in reply.content:
        if block["type"] == "tool_use" and block["name"] == "book_flight" and whole:
            jsonschema.validate(block["input"], SCHEMA)
    if "output_config" in asked and reply.stop_reason == "end_turn" and asked["messages"][-1]["role"] == "user":
        jsonschema.validate(json.loads(reply.text), OUTPUT)
