"""Journals written by hand: what the server would have put down, a line a call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from random import Random
from typing import Any

import pytest

from windtunnel_server import faults
from windtunnel_server.journal import Entry, Performed
from windtunnel_server.performer import reported_usage
from windtunnel_server.plan import Close, End, Head, Plan, Raw, Reset, Send, Wait
from windtunnel_server.wire import compact, events, usage
from windtunnel_server.wire.message import Reply, Usage

_TYPES = {400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit_error", 529: "overloaded_error"}


class Told:
    """A journal in the making: `told.call(at=0.0, status=429)` adds an entry and returns it."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def call(
        self,
        at: float,
        status: int | None = 200,
        *,
        count: int | None = None,
        body: str = "Hello",
        takes: float = 0.0,
        ended: str | None = "complete",
        sender: str | None = None,
        key: str | None = None,
        connection: int = 0,
        stream: bool = False,
        path: str = "/v1/messages",
        sent: Mapping[str, str] | None = None,
        said: Mapping[str, str] | None = None,
        error_type: str | None = None,
    ) -> Entry:
        """Add a call that arrived `at` and ended `takes` seconds later; `sent` and `said` are headers."""
        marks = {"x-stainless-retry-count": count, "idempotency-key": key}
        headers = {name: str(value) for name, value in marks.items() if value is not None} | dict(sent or {})
        entry = Entry(
            number=len(self.entries) + 1,
            provider="anthropic",
            method="POST",
            path=path,
            headers=tuple(headers.items()),
            body={"stream": stream, "text": body},
            body_digest=sha256(body.encode()).hexdigest(),
            arrived_at=at,
            connection=connection,
            sender=sender,
            status=status,
            response_headers=tuple((said or {}).items()),
            error_type=error_type or _TYPES.get(status or 0),
            steps=[Performed(at, "head")] if status else [],
            ended=ended,
            ended_at=None if ended is None else at + takes,
        )
        self.entries.append(entry)
        return entry

    def door(self, *at: float, ended: str = "refused", sender: str | None = "thread 1") -> None:
        """Add attempts turned away at the door at these instants."""
        for when in at:
            number = len(self.entries) + 1
            entry = Entry(number=number, provider="anthropic", method="", path="", arrived_at=when, sender=sender)
            entry.ended, entry.ended_at = ended, when
            self.entries.append(entry)

    def chain(self, *at: float, failing: int = 429, sender: str | None = None, counted: bool = True) -> list[Entry]:
        """Add the attempts of one request at these instants, all but the last failing."""
        last = len(at) - 1
        return [
            self.call(when, 200 if place == last else failing, count=place if counted else None, sender=sender)
            for place, when in enumerate(at)
        ]


@pytest.fixture
def told() -> Told:
    """An empty journal to write in."""
    return Told()


@pytest.fixture(scope="session")
def journals() -> type[Told]:
    """The class itself, for properties that write many journals."""
    return Told


