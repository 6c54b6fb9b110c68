"""An answer put together from the events of a stream."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.client.events import UNREADABLE, Answer, Event, TextDelta, ToolCall, ToolInput
from windtunnel.client.streaming import Accumulator, StreamProblem, parsed, readable, whole_events

START: dict[str, Any] = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-6",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 12, "cache_read_input_tokens": 5, "output_tokens": 1},
    },
}
END: list[dict[str, Any]] = [
    {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": 9},
    },
    {"type": "message_stop"},
]


def block(index: int, kind: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    begun = {"type": "content_block_start", "index": index, "content_block": kind}
    said = [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
    return [begun, *said, {"type": "content_block_stop", "index": index}]


def text(index: int, *pieces: str) -> list[dict[str, Any]]:
    return block(index, {"type": "text", "text": ""}, *({"type": "text_delta", "text": piece} for piece in pieces))


def call(index: int, *pieces: str) -> list[dict[str, Any]]:
    kind = {"type": "tool_use", "id": "toolu_1", "name": "read", "input": {}}
    return block(index, kind, *({"type": "input_json_delta", "partial_json": piece} for piece in pieces))


def fed(*events: dict[str, Any]) -> tuple[Accumulator, list[Event]]:
    answer = Accumulator()
    return answer, [heard for event in events for heard in answer.feed(event)]


def test_counts_that_the_end_leaves_out_stay_as_they_were() -> None:
    answer, _ = fed(START, *text(0, "Hi"), *END)

    assert answer.answer().usage == {"input_tokens": 12, "cache_read_input_tokens": 5, "output_tokens": 9}


def test_counts_of_the_end_take_the_place_of_earlier_ones() -> None:
    end = {**END[0], "usage": {"input_tokens": 40, "output_tokens": 9, "cache_read_input_tokens": None}}

    answer, _ = fed(START, *text(0, "Hi"), end, END[1])

    assert answer.answer().usage == {"input_tokens": 40, "cache_read_input_tokens": 5, "output_tokens": 9}


WHOLE = [START, *text(0, "one", " two"), *call(1, "", '{"path"', ': "a"}'), *END]


@pytest.mark.parametrize("kept", range(len(WHOLE)))
def test_whatever_is_missing_at_the_end_is_noticed(kept: int) -> None:
    answer, _ = fed(*WHOLE[:kept])

    with pytest.raises(StreamProblem) as raised:
        answer.answer()
    assert raised.value.failure.kind == "stream_broken"
    assert "one two".startswith(answer.text)


@pytest.mark.parametrize(
    "gone", [number for number, event in enumerate(WHOLE) if event["type"] == "content_block_stop"]
)
def test_a_block_that_is_never_closed_is_noticed(gone: int) -> None:
    answer, _ = fed(*WHOLE[:gone], *WHOLE[gone + 1 :])

    with pytest.raises(StreamProblem):
        answer.answer()


@given(st.dictionaries(st.text(), st.recursive(st.integers() | st.text() | st.none(), st.lists)), st.integers(1, 7))
def test_tool_input_in_any_pieces_is_the_input(value: dict[str, Any], size: int) -> None:
    import json

    said = json.dumps(value, ensure_ascii=False)
    pieces = [said[start : start + size] for start in range(0, len(said), size)]

    answer, events = fed(START, *call(0, *pieces), *END)

    assert answer.answer().content[0]["input"] == value
    assert [event.input for event in events if isinstance(event, ToolCall)] == [value]
    assert all(isinstance(event.partial, dict) for event in events if isinstance(event, ToolInput))


@given(st.lists(st.text(min_size=1), min_size=1))
def test_text_is_handed_on_as_it_came(pieces: list[str]) -> None:
    answer, events = fed(START, *text(0, *pieces), *END)

    assert [event.text for event in events if isinstance(event, TextDelta)] == pieces
    assert answer.answer().text == "".join(pieces)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ('{"a": 1', "not valid JSON"),
        ("[1]", "no JSON object"),
        ("{} x", "not valid"),
        ('{"a": NaN}', "not valid JSON"),
        ('{"a": [-Infinity]}', "not valid JSON"),
        ('{"a": {"b": [1e999]}}', "too large for one"),
        ('{"a": 1, "a": 2}', "uplicate key"),
        ('{"a": "\\ud83d"}', "not valid JSON"),
    ],
)
def test_input_that_is_no_strict_object_is_told_with_the_reason(said: str, problem: str) -> None:
    value, why = parsed(said)

    assert value is None and why is not None and problem in why


@pytest.mark.parametrize("given", [{}, {"given": "at the start"}])
def test_no_input_at_all_is_what_the_call_began_with(given: dict[str, Any]) -> None:
    bare = block(0, {"type": "tool_use", "id": "toolu_1", "name": "now", "input": given})

    answer, events = fed(START, *bare, *call(1, '{"a": 1}'), *END)

    assert [event.input for event in events if isinstance(event, ToolCall)] == [given, {"a": 1}]
    assert answer.answer().problems == {}


# --- calls that cannot be read, or were cut off ------------------------------------------------------------------------

CUT: list[dict[str, Any]] = [{**END[0], "delta": {"stop_reason": "max_tokens", "stop_sequence": None}}, END[1]]


@pytest.mark.parametrize(("said", "end"), [('{"paths": ["a", "b', CUT), ('{"a": NaN}', END), ("", CUT)])
def test_a_call_without_good_input_never_looks_like_a_good_one(said: str, end: list[dict[str, Any]]) -> None:
    answer, events = fed(START, *call(0, "", said), *end)

    (told,) = [event for event in events if isinstance(event, ToolCall)]
    whole = answer.answer()
    assert told.input is None and told.problem
    assert whole.problems == {"toolu_1": told.problem}
    assert whole.calls == (told,)
    assert whole.content[0]["input"] == {UNREADABLE: said}


def test_a_call_that_is_complete_when_the_answer_is_cut_short_is_a_good_one() -> None:
    answer, _ = fed(START, *call(0, '{"a": 1}'), *text(1, "and"), *CUT)

    assert [one.input for one in answer.answer().calls] == [{"a": 1}]


@pytest.mark.parametrize("input", [{}, {"path": "half"}, "no object", {"a": float("nan")}])
def test_of_an_answer_in_one_piece_the_last_call_may_be_cut_off_too(input: Any) -> None:
    first = {"type": "tool_use", "id": "toolu_1", "name": "read", "input": {"path": "a"}}
    last = {"type": "tool_use", "id": "toolu_2", "name": "read", "input": input}
    message = {**START["message"], "content": [first, last], "stop_reason": "max_tokens"}

    *events, answer = whole_events(message)

    assert isinstance(answer, Answer)
    assert [one.problem is None for one in answer.calls] == [True, False]
    assert [event for event in events if isinstance(event, ToolCall)] == list(answer.calls)
    assert list(answer.content[1]["input"]) == [UNREADABLE]


def test_a_message_without_its_id_is_a_broken_stream() -> None:
    start = {"type": "message_start", "message": {**START["message"]}}
    del start["message"]["id"]
    answer, _ = fed(start, *text(0, "Hi"), *END)

    with pytest.raises(StreamProblem, match="left out 'id'"):
        answer.answer()


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        ('{"line": 2', {}),
        ('{"line": 25,', {"line": 25}),
        ('{"lines": [1, 2', {"lines": [1]}),
        ('{"share": 1.5e', {}),
        ('{"share": -', {}),
        ('{"path": "file 2', {"path": "file 2"}),
        ('{"path": "a \\" 2', {"path": 'a " 2'}),
        ('{"path": "2"', {"path": "2"}),
        ('{"all": true', {"all": True}),
    ],
)
def test_a_number_that_may_still_grow_is_left_out(said: str, seen: Any) -> None:
    assert readable(said) == seen


def test_incomplete_input_is_read_as_far_as_it_goes() -> None:
    assert readable('{"path": "a.p') == {"path": "a.p"}
    assert readable('{"a": [1, 2]') == {"a": [1, 2]}
    assert readable("") is None


def test_kinds_of_deltas_end_up_in_their_blocks() -> None:
    citation = {"type": "char_location", "cited_text": "x"}
    answer, _ = fed(
        START,
        *block(
            0,
            {"type": "thinking", "thinking": "", "signature": ""},
            {"type": "thinking_delta", "thinking": "hm"},
            {"type": "signature_delta", "signature": "c2ln"},
        ),
        *block(1, {"citations": [], "type": "text", "text": ""}, {"type": "citations_delta", "citation": citation}),
        *block(2, {"type": "compaction", "content": None}, {"type": "compaction_delta", "content": "In short."}),
        *block(3, {"type": "something_new", "kept": True}),
        *END,
    )

    thinking, cited, compaction, unknown = answer.answer().content
    assert (thinking["thinking"], thinking["signature"]) == ("hm", "c2ln")
    assert cited["citations"] == [citation]
    assert compaction["content"] == "In short."
    assert unknown == {"type": "something_new", "kept": True}
