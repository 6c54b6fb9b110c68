"""Message batches, seen at instants."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from anthropic.types.messages import DeletedMessageBatch, MessageBatch, MessageBatchIndividualResponse

from windtunnel_server.model.batches import Asking, Batches, unfit
from windtunnel_server.model.problem import Problem

T = 1_787_150_950.044811
MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
ERROR = {"type": "error", "error": {"type": "not_found_error", "message": "model: x"}, "request_id": "req_1"}


def answer(params: Mapping[str, Any], at: float, asking: Asking) -> dict[str, Any]:
    if params.get("model") == "x":
        return {"type": "errored", "error": ERROR}
    return {"type": "succeeded", "message": MESSAGE | {"id": f"msg_{at - T:.0f}"}}


def request(*models: str) -> dict[str, Any]:
    return {"requests": [{"custom_id": f"r{n}", "params": {"model": model}} for n, model in enumerate(models)]}


@pytest.fixture
def batches() -> Batches:
    return Batches(answer)


def made(batches: Batches, *models: str, at: float = T) -> str:
    batch = batches.create(request(*models), at)
    assert isinstance(batch, dict)
    return str(batch["id"])


def shown(batch: dict[str, Any] | Problem) -> dict[str, Any]:
    assert isinstance(batch, dict), batch
    MessageBatch.model_validate(batch, strict=False)
    return batch


def test_a_new_batch_is_in_progress_for_a_day_at_most(batches: Batches) -> None:
    batch = shown(batches.create(request("m", "m"), T))

    assert batch["processing_status"] == "in_progress"
    assert batch["request_counts"]["processing"] == 2
    assert batch["created_at"] == "2026-08-19T14:49:10.044811+00:00"
    assert batch["expires_at"] == "2026-08-20T14:49:10.044811+00:00"
    assert batch["results_url"] is None


def test_counts_move_when_the_whole_batch_has_ended(batches: Batches) -> None:
    name = made(batches, "m", "x", "m")

    before, after = shown(batches.get(name, T + 59.9)), shown(batches.get(name, T + 60))

    assert before["request_counts"]["processing"] == 3
    assert after["request_counts"] == {"processing": 0, "succeeded": 2, "errored": 1, "canceled": 0, "expired": 0}
    assert after["results_url"].endswith(f"/v1/messages/batches/{name}/results")
    assert after["ended_at"] == "2026-08-19T14:50:10.044811+00:00"


def test_requests_finish_evenly_and_in_order(batches: Batches) -> None:
    name = made(batches, "m", "x", "m")

    lines = batches.results(name, T + 60)

    assert isinstance(lines, list)
    for line in lines:
        MessageBatchIndividualResponse.model_validate(line, strict=False)
    assert [line["custom_id"] for line in lines] == ["r0", "r1", "r2"]
    assert lines[0]["result"]["message"]["id"] == "msg_20"
    assert lines[1]["result"] == {"type": "errored", "error": ERROR}


def test_a_request_is_answered_once() -> None:
    asked: list[float] = []

    def noted(params: Mapping[str, Any], at: float, asking: Asking) -> dict[str, Any]:
        asked.append(at)
        return answer(params, at, asking)

    batches = Batches(noted)
    name = made(batches, "m")
    for _ in range(3):
        batches.results(name, T + 60)

    assert asked == [T + 60]


def test_a_request_is_answered_under_the_headers_its_batch_was_made_with() -> None:
    heard: list[Asking] = []

    def noted(params: Mapping[str, Any], at: float, asking: Asking) -> dict[str, Any]:
        heard.append(asking)
        return answer(params, at, asking)

    asking = Asking("2023-06-01", frozenset({"files-api-2025-04-14"}))
    batches = Batches(noted)
    name = shown(batches.create(request("m"), T, asking))["id"]
    batches.results(name, T + 60)

    assert heard == [asking]


def test_there_is_no_fast_mode_in_a_batch() -> None:
    fast, usual = unfit({"speed": "fast"}), unfit({"speed": "standard"})

    assert fast is not None and fast.message.startswith("speed: ")
    assert usual is None


def test_there_are_no_results_before_the_end(batches: Batches) -> None:
    assert isinstance(batches.results(made(batches, "m"), T + 1), Problem)


def test_cancelling_keeps_what_is_through(batches: Batches) -> None:
    name = made(batches, "m", "m", "m")

    during = shown(batches.cancel(name, T + 45))
    after = shown(batches.get(name, T + 46))

    assert (during["processing_status"], during["request_counts"]["processing"]) == ("canceling", 3)
    assert during["cancel_initiated_at"] is not None
    assert (after["request_counts"]["succeeded"], after["request_counts"]["canceled"]) == (2, 1)
    assert after["processing_status"] == "ended"


def test_cancelling_twice_changes_nothing(batches: Batches) -> None:
    name = made(batches, "m")

    first, second = shown(batches.cancel(name, T + 1)), shown(batches.cancel(name, T + 1.5))

    assert first == second


def test_an_ended_batch_cannot_be_cancelled(batches: Batches) -> None:
    assert isinstance(batches.cancel(made(batches, "m"), T + 99), Problem)


def test_a_batch_that_takes_longer_than_a_day_expires() -> None:
    batches = Batches(answer, processing_s=4 * 86_400)
    name = made(batches, "m", "m", "m", "m", "m")

    counts = shown(batches.get(name, T + 86_400))["request_counts"]

    assert (counts["succeeded"], counts["expired"]) == (1, 4)


def test_only_an_ended_batch_can_be_deleted(batches: Batches) -> None:
    name = made(batches, "m")

    early, late = batches.delete(name, T), batches.delete(name, T + 60)

    assert isinstance(early, Problem)
    assert DeletedMessageBatch.model_validate(late).id == name
    assert batches.get(name, T + 61) == Problem("not_found", f"Batch {name} not found.")


@pytest.mark.parametrize("action", ["get", "cancel", "delete", "results"])
def test_a_batch_nobody_made_is_not_found(batches: Batches, action: str) -> None:
    found = getattr(batches, action)("msgbatch_none", T)

    assert isinstance(found, Problem) and found.kind == "not_found"


def test_batches_are_listed_newest_first(batches: Batches) -> None:
    names = [made(batches, "m", at=T + n) for n in range(3)]

    listed = batches.listing({"limit": ["2"]}, T + 5)

    assert isinstance(listed, dict)
    assert [item["id"] for item in listed["data"]] == [names[2], names[1]]
    assert (listed["has_more"], listed["first_id"], listed["last_id"]) == (True, names[2], names[1])


ONE = {"custom_id": "a", "params": {}}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "requests: Field required"),
        ({"requests": "x"}, "requests: Input should be a valid array"),
        ({"requests": []}, "requests: List should have at least 1 item after validation, not 0"),
        ({"requests": [7]}, "requests.0: Input should be an object"),
        ({"requests": [{"params": {}}]}, "requests.0.custom_id: Field required"),
        ({"requests": [{"custom_id": "a"}]}, "requests.0.params: Field required"),
        ({"requests": [ONE | {"custom_id": 7}]}, "requests.0.custom_id: Input should be a valid string"),
        (
            {"requests": [ONE | {"custom_id": "a:b"}]},
            "requests.0.custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'",
        ),
        ({"requests": [ONE, ONE]}, "requests: custom_id must be unique within a batch"),
        ({"requests": [ONE], "model": "m"}, "model: Extra inputs are not permitted"),
        ([], "Input should be an object"),
    ],
)
def test_a_faulty_batch_is_refused(batches: Batches, body: Any, message: str) -> None:
    assert batches.create(body, T) == Problem("invalid_request", message)


def test_recorded_batches_have_the_same_keys_in_the_same_order(batches: Batches, corpus: Path) -> None:
    ours = shown(batches.create(request("m"), T))

    recorded = list(_recorded(corpus))

    assert len(recorded) >= 8
    assert {tuple(batch) for batch in recorded} == {tuple(ours)}
    assert {tuple(batch["request_counts"]) for batch in recorded} == {tuple(ours["request_counts"])}


def _recorded(corpus: Path) -> list[dict[str, Any]]:
    found = []
    for file in corpus.glob("exchanges-*.jsonl.gz"):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines if '"api": "batches"' in line or '"api":"batches"' in line]
        found += [row["response_body"] for row in rows if "processing_status" in row["response_body"]]
    return found


def test_a_batch_warms_no_cache_and_streams_nothing() -> None:
    warming, streaming = unfit({"max_tokens": 0}), unfit({"max_tokens": 1, "stream": True})

    assert warming is not None and warming.message.startswith("max_tokens: ")
    assert streaming is not None and streaming.message.startswith("stream: ")
    assert unfit({"max_tokens": 1, "stream": False}) is None
