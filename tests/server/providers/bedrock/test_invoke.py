from __future__ import annotations

import base64
import json
import re
from random import Random
from typing import Any

from windtunnel_server.providers.bedrock import invoke as bedrock_invoke
from windtunnel_server.wire import events, usage
from windtunnel_server.wire.ids import Ids
from windtunnel_server.wire.message import Reply, Usage

REPLY = Reply(
    content=({"type": "text", "text": "Hello there"},),
    usage=Usage(input_tokens=4, output_tokens=10, cache_read_tokens=1209, thinking_tokens=0),
)
OLD, NEW = (4, 0), (4, 8)


def chunks(generation: tuple[int, int]) -> list[dict[str, Any]]:
    model = "claude-opus-4-8"
    said = events.stream(REPLY, model=model, message_id="msg_bdrk_1", rng=Random(1))
    counted = bedrock_invoke.metrics(usage.full(REPLY.usage, model=model), taken_s=1.155, first_byte_s=1.152)
    pieces = bedrock_invoke.pieces(said, generation=generation, rng=Random(1), metrics=counted)
    return [json.loads(base64.b64decode(json.loads(piece.frame.payload)["bytes"])) for piece in pieces]


def test_a_message_says_less_than_on_the_direct_api() -> None:
    said = bedrock_invoke.message(REPLY, model="claude-sonnet-4-20250514", id="msg_bdrk_1", generation=OLD)

    assert said["id"] == "msg_bdrk_1"
    assert {"service_tier", "inference_geo"}.isdisjoint(said["usage"])
    assert "stop_details" not in said


def test_newer_models_name_a_tier_and_no_place() -> None:
    said = bedrock_invoke.message(REPLY, model="claude-opus-4-8", id="msg_bdrk_1", generation=NEW)

    assert said["usage"]["service_tier"] == "standard"
    assert "inference_geo" not in said["usage"]
    assert said["stop_details"] is None


def test_ids_are_of_the_form_of_their_generation() -> None:
    ids = Ids(Random(0), "bdrk_")

    assert re.fullmatch(r"msg_bdrk_01\w{22}", bedrock_invoke.message_id(ids, OLD, Random(0)))
    assert re.fullmatch(r"msg_bdrk_[a-z2-7]{52}", bedrock_invoke.message_id(ids, NEW, Random(0)))


def test_a_stream_has_no_pings_and_ends_with_the_metrics() -> None:
    said = chunks(OLD)

    assert [one["type"] for one in said][:3] == ["message_start", "content_block_start", "content_block_delta"]
    assert "ping" not in [one["type"] for one in said]
    assert said[-1] == {
        "type": "message_stop",
        "amazon-bedrock-invocationMetrics": {
            "inputTokenCount": 4,
            "outputTokenCount": 10,
            "invocationLatency": 1155,
            "firstByteLatency": 1152,
            "cacheReadInputTokenCount": 1209,
            "cacheWriteInputTokenCount": 0,
        },
    }


def test_the_end_of_a_stream_counts_the_output_alone() -> None:
    assert chunks(OLD)[-2]["usage"] == {"output_tokens": 10}
    assert chunks(NEW)[-2]["usage"] == {"output_tokens": 10, "output_tokens_details": {"thinking_tokens": 0}}


def test_metrics_are_silent_about_a_cache_that_was_not_used() -> None:
    counted = bedrock_invoke.metrics(usage.full(Usage(input_tokens=1), model=""), taken_s=0.0, first_byte_s=0.0)

    assert list(counted) == ["inputTokenCount", "outputTokenCount", "invocationLatency", "firstByteLatency"]
