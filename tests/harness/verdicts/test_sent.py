"""What can be read off an answer, whatever became of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.verdicts.sent import NO_STOP, asks_for_message, read
from windtunnel_server import faults
from windtunnel_server.journal import entry_from_json
from windtunnel_server.wire.message import Reply

TOOL = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"city": "Zürich", "days": [1, 2]}}
FULL = Reply(
    content=(
        {"type": "thinking", "thinking": "Hm, wind – föhn.", "signature": "abc"},
        {"type": "text", "text": "Wind from the west, éà."},
        TOOL,
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "wind"}},
        {"type": "text", "text": " Bye."},
    ),
    stop_reason="tool_use",
)
#: Faults that change how an answer comes and nothing about what it says.
HARMLESS = ["stall", "slow_drip", "slow_first_byte", "unknown_event", "regroup", "gzip", "trailing_garbage"]
#: Faults that leave a whole message in a form that some clients refuse.
DOUBTFUL = ["missing_message_stop", "no_event_names", "json_instead_of_stream", "wrong_content_type"]
OPTIONS: dict[str, dict[str, Any]] = {"stall": {"for_s": 1.0}, "cut_utf8": {"after_events": 4}}
#: Faults after which a message cannot be whole.
BREAKING = ["reset_mid_body", "close_mid_stream", "end_mid_stream", "cut_utf8", "error_event", "malformed_json"]
BREAKING += ["broken_chunk", "empty_body", "empty_answer", "reset_before_headers"]


@pytest.mark.parametrize("stream", [True, False])
def test_a_whole_answer_is_read_as_it_was_meant(wired: Any, stream: bool):
    entry = wired.answer(FULL, stream=stream)

    sent = read(entry)

    assert (sent.text, sent.thinking) == ("Wind from the west, éà. Bye.", "Hm, wind – föhn.")
    assert [(use.id, use.name, use.input, use.whole) for use in sent.tool_uses] == [
        ("toolu_1", "look", TOOL["input"], True)
    ]
    assert (sent.stop_reason, sent.message_id, sent.model) == ("tool_use", "msg_1", "claude-sonnet-4-6")
    assert (sent.whole, sent.streamed, sent.doubts, sent.error) == (True, stream, (), None)


@pytest.mark.parametrize("name", HARMLESS)
def test_what_does_not_change_the_message_changes_nothing(wired: Any, name: str):
    calm = wired.answer(FULL)
    rough = wired.answer(FULL, **{name: OPTIONS.get(name, {})})

    one, other = read(calm), read(rough)

    assert other.doubts == ()
    assert (other.text, other.thinking, other.tool_uses, other.whole) == (one.text, one.thinking, one.tool_uses, True)


@pytest.mark.parametrize("name", DOUBTFUL)
def test_a_whole_message_in_a_doubtful_form_says_so(wired: Any, name: str):
    entry = wired.answer(FULL, **{name: {}})

    sent = read(entry)

    assert (sent.text, sent.whole) == ("Wind from the west, éà. Bye.", True)
    assert sent.doubts


@pytest.mark.parametrize("name", BREAKING)
def test_a_broken_answer_is_never_whole(wired: Any, name: str):
    entry = wired.answer(FULL, **{name: OPTIONS.get(name, {})})

    sent = read(entry)

    assert not sent.whole
    assert "Hm, wind – föhn.".startswith(sent.thinking) or name == "malformed_json"


@pytest.mark.parametrize("name", [name for name in faults.FAULTS if not faults.is_door(name)])
def test_every_fault_can_be_read(wires: Any, name: str):
    for stream in (True, False):
        try:
            entry = wires().answer(FULL, stream=stream, **{name: OPTIONS.get(name, {})})
        except ValueError:  # has no meaning for this kind of answer
            continue
        sent = read(entry)
        assert sent.unknown == ""
        assert sent.whole or sent.ending


def test_gzip_that_is_cut_is_read_as_far_as_it_came(wired: Any):
    entry = wired.answer(FULL, end_mid_stream={"after_events": 6}, gzip={})

    sent = read(entry)

    assert not sent.whole
    assert sent.thinking
    assert sent.last_event == "content_block_delta"


def test_a_content_length_that_is_too_short_cuts_the_answer_off(wired: Any):
    entry = wired.answer(FULL, stream=False, wrong_content_length={"by": -10})

    assert not read(entry).whole


def test_a_body_in_one_piece_that_is_shorter_than_promised_reaches_nobody(wired: Any):
    entry = wired.answer(FULL, stream=False, wrong_content_length={"by": 10})

    sent = read(entry)

    assert (sent.whole, sent.text, sent.usage) == (False, "", None)


def test_an_event_without_its_blank_line_was_never_there(wired: Any):
    entry = wired.answer("Hello.")
    entry.sent[-1] = entry.sent[-1].rstrip(b"\n") + b"\n"

    sent = read(entry)

    assert sent.last_event == "message_delta"
    assert sent.doubts == (NO_STOP,)


def test_an_error_answer_says_what_it_was(wired: Any):
    error = read(wired.refuse(429)).error

    assert error is not None
    assert (error.status, error.type, error.message) == (429, "rate_limit_error", "No.")


def test_an_error_event_ends_the_message(wired: Any):
    sent = read(wired.answer("Hello there.", error_event={"after_events": 4}))

    assert sent.error is not None
    assert (sent.error.status, sent.error.type) == (200, "overloaded_error")
    assert "overloaded_error" in sent.ending


def test_counts_of_message_delta_replace_and_do_not_add(wired: Any):
    sent = read(wired.answer())

    assert sent.usage is not None
    assert len(sent.usages) == 2
    assert sent.usage["output_tokens"] == 307
    assert sent.usage["cache_creation"] == {"ephemeral_5m_input_tokens": 1100, "ephemeral_1h_input_tokens": 2030}


def test_an_input_of_no_pieces_is_an_empty_object(wired: Any):
    reply = Reply(content=(TOOL | {"input": {}},), stop_reason="tool_use")

    assert read(wired.answer(reply)).tool_uses[0].input == {}


def test_what_cannot_be_read_is_unknown(wired: Any):
    entries = [wired.answer() for _ in range(4)]
    entries[0].provider = "elsewhere"
    entries[1].confidential = True
    entries[2].sent = []
    entries[3].response_headers += (("content-encoding", "br"),)

    assert all(read(entry).unknown for entry in entries)


def test_a_reset_may_swallow_only_what_left_at_its_instant(wired: Any):
    at_once = wired.answer(reset_mid_body={})
    later = wired.answer(reset_mid_body={"after_events": 5}, stall={"after_events": 5, "for_s": 3.0})
    cleanly = wired.answer(close_mid_stream={})

    assert [read(entry).surely_read for entry in (at_once, later, cleanly)] == [False, True, True]


def test_calls_for_a_message_are_told_from_others(wired: Any):
    entry = wired.answer()

    assert asks_for_message(entry)
    for path in ("/v1/messages/count_tokens", "/v1/models", "/v1/oauth/token", "/v1/messages/batches"):
        entry.path = path
        assert not asks_for_message(entry)


def test_a_journal_from_a_file_reads_the_same(wired: Any):
    entry = wired.answer(FULL, gzip={})

    assert read(entry_from_json(entry.to_json())) == read(entry)


@given(data=st.data())
def test_any_bytes_at_all_can_be_read(wires: Any, data: st.DataObject):
    entry = wires().answer(FULL)
    body = b"".join(entry.sent)
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=4).map(sorted))
    pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    junk = data.draw(st.lists(st.binary(max_size=30), min_size=len(pieces), max_size=len(pieces)))
    entry.sent = [piece + noise for piece, noise in zip(pieces, junk, strict=True)]

    sent = read(entry)

    assert sent.unknown == ""


@given(cut=st.integers(0, 10_000))
def test_a_stream_cut_anywhere_has_the_beginning_and_is_not_whole_before_its_stop_reason(wires: Any, cut: int):
    entry = wires().answer(FULL)
    whole, body = read(entry), b"".join(entry.sent)
    entry.sent, entry.ended = [body[:cut]], "closed"

    sent = read(entry)

    assert whole.text.startswith(sent.text)
    assert whole.thinking.startswith(sent.thinking)
    assert sent.whole == (body.find(b"message_delta") < body.rfind(b"\n\n", 0, cut))
