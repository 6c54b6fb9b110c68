"""Token counts that do not need the recorded traffic (its errors: tests/conformance/test_tokens.py)."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.model import token_blocks
from windtunnel_server.model.models import find
from windtunnel_server.model.tokens import count_input, count_output, count_thinking, text_weight, weigh


def request(*messages: tuple[str, Any], model: str = "claude-sonnet-4-6", **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": role, "content": content} for role, content in messages], **more}


@pytest.mark.parametrize(
    ("model", "tokens"), [("claude-sonnet-4-5", 10), ("claude-opus-4-7", 15), ("claude-opus-4-8", 10)]
)
def test_a_greeting_costs_what_the_service_says(model: str, tokens: int) -> None:
    assert count_input(request(("user", "hello, world"), model=model)) == tokens


def test_the_weights_of_the_pieces_are_the_whole() -> None:
    asked = request(("user", "Which way?"), ("assistant", "West."), ("user", "And now?"), system="Be brief.")

    pieces, closing = weigh(asked)

    assert [piece.section for piece in pieces] == ["system", "messages", "messages", "messages"]
    assert sum(piece.weight for piece in pieces) + closing == count_input(asked)


def test_a_turn_weighs_what_is_new_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    told = ["It blows from the west, and rather hard at that.", "And where does it go, if I may ask you that?"]
    before = request(("user", told[0]), ("assistant", told[1]), system="You know all there is to know about winds.")
    now = request(("user", told[0]), ("assistant", told[1]), ("user", "x" * 30), system=before["system"])
    count_input(before)
    counted: list[str] = []
    monkeypatch.setattr(token_blocks, "_count", lambda text, vocabulary: counted.append(text) or 1)

    count_input(now)

    assert counted == ["x" * 30]


@given(st.text(max_size=30), st.text(max_size=30))
def test_two_texts_of_one_message_cost_what_they_cost_as_one(before: str, after: str) -> None:
    # A line end at the end of a text is part of the frame behind it, so it is not looked at here.
    before, after = f"a{before}z", f"a{after}z"
    apart = [{"type": "text", "text": before}, {"type": "text", "text": after}]

    assert count_input(request(("user", apart))) == count_input(request(("user", before + after)))


def test_a_system_prompt_costs_its_text_and_from_4_6_on_one_more() -> None:
    for model, more in [("claude-sonnet-4-5", 0), ("claude-sonnet-4-6", 1), ("claude-sonnet-5", 1)]:
        without = count_input(request(("user", "a"), model=model))
        with_system = count_input(request(("user", "a"), model=model, system="be brief"))
        assert with_system - without == text_weight("be brief", find(model).era.vocabulary) + more  # type: ignore[union-attr]


def test_an_open_assistant_turn_is_not_closed() -> None:
    said = [("user", "a b"), ("assistant", "c d")]

    assert count_input(request(*said)) == count_input(request(*said, ("user", "e"))) - 1 - 3 - 3


def test_thinking_and_a_format_add_to_the_prompt() -> None:
    plain = count_input(request(("user", "a")))
    thinking = count_input(request(("user", "a"), thinking={"type": "enabled", "budget_tokens": 1024}))
    format = {"type": "json_schema", "schema": {"type": "object"}}
    formatted = count_input(request(("user", "a"), output_config={"format": format}))

    assert thinking - plain == 29
    assert formatted - plain == 81 + text_weight('{\n  "type": "object"\n}', "v3")


def test_thinking_of_earlier_turns_is_dropped_until_4_5() -> None:
    thought = {"type": "thinking", "thinking": "Let me see, where is west?", "signature": "s"}
    said = [("user", "a"), ("assistant", [thought, {"type": "text", "text": "West."}]), ("user", "b")]
    bare = [("user", "a"), ("assistant", [{"type": "text", "text": "West."}]), ("user", "b")]

    assert count_input(request(*said, model="claude-sonnet-4-5")) == count_input(
        request(*bare, model="claude-sonnet-4-5")
    )
    assert count_input(request(*said, model="claude-sonnet-4-6")) > count_input(
        request(*bare, model="claude-sonnet-4-6")
    )


def test_thinking_of_the_tool_loop_under_way_stays() -> None:
    thought = {"type": "thinking", "thinking": "Let me see, where is west?", "signature": "s"}
    call = {"type": "tool_use", "id": "t", "name": "look", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "t", "content": "west"}
    counts = [
        count_input(request(("user", "a"), ("assistant", said), ("user", [result]), model="claude-sonnet-4-5"))
        for said in ([thought, call], [call])
    ]

    assert counts[0] > counts[1]


def test_a_named_tool_is_told_to_the_model() -> None:
    tools = [{"name": "look", "description": "Look", "input_schema": {"type": "object"}}]
    any_tool = count_input(request(("user", "a"), tools=tools, tool_choice={"type": "any"}))
    named = count_input(request(("user", "a"), tools=tools, tool_choice={"type": "tool", "name": "look"}))

    assert named - any_tool == 3


def test_several_results_in_a_turn_name_their_tools() -> None:
    calls = [{"type": "tool_use", "id": str(n), "name": "look_around", "input": {}} for n in range(2)]
    results = [{"type": "tool_result", "tool_use_id": str(n), "content": "west"} for n in range(2)]
    one = count_input(request(("user", "a"), ("assistant", calls), ("user", results[:1])))
    both = count_input(request(("user", "a"), ("assistant", calls), ("user", results)))

    assert both - one == 9 + 2 * (22 + 3 + 1) - (8 + 1)


def test_answers_shorter_by_what_the_prompt_ends_with() -> None:
    call = [{"type": "tool_use", "name": "look", "input": {"at": "sky"}}]
    text = [{"type": "text", "text": "15 knots"}]
    forced = request(("user", "a"), tool_choice={"type": "any"})
    prefilled = request(("user", "a"), ("assistant", "Some"))
    model = "claude-sonnet-4-6"

    assert count_output(call, model, request=forced) == count_output(call, model) - 16
    assert count_output(text, model, request=prefilled) == count_output(text, model) - 1
    assert count_output(text, model, request=request(("user", "a"))) == count_output(text, model)


def test_an_empty_answer_is_its_end() -> None:
    assert count_output([], "claude-sonnet-4-6") == 2
    assert count_output([], "claude-sonnet-4-6", ended=False) == 0


def test_a_block_list_counts_as_the_same_string() -> None:
    blocks = [{"type": "text", "text": "Hello there"}]

    assert count_input(request(("user", blocks))) == count_input(request(("user", "Hello there")))


def test_joined_turns_share_a_frame() -> None:
    apart = count_input(request(("user", "a b"), ("assistant", "c d"), ("user", "e f")))
    joined = count_input(request(("user", "a b"), ("user", "c d"), ("user", "e f")))

    # Two frames less; the two seams of joined messages cost a token each.
    assert apart - joined == 6 - 2


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

    assert with_image - count_input(request(("user", "a"))) == 3 + 20


@pytest.mark.parametrize("data", ["", "%%%", "aGVsbG8=", None])
def test_another_picture_has_a_flat_price(data: Any) -> None:
    image = {"type": "image", "source": {"type": "base64", "data": data}}

    assert count_input(request(("user", [image]))) > 1_000


def test_a_text_document_is_counted_as_text() -> None:
    document = {"type": "document", "source": {"type": "text", "data": "Hello there"}}

    assert count_input(request(("user", [document]))) == count_input(request(("user", "Hello there"))) + 37


def test_documents_that_may_be_cited_bring_a_prompt_once() -> None:
    document = {"type": "document", "source": {"type": "text", "data": "Hello there"}}
    cited = {**document, "citations": {"enabled": True}}
    plain, once, twice = (count_input(request(("user", blocks))) for blocks in ([document], [cited], [cited, cited]))

    assert once - plain == 557
    assert twice - once < 100


def test_tool_results_are_counted() -> None:
    result = {"type": "tool_result", "tool_use_id": "x", "content": [{"type": "text", "text": "word " * 50}]}

    assert count_input(request(("user", [result]))) > 50


def test_an_ended_turn_costs_three_tokens_more_than_a_cut_one() -> None:
    said = [{"type": "text", "text": "Hello there"}]

    assert count_output(said, "claude-sonnet-4-6") - count_output(said, "claude-sonnet-4-6", ended=False) == 3


def test_a_further_call_costs_less_than_the_first() -> None:
    call = {"type": "tool_use", "name": "look", "input": {"at": "sky"}}
    one, two = count_output([call], "claude-sonnet-4-6"), count_output([call, call], "claude-sonnet-4-6")

    assert two - one == one - 3 - 15


def test_hidden_thinking_is_guessed_from_its_signature() -> None:
    short = count_thinking([{"type": "thinking", "thinking": "", "signature": "E" * 400}], "claude-opus-4-8")
    long = count_thinking([{"type": "thinking", "thinking": "", "signature": "E" * 4000}], "claude-opus-4-8")

    assert 0 < short < long


def test_an_empty_request_is_counted_too() -> None:
    assert count_input({}) >= 1
