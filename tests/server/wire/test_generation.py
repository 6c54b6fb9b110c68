from __future__ import annotations

import pytest

from windtunnel_server.wire.generation import NEWEST, generation


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("claude-3-haiku-20240307", (3, 0)),
        ("claude-3-5-haiku-20241022", (3, 5)),
        ("anthropic.claude-3-7-sonnet-20250219-v1:0", (3, 7)),
        ("claude-3-7-sonnet-latest", (3, 7)),
        ("claude-sonnet-4-20250514", (4, 0)),
        ("claude-opus-4-1@20250805", (4, 1)),
        ("global.anthropic.claude-opus-4-5-20251101-v1:0", (4, 5)),
        ("claude-sonnet-4-6", (4, 6)),
        ("anthropic.claude-opus-4-6-v1", (4, 6)),
        ("claude-opus-5", (5, 0)),
        ("claude-fable-5-2", (5, 2)),
        ("anthropic.claude-v2:1", (2, 0)),
        ("claude-mythos-preview", NEWEST),
        ("my-deployment", NEWEST),
    ],
)
def test_a_model_id_of_any_provider_tells_its_generation(model: str, expected: tuple[int, int]) -> None:
    assert generation(model) == expected
