"""The models endpoint beside its recorded answers."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from windtunnel_server.model.models import find

#: Put in place of the real dates by whoever recorded it.
NORMALISED = "1970-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def lists(corpus: Path) -> list[dict[str, Any]]:
    found = []
    for file in corpus.glob("exchanges-*.jsonl.gz"):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines if '/v1/models"' in line]
        found += [row["response_body"] for row in rows if row["api"] == "models" and row["status"] == 200]
    return found


def test_every_recorded_model_is_described_as_recorded(lists: list[dict[str, Any]]) -> None:
    recorded = [item for answer in lists for item in answer["data"]]

    differing = [(item["id"], key) for item in recorded for key in item if _differs(item, key)]

    assert len(recorded) > 20
    assert differing == []


def _differs(item: dict[str, Any], key: str) -> bool:
    model = find(item["id"])
    if key == "created_at" and item[key] == NORMALISED:
        return False
    return model is None or model.info(version="2023-06-01").get(key) != item[key]


def test_the_envelope_has_the_recorded_keys(lists: list[dict[str, Any]]) -> None:
    assert all(set(answer) == {"data", "has_more", "first_id", "last_id"} for answer in lists)
