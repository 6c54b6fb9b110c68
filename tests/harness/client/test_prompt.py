"""What can be said, and what is refused before it is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from windtunnel.client.prompt import blocks_of_prompt


def test_text_is_a_block_and_blocks_are_copied() -> None:
    given = [{"type": "text", "text": "Which way?"}]

    blocks = blocks_of_prompt(given)
    given[0]["text"] = "changed"

    assert blocks == blocks_of_prompt("Which way?") == [{"type": "text", "text": "Which way?"}]


@pytest.mark.parametrize("prompt", ["", "  \n", [], [{"type": "text", "text": ""}], [{"type": "text"}]])
def test_a_prompt_without_words_is_refused(prompt: Any) -> None:
    with pytest.raises(ValueError, match="empty"):
        blocks_of_prompt(prompt)


def test_a_list_of_words_is_no_prompt() -> None:
    with pytest.raises(ValueError, match="has a str in it; it is text, or a list of content blocks"):
        blocks_of_prompt(["Which way?"])  # type: ignore[list-item]


@pytest.mark.parametrize("text", ["half \ud83d", Path("vane"), float("nan"), b"bytes"])
def test_what_no_request_can_hold_is_refused(text: Any) -> None:
    with pytest.raises(ValueError, match="cannot be sent"):
        blocks_of_prompt([{"type": "text", "text": text}])
