from __future__ import annotations

import json
import re
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.wire import sse
from windtunnel_server.wire.events import NATURAL, Event, Slicing, check_grammar, encode_stream, message, spread, stream
from windtunnel_server.wire.message import Reply, Usage

MODEL = "claude-sonnet-4-6"
HELLO = Reply(content=({"type": "text", "text": "Hello there"},), usage=Usage(input_tokens=9, output_tokens=7))

json_values = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=4)
inputs = st.dictionaries(st.text(max_size=8), json_values, max_size=3)
content_blocks = st.one_of(
    st.builds(lambda text: {"type": "text", "text": text}, st.text()),
    st.builds(lambda text: {"citations": [{"type": "char_location"}], "type": "text", "text": text}, st.text()),
    st.builds(lambda text, s: {"type": "thinking", "thinking": text, "signature": s}, st.text(), st.text(min_size=1)),
    st.builds(
        lambda value, kind: {"type": kind, "id": "x", "name": "f", "input": value, "caller": {"type": "direct"}},
        inputs,
        st.sampled_from(["tool_use", "server_tool_use"]),
    ),
    st.builds(lambda text: {"type": "compaction", "content": text}, st.text()),
    st.just({"type": "redacted_thinking", "data": "Eq"}),
    st.just({"type": "web_search_tool_result", "tool_use_id": "x", "content": []}),
    st.just({"type": "future", "any": [1]}),
)
replies = st.builds(
    lambda content, tokens: Reply(content=tuple(content), usage=Usage(output_tokens=tokens)),
    st.lists(content_blocks, max_size=4),
    st.integers(0, 500),
)


def streamed(reply: Reply, *, seed: int = 1, slicing: Slicing = NATURAL, model: str = MODEL) -> list[Event]:
    return stream(reply, model=model, message_id="msg_1", rng=Random(seed), slicing=slicing)


def payloads(events: list[Event], name: str) -> list[Mapping[str, Any]]:
    return [event.payload for event in events if event.name == name and event.payload is not None]


def joined(events: list[Event]) -> list[dict[str, Any]]:
    """Put the blocks together again, as a client does."""
    content: list[dict[str, Any]] = []
    for event in events:
        payload = event.payload or {}
        if event.name == "content_block_start":
            content.append(dict(payload["content_block"]))
            partial = ""
        elif event.name == "content_block_delta":
            partial += _apply(content[payload["index"]], payload["delta"])
        elif event.name == "content_block_stop" and "input" in content[-1]:
            content[-1]["input"] = json.loads(partial or "{}")
    return content


def _apply(block: dict[str, Any], delta: Mapping[str, Any]) -> str:
    match delta["type"]:
        case "text_delta":
            block["text"] += delta["text"]
        case "thinking_delta":
            block["thinking"] += delta["thinking"]
        case "signature_delta":
            block["signature"] = delta["signature"]
        case "citations_delta":
            block["citations"] = [*block["citations"], delta["citation"]]
        case "compaction_delta":
            block["content"] = delta["content"]
        case "input_json_delta":
            return str(delta["partial_json"])
    return ""


@given(replies, st.integers(), st.sampled_from([MODEL, "claude-haiku-4-5"]))
def test_the_deltas_joined_are_the_content_of_the_message(reply: Reply, seed: int, model: str) -> None:
    events = streamed(reply, seed=seed, model=model)

    assert joined(events) == message(reply, model=model, message_id="msg_1")["content"]


@given(replies, st.integers())
def test_every_stream_obeys_the_grammar(reply: Reply, seed: int) -> None:
    assert check_grammar([event.name for event in streamed(reply, seed=seed)]) is None


@given(replies, st.integers())
def test_the_tokens_of_the_events_sum_up_to_the_output(reply: Reply, seed: int) -> None:
    events = streamed(reply, seed=seed)

    tokens = sum(event.tokens for event in events)
    assert all(event.tokens == 0 for event in events if event.name != "content_block_delta")
    if reply.usage.output_tokens and tokens:
        assert tokens == reply.usage.output_tokens


def test_a_message_has_the_keys_of_the_newest_era_in_order() -> None:
    reply = Reply(content=(), container={"id": "container_1"}, context_management={"applied_edits": []})

    said = message(reply, model=MODEL, message_id="msg_1")

    keys = "model id type role content container stop_reason stop_sequence stop_details usage context_management"
    assert list(said) == keys.split()
    assert (said["model"], said["id"], said["stop_details"]) == (MODEL, "msg_1", None)


def test_what_a_reply_names_itself_stands() -> None:
    said = message(Reply(model="claude-opus-5", id="msg_2"), model=MODEL, message_id="msg_1")

    assert (said["model"], said["id"]) == ("claude-opus-5", "msg_2")


def test_message_start_knows_nothing_of_the_end() -> None:
    reply = Reply(content=HELLO.content, stop_reason="stop_sequence", stop_sequence="STOP", container={"id": "c"})

    (started,) = payloads(streamed(reply), "message_start")

    assert list(started) == ["type", "message"]
    said = started["message"]
    assert list(said) == "model id type role content stop_reason stop_sequence stop_details usage".split()
    assert (said["content"], said["stop_reason"], said["stop_sequence"]) == ([], None, None)


def test_message_delta_says_why_it_stopped_and_what_the_container_is() -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": None}
    reply = Reply(
        stop_reason="refusal", stop_details=details, container={"id": "c"}, context_management={"applied_edits": []}
    )

    (said,) = payloads(streamed(reply), "message_delta")

    assert list(said) == ["type", "delta", "usage", "context_management"]
    assert list(said["delta"].items()) == [
        ("stop_reason", "refusal"),
        ("stop_sequence", None),
        ("stop_details", details),
        ("container", {"id": "c"}),
    ]


