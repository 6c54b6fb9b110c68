"""A record for every request, with nothing in it that anybody said."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from windtunnel import Windtunnel, fail, reply
from windtunnel.client.analytics import Record, attributes, json_lines, spans
from windtunnel.client.budget import Budget
from windtunnel.client.core import AsyncClient
from windtunnel.client.events import TextDelta
from windtunnel.client.failures import BudgetExhausted, ConfigurationError, RequestError
from windtunnel.client.options import Options
from windtunnel.client.request import Request

Asking = Callable[..., Request]


def recorded(backend: Any, *requests: Request, **options: Any) -> list[Record]:
    """Send the requests one after the other, and return what was recorded of them."""
    records: list[Record] = []

    async def ask() -> None:
        async with AsyncClient(backend, analytics=records.append, **options) as client:
            for request in requests:
                try:
                    await client.send(request)
                except RequestError:
                    pass

    asyncio.run(ask())
    return records


def test_an_answer_after_a_retry_is_one_record(to_fake: Callable[..., Any], asking: Asking) -> None:
    said = reply("From the west.", stream={"first_byte": 3})
    with Windtunnel(fail("rate_limited", retry_after=2), said) as tunnel:
        (record,) = recorded(to_fake(tunnel), asking(), options=Options(jitter=0))

    assert (record.outcome, record.stop_reason, record.retries) == ("answer", "end_turn", 1)
    assert record.first_text_s == pytest.approx(5, abs=0.01)
    assert record.used.output_tokens > 0 and record.used.cost_micro_usd > 0


def test_a_failure_is_recorded_by_its_kind(to_fake: Callable[..., Any], asking: Asking) -> None:
    with Windtunnel(fail("invalid_request")) as tunnel:
        (record,) = recorded(to_fake(tunnel), asking())

    assert (record.outcome, record.answered_by, record.used.requests) == ("invalid", None, 0)


def test_a_deadline_is_recorded_as_such(to_fake: Callable[..., Any], asking: Asking) -> None:
    with Windtunnel(fail("overloaded", times="forever")) as tunnel:
        (record,) = recorded(to_fake(tunnel), asking(), options=Options(deadline_s=1.5))

    assert record.outcome == "deadline"


def test_a_file_without_a_folder_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such folder"):
        json_lines(tmp_path / "missing" / "requests.jsonl")
    with pytest.raises(ConfigurationError, match="is a folder"):
        json_lines(tmp_path)


def test_a_sink_that_fails_costs_nobody_an_answer(
    to_fake: Callable[..., Any], asking: Asking, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    sink = json_lines(folder / "requests.jsonl")
    folder.rmdir()

    async def ask(backend: Any) -> str:
        async with AsyncClient(backend, analytics=sink) as client:
            return (await client.send(asking())).text

    with Windtunnel(reply("Paid for.")) as tunnel:
        assert asyncio.run(ask(to_fake(tunnel))) == "Paid for."
    assert "analytics raised" in caplog.text


def test_what_a_broken_stream_used_belongs_to_its_request(to_fake: Callable[..., Any], asking: Asking) -> None:
    with Windtunnel(fail("close_mid_stream", after_events=4, text="one two three"), reply("Whole.")) as tunnel:
        (record,) = recorded(to_fake(tunnel), asking())

    assert (record.discarded, record.used.requests, record.used.aborted) == (1, 2, 1)


def test_a_request_its_caller_leaves_is_recorded(to_fake: Callable[..., Any], asking: Asking) -> None:
    records: list[Record] = []

    async def leave(backend: Any) -> None:
        client = AsyncClient(backend, analytics=records.append)
        async with client, client.stream(asking()) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    break

    with Windtunnel(reply("one two three", stream={"tokens_per_second": 1})) as tunnel:
        asyncio.run(leave(to_fake(tunnel)))

    assert [record.outcome for record in records] == ["left"]


def test_lines_are_json_and_tell_nothing_that_was_said(
    to_fake: Callable[..., Any], asking: Asking, tmp_path: Path
) -> None:
    file = tmp_path / "requests.jsonl"

    async def ask(backend: Any) -> None:
        async with AsyncClient(backend, analytics=json_lines(file)) as client:
            await client.send(asking("the secret question"))
            await client.send(asking("the secret question"))

    with Windtunnel(reply("the secret answer", times=2)) as tunnel:
        asyncio.run(ask(to_fake(tunnel)))
        key = tunnel.api_key

    text = file.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["outcome"] for line in lines] == ["answer", "answer"]
    assert lines[0]["at"].endswith("Z") and lines[0]["backend"] == "anthropic"
    assert "secret" not in text and key not in text


class Spans:
    """Takes the place of a tracer."""

    def __init__(self) -> None:
        self.spans: list[dict[str, Any]] = []

    def start_span(self, name: str, **given: Any) -> Spans:
        self.spans.append({"name": name, **given})
        return self

    def set_status(self, status: Any) -> None:
        self.spans[-1]["status"] = status.status_code.name

    def end(self, end_time: int) -> None:
        self.spans[-1]["end_time"] = end_time


def test_a_span_has_the_attributes_of_the_conventions(to_fake: Callable[..., Any], asking: Asking) -> None:
    tracer = Spans()
    with Windtunnel(fail("rate_limited", retry_after=2), reply("Hello."), fail("invalid_request")) as tunnel:
        for record in recorded(to_fake(tunnel), asking(), asking(), options=Options(jitter=0)):
            spans(tracer)(record)

    good, bad = tracer.spans
    assert good["name"] == "chat claude-sonnet-4-6" and "status" not in good
    assert good["end_time"] - good["start_time"] == pytest.approx(2e9, rel=0.01)
    assert good["attributes"]["gen_ai.provider.name"] == "anthropic"
    assert good["attributes"]["gen_ai.usage.output_tokens"] > 0
    assert good["attributes"]["gen_ai.response.finish_reasons"] == ("end_turn",)
    assert (bad["status"], bad["attributes"]["error.type"]) == ("ERROR", "invalid")


def test_attributes_without_a_value_are_left_out(to_fake: Callable[..., Any], asking: Asking) -> None:
    with Windtunnel(fail("invalid_request")) as tunnel:
        (record,) = recorded(to_fake(tunnel), asking())

    assert "gen_ai.response.model" not in attributes(record)


def test_a_spent_budget_sends_nothing(to_fake: Callable[..., Any], asking: Asking) -> None:
    budget = Budget(10)

    async def ask(backend: Any) -> None:
        async with AsyncClient(backend, budget=budget) as client:
            await client.send(asking())
            with pytest.raises(BudgetExhausted):
                await client.send(asking())

    with Windtunnel() as tunnel:
        asyncio.run(ask(to_fake(tunnel)))

        assert len(tunnel.journal.calls) == 1
    assert budget.used > 10
