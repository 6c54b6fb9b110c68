"""Journals written by hand: what the server would have put down, a line a call."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import pytest

from windtunnel_server.journal import Entry, Performed

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
