"""Conditions on the terms of a call."""

from __future__ import annotations

import pytest

from windtunnel_server.model.validation.conditions import elsewhere, every, on_messages, on_older, some, with_beta
from windtunnel_server.model.validation.terms import Terms


@pytest.mark.parametrize(
    ("asked", "met"),
    [({"files-api-2025-04-14"}, True), ({"files"}, False), (set(), False), ({"exact"}, True), ({"exact-2"}, False)],
)
def test_a_beta_is_asked_for_by_its_name_or_by_its_beginning(asked: set[str], met: bool) -> None:
    condition = with_beta("files-api-", "exact")

    assert condition(Terms(betas=frozenset(asked))) is met


def test_a_door_can_be_excluded() -> None:
    assert elsewhere("vertex")(Terms(surface="bedrock"))
    assert not elsewhere("vertex", "bedrock")(Terms(surface="bedrock"))


def test_conditions_are_combined() -> None:
    old_count = Terms(version="2023-06-01", endpoint="count_tokens")

    assert some(on_messages, on_older)(old_count)
    assert not every(on_messages, on_older)(old_count)
    assert every()(old_count)
    assert not some()(old_count)
