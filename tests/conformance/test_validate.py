"""Recorded requests: none that was answered is refused, and those that were refused are refused in the same words."""

from __future__ import annotations

import base64
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from anthropic.types.anthropic_beta_param import AnthropicBetaParam

from windtunnel_server.model.validation import Terms, check

APIS = {"messages", "count_tokens"}
#: Recorded refusals that need the credential (9) or the rate limits (2): not a matter of the request.
LATER = 11
COVERED = 42
KEPT = ("id", "api", "status", "recorded_at", "request_headers", "request_body", "response_body")
#: Every beta that a request needs whose headers were not recorded.
ANY = frozenset(get_args(get_args(AnthropicBetaParam)[1]))


@pytest.fixture(scope="module")
def exchanges(corpus: Path) -> list[dict[str, Any]]:
    files = sorted(corpus.glob("exchanges-*.jsonl.gz"))
    rows = (row for file in files for row in _rows(file) if row["api"] in APIS and row["request_body"] is not None)
    # Bytes of images and documents were left out of some, which are none then.
    return [row for row in rows if "<elided base64" not in json.dumps(row["request_body"])]


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["provider"] in ("anthropic", "foundry"):
                yield {key: row.get(key) for key in KEPT}


def _body(row: dict[str, Any]) -> Any:
    body = row["request_body"]
    return json.loads(base64.b64decode(body["b64"])) if isinstance(body, dict) and set(body) == {"b64"} else body


def _betas(row: dict[str, Any]) -> frozenset[str]:
    """The betas of a request; all where its headers are not known."""
    headers = {name.lower(): value for name, value in dict(row["request_headers"] or {}).items()}
    if not any(name.startswith("anthropic-") for name in headers):
        return ANY
    asked = headers.get("anthropic-beta", "")
    return frozenset(beta.strip() for beta in (asked if isinstance(asked, str) else ",".join(asked)).split(","))


def _said(row: dict[str, Any]) -> str | None:
    day = row["recorded_at"][:10] if row["recorded_at"] else None
    terms = Terms(version="2023-06-01", endpoint=row["api"], betas=_betas(row), models_as_of=day)
    problem = check(_body(row), terms)
    return None if problem is None else problem.message


def test_no_request_the_service_answered_is_refused(exchanges: list[dict[str, Any]]) -> None:
    answered = [row for row in exchanges if row["status"] == 200]

    refused = {row["id"]: said for row in answered if (said := _said(row)) is not None}

    assert len(answered) > 1_500
    assert refused == {}


def test_recorded_refusals_come_in_the_recorded_words(exchanges: list[dict[str, Any]]) -> None:
    failed = [row for row in exchanges if row["status"] >= 400]
    told = {row["id"]: row["response_body"]["error"]["message"] for row in failed}

    seen = Counter(_judged(_said(row), told[row["id"]]) for row in failed)

    print(f"recorded refusals: {dict(seen)}")
    assert seen["other words"] == 0
    assert seen["matched"] >= COVERED
    assert seen["passed"] <= LATER


def _judged(said: str | None, recorded: str) -> str:
    if said is None:
        return "passed"
    return "matched" if said == recorded else "other words"
