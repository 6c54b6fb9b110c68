"""Errors as values: they can be handed on to another process, and copied."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest

from windtunnel.client.failures import (
    BudgetExhausted,
    ClientError,
    ClientMisused,
    ConfigurationError,
    ContextTooLong,
    DeadlineExceeded,
    Failure,
    IncompleteAnswer,
    NotAuthenticated,
    RequestError,
    RetryLater,
    TooManySteps,
)

FAILURE = Failure(kind="overloaded", message="Overloaded", status=529, retry_after_s=90.0)
ERRORS: list[ClientError] = [
    *(
        kind("what happened", (FAILURE,), "one two")
        for kind in (RequestError, DeadlineExceeded, IncompleteAnswer, NotAuthenticated, ContextTooLong)
    ),
    RetryLater("come again", (FAILURE,), 90.0, "one two"),
    *(kind("what happened") for kind in (BudgetExhausted, ClientMisused, ConfigurationError, TooManySteps)),
]
WAYS: dict[str, Callable[[ClientError], ClientError]] = {
    "pickle": lambda error: pickle.loads(pickle.dumps(error)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("way", WAYS)
def test_an_error_comes_back_as_it_was(error: ClientError, way: str) -> None:
    error.add_note("seen in the morning")

    back = WAYS[way](error)

    assert type(back) is type(error) and str(back) == str(error)
    assert vars(back) == vars(error)


def test_what_had_come_belongs_to_every_error_of_a_request() -> None:
    assert RequestError("what happened", (FAILURE,)).text == ""
    assert RetryLater("come again", (FAILURE,), 90.0, "one two").text == "one two"
