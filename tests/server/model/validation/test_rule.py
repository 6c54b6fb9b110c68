"""What several rules look for in one request."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.models import find
from windtunnel_server.model.validation import Terms, check
from windtunnel_server.model.validation.rule import PLAINEST, Asked


def asked(*messages: tuple[str, Any]) -> Asked:
    model = find("claude-sonnet-5")
    assert model is not None
    request = {**PLAINEST, "messages": [{"role": role, "content": content} for role, content in messages]}
    return Asked(request, Terms(), model)


def test_messages_of_one_role_are_one_turn_and_their_blocks_are_counted_on() -> None:
    block = {"type": "text", "text": "x"}

    turns = asked(("user", "a"), ("user", ""), ("user", [block, block]), ("user", "b"), ("assistant", [block])).turns

    assert turns == [(0, 0), (0, 1), (0, 1), (0, 3), (1, 0)]


def test_a_thing_is_looked_for_once() -> None:
    looked: list[Asked] = []

    def number(request: Asked) -> int:
        looked.append(request)
        return len(looked)

    one = asked(("user", "a"))

    assert [one.once(number), one.once(number)] == [1, 1]
    assert asked(("user", "a")).once(number) == 2


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (None, None),
        ("2025-07-20", None),
        # Recorded on that day.
        ("2025-10-02", "model: claude-3-sonnet-20240229"),
    ],
)
def test_a_model_is_not_found_once_it_is_retired(day: str | None, told: str | None) -> None:
    problem = check({**PLAINEST, "model": "claude-3-sonnet-20240229"}, Terms(models_as_of=day))

    assert (problem and problem.message) == told
    assert problem is None or problem.kind == "model_not_found"
