"""Compaction against a recorded one: the same request, and an answer of the same shape."""

from __future__ import annotations

import gzip
import json
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.core import Core
from windtunnel_server.providers.anthropic import Anthropic
from windtunnel_server.wire import compact

#: The recorder kept no headers.
HEADERS = (("x-api-key", "key"), ("anthropic-version", "2023-06-01"), ("anthropic-beta", "compact-2026-01-12"))

Event = tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def recorded(corpus: Path) -> dict[str, Any]:
    """The one compaction that was recorded as a stream, byte for byte."""
    with gzip.open(corpus / "exchanges-pydantic--pydantic-ai.jsonl.gz", "rt", encoding="utf-8") as lines:
        return next(json.loads(line) for line in lines if "compaction_delta" in line)


def events(body: str) -> list[Event]:
    texts = [text for text in body.split("\n\n") if text]
    return [(text.split("\n")[0], json.loads(text.split("\ndata: ")[1])) for text in texts]


def shape(value: Any) -> Any:
    """What is left without values: keys in their order, and the types of the rest."""
    if isinstance(value, dict):
        return [(key, value[key] if key == "type" else shape(value[key])) for key in value]
    return [shape(item) for item in value] if isinstance(value, list) else type(value).__name__


def test_the_stream_has_the_recorded_events_with_the_recorded_keys(recorded: dict[str, Any]) -> None:
    clock = VirtualClock()
    body = compact.encode(recorded["request_body"])
    plan, _ = Core(Anthropic(clock), clock).answer(Call("POST", "/v1/messages", "", HEADERS, body))

    ours, theirs = events(plan.body.decode()), events(recorded["response_body"])

    assert plan.status == 200
    assert _shapes(ours) == _shapes(theirs)


def _shapes(found: list[Event]) -> list[Any]:
    """Shapes in order, the deltas of a text as one."""
    return [one for one, _ in groupby((name, shape(payload)) for name, payload in found)]
