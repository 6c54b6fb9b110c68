"""The values of the `anthropic-beta` header."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from anthropic.types.anthropic_beta_param import AnthropicBetaParam

from windtunnel_server.model.validation import Terms, check
from windtunnel_server.model.validation.betas import unexpected

STRANGE = frozenset({"wind-tunnel-2026-11-22"})


@pytest.mark.parametrize("beta", sorted(get_args(get_args(AnthropicBetaParam)[1])))
def test_every_beta_of_the_official_sdk_is_known(beta: str) -> None:
    assert unexpected(Terms(betas=frozenset({beta}))) is None


@pytest.mark.parametrize("beta", ["tools-2024-05-16", "claude-code-20250219", "structured-outputs-2025-12-15"])
def test_recorded_betas_are_known(beta: str) -> None:
    assert unexpected(Terms(betas=frozenset({beta}))) is None


def test_strange_betas_are_named_all_at_once() -> None:
    problem = unexpected(Terms(betas=frozenset({"b-2026-01-01", "a"})))

    assert problem is not None
    assert problem.message.startswith("Unexpected value(s) `a`, `b-2026-01-01` for the `anthropic-beta` header.")


def test_a_strange_beta_is_told_before_a_strange_model() -> None:
    request: dict[str, Any] = {"model": "no-such", "max_tokens": 1, "messages": [{"role": "user", "content": "Hi"}]}

    problem = check(request, Terms(betas=STRANGE))

    assert problem is not None
    assert problem.kind == "invalid_request"


@pytest.mark.parametrize("changes", [{"surface": "bedrock"}, {"strict": False}, {"off": frozenset({"betas_known"})}])
def test_elsewhere_and_where_it_is_turned_off_every_beta_passes(changes: dict[str, Any]) -> None:
    assert unexpected(Terms(betas=STRANGE, **changes)) is None
