"""Token counts that do not need the recorded traffic (its errors: tests/conformance/test_tokens.py)."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.model.tokens import count_input, count_output, count_thinking, text_weight


def request(*messages: tuple[str, Any], model: str = "claude-sonnet-4-6", **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": role, "content": content} for role, content in messages], **more}


@given(st.text(max_size=60), st.text(max_size=20))
def test_a_text_never_weighs_less_than_its_beginning(text: str, more: str) -> None:
    assert text_weight(text + more, "v3") >= text_weight(text, "v3")


def test_a_block_list_counts_as_the_same_string() -> None:
    blocks = [{"type": "text", "text": "Hello there"}]

    assert count_input(request(("user", blocks))) == count_input(request(("user", "Hello there")))


def test_joined_turns_share_a_frame() -> None:
    apart = count_input(request(("user", "a b"), ("assistant", "c d"), ("user", "e f")))
    joined = count_input(request(("user", "a b"), ("user", "c d"), ("user", "e f")))

    assert apart - joined == 6


def test_newer_vocabularies_count_more() -> None:
    text = "The quick brown fox jumps over the lazy dog, again and again and again."

    assert count_input(request(("user", text), model="claude-opus-4-8")) > count_input(request(("user", text)))


def test_tools_bring_their_hidden_prompt_and_a_forced_choice_more() -> None:
    tools = [{"name": "look", "description": "Look", "input_schema": {"type": "object"}}]
    none, auto = count_input(request(("user", "a"))), count_input(request(("user", "a"), tools=tools))
    forced = count_input(request(("user", "a"), tools=tools, tool_choice={"type": "any"}))

    assert auto - none > 497
    assert forced - auto == 589 - 497


def test_the_size_of_a_png_is_its_price() -> None:
    head = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (280).to_bytes(4, "big") + (56).to_bytes(4, "big") + b"\x00" * 9
    image = {"type": "image", "source": {"type": "base64", "data": base64.b64encode(head).decode()}}

    with_image = count_input(request(("user", [image, {"type": "text", "text": "a"}])))

    assert with_image - count_input(request(("user", "a"))) == 20


@pytest.mark.parametrize("data", ["", "%%%", "aGVsbG8=", None])
def test_another_picture_has_a_flat_price(data: Any) -> None:
    image = {"type": "image", "source": {"type": "base64", "data": data}}

    assert count_input(request(("user", [image]))) > 1_000


def test_a_text_document_is_counted_as_text() -> None:
    document = {"type": "document", "source": {"type": "text", "data": "Hello there"}}

    assert count_input(request(("user", [document]))) == count_input(request(("user", "Hello there")))


def test_tool_results_are_counted() -> None:
    result = {"type": "tool_result", "tool_use_id": "x", "content": [{"type": "text", "text": "word " * 50}]}

    assert count_input(request(("user", [result]))) > 50


def test_an_ended_turn_costs_three_tokens_more_than_a_cut_one() -> None:
    said = [{"type": "text", "text": "Hello there"}]

    assert count_output(said, "claude-sonnet-4-6") - count_output(said, "claude-sonnet-4-6", ended=False) == 3


def test_a_further_call_costs_less_than_the_first() -> None:
    call = {"type": "tool_use", "name": "look", "input": {"at": "sky"}}
    one, two = count_output([call], "claude-sonnet-4-6"), count_output([call, call], "claude-sonnet-4-6")

    assert two - one == one - 3 - 18


def test_hidden_thinking_is_guessed_from_its_signature() -> None:
    short = count_thinking([{"type": "thinking", "thinking": "", "signature": "E" * 400}], "claude-opus-4-8")
    long = count_thinking([{"type": "thinking", "thinking": "", "signature": "E" * 4000}], "claude-opus-4-8")

    assert 0 < short < long


def test_an_empty_request_is_counted_too() -> None:
    assert count_input({}) >= 1