def test_the_one_ping_follows_the_first_block_start() -> None:
    two = Reply(content=({"type": "thinking", "thinking": "Hm", "signature": "E"}, *HELLO.content))

    names = [event.name for event in streamed(two)]

    assert names[:3] == ["message_start", "content_block_start", "ping"]
    assert names.count("ping") == 1


def test_a_reply_without_content_is_three_events() -> None:
    assert [event.name for event in streamed(Reply())] == ["message_start", "message_delta", "message_stop"]


def test_compaction_on_demand_arrives_whole_and_at_a_threshold_in_a_delta() -> None:
    block = {"type": "compaction", "content": "Summary"}
    signed = block | {"signature": "E"}
    on_demand, at_threshold = (Reply(content=(one,), stop_reason="compaction") for one in (signed, block))

    assert payloads(streamed(on_demand), "content_block_start")[0]["content_block"] == signed
    assert payloads(streamed(on_demand), "content_block_delta") == []
    assert payloads(streamed(at_threshold), "content_block_start")[0]["content_block"]["content"] is None
    assert len(payloads(streamed(at_threshold), "content_block_delta")) == 1


def test_a_summary_takes_the_tokens_of_its_own_iteration() -> None:
    rounds = ({"type": "compaction", "output_tokens": 83}, {"type": "message", "output_tokens": 10})
    block = {"type": "compaction", "content": "Summary"}
    reply = Reply(content=(block, *HELLO.content), usage=Usage(output_tokens=10, iterations=rounds))

    tokens = [event.tokens for event in streamed(reply) if event.name == "content_block_delta"]

    assert (tokens[0], sum(tokens[1:])) == (83, 10)


def test_hidden_thinking_takes_its_tokens_before_the_signature() -> None:
    thinking = {"type": "thinking", "thinking": "", "signature": "E"}
    reply = Reply(content=(thinking, *HELLO.content), usage=Usage(output_tokens=100, thinking_tokens=90))

    tokens = [event.tokens for event in streamed(reply) if event.name == "content_block_delta"]

    assert tokens[:2] == [0, 90]
    assert sum(tokens[2:]) == 10


def test_tool_input_that_max_tokens_cut_off_is_sent_broken_and_its_block_never_stopped() -> None:
    call = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": '{"lines": ["one'}
    reply = Reply(content=(*HELLO.content, call), stop_reason="max_tokens")

    events = streamed(reply, slicing=Slicing(eager=True))

    names = [event.name for event in events]
    assert names.count("content_block_stop") == 1
    assert names[-3:] == ["content_block_delta", "message_delta", "message_stop"]
    assert check_grammar(names) is None
    cut = [payload["delta"].get("partial_json", "") for payload in payloads(events, "content_block_delta")]
    assert "".join(cut) == '{"lines": ["one'


def test_pieces_are_as_long_as_asked() -> None:
    said = payloads(streamed(HELLO, slicing=Slicing(text_piece=5)), "content_block_delta")

    assert [payload["delta"]["text"] for payload in said] == ["Hello", " ther", "e"]


def test_the_same_seed_gives_the_same_stream() -> None:
    assert streamed(HELLO, seed=4) == streamed(HELLO, seed=4)


def test_bytes_are_padded_0_to_15_each_equally_often_and_pings_never() -> None:
    long = Reply(content=({"type": "text", "text": "word " * 4000},))

    sent = encode_stream(streamed(long, slicing=Slicing(text_piece=2)), Random(7))

    pads = [len(re.findall(rb"( *)}\n\n$", data)[0]) for name, data in sent if name != "ping"]
    counts = [pads.count(pad) for pad in range(16)]
    assert sum(counts) == len(pads) > 9000
    assert 0.8 * len(pads) / 16 < min(counts) <= max(counts) < 1.2 * len(pads) / 16
    assert [data for name, data in sent if name == "ping"] == [sse.PING]


@given(st.integers(0, 10_000), st.lists(st.integers(0, 50)))
def test_shares_are_whole_and_lose_nothing(total: int, weights: list[int]) -> None:
    shares = spread(total, weights)

    assert sum(shares) == (total if any(weights) else 0)
    assert all(share >= 0 for share in shares)
    assert all(share == 0 for share, weight in zip(shares, weights, strict=True) if not weight)


@pytest.mark.parametrize(
    "reason",
    ["end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal", "model_context_window_exceeded"],
)
def test_every_stop_reason_is_carried(reason: str) -> None:
    reply = Reply(content=HELLO.content, stop_reason=reason)

    assert message(reply, model=MODEL, message_id="msg_1")["stop_reason"] == reason
    assert payloads(streamed(reply), "message_delta")[0]["delta"]["stop_reason"] == reason


def test_hidden_thinking_is_estimated_in_a_delta_of_its_own() -> None:
    hidden = Reply(
        content=({"type": "thinking", "thinking": "", "signature": "s"},),
        usage=Usage(output_tokens=70, thinking_tokens=60),
    )

    said = stream(hidden, model="m", message_id="msg_1", rng=Random(0), estimates=True)

    deltas = [event.payload["delta"] for event in said if event.name == "content_block_delta" and event.payload]
    assert deltas[:2] == [
        {"type": "thinking_delta", "thinking": "", "estimated_tokens": 100},
        {"type": "thinking_delta", "thinking": "", "estimated_tokens": None},
    ]
    assert sum(event.tokens for event in said) == 70
