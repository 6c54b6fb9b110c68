"""At which speed a request is answered."""

from __future__ import annotations

import pytest

from windtunnel_server.model.models import find
from windtunnel_server.model.speed import answers_fast, speed_of


@pytest.mark.parametrize(
    ("model", "speed"),
    [("claude-opus-5-5", "fast"), ("claude-opus-4-6", "standard"), ("claude-opus-4-7", "standard")],
)
def test_fast_mode_is_for_the_models_that_have_it(model: str, speed: str) -> None:
    assert speed_of({"model": model, "speed": "fast"}) == speed


def test_who_asks_for_no_speed_is_told_none() -> None:
    assert speed_of({"model": "claude-opus-5"}) is None
    assert speed_of({"model": "claude-opus-5", "speed": "standard"}) == "standard"


@pytest.mark.parametrize(("name", "answers"), [("claude-opus-4-6", True), ("claude-opus-4-7", False)])
def test_one_model_falls_back_and_another_refuses(name: str, answers: bool) -> None:
    model = find(name)

    assert model is not None and answers_fast(model) is answers
