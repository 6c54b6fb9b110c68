"""Fast mode is refused by models that have none, and by no other."""

from __future__ import annotations

import pytest

from windtunnel_server.model.validation import Terms, check


@pytest.mark.parametrize(
    ("model", "refused"),
    [
        ("claude-opus-5-5", False),
        ("claude-opus-4-8", False),
        ("claude-opus-4-6", False),
        ("claude-opus-4-7", True),
        ("claude-fable-5-1", True),
        ("claude-haiku-4-5", True),
    ],
)
def test_a_model_without_fast_mode_says_so(model: str, refused: bool) -> None:
    request = {"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}], "speed": "fast"}

    problem = check(request, Terms())

    assert (problem is not None) is refused
    assert problem is None or problem.message.endswith("does not support the `speed` parameter.")


def test_the_usual_speed_is_no_fast_mode() -> None:
    request = {"model": "claude-haiku-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}

    assert check(request | {"speed": "standard"}, Terms()) is None
