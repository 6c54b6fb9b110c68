"""The context window: what fits, what is refused, in which words."""

from __future__ import annotations

import pytest

from windtunnel_server.model.models import Model, find
from windtunnel_server.model.window import LONG_CONTEXT_BETA, SOFT_WINDOW_BETA, Window, window_of


def model(name: str) -> Model:
    known = find(name)
    assert known is not None
    return known


def test_input_over_the_window_is_refused_in_the_api_s_words() -> None:
    problem = Window(200_000, soft=True).refusal(200_251, 10)

    assert problem is not None
    assert (problem.kind, problem.message) == (
        "prompt_too_long", "prompt is too long: 200251 tokens > 200000 maximum"
    )  # fmt: skip


def test_input_that_just_fits_is_not_refused() -> None:
    assert Window(200_000, soft=True).refusal(200_000, 10) is None


def test_an_earlier_model_refuses_an_answer_that_could_fill_the_window() -> None:
    problem = Window(200_000, soft=False).refusal(178_959, 64_000)

    assert problem is not None
    assert problem.message == (
        "input length and `max_tokens` exceed context limit: 178959 + 64000 > 200000, "
        "decrease input length or `max_tokens` and try again"
    )


def test_an_earlier_model_takes_what_just_fits() -> None:
    assert Window(200_000, soft=False).refusal(136_000, 64_000) is None


@pytest.mark.parametrize(
    ("name", "beta", "soft"),
    [
        ("claude-sonnet-4-0", None, False),
        ("claude-opus-4-1", None, False),
        ("claude-sonnet-4-0", SOFT_WINDOW_BETA, True),
        ("claude-sonnet-4-5", None, True),
        ("claude-haiku-4-5", None, True),
        ("claude-opus-5-5", None, True),
    ],
)
def test_from_4_5_on_or_with_the_beta_the_window_is_soft(name: str, beta: str | None, soft: bool) -> None:
    assert window_of(model(name), betas=frozenset({beta} if beta else ())).soft is soft


@pytest.mark.parametrize(
    ("name", "beta", "tokens"),
    [
        ("claude-haiku-4-5", None, 200_000),
        ("claude-haiku-4-5", LONG_CONTEXT_BETA, 200_000),
        ("claude-sonnet-4-5", None, 200_000),
        ("claude-sonnet-4-5", LONG_CONTEXT_BETA, 1_000_000),
        ("claude-sonnet-4-6", None, 1_000_000),
        ("claude-opus-5", None, 1_000_000),
    ],
)
def test_a_million_is_the_newer_models_own_or_opened_by_a_beta(name: str, beta: str | None, tokens: int) -> None:
    assert window_of(model(name), betas=frozenset({beta} if beta else ())).tokens == tokens


def test_a_set_window_counts_whatever_the_betas_say() -> None:
    assert window_of(model("claude-sonnet-4-5"), set_to=5_000, betas=frozenset({LONG_CONTEXT_BETA})).tokens == 5_000


def test_room_is_never_less_than_none() -> None:
    assert (Window(100, soft=True).room(90), Window(100, soft=True).room(120)) == (10, 0)
