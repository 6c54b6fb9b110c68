"""Our ids against recorded ones."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from email.utils import parsedate_to_datetime
from json import loads
from pathlib import Path
from typing import Any

import pytest

from windtunnel_server.wire import ids

FORM = re.compile(r"\b(req|msg|toolu|srvtoolu|mcptoolu|msgbatch|file|wrkspc|container)_(01[0-9A-Za-z]{22})\b")
#: A few fixtures have ids changed by hand or by a redactor, so not every one decodes.
GENUINE = 0.97


@pytest.fixture(scope="module")
def records(corpus: Path) -> list[dict[str, Any]]:
    found = []
    for path in sorted(corpus.glob("exchanges-*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            found += [(line, loads(line)) for line in lines]
    return [record | {"text": line} for line, record in found if record["fidelity"].get("response") == "raw"]


@pytest.fixture(scope="module")
def recorded(records: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """(prefix, id) of every id in a raw answer."""
    return {(prefix, f"{prefix}_{tail}") for record in records for prefix, tail in FORM.findall(record["text"])}


def decodes(id: str) -> bool:
    try:
        number = ids.number_of(id)
    except ValueError:
        return False
    return id.endswith(ids.base58(number))


def test_recorded_ids_are_128_bits_in_base58(recorded: set[tuple[str, str]]) -> None:
    genuine = Counter(decodes(id) for _, id in recorded)

    assert genuine.total() > 1000
    assert genuine[True] > GENUINE * genuine.total()


@pytest.mark.parametrize(("prefix", "version"), [("msgbatch", 4), ("file", 7)])
def test_recorded_ids_have_our_version(recorded: set[tuple[str, str]], prefix: str, version: int) -> None:
    found = [ids.version_of(id) for kind, id in recorded if kind == prefix and decodes(id)]

    assert found
    assert found.count(version) > 0.8 * len(found)


@pytest.mark.parametrize("prefix", ["toolu", "srvtoolu"])
def test_recorded_tool_ids_are_random(recorded: set[tuple[str, str]], prefix: str) -> None:
    found = [id for kind, id in recorded if kind == prefix and decodes(id)]

    # Chance hits a UUIDv7 once in 64.
    assert len(found) > 20
    assert sum(ids.version_of(id) == 7 for id in found) < 0.1 * len(found)


def test_recorded_request_ids_tell_when_they_were_made(records: list[dict[str, Any]]) -> None:
    apart = []
    for record in records:
        said = {name.lower(): value for name, value in dict(record["response_headers"] or {}).items()}
        id, date = said.get("request-id", ""), said.get("date", "")
        if id.startswith("req_011C") and date and decodes(id):
            apart.append(parsedate_to_datetime(date).timestamp() - ids.instant_of(id))

    assert len(apart) > 300
    assert sum(-2 < seconds < 120 for seconds in apart) > 0.97 * len(apart)


def test_recorded_message_ids_of_august_2026_are_v7(records: list[dict[str, Any]]) -> None:
    late = [record["text"] for record in records if (record["recorded_at"] or "") >= "2026-07-08"]
    found = {id for text in late for id in re.findall(r'"id\\*":\\*"(msg_01[0-9A-Za-z]{22})', text) if decodes(id)}

    assert len(found) > 20
    assert all(ids.version_of(id) == 7 for id in found)
