"""What a valid request meets before a model answers it (each part through the door: providers/test_messages.py)."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from windtunnel_server.model.compose import compose
from windtunnel_server.model.models import find
from windtunnel_server.model.problem import Problem
from windtunnel_server.model.service import Admitted, Applicant, Limited, Service
from windtunnel_server.model.tokens import count_input, weigh
from windtunnel_server.settings import RateLimits, Settings
from windtunnel_server.wire.ids import Ids

MARKED = {"type": "text", "text": "All is well in the tunnel. " * 300, "cache_control": {"type": "ephemeral"}}


def applicant(*content: dict[str, Any], at: float = 0.0, **more: Any) -> Applicant:
    model = find("claude-sonnet-4-6")
    assert model is not None
    message = {"role": "user", "content": list(content) or "Hello"}
    request = {"model": model.id, "max_tokens": 100, "messages": [message]} | more
    return Applicant(request=request, model=model, at=at, asked_at=at)


def admitted(service: Service, who: Applicant) -> Admitted:
    let_in = service.admit(who)
    assert isinstance(let_in, Admitted), let_in
    return let_in


def test_the_prompt_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def weighed(request: Any) -> Any:
        seen.append(request)
        return weigh(request)

    monkeypatch.setattr("windtunnel_server.model.prompt.weigh", weighed)
    monkeypatch.setattr("windtunnel_server.model.finish.count_input", weighed)
    service = Service(Settings(rate_limit=RateLimits(input_tokens_per_minute=100_000)))

    who = applicant(MARKED)
    compose(who.request, seed=0, ids=Ids(Random(0)), prompt=admitted(service, who).usage)

    assert len(seen) == 1


def test_the_input_side_adds_up_to_what_count_tokens_says() -> None:
    service, who = Service(Settings()), applicant(MARKED, {"type": "text", "text": "And?"})

    for _ in range(2):
        let_in = admitted(service, who)
        let_in.begin(0.0)

        used = let_in.usage
        assert used.input_tokens + used.cache_creation_tokens + used.cache_read_tokens == count_input(who.request)
    assert used.cache_read_tokens > 0


def test_marks_come_before_the_window_and_the_window_before_the_limits() -> None:
    service = Service(Settings(context_window=10, rate_limit=RateLimits(input_tokens_per_minute=10)))

    marks, window = service.admit(applicant(*[MARKED] * 5)), service.admit(applicant(MARKED))
    limit = Service(Settings(rate_limit=RateLimits(input_tokens_per_minute=10))).admit(applicant(MARKED))

    assert isinstance(marks, Problem) and marks.kind == "too_many_cache_breakpoints"
    assert isinstance(window, Problem) and window.kind == "prompt_too_long"
    assert isinstance(limit, Limited) and limit.exceeded.family == "input_tokens"


def test_marks_are_looked_at_even_where_nothing_is_cached() -> None:
    assert isinstance(Service(Settings(prompt_cache=False)).admit(applicant(*[MARKED] * 5)), Problem)


def test_room_is_what_the_window_has_left() -> None:
    who = applicant()
    tokens = count_input(who.request)

    assert admitted(Service(Settings(context_window=tokens + 7)), who).room == 7


def test_without_limits_nothing_stands_anywhere() -> None:
    let_in = admitted(Service(Settings()), applicant())
    let_in.end()

    assert let_in.said(5) is None


def test_a_refused_call_writes_nothing_to_the_cache() -> None:
    service = Service(Settings(rate_limit=RateLimits(requests_per_minute=1)))
    admitted(service, applicant()).begin(0.0)
    assert isinstance(service.admit(applicant(MARKED)), Limited)

    assert admitted(service, applicant(MARKED, at=60.0)).usage.cache_read_tokens == 0


def test_a_model_nobody_knows_has_no_window() -> None:
    assert Service(Settings(context_window=1)).too_long({"model": "x", "max_tokens": 1}) is None
