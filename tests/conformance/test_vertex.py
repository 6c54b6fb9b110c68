"""Vertex as recorded in 2025-11: the same requests, answered in the same shapes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.core import Core
from windtunnel_server.plan import Plan
from windtunnel_server.providers.vertex import Vertex
from windtunnel_server.wire.ids import version_of
from windtunnel_server.wire.sse import Decoder

#: Sent by the direct API since 2026-04 and 2026-07; whether Vertex sends them by now is unverified.
NEWER = {"stop_details", "output_tokens_details"}


@cache
def recorded(corpus: Path) -> tuple[dict[str, Any], ...]:
    return tuple(_recorded(corpus))


def _recorded(corpus: Path) -> Iterator[dict[str, Any]]:
    for file in sorted(corpus.glob("exchanges-*.jsonl.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                if '"provider": "vertex"' in line or '"provider":"vertex"' in line:
                    exchange = json.loads(line)
                    if exchange["provider"] == "vertex":
                        yield exchange


def asked_again(exchange: dict[str, Any]) -> Plan:
    clock = VirtualClock()
    core = Core(Vertex(clock), clock)
    body = json.dumps(exchange["request_body"]).encode()
    headers = (("authorization", "Bearer token"), ("content-type", "application/json"))
    plan, _ = core.answer(Call("POST", urlsplit(exchange["url"]).path, headers=headers, body=body))
    assert core.failures == []
    return plan


@pytest.fixture
def exchanges(corpus: Path) -> tuple[dict[str, Any], ...]:
    found = recorded(corpus)
    if not found:
        pytest.skip("the corpus holds no recordings of Vertex")
    return found


def whole(exchanges: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    return [exchange for exchange in exchanges if exchange["response_kind"] == "json"]


def streams(exchanges: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    return [exchange for exchange in exchanges if exchange["response_kind"] == "sse"]


def events(body: bytes) -> list[tuple[str, Any]]:
    return [(name, json.loads(data)) for name, data in Decoder().feed(body)]


def test_every_recorded_request_is_let_in(exchanges: tuple[dict[str, Any], ...]):
    statuses = [asked_again(exchange).status for exchange in exchanges]

    assert statuses == [exchange["status"] for exchange in exchanges]


def test_whole_answers_have_the_recorded_headers(exchanges: tuple[dict[str, Any], ...]):
    for exchange in whole(exchanges):
        assert _headers(asked_again(exchange)) == _recorded_headers(exchange)


def test_streams_have_the_recorded_headers(exchanges: tuple[dict[str, Any], ...]):
    for exchange in streams(exchanges):
        assert _headers(asked_again(exchange)) == _recorded_headers(exchange)


#: Their values are of one answer alone.
_OWN = {"date", "request-id", "internal-input-tokens", "internal-output-tokens", "x-vertex-ai-received-request-id"}


def _headers(plan: Plan) -> dict[str, list[str]]:
    assert plan.head is not None
    found: dict[str, list[str]] = {}
    for name, value in plan.head.headers:
        found.setdefault(name, []).append("" if name in _OWN else value)
    return found


def _recorded_headers(exchange: dict[str, Any]) -> dict[str, list[str]]:
    listed = {
        name: value if isinstance(value, list) else [value] for name, value in exchange["response_headers"].items()
    }
    return {name: [""] if name in _OWN else values for name, values in listed.items()}


def test_whole_answers_have_the_recorded_keys(exchanges: tuple[dict[str, Any], ...]):
    for exchange in whole(exchanges):
        ours, theirs = json.loads(asked_again(exchange).body), exchange["response_body"]

        assert set(ours) - NEWER == set(theirs)
        assert set(ours["usage"]) - NEWER == set(theirs["usage"])
        assert ours["model"] == theirs["model"]


def test_streams_have_the_recorded_events_in_order(exchanges: tuple[dict[str, Any], ...]):
    for exchange in streams(exchanges):
        ours, theirs = events(asked_again(exchange).body), events(exchange["response_body"].encode())

        assert [name for name, _ in ours[:3]] == [name for name, _ in theirs[:3]]
        assert [name for name, _ in ours[-3:]] == [name for name, _ in theirs[-3:]]
        start, recorded_start = ours[0][1]["message"], theirs[0][1]["message"]
        assert [key for key in start if key not in NEWER] == list(recorded_start)
        assert list(start["usage"]) == list(recorded_start["usage"])
        assert list(ours[-2][1]["usage"]) == list(theirs[-2][1]["usage"]) == ["output_tokens"]


def test_ids_are_made_as_the_recorded_ones(exchanges: tuple[dict[str, Any], ...]):
    for exchange in exchanges:
        plan, theirs = asked_again(exchange), exchange["response_headers"]["request-id"]

        assert plan.head is not None
        ours = plan.head.header("request-id")
        assert ours is not None
        assert ours[:12] == theirs[:12] == "req_vrtx_011"
        assert version_of(ours) == version_of(theirs) == 7
