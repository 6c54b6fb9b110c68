from __future__ import annotations

from random import Random
from typing import Any

import pytest

from windtunnel_server.wire import usage
from windtunnel_server.wire.message import Usage

COUNTED = Usage(
    input_tokens=10,
    output_tokens=40,
    cache_creation_5m_tokens=3,
    cache_creation_1h_tokens=4,
    cache_read_tokens=5,
    thinking_tokens=6,
    server_tool_use={"web_search_requests": 1},
    iterations=({"type": "message"},),
)
INPUT: dict[str, Any] = {"input_tokens": 10, "cache_creation_input_tokens": 7, "cache_read_input_tokens": 5}
LIFETIMES = {"cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4}}
DETAILS = {"output_tokens_details": {"thinking_tokens": 6}}


def test_the_usage_of_a_json_answer_has_everything_in_recorded_order() -> None:
    said = usage.full(COUNTED, model="claude-sonnet-4-6")

    expected = INPUT | LIFETIMES | {"iterations": [{"type": "message"}], "output_tokens": 40} | DETAILS
    expected |= {"service_tier": "standard", "inference_geo": "global", "server_tool_use": {"web_search_requests": 1}}
    assert list(said.items()) == list(expected.items())


def test_message_start_has_the_input_and_a_few_output_tokens() -> None:
    said = usage.at_start(COUNTED, model="claude-haiku-4-5", rng=Random(1))

    assert 1 <= said["output_tokens"] <= 26
    expected = INPUT | LIFETIMES | {"output_tokens": said["output_tokens"]}
    expected |= {"service_tier": "standard", "inference_geo": "not_available"}
    assert list(said.items()) == list(expected.items())


def test_message_start_never_counts_more_output_than_there_will_be() -> None:
    counts = {usage.at_start(Usage(output_tokens=2), model="m", rng=Random(s))["output_tokens"] for s in range(99)}

    assert counts == {1, 2}


def test_message_delta_is_cumulative_without_lifetimes_tier_and_place() -> None:
    said = usage.at_end(COUNTED)

    expected = INPUT | {"output_tokens": 40} | DETAILS
    expected |= {"server_tool_use": {"web_search_requests": 1}, "iterations": [{"type": "message"}]}
    assert list(said.items()) == list(expected.items())


@pytest.mark.parametrize(
    ("model", "place"),
    [
        ("claude-3-haiku-20240307", "not_available"),
        ("claude-opus-4-5", "not_available"),
        ("claude-opus-4-6", "global"),
        ("claude-sonnet-5", "global"),
    ],
)
def test_models_from_4_6_on_name_a_place(model: str, place: str) -> None:
    assert usage.full(Usage(), model=model)["inference_geo"] == place


def test_a_given_place_stands() -> None:
    assert usage.full(Usage(inference_geo="us"), model="claude-opus-4-6")["inference_geo"] == "us"


def test_message_start_has_the_input_of_the_first_iteration() -> None:
    rounds = ({"type": "compaction", "input_tokens": 100, "cache_read_input_tokens": 55_096}, {"type": "message"})

    begun = usage.at_start(Usage(input_tokens=181, iterations=rounds), model="claude-sonnet-4-6", rng=Random(0))

    assert (begun["input_tokens"], begun["cache_read_input_tokens"]) == (100, 55_096)
    assert "iterations" not in begun
