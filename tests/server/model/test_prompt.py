"""A prompt counted once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.model.prompt import counted
from windtunnel_server.model.tokens import count_input

TOOL = {"name": "look", "description": "Look it up.", "input_schema": {"type": "object"}}

texts = st.text(alphabet="ab c\n1.", max_size=40)
contents = texts | st.lists(st.builds(lambda text: {"type": "text", "text": text}, texts), max_size=3)
turns = st.builds(
    lambda role, content: {"role": role, "content": content}, st.sampled_from(["user", "assistant"]), contents
)
requests = st.fixed_dictionaries(
    {"model": st.sampled_from(["claude-sonnet-4-6", "claude-opus-4-8"]), "messages": st.lists(turns, max_size=6)},
    optional={"system": contents, "tools": st.just([TOOL, TOOL])},
)


@given(requests)
def test_the_whole_is_what_count_tokens_says(request: dict[str, Any]) -> None:
    assert counted(request).tokens == count_input(request)


@given(requests)
def test_no_block_ends_before_the_one_in_front_of_it(request: dict[str, Any]) -> None:
    prompt = counted(request)

    assert list(prompt.upto) == sorted(prompt.upto)
    assert all(upto <= prompt.tokens for upto in prompt.upto)
    assert len(prompt.upto) == len(prompt.pieces)


def test_blocks_stand_in_the_order_in_which_they_are_cached() -> None:
    messages = [{"role": "user", "content": "one"}, {"role": "assistant", "content": [{"type": "text", "text": "two"}]}]
    request = {"model": "claude-sonnet-4-6", "messages": messages, "system": "zero", "tools": [TOOL]}

    pieces = counted(request).pieces

    assert [(piece.section, piece.role) for piece in pieces] == [
        ("tools", ""), ("system", ""), ("messages", "user"), ("messages", "assistant")
    ]  # fmt: skip
    assert [piece.block.get("text") for piece in pieces[1:]] == ["zero", "one", "two"]


@pytest.mark.parametrize(("model", "closing"), [("claude-sonnet-4-6", 3), ("claude-opus-4-8", 2)])
def test_what_closes_the_last_turn_is_behind_the_last_block(model: str, closing: int) -> None:
    # Recorded: what is left uncached behind a breakpoint on the last block.
    prompt = counted({"model": model, "messages": [{"role": "user", "content": "Hello there, you two."}]})

    assert prompt.tokens - prompt.upto[-1] == closing
