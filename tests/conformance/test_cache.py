"""The prompt cache against recorded exchanges that carry `cache_control`: who reads, who writes, what is left."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from windtunnel_server.model.breakpoints import breakpoints
from windtunnel_server.model.cache import PromptCache
from windtunnel_server.model.models import find
from windtunnel_server.model.prompt import counted


@dataclass(frozen=True)
class Seen:
    """Tokens of one exchange as recorded and as we have them: plain input, written, read."""

    recorded: tuple[int, int, int]
    ours: tuple[int, int, int]

    @property
    def agrees(self) -> bool:
        return [count > 0 for count in self.recorded[1:]] == [count > 0 for count in self.ours[1:]]

    @property
    def is_from_before(self) -> bool:
        """It read what an earlier run of the recorder had written, which no recording shows."""
        return self.recorded[2] > 0 and self.ours[2] == 0


@pytest.fixture(scope="module")
def seen(corpus: Path) -> list[Seen]:
    found = []
    for _, exchanges in groupby(sorted(_exchanges(corpus), key=_place), key=lambda one: _place(one)[:2]):
        cache = PromptCache()
        found += [_asked(cache, float(at), one) for at, one in enumerate(exchanges)]
    return found


def _exchanges(corpus: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(corpus.glob("exchanges-*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                if '"cache_control"' in line:
                    exchange = json.loads(line)
                    if _is_one(exchange):
                        yield exchange


def _is_one(exchange: dict[str, Any]) -> bool:
    asked = exchange["request_body"]
    if exchange["status"] != 200 or exchange["api"] != "messages" or not isinstance(asked, dict):
        return False
    # Pictures, PDFs and the server's own tools are counted by guess.
    text = json.dumps(asked)
    guessed = any(
        word in text for word in ('"image"', '"document"', "web_search", "web_fetch", "code_execution", '"edits"')
    )
    return find(str(asked.get("model"))) is not None and not guessed and _usage(exchange) is not None


def _place(exchange: dict[str, Any]) -> tuple[str, str, int]:
    return exchange["source_repo"], exchange["source_path"], int(exchange["source_index"] or 0)


def _usage(exchange: dict[str, Any]) -> dict[str, Any] | None:
    body = exchange["response_body"]
    if isinstance(body, dict):
        return body.get("usage")
    if not isinstance(body, str):
        return None
    start = body.partition("event: message_start\ndata: ")[2].partition("\n")[0]
    return json.loads(start)["message"]["usage"] if start else None


def _asked(cache: PromptCache, at: float, exchange: dict[str, Any]) -> Seen:
    request, usage = exchange["request_body"], _usage(exchange)
    model, prompt = find(request["model"]), counted(request)
    marks = breakpoints(request, prompt)
    assert usage is not None and model is not None and isinstance(marks, tuple), "no recorded 200 is refused"
    matched = cache.match(request, prompt, marks, model=model, workspace="", at=at)
    matched.begin(at, at)
    written = matched.written_5m + matched.written_1h
    keys = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    recorded = tuple(int(usage.get(key) or 0) for key in keys)
    return Seen(recorded, (prompt.tokens - matched.read - written, written, matched.read))  # type: ignore[arg-type]


def test_who_reads_and_who_writes_is_as_recorded(seen: list[Seen]) -> None:
    judged = [one for one in seen if not one.is_from_before]

    wrong = [one for one in judged if not one.agrees]
    assert len(judged) > 250
    assert len(wrong) <= 0.03 * len(judged), wrong


def test_what_is_left_behind_the_last_mark_is_about_what_was_recorded(seen: list[Seen]) -> None:
    cached = [one for one in seen if one.agrees and any(one.recorded[1:])]

    near = [one for one in cached if abs(one.recorded[0] - one.ours[0]) <= max(2, 0.3 * one.recorded[0])]
    assert len(cached) > 60
    assert len(near) >= 0.8 * len(cached), [one for one in cached if one not in near]
