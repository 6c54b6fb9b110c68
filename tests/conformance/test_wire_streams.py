"""Our streams against recorded ones, byte for byte where the recording kept its bytes."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from windtunnel_server.wire import sse
from windtunnel_server.wire.compact import dumps, encode
from windtunnel_server.wire.events import Event, check_grammar, message, stream
from windtunnel_server.wire.message import Reply, Usage
from windtunnel_server.wire.slices import input_json


@dataclass(frozen=True)
class Recording:
    id: str
    month: str
    body: str
    events: list[tuple[str, str]]

    def payloads(self, name: str) -> list[Any]:
        return [json.loads(data) for event, data in self.events if event == name]


def records(corpus: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(corpus.glob("exchanges-*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


#: Recordings whose numbers cannot be ours, and why.
EXPLAINED = {
    "2f0d11618e4f522e": "a server tool ran: message_start counts the first turn's input only, message_delta all of it",
    "10d39cfa1f83de03": "a compaction ran: the same",
}


def is_raw(record: dict[str, Any]) -> bool:
    return bool(record["fidelity"].get("response") == "raw" and record["status"] == 200)


@pytest.fixture(scope="module")
def recorded(corpus: Path) -> dict[str, list[dict[str, Any]]]:
    """Raw first-party Messages answers by kind: sse, json."""
    found: dict[str, list[dict[str, Any]]] = {"sse": [], "json": []}
    for record in records(corpus):
        if record["provider"] == "anthropic" and record["api"] == "messages" and is_raw(record):
            found.setdefault(record["response_kind"], []).append(record)
    return found


@pytest.fixture(scope="module")
def streams(recorded: dict[str, list[dict[str, Any]]]) -> list[Recording]:
    return [recording(one["id"], one["recorded_at"] or "", one["response_body"]) for one in recorded["sse"]]


def recording(id: str, at: str, body: str) -> Recording:
    # One repository trimmed the end of its file; every other body ends with the blank line.
    body = body if body.endswith("\n\n") else body + "\n\n"
    return Recording(id, at[:7], body, sse.decode(body.encode()))


def test_recorded_streams_obey_our_grammar(streams: list[Recording]) -> None:
    wrong = {one.id: said for one in streams if (said := check_grammar(name for name, _ in one.events))}

    assert len(streams) > 250
    assert wrong == {}


def test_recorded_streams_are_rewritten_byte_for_byte(streams: list[Recording]) -> None:
    different = [one.id for one in streams if rewritten(one) != one.body.encode()]

    assert different == []


def rewritten(recording: Recording) -> bytes:
    return b"".join(_rewritten(name, data) for name, data in recording.events)


def _rewritten(name: str, data: str) -> bytes:
    if name == "ping":
        return sse.PING
    pad = re.search(r"( *)\}$", data)
    assert pad is not None
    return sse.encode(name, json.loads(data), pad=len(pad[1]))


def composed(recording: Recording) -> list[Event]:
    reply, model = rebuilt(recording)
    return stream(reply, model=model, message_id="msg_1", rng=Random(1))


def rebuilt(recording: Recording) -> tuple[Reply, str]:
    """Read a recorded stream back into the reply that would be streamed like it."""
    (started,) = recording.payloads("message_start")
    ended = recording.payloads("message_delta")[-1]
    counted = {**started["message"]["usage"], **ended["usage"]}
    reply = Reply(
        content=tuple(content_of(recording)),
        usage=used(counted),
        context_management=ended.get("context_management"),
        **ended["delta"],
    )
    return reply, started["message"]["model"]


def used(counted: dict[str, Any]) -> Usage:
    lifetimes = counted.get("cache_creation") or {}
    details = counted.get("output_tokens_details")
    return Usage(
        input_tokens=counted["input_tokens"],
        output_tokens=counted["output_tokens"],
        cache_creation_5m_tokens=lifetimes.get("ephemeral_5m_input_tokens", 0),
        cache_creation_1h_tokens=lifetimes.get("ephemeral_1h_input_tokens", 0),
        cache_read_tokens=counted.get("cache_read_input_tokens") or 0,
        thinking_tokens=details and details["thinking_tokens"],
        server_tool_use=counted.get("server_tool_use"),
        iterations=counted.get("iterations"),
    )


def content_of(recording: Recording) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = []
    partial: dict[int, str] = {}
    for name, data in recording.events:
        payload = json.loads(data)
        if name == "content_block_start":
            content.append(payload["content_block"])
        elif name == "content_block_delta":
            block, delta = content[-1], dict(payload["delta"])
            kind = delta.pop("type")
            if kind == "input_json_delta":
                index = len(content) - 1
                partial[index] = partial.get(index, "") + delta["partial_json"]
            elif kind == "citations_delta":
                block["citations"].append(delta["citation"])
            else:
                key = kind.removesuffix("_delta").replace("compaction", "content")
                block[key] = (block[key] or "") + delta[key]
    for index, text in partial.items():
        content[index]["input"] = json.loads(text or "{}")
    return content


def outline(events: list[tuple[str, str]]) -> list[tuple[Any, ...]]:
    """Names of the events with the keys of what they carry; runs of one kind of delta count once, pings not at all."""
    lines: list[tuple[Any, ...]] = []
    for name, data in events:
        payload = json.loads(data)
        if name == "ping":
            continue
        part = payload.get("delta") or payload.get("content_block") or {}
        line = (name, tuple(payload), part.get("type"), tuple(part) if name != "message_delta" else ())
        if not lines or lines[-1] != line:
            lines.append(line)
    return lines


def plain(events: list[Event]) -> list[tuple[str, str]]:
    return [(event.name, json.dumps(event.payload or {"type": "ping"})) for event in events]


def told_alike(recording: Recording) -> bool:
    """Leave out what we write anew on purpose: `caller`, which tool calls have since 2026-02, and token estimates of a
    beta (`estimated_tokens`), and input that broke off at max_tokens."""
    calls = [one["content_block"] for one in recording.payloads("content_block_start")]
    unnamed = any(block["type"] == "tool_use" and "caller" not in block for block in calls)
    return not unnamed and "estimated_tokens" not in recording.body and not broken_off(recording)


def broken_off(recording: Recording) -> bool:
    try:
        content_of(recording)
    except json.JSONDecodeError:
        return True
    return False


def test_a_reply_rebuilt_from_a_recording_is_streamed_like_it(streams: list[Recording]) -> None:
    alike = [
        one for one in streams if told_alike(one) and one.payloads("message_delta")[0]["usage"].get("input_tokens")
    ]

    different = [one.id for one in alike if outline(plain(composed(one))) != outline(one.events)]

    assert len(alike) > 150
    assert different == []


def test_streams_since_july_2026_begin_and_end_as_ours(streams: list[Recording]) -> None:
    recent = [one for one in streams if one.month >= "2026-07" and told_alike(one)]

    different = [
        one.id for one in recent if one.id not in EXPLAINED and frame(plain(composed(one))) != frame(one.events)
    ]

    assert len(recent) > 15
    assert different == []


def frame(events: list[tuple[str, str]]) -> list[str]:
    """The texts of message_start and message_delta; id and first output tokens aside, which are minted and drawn."""
    found = [json.loads(data) for name, data in events if name in ("message_start", "message_delta")]
    found[0]["message"]["id"] = "msg_1"
    found[0]["message"]["usage"]["output_tokens"] = 1
    return [dumps(payload) for payload in found]


def test_messages_since_july_2026_are_rewritten_byte_for_byte(recorded: dict[str, list[dict[str, Any]]]) -> None:
    # A raw recorded body is the compact text of its value. One recorder put a placeholder over the place.
    late = [one["response_body"] for one in recorded["json"] if (one["recorded_at"] or "") >= "2026-07"]
    recent = [body for body in late if "<" not in body["usage"]["inference_geo"]]

    different = [body["id"] for body in recent if encode(whole(body)) != encode(body)]

    assert len(recent) > 150
    assert different == []


def whole(body: dict[str, Any]) -> dict[str, Any]:
    """Read a recorded JSON answer into a reply, and write it again."""
    reply = Reply(
        content=tuple(body["content"]),
        usage=used(body["usage"]),
        **{
            key: body[key] for key in ("stop_reason", "stop_sequence", "container", "context_management") if key in body
        },
    )
    return message(reply, model=body["model"], message_id=body["id"])


def test_the_ping_stands_where_most_recordings_of_2026_have_it(streams: list[Recording]) -> None:
    places = Counter(
        tuple(place for place, (name, _) in enumerate(one.events) if name == "ping")
        for one in streams
        if one.month >= "2026"
    )

    ((usual, count),) = places.most_common(1)

    assert usual == (2,)
    assert count > 0.85 * places.total()
    ours = [
        event.name for event in composed(next(one for one in streams if one.month >= "2026-07" and told_alike(one)))
    ]
    assert tuple(place for place, name in enumerate(ours) if name == "ping") == usual


def test_recorded_tool_input_is_spelt_and_sliced_as_ours(streams: list[Recording]) -> None:
    pieces = [one for one in streams if not broken_off(one)]
    inputs = [(text, slices) for one in pieces for text, slices in tool_inputs(one)]

    assert len(inputs) > 80
    assert all(slices[0] == "" for _, slices in inputs)
    assert [text for text, _ in inputs if input_json(json.loads(text)) != text] == []
    assert all(len(piece) <= 13 for _, slices in inputs for piece in slices)
    # No slice runs over the comma between two top-level keys.
    parts = [part for text, _ in inputs for part in top_level_starts(json.loads(text))]
    cuts = [(text, place) for text, slices in inputs for place in edges(slices)]
    assert {(text, place) for text, place in parts} <= set(cuts)


def tool_inputs(recording: Recording) -> Iterator[tuple[str, list[str]]]:
    found: dict[int, list[str]] = {}
    for payload in recording.payloads("content_block_delta"):
        if payload["delta"]["type"] == "input_json_delta":
            found.setdefault(payload["index"], []).append(payload["delta"]["partial_json"])
    yield from (("".join(slices), slices) for slices in found.values() if any(slices))


def edges(slices: list[str]) -> list[int]:
    return [sum(map(len, slices[:count])) for count in range(len(slices))]


def top_level_starts(value: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """Where each key but the first begins in the text, its comma included."""
    text, items = input_json(value), list(value.items())
    for count in range(1, len(items)):
        yield text, len(input_json(dict(items[:count]))) - 1
