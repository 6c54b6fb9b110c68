"""Which sampling parameters a model still takes."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.validation import Terms, check


def said(model: str, **more: Any) -> str | None:
    request = {"model": model, "max_tokens": 16, "messages": [{"role": "user", "content": "Hi"}], **more}
    problem = check(request, Terms(version="2023-06-01"))
    return None if problem is None else problem.message


@pytest.mark.parametrize("model", ["claude-opus-4-7", "claude-sonnet-5", "claude-haiku-5-5", "claude-fable-5-1"])
@pytest.mark.parametrize(("name", "value"), [("temperature", 0), ("top_p", 0.5), ("top_k", 5)])
def test_new_models_take_no_sampling(model: str, name: str, value: float) -> None:
    assert said(model, **{name: value}) == f"`{name}` is deprecated for this model."


def test_default_values_pass_everywhere() -> None:
    assert said("claude-sonnet-5", temperature=1, top_p=1) is None


@pytest.mark.parametrize(
    ("model", "both"),
    [("claude-sonnet-4-0", True), ("claude-opus-4-1", False), ("claude-haiku-4-5", False), ("claude-opus-4-6", False)],
)
def test_temperature_and_top_p_go_together_on_older_models_only(model: str, both: bool) -> None:
    assert (said(model, temperature=0.5, top_p=0.5) is None) is both
    assert said(model, temperature=0.5, top_k=5) is None
