from __future__ import annotations

import pytest

from windtunnel_server.wire.grammar import EVENT_GRAMMAR, check_grammar

GOOD = (
    "message_start content_block_start ping content_block_delta content_block_stop message_delta message_stop".split()
)


def test_a_whole_stream_is_legal() -> None:
    assert check_grammar(GOOD) is None


@pytest.mark.parametrize("count", range(1, len(GOOD)))
def test_an_error_may_end_a_stream_anywhere(count: int) -> None:
    assert check_grammar([*GOOD[:count], "error"]) is None


@pytest.mark.parametrize("count", range(len(GOOD)))
def test_a_stream_that_stops_early_is_told_what_is_missing(count: int) -> None:
    assert "ends too early" in str(check_grammar(GOOD[:count]))


@pytest.mark.parametrize(
    "names",
    [
        ["content_block_start"],
        ["message_start", "content_block_delta"],
        ["message_start", "content_block_start", "content_block_start"],
        ["message_start", "content_block_start", "message_stop"],
        ["message_start", "message_stop"],
        [*GOOD, "ping"],
        ["error", "message_start"],
    ],
)
def test_the_first_event_out_of_place_is_named(names: list[str]) -> None:
    said = str(check_grammar(names))

    assert said.startswith(f"event {len(names)}: {names[-1]} may not come here")


def test_every_state_of_the_table_is_one_of_its_rows() -> None:
    assert {state for row in EVENT_GRAMMAR.values() for state in row.values()} <= set(EVENT_GRAMMAR)
