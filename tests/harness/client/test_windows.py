"""Windows of the models, under whatever name a cloud has for them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from windtunnel.client import names
from windtunnel.client.windows import UNKNOWN, window_of
from windtunnel_server.model.models import MODELS, Model


@pytest.mark.parametrize("model", MODELS, ids=lambda model: str(model.id))
def test_the_table_has_the_window_of_every_model(model: Model) -> None:
    assert window_of(model.id) == model.window


@pytest.mark.parametrize("called", [names.on_bedrock, names.on_vertex])
def test_a_name_of_a_cloud_has_the_same_window(called: Callable[[str], str]) -> None:
    assert window_of(called("claude-sonnet-4-6")) == 1_000_000
    assert window_of(called("claude-haiku-4-5")) == 200_000


def test_a_model_that_is_not_known_is_taken_for_a_small_one() -> None:
    assert window_of("my-own-model") == UNKNOWN
