"""Usage as a script gives it."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.overlay import overlay
from windtunnel_server.script import ScriptError
from windtunnel_server.wire import usage as wire
from windtunnel_server.wire.message import Usage


def test_a_usage_object_of_the_wire_comes_back_out_of_it() -> None:
    given = {
        "input_tokens": 10,
        "cache_creation_input_tokens": 7,
        "cache_read_input_tokens": 5,
        "cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4},
        "iterations": [{"type": "message", "input_tokens": 10, "output_tokens": 20}],
        "output_tokens": 20,
        "output_tokens_details": {"thinking_tokens": 6},
        "service_tier": "batch",
        "inference_geo": "us",
        "server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 0},
    }

    assert wire.full(overlay(Usage(), given), model="claude-sonnet-5") == given


def test_cache_writes_without_a_lifetime_are_five_minute_ones() -> None:
    usage = overlay(Usage(), {"cache_creation_input_tokens": 9})

    assert (usage.cache_creation_5m_tokens, usage.cache_creation_1h_tokens) == (9, 0)


def test_nothing_given_changes_nothing() -> None:
    usage = Usage(input_tokens=3, output_tokens=4)

    assert overlay(usage, {}) == usage


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"output_token": 1}, "did you mean output_tokens"),
        ({"input_tokens": -1}, "not a whole number"),
        ({"input_tokens": True}, "not a whole number"),
        ({"cache_creation_input_tokens": "many"}, "not a whole number"),
        ({"cache_creation": {"ephemeral_2h": 1}}, "unknown 'ephemeral_2h'"),
        ({"cache_creation_input_tokens": 2, "cache_creation": {"ephemeral_5m_input_tokens": 1}}, "it is their sum"),
        ({"server_tool_use": 3}, "not an object"),
        ({"iterations": {"type": "message"}}, "not a list"),
    ],
)
def test_usage_that_cannot_be_is_the_scripts_mistake(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ScriptError, match=told):
        overlay(Usage(), given)
