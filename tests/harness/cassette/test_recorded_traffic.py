"""Recorded traffic of all providers goes through a cassette and comes out as it was, read by us, by YAML and by vcrpy."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from windtunnel.cassette.document import parse
from windtunnel.cassette.files import load, save
from windtunnel.cassette.interaction import Headers, Interaction, Request, Response
from windtunnel_server.wire.compact import encode

#: All of them take too long for every run.
EVERY = 31


def records(corpus: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(corpus.glob("exchanges-*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def interaction(record: dict[str, Any]) -> Interaction:
    return Interaction(
        request=Request(
            method=record["method"],
            uri=record["url"] or "",
            headers=headers(record["request_headers"]),
            body=body(record["request_body"]),
        ),
        response=Response(
            status=record["status"] or 0,
            headers=headers(record["response_headers"]),
            body=base64.b64decode(record["response_body"])
            if record["response_kind"] == "eventstream"
            else body(record.get("response_body_raw") or record["response_body"]),
        ),
        provider=record["provider"],
    )


def body(value: Any) -> bytes:
    if value is None:
        return b""
    return value.encode() if isinstance(value, str) else encode(value)


def headers(value: dict[str, Any] | None) -> Headers:
    listed = {name: held if isinstance(held, list) else [held] for name, held in (value or {}).items()}
    return tuple((name, str(each)) for name, held in listed.items() for each in held)


def test_recorded_traffic_comes_out_as_it_was(corpus: Path, tmp_path: Path) -> None:
    pytest.importorskip("vcr")
    from vcr.persisters.filesystem import FilesystemPersister  # type: ignore[import-untyped]
    from vcr.serializers import yamlserializer  # type: ignore[import-untyped]

    recorded = [interaction(record) for record in islice(records(corpus), 0, None, EVERY)]
    path = tmp_path / "recorded.yaml"

    save(path, recorded, expected=None)

    cassette = load(path)
    assert cassette.spots is not None
    assert list(cassette.interactions) == recorded
    assert list(parse(cassette.raw).interactions) == recorded
    requests, responses = FilesystemPersister.load_cassette(path, yamlserializer)
    assert [(request.method, request.uri, request.body) for request in requests] == [
        (each.request.method, each.request.uri, each.request.body) for each in recorded
    ]
    assert [response["body"]["string"] for response in responses] == [each.response.body for each in recorded]
    assert len(recorded) > 50
