"""Results, inputs and thinking taken out of a conversation."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.model.context.clearing import PLACEHOLDER, clear_thinking, clear_tool_uses, tool_uses
from windtunnel_server.model.context.edits import ClearThinking, ClearToolUses

USER = {"role": "user", "content": "Go on."}
THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": "E"}


def call(number: int, name: str = "read_file") -> list[dict[str, Any]]:
    """A call of a tool and its result."""
    use = {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": {"path": f"{number}.txt"}}
    result = {"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": f"Text {number}."}
    return [{"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]


def results(messages: Any) -> list[Any]:
    return [b["content"] for m in messages for b in m["content"] if isinstance(b, dict) and b["type"] == "tool_result"]


def inputs(messages: Any) -> list[Any]:
    return [b["input"] for m in messages for b in m["content"] if isinstance(b, dict) and b["type"] == "tool_use"]


def test_the_oldest_results_go_and_a_placeholder_stands_there() -> None:
    messages = [USER, *call(1), *call(2), *call(3)]

    left, lost = clear_tool_uses(messages, ClearToolUses(keep=1))

    assert results(left) == [PLACEHOLDER, PLACEHOLDER, "Text 3."]
    assert (lost, inputs(left)) == (2, inputs(messages))


def test_inputs_go_with_their_results_where_that_is_asked_for() -> None:
    messages = [USER, *call(1, "bash"), *call(2), *call(3)]

    of_all = clear_tool_uses(messages, ClearToolUses(keep=1, inputs_of=None))
    of_bash = clear_tool_uses(messages, ClearToolUses(keep=1, inputs_of=frozenset({"bash"})))

    assert inputs(of_all.messages) == [{}, {}, {"path": "3.txt"}]
    assert inputs(of_bash.messages) == [{}, {"path": "2.txt"}, {"path": "3.txt"}]


def test_excluded_tools_keep_their_results() -> None:
    messages = [USER, *call(1, "memory"), *call(2), *call(3)]

    left, lost = clear_tool_uses(messages, ClearToolUses(keep=1, excluded=frozenset({"memory"})))

    assert (results(left), lost) == (["Text 1.", PLACEHOLDER, "Text 3."], 1)


def test_a_call_that_waits_for_its_result_is_no_tool_use_yet() -> None:
    messages = [USER, *call(1), *call(2)[:1]]

    assert [use["id"] for use in tool_uses(messages)] == ["toolu_1"]
    assert clear_tool_uses(messages, ClearToolUses(keep=1)).lost == 0


@given(calls=st.integers(0, 6), keep=st.integers(0, 8))
def test_as_many_are_lost_as_are_not_kept_and_the_request_itself_stays_whole(calls: int, keep: int) -> None:
    messages = [USER, *(message for number in range(calls) for message in call(number))]
    before = copy.deepcopy(messages)

    left, lost = clear_tool_uses(messages, ClearToolUses(keep=keep))

    assert lost == max(calls - keep, 0) == results(left).count(PLACEHOLDER)
    assert messages == before
    assert [message["role"] for message in left] == [message["role"] for message in messages]


def turn(*blocks: Any) -> list[dict[str, Any]]:
    return [USER, {"role": "assistant", "content": [*blocks, {"type": "text", "text": "Done."}]}]


def thinking_turns(messages: Any) -> list[bool]:
    said = [message["content"] for message in messages if message["role"] == "assistant"]
    return [any(block["type"] == "thinking" for block in blocks) for blocks in said]


def test_thinking_of_all_turns_but_the_latest_goes() -> None:
    messages = [*turn(THOUGHT), *turn(), *turn(THOUGHT), *turn(THOUGHT), USER]

    left, lost = clear_thinking(messages, ClearThinking(keep=1))

    assert (thinking_turns(left), lost) == ([False, False, False, True], 2)
    assert clear_thinking(messages, ClearThinking(keep=None)).messages is messages


def test_a_loop_of_tool_calls_is_one_turn() -> None:
    loop = [{**message, "content": [THOUGHT, *message["content"]]} for message in (call(1)[0], call(2)[0])]
    messages = [*turn(THOUGHT), USER, loop[0], call(1)[1], loop[1], call(2)[1]]

    left, lost = clear_thinking(messages, ClearThinking(keep=1))

    assert (thinking_turns(left), lost) == ([False, True, True], 1)
