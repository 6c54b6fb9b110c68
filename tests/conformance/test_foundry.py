"""Foundry's answers against the recorded ones (2025-11): headers, bodies, streams."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.core import Core
from windtunnel_server.plan import Plan
from windtunnel_server.providers.anthropic import Anthropic
from windtunnel_server.providers.foundry import Foundry
from windtunnel_server.site import Site
from windtunnel_server.wire.sse import Decoder

#: Not in the recordings, and promised by the documentation of 2026.
SINCE_THEN = {"request-id"}
#: Keys of usage and messages that came after 2025-11 (FACTS, "Key order").
LATER = {"inference_geo", "stop_details", "caller", "output_tokens_details", "cache_creation", "iterations"}


@pytest.fixture(scope="module")
def recorded(corpus: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in sorted(corpus.glob("exchanges-*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            found += [json.loads(line) for line in lines if '"provider": "foundry"' in line or '"foundry"' in line]
    return [record for record in found if record["provider"] == "foundry" and record["response_headers"]]


def answered(record: dict[str, Any]) -> Plan:
    """Ask the fake what was asked then."""
    clock = VirtualClock()
    doors = {"": lambda: (Anthropic(clock), ()), "/foundry": lambda: (Foundry(clock), ())}
    core = Core(Site(doors), clock)
    headers = (("x-api-key", "key"), ("anthropic-version", record["request_headers"]["anthropic-version"]))
    body = json.dumps(record["request_body"]).encode()
    return core.answer(Call("POST", "/foundry/anthropic/v1/messages", headers=headers, body=body))[0]


def names(headers: Any) -> set[str]:
    return {name.lower() for name, _ in (headers.items() if isinstance(headers, dict) else headers)}


def test_there_is_something_to_compare_with(recorded: list[dict[str, Any]]):
    assert len(recorded) >= 30
    assert {record["streaming"] for record in recorded} == {True, False}


def test_every_request_that_was_answered_is_answered(recorded: list[dict[str, Any]]):
    assert [answered(record).status for record in recorded] == [record["status"] for record in recorded]


def test_the_headers_are_those_that_were_recorded(recorded: list[dict[str, Any]]):
    for record in recorded:
        head = answered(record).head

        assert head is not None
        assert names(head.headers) - SINCE_THEN == names(record["response_headers"])


def test_what_does_not_change_from_answer_to_answer_is_the_same(recorded: list[dict[str, Any]]):
    fixed = ("content-type", "request-context", "x-content-type-options", "x-ms-region", "strict-transport-security")
    fixed += ("azureai-requested-tier", "azureai-processed-tier", "x-ratelimit-reset-tokens", "transfer-encoding")
    for record in recorded:
        head, then = answered(record).head, {k.lower(): v for k, v in dict(record["response_headers"]).items()}

        assert head is not None
        assert {name: head.header(name) for name in fixed} == {name: then[name] for name in fixed}


def test_the_model_that_answers_is_the_one_behind_the_deployment(recorded: list[dict[str, Any]]):
    whole = [record for record in recorded if record["response_kind"] == "json"]

    assert whole
    for record in whole:
        assert json.loads(answered(record).body)["model"] == record["response_body"]["model"]


def test_a_whole_answer_has_the_keys_it_had(recorded: list[dict[str, Any]]):
    for record in (record for record in recorded if record["response_kind"] == "json"):
        ours, then = json.loads(answered(record).body), record["response_body"]

        assert set(ours) - LATER == set(then) - LATER
        assert set(then["usage"]) - LATER <= set(ours["usage"])
        assert then["id"][:6] == ours["id"][:6] == "msg_01"


def test_a_stream_has_the_events_it_had(recorded: list[dict[str, Any]]):
    for record in (record for record in recorded if record["response_kind"] == "sse"):
        kinds = [{name for name, _ in Decoder().feed(body)} for body in (raw(record), answered(record).body)]

        assert kinds[0] == kinds[1]


def raw(record: dict[str, Any]) -> bytes:
    return str(record["response_body"]).encode()
