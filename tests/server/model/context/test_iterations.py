"""The rounds of an answer in its usage."""

from __future__ import annotations

import pytest

from windtunnel_server.model.context import iterations
from windtunnel_server.wire.message import Reply, Usage

USED = Usage(input_tokens=100, output_tokens=83, cache_read_tokens=55_096)
REPLY = Reply(usage=Usage(input_tokens=181, output_tokens=8))


def test_a_round_has_the_recorded_keys_in_the_recorded_order() -> None:
    said = iterations.iteration(USED, "compaction")

    assert list(said) == [
        "input_tokens",
        "output_tokens",
        "cache_read_input_tokens",
        "cache_creation_input_tokens",
        "cache_creation",
        "type",
    ]


def test_a_summary_comes_first_and_the_counts_on_top_are_those_of_the_answer() -> None:
    usage = iterations.told(REPLY, frozenset(), USED).usage

    assert [one["type"] for one in usage.iterations or ()] == ["compaction", "message"]
    assert [one["input_tokens"] for one in usage.iterations or ()] == [100, 181]
    assert (usage.input_tokens, usage.output_tokens) == (181, 8)


@pytest.mark.parametrize("beta", ["compact-2026-01-12", "compact-2026-09-04", "advisor-tool-2026-03-01"])
def test_under_their_betas_every_answer_tells_its_rounds(beta: str) -> None:
    usage = iterations.told(REPLY, frozenset({beta}), None).usage

    assert [one["type"] for one in usage.iterations or ()] == ["message"]


def test_without_a_beta_and_a_summary_there_are_none_and_scripted_ones_stay() -> None:
    scripted = Reply(usage=Usage(iterations=({"type": "message", "input_tokens": 1},)))

    assert iterations.told(REPLY, frozenset({"context-management-2025-06-27"}), None) is REPLY
    assert iterations.told(scripted, frozenset({"compact-2026-01-12"}), USED) is scripted


def test_a_summary_alone_is_zero_on_top() -> None:
    usage = iterations.alone(USED)

    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens) == (0, 0, 0)
    assert usage.iterations == (iterations.iteration(USED, "compaction"),)
