"""Bedrock's recorded exchanges: frames byte for byte, requests through our eyes, refusals in the recorded words."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.plan import Plan
from windtunnel_server.providers.bedrock import Bedrock
from windtunnel_server.providers.bedrock import models as bedrock_models
from windtunnel_server.wire import compact, eventstream
from windtunnel_server.wire.eventstream import Frame

#: Any seed: what is compared does not hang on it.
SEED = 7


@pytest.fixture(scope="module")
def records(corpus: Path) -> list[dict[str, Any]]:
    found = []
    for path in sorted(corpus.glob("exchanges-*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            found += [json.loads(line) for line in lines if '"provider":"bedrock"' in line.replace(": ", ":")]
    return found


@pytest.fixture(scope="module")
def streams(records: list[dict[str, Any]]) -> list[tuple[dict[str, Any], bytes]]:
    """Recorded streams whose bytes are untouched."""
    raw = [one for one in records if one["response_kind"] == "eventstream" and one["fidelity"]["response"] == "raw"]
    return [(one, base64.b64decode(one["response_body"])) for one in raw]


@pytest.fixture
def ask() -> Callable[[dict[str, Any]], Plan]:
    """Send a recorded request through our door."""
    door = Bedrock(VirtualClock())

    def answer(record: dict[str, Any], **changes: Any) -> Plan:
        path = urlsplit(record["url"]).path
        call = Call("POST", path, body=json.dumps(record["request_body"]).encode())
        return door.answer(call, lambda endpoint: None, Random(SEED))

    return answer


def test_recorded_frames_read_and_written_again_are_the_same_bytes(streams: list[tuple[Any, bytes]]) -> None:
    frames = [eventstream.decode(body) for _, body in streams]

    assert sum(map(len, frames)) > 1_200
    for (_, body), read in zip(streams, frames, strict=True):
        assert b"".join(frame.encode() for frame in read) == body


def test_recorded_payloads_are_compact_and_padded_as_ours(streams: list[tuple[Any, bytes]]) -> None:
    pads = set()
    for _, body in streams:
        for frame in eventstream.decode(body):
            said = json.loads(frame.payload)
            assert compact.encode(said) == frame.payload
            pads.add(said.get("p"))

    ours = {eventstream.padding(Random(seed)) for seed in range(2_000)}
    assert pads - {None} == ours


def test_our_frames_have_the_headers_and_the_keys_of_recorded_ones(
    streams: list[tuple[dict[str, Any], bytes]], ask: Callable[..., Plan]
) -> None:
    recorded = {shape for _, body in streams for shape in map(shape_of, eventstream.decode(body))}
    asked = [record for record, _ in streams if _known(record)]

    ours = {shape for record in asked for shape in map(shape_of, eventstream.decode(ask(record).body))}

    assert len(asked) > 15
    assert ours <= recorded


def shape_of(frame: Frame) -> tuple[Any, ...]:
    said = json.loads(frame.payload)
    return tuple(name for name, _ in frame.headers), frame.event_type, tuple(said)


def test_our_chunks_say_what_recorded_ones_said(
    streams: list[tuple[dict[str, Any], bytes]], ask: Callable[..., Plan]
) -> None:
    """The newest recorded stream of InvokeModel is of 2025-09; order and keys of its events."""
    record, body = max(
        ((record, body) for record, body in streams if record["api"] == "invoke-stream"),
        key=lambda one: one[0]["recorded_at"] or "",
    )

    recorded, ours = (events_of(data) for data in (body, ask(record).body))

    for name, keys in recorded.items():
        # Our keys of a message are in the order of 2026, and `cache_creation` has come since.
        assert {*keys} <= {*ours[name]}, name
    assert {*ours} == {*recorded}


def events_of(body: bytes) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for frame in eventstream.decode(body):
        said = json.loads(base64.b64decode(json.loads(frame.payload)["bytes"]))
        found[said["type"]] = [*said, *(said.get("message") or {})]
    return found


def _known(record: dict[str, Any]) -> bool:
    name = unquote(urlsplit(record["url"]).path.split("/")[2])
    is_messages = "prompt" not in record["request_body"] and not record.get("request_elided")
    return record["status"] == 200 and is_messages and bedrock_models.find(name) is not None


def test_recorded_requests_that_were_answered_are_let_in(
    records: list[dict[str, Any]], ask: Callable[..., Plan]
) -> None:
    asked = [one for one in records if one["status"] == 200 and not one.get("request_elided")]
    # The older API of completions, which we have not.
    asked = [one for one in asked if "prompt" not in one["request_body"]]

    refused = {one["id"]: ask(one).body for one in asked if ask(one).status != 200}

    assert len(asked) > 150
    assert refused == {}


def test_recorded_answers_of_converse_have_our_keys(records: list[dict[str, Any]], ask: Callable[..., Plan]) -> None:
    raw = [one for one in records if one["api"] == "converse" and one["status"] == 200]
    raw = [one for one in raw if one["fidelity"]["response"] == "raw" and (one["recorded_at"] or "") > "2026-08"]
    raw = [one for one in raw if not one.get("request_elided")]

    for record in raw:
        recorded, ours = record["response_body"], json.loads(ask(record).body)
        usage = {key for key in recorded["usage"] if key != "cacheDetails"}
        assert list(ours) == list(recorded)
        assert {key for key in ours["usage"] if key != "cacheDetails"} == usage
        assert list(ours["output"]["message"]) == list(recorded["output"]["message"])

    assert raw


#: A document whose bytes are no base64 was left out of the recording.
OURS = ("s3Uri", "video content block", "counting tokens", "web_search_20250305")


@pytest.mark.parametrize("words", OURS)
def test_a_recorded_refusal_is_ours_word_for_word(
    records: list[dict[str, Any]], ask: Callable[..., Plan], words: str
) -> None:
    refused = [one for one in records if one["status"] == 400 and words in json.dumps(one["response_body"])]

    answers = [ask(one) for one in refused]

    assert refused
    assert [plan.status for plan in answers] == [400] * len(refused)
    assert [json.loads(plan.body) for plan in answers] == [one["response_body"] for one in refused]


def test_headers_of_an_answer_are_the_recorded_ones(records: list[dict[str, Any]], ask: Callable[..., Plan]) -> None:
    for api in ("invoke", "converse", "invoke-stream", "converse-stream"):
        newest = max((one for one in records if one["api"] == api and _known(one)), key=_when)
        head = ask(newest).head
        assert head is not None
        recorded = {name.lower() for name in newest["response_headers"]}
        assert {name.lower() for name, _ in head.headers} == recorded, api


def _when(record: dict[str, Any]) -> str:
    return str(record["recorded_at"] or "")