class Wired:
    """A journal of answers as they leave: `wired.answer("Hello", at=1.0, end_mid_stream={})` adds an entry."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def answer(
        self,
        reply: Reply | str = "Hello there.",
        *,
        at: float = 0.0,
        stream: bool = True,
        asked: str = "Hello",
        sender: str | None = "thread 1",
        headers: Mapping[str, str] | None = None,
        seed: int = 0,
        ended: str | None = None,
        **faulty: Mapping[str, Any],
    ) -> Entry:
        """Add a call and its answer, with these faults laid over it in turn; `ended` replaces how it ended."""
        reply = text_reply(reply) if isinstance(reply, str) else reply
        plan = _plan(reply, f"msg_{len(self.entries) + 1}", Random(seed), stream=stream)
        for name, options in faulty.items():
            plan = faults.apply(plan, name, options, Random(seed))
        return self._add(plan, at, stream, asked, sender, headers, ended)

    def refuse(self, status: int = 429, *, at: float = 0.0, stream: bool = True, **entry: Any) -> Entry:
        """Add a call that is answered with an error."""
        error = {"type": "error", "error": {"type": _TYPES.get(status, "api_error"), "message": "No."}}
        plan = Plan((Head(status, (("content-type", "application/json"),)), Send(compact.encode(error)), End()))
        made = self._add(plan, at, stream, **({"asked": "Hello", "sender": "thread 1", "headers": None} | entry))
        made.error_type = error["error"]["type"]  # type: ignore[index]
        return made

    def _add(
        self,
        plan: Plan,
        at: float,
        stream: bool,
        asked: str,
        sender: str | None,
        headers: Mapping[str, str] | None,
        ended: str | None = None,
    ) -> Entry:
        body = {"model": "claude-sonnet-4-6", "stream": stream, "messages": [{"role": "user", "content": asked}]}
        entry = Entry(
            number=len(self.entries) + 1,
            provider="anthropic",
            method="POST",
            path="/v1/messages",
            headers=tuple((headers or {}).items()),
            body=body,
            body_digest=sha256(json.dumps(body).encode()).hexdigest(),
            arrived_at=at,
            sender=sender,
        )
        _perform(plan, entry)
        entry.ended = ended or entry.ended
        self.entries.append(entry)
        return entry


def text_reply(text: str, **changes: Any) -> Reply:
    """A reply of one text block, with usage of all kinds."""
    used = Usage(
        input_tokens=21,
        output_tokens=307,
        cache_creation_5m_tokens=1100,
        cache_creation_1h_tokens=2030,
        cache_read_tokens=4500,
        server_tool_use={"web_search_requests": 2, "web_fetch_requests": 1},
    )
    said: dict[str, Any] = {"content": ({"type": "text", "text": text},), "usage": used}
    return Reply(**said | changes)


def _plan(reply: Reply, message_id: str, rng: Random, *, stream: bool) -> Plan:
    model = "claude-sonnet-4-6"
    notes: dict[str, object] = {"usage": usage.full(reply.usage, model=model)}
    if not stream:
        body = compact.encode(events.message(reply, model=model, message_id=message_id))
        head = Head(200, (("content-type", "application/json"), ("content-length", str(len(body)))))
        return Plan((head, Send(body), End()), notes)
    told = events.stream(reply, model=model, message_id=message_id, rng=rng)
    sends = [Send(data, name) for name, data in events.encode_stream(told, rng)]
    notes["usage_at_start"] = usage.at_start(reply.usage, model=model, rng=rng)
    head = Head(200, (("content-type", "text/event-stream; charset=utf-8"), ("transfer-encoding", "chunked")))
    return Plan((head, *sends, End()), notes)


_ENDS = {End: ("end", "complete"), Close: ("close", "closed"), Reset: ("reset", "reset")}


def _perform(plan: Plan, entry: Entry) -> None:
    """Do what a driver does: put down each step at its instant."""
    at = entry.arrived_at
    for step in plan:
        if isinstance(step, Wait):
            at += step.for_s
        elif isinstance(step, Head):
            entry.status, entry.response_headers = step.status, step.headers
            entry.steps.append(Performed(at, "head"))
        elif isinstance(step, Send):
            entry.sent.append(step.data)
            entry.steps.append(Performed(at, "send", len(step.data), step.event))
        elif isinstance(step, Raw):
            entry.steps.append(Performed(at, "raw", len(step.data)))
        else:
            what, entry.ended = _ENDS[type(step)]
            entry.steps.append(Performed(at, what))
            break
    entry.ended_at = at
    error_type = plan.notes.get("error_type")
    entry.error_type = error_type if isinstance(error_type, str) else None
    entry.usage = reported_usage(plan.notes, entry, complete=entry.ended == "complete")


@pytest.fixture
def wired() -> Wired:
    """An empty journal that keeps what was sent."""
    return Wired()


@pytest.fixture(scope="session")
def wires() -> type[Wired]:
    """The class itself, for properties that write many journals."""
    return Wired


@pytest.fixture(scope="session")
def said() -> Any:
    """Make a reply of one text block: `said("Hello", stop_reason="max_tokens")`."""
    return text_reply
