"""Where two texts meet."""

from __future__ import annotations

import pytest

from windtunnel_server.model.token_seams import seam


@pytest.mark.parametrize(
    ("before", "after", "more"),
    [
        ("It blows.", "Hard.", 0),
        ("What is ", "5 + 5?", -1),
        ("It blows from the we", "st.", -1),
        ("", "Hard.", 0),
        ("It blows", " hard", 0),
    ],
)
def test_words_at_a_seam_may_join(before: str, after: str, more: int) -> None:
    assert seam(before, after, "v3") == more


def test_a_monster_at_the_seam_is_cut() -> None:
    assert abs(seam("x" * 100_000, "y" * 100_000, "v3")) < 10
