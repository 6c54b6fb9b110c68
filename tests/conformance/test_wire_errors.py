"""Our error bodies against recorded ones."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from windtunnel_server.wire import errors
from windtunnel_server.wire.compact import encode


@pytest.fixture(scope="module")
def recorded(corpus: Path) -> list[dict[str, Any]]:
    """Error answers of the direct API that kept their bytes, since bodies have a request id."""
    found: list[dict[str, Any]] = []
    for path in sorted(corpus.glob("exchanges-*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            found += [record for line in lines if is_error(record := json.loads(line))]
    return [record for record in found if "request_id" in record["response_body"]]


def is_error(record: dict[str, Any]) -> bool:
    direct = record["provider"] == "anthropic" and record["response_kind"] == "json"
    return direct and record["status"] >= 400 and isinstance(record["response_body"], dict)


def is_raw(record: dict[str, Any]) -> bool:
    return bool(record["fidelity"].get("response") == "raw")


#: status, start of the recorded message, kind, values
SAID: list[tuple[int, str, str, dict[str, object]]] = [
    (401, "invalid x-api-key", "invalid_api_key", {}),
    (401, "API key is invalid.", "invalid_bearer_key", {}),
    (404, "model: invalid-model-name", "model_not_found", {"model": "invalid-model-name"}),
    (404, "model: claude-4-5-haiku", "model_not_found", {"model": "claude-4-5-haiku"}),
    (400, "This model does not support assistant message prefill.", "prefill_unsupported", {}),
    (400, "messages.0: all messages must have", "message_content_empty", {"path": "messages.0"}),
    (400, "output_format.schema: Field required", "field_required", {"path": "output_format.schema"}),
]


@pytest.mark.parametrize(("status", "start", "name", "values"), SAID)
def test_recorded_errors_are_written_byte_for_byte(
    recorded: list[dict[str, Any]], status: int, start: str, name: str, values: dict[str, object]
) -> None:
    bodies = [one["response_body"] for one in recorded if one["status"] == status]
    alike = [body for body in bodies if body["error"]["message"].startswith(start)]

    assert alike
    for body in alike:
        ours = errors.body(errors.KINDS[name], request_id=body["request_id"] or "", values=values)
        # Some recorders sorted the keys, so the order is looked at in the raw ones alone (below).
        assert json.loads(ours) == body


def test_every_raw_recorded_error_can_be_written_byte_for_byte(recorded: list[dict[str, Any]]) -> None:
    raw = [one for one in recorded if is_raw(one)]

    for one in raw:
        body = one["response_body"]
        kind = errors.by_status(one["status"])
        ours = errors.body(kind, request_id=body["request_id"], message=body["error"]["message"])
        assert ours == encode(body)
    assert len(raw) > 20


def test_the_recorded_rate_limit_is_ours_but_for_the_address_of_the_sales_page(recorded: list[dict[str, Any]]) -> None:
    (body, *_) = [one["response_body"] for one in recorded if one["status"] == 429]
    values = {"limit": 20_000_000, "unit": "prompt bytes per hour", "org": "81e1d52e-d88c-4e32-ac44-6180ffa28a30"}

    ours = errors.KINDS["rate_limited"].text(values | {"model": "claude-sonnet-4-5-20250929"})

    # The page moved between the recording (2026-02) and the newest quotes.
    assert (
        ours.replace("https://claude.com/contact-sales", "https://www.anthropic.com/contact-sales")
        == (body["error"]["message"])
    )


def test_recorded_errors_say_try_again_as_ours_do(recorded: list[dict[str, Any]]) -> None:
    said = [(one["status"], retry) for one in recorded if (retry := should_retry(one)) is not None]

    assert {status for status, _ in said} >= {400, 401, 404, 429}
    assert all(errors.by_status(status).should_retry is (retry == "true") for status, retry in said)


def should_retry(record: dict[str, Any]) -> str | None:
    headers = {name.lower(): value for name, value in dict(record["response_headers"] or {}).items()}
    return headers.get("x-should-retry")
