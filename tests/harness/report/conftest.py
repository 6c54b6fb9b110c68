"""A run with every kind of thing a report has to show."""

from __future__ import annotations

import pytest

from windtunnel.policies import POLICIES
from windtunnel.verdicts import EXACT, Verdict
from windtunnel.verdicts.backoff import judge
from windtunnel_server.journal import Entry, Performed


def _call(number: int, at: float, status: int | None, count: int, sender: str, **rest: object) -> Entry:
    fields: dict[str, object] = {
        "provider": "anthropic",
        "method": "POST",
        "path": "/v1/messages",
        "headers": (("x-stainless-retry-count", str(count)),),
        "body": {"note": "<script>alert('body')</script>"},
        "steps": [Performed(at, "head")] if status else [],
        "ended": "complete" if status else "reset",
        "ended_at": at,
    }
    return Entry(number=number, arrived_at=at, status=status, sender=sender, **(fields | rest))  # type: ignore[arg-type]


@pytest.fixture
def entries() -> list[Entry]:
    """Two chains: one that waits well and for long, one that does nearly everything wrong."""
    hint = (("retry-after", "300"),)
    return [
        _call(1, 0.0, 429, 0, "task 1", response_headers=hint, error_type="rate_limit_error"),
        _call(2, 300.0, 200, 1, "task 1"),
        _call(3, 400.0, None, 0, "task 2"),
        _call(
            4, 400.1, 529, 1, "task 2", error_type="overloaded_error", response_headers=(("retry-after", "<b>2</b>"),)
        ),
        _call(5, 402.9, 500, 2, "task 2", error_type="<i>api_error</i>"),
        _call(6, 405.0, 200, 3, "task 2", path="/v1/messages?<script>"),
    ]


@pytest.fixture
def verdict(entries: list[Entry]) -> Verdict:
    """What the backoff verdict says of it."""
    return judge(entries, POLICIES["anthropic_python"], tolerance=EXACT, finished=True)
