"""Recordings of other tools: what they hold comes through, whatever they wrote it in."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from windtunnel.cassette import exporting
from windtunnel.cassette.importing import KINDS, imported, kind_of
from windtunnel.cassette.interaction import CassetteError, Interaction

URI = "https://api.anthropic.com/v1/messages"
ANSWER = '{"type":"message","content":[]}'
HAR = {
    "log": {
        "entries": [
            {
                "startedDateTime": "2026-01-02T03:04:05Z",
                "request": {
                    "method": "POST",
                    "url": URI,
                    "headers": [{"name": ":authority", "value": "x"}, {"name": "accept", "value": "*/*"}],
                    "postData": {"text": "{}"},
                },
                "response": {
                    "status": 200,
                    "statusText": "OK",
                    "headers": [
                        {"name": "content-encoding", "value": "gzip"},
                        {"name": "content-length", "value": "7"},
                    ],
                    "content": {"text": base64.b64encode(ANSWER.encode()).decode(), "encoding": "base64"},
                },
                "timings": {"wait": 250, "receive": 750},
            }
        ]
    }
}
RUBY = f"""---
http_interactions:
- request:
    method: post
    uri: {URI}
    body: {{encoding: UTF-8, string: "{{}}"}}
    headers: {{Accept: ["*/*"]}}
  response:
    status: {{code: 200, message: OK}}
    headers: {{}}
    body: {{encoding: ASCII-8BIT, base64_string: {base64.b64encode(ANSWER.encode()).decode()}}}
  recorded_at: Thu, 06 Nov 2025 03:55:54 GMT
recorded_with: VCR 6.3.1
"""
CASSETTER = f"""version: 1
interactions:
- request:
    method: POST
    uri: {URI}
    headers: {{accept: ["*/*"]}}
    body:
      type: binary
      content: '7b7d'
  response:
    status: 200
    headers: {{}}
    body:
      type: json
      content: {{type: message, content: []}}
  recorded_at: '2026-01-01T00:00:00Z'
"""
VCR = f"""interactions:
- request:
    body: '{{}}'
    headers: {{accept: ["*/*"]}}
    method: POST
    uri: {URI}
  response:
    body: {{string: '{ANSWER}'}}
    headers: {{content-encoding: [gzip]}}
    status: {{code: 200, message: OK}}
version: 1
"""


def netstring(value: Any) -> bytes:
    """Write a value as mitmproxy does."""
    kinds: dict[type, tuple[bytes, Callable[[], bytes]]] = {
        dict: (b"}", lambda: b"".join(netstring(part) for pair in value.items() for part in pair)),
        list: (b"]", lambda: b"".join(map(netstring, value))),
        bytes: (b",", lambda: value),
        str: (b";", lambda: value.encode()),
        int: (b"#", lambda: str(value).encode()),
        float: (b"^", lambda: repr(value).encode()),
        type(None): (b"~", lambda: b""),
    }
    tag, raw = kinds[type(value)]
    written = raw()
    return b"%d:%s%s" % (len(written), written, tag)


FLOW: dict[str, Any] = {
    "version": 20,
    "type": "http",
    "error": None,
    "request": {
        "method": b"POST",
        "scheme": b"https",
        "host": "api.anthropic.com",
        "port": 443,
        "path": b"/v1/messages",
        "headers": [[b"accept", b"*/*"]],
        "content": b"{}",
        "timestamp_start": 10.0,
        "timestamp_end": 10.5,
    },
    "response": {
        "status_code": 200,
        "reason": b"OK",
        "headers": [],
        "content": ANSWER.encode(),
        "timestamp_start": 10.75,
        "timestamp_end": 11.5,
    },
}
FILES: dict[str, Callable[[], bytes]] = {
    "har": lambda: json.dumps(HAR).encode(),
    "ruby-vcr": RUBY.encode,
    "cassetter": CASSETTER.encode,
    "vcr": VCR.encode,
    "mitmproxy": lambda: netstring({"type": "tcp", "version": 20}) + netstring(FLOW),
}


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes], list[Interaction]]:
    def from_bytes(raw: bytes) -> list[Interaction]:
        path = tmp_path / "recording"
        path.write_bytes(raw)
        return list(imported(path))

    return from_bytes


def test_every_kind_is_tried_here() -> None:
    assert set(FILES) == set(KINDS)


@pytest.mark.parametrize("kind", FILES)
def test_a_recording_is_read_whatever_wrote_it(kind: str, read: Callable[[bytes], list[Interaction]]) -> None:
    raw = FILES[kind]()

    (found,) = read(raw)

    assert kind_of(raw) == kind
    assert (found.request.method, found.request.uri, found.request.body) == ("POST", URI, b"{}")
    assert found.request.headers[-1][1] == "*/*"
    assert (found.response.status, found.response.body) == (200, ANSWER.encode())
    assert found.provider == "anthropic"


@pytest.mark.parametrize("kind", ["har", "vcr"])
def test_a_coding_that_the_recorder_unpacked_is_no_longer_claimed(
    kind: str, read: Callable[[bytes], list[Interaction]]
) -> None:
    (found,) = read(FILES[kind]())

    assert "content-encoding" not in dict(found.response.headers)
    assert dict(found.response.headers).get("content-length", str(len(ANSWER))) == str(len(ANSWER))


@pytest.mark.parametrize(("kind", "head_s", "end_s"), [("har", 0.25, 1.0), ("mitmproxy", 0.25, 1.0)])
def test_instants_count_from_the_end_of_the_request(
    kind: str, head_s: float, end_s: float, read: Callable[[bytes], list[Interaction]]
) -> None:
    (found,) = read(FILES[kind]())

    assert (found.response.head_at_s, found.response.ended_at_s) == (head_s, end_s)


def test_a_flow_without_an_answer_is_one_that_broke_off(read: Callable[[bytes], list[Interaction]]) -> None:
    (found,) = read(netstring(FLOW | {"response": None, "error": {"msg": "Connection reset by peer"}}))

    assert (found.response.status, found.response.ended) == (0, "reset")


@pytest.mark.parametrize("raw", [b'{"log": {}}', b"12:abc", b"http_interactions: 3\n", b"nothing of the kind"])
def test_what_cannot_be_read_is_said_by_name(raw: bytes, read: Callable[[bytes], list[Interaction]]) -> None:
    with pytest.raises(CassetteError, match="recording"):
        read(raw)


def test_what_is_exported_as_har_comes_back(
    three: list[Interaction], read: Callable[[bytes], list[Interaction]]
) -> None:
    back = read(exporting.har(three))

    # Of unknown age come first; HAR has no such thing.
    assert {(one.request.uri, one.request.body, one.response.body) for one in back} == {
        (one.request.uri, one.request.body, one.response.body) for one in three
    }


def test_what_is_exported_as_vcr_comes_back(
    three: list[Interaction], read: Callable[[bytes], list[Interaction]]
) -> None:
    raw = exporting.vcr(three)

    back = read(raw)

    assert [(one.request.body, one.response.body) for one in back] == [
        (one.request.body, one.response.body) for one in three
    ]
    assert b"windtunnel" not in raw
