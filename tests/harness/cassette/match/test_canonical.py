"""Two bodies that ask the same are the same once all is gone that clients vary; those that do not stay apart."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.cassette.match.canonical import canonical, digest


def body(**changes: Any) -> dict[str, Any]:
    return {"model": "m", "max_tokens": 10, "messages": [{"role": "user", "content": "Hi"}]} | changes


def sense(value: Any) -> Any:
    return canonical(json.dumps(value).encode(), "application/json")


def turns(call: str, result: str | None = None) -> list[dict[str, Any]]:
    """A conversation with one tool call and its result."""
    return [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": call, "name": "t", "input": {"id": "x"}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": result or call, "content": "ok"}]},
    ]


MARKED = {"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}
TOOL = {"name": "t", "input_schema": {"type": "object", "properties": {"a": {"type": "string"}}}}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(dict(reversed(body().items())), id="key order"),
        pytest.param(body(max_tokens=10.0), id="10.0 for 10"),
        pytest.param(body(stream=False), id="stream false"),
        pytest.param(body(temperature=None), id="null member"),
        pytest.param(body(messages=[{"role": "user", "content": [MARKED]}]), id="cache_control on a block"),
        pytest.param(body(cache_control={"type": "ephemeral"}), id="cache_control of the request"),
        pytest.param(body(metadata={"user_id": "user_6b7c0f4e-0000-4000-8000-000000000000"}), id="user id"),
        pytest.param(
            body(messages=[{"role": "user", "content": [{"type": "text", "text": "Hi", "citations": None}]}]),
            id="null member of a block",
        ),
        pytest.param(
            body(messages=[{"role": "user", "content": [{"cachePoint": {"type": "default"}}, MARKED]}]),
            id="cache point",
        ),
    ],
)
def test_what_clients_vary_makes_no_difference(other: dict[str, Any]) -> None:
    assert sense(other) == sense(body())
    assert digest(sense(other)) == digest(sense(body()))


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "n"},
        {"max_tokens": 11},
        {"stream": True},
        {"messages": [{"role": "user", "content": "Hi "}]},
        {"messages": [{"role": "assistant", "content": "Hi"}]},
        {"system": "You are"},
        {"tools": [TOOL]},
        {"thinking": {"type": "enabled", "budget_tokens": 1024}},
        {"metadata": {"trace": "x"}},
        {"temperature": 0.5},
    ],
)
def test_what_matters_makes_a_difference(changes: dict[str, Any]) -> None:
    assert digest(sense(body(**changes))) != digest(sense(body()))


def test_a_tools_name_and_schema_matter_and_its_cache_mark_does_not() -> None:
    marked = body(tools=[TOOL | {"cache_control": {"type": "ephemeral"}}])
    renamed = body(tools=[TOOL | {"name": "u"}])
    property_of_that_name = {"type": "object", "properties": {"cache_control": {"type": "string"}}}

    assert sense(marked) == sense(body(tools=[TOOL]))
    assert sense(renamed) != sense(body(tools=[TOOL]))
    assert sense(body(tools=[TOOL | {"input_schema": property_of_that_name}])) != sense(body(tools=[TOOL]))


def test_ids_of_tool_calls_agree_where_they_map_one_to_one() -> None:
    assert sense(body(messages=turns("toolu_1"))) == sense(body(messages=turns("toolu_2")))


def test_a_result_for_another_call_is_another_request() -> None:
    assert sense(body(messages=turns("toolu_1", "toolu_9"))) != sense(body(messages=turns("toolu_1")))


def test_two_calls_that_swap_their_results_are_another_request() -> None:
    def answered(first: str, second: str) -> dict[str, Any]:
        calls = [{"type": "tool_use", "id": id, "name": "t", "input": {}} for id in ("a", "b")]
        results = [{"type": "tool_result", "tool_use_id": id, "content": id} for id in (first, second)]
        return body(messages=[{"role": "assistant", "content": calls}, {"role": "user", "content": results}])

    assert sense(answered("a", "b")) != sense(answered("b", "a"))


def test_the_input_of_a_tool_is_the_models_own_and_stays() -> None:
    one, other = turns("toolu_1"), turns("toolu_1")
    other[1]["content"][0]["input"] = {"id": "y"}

    assert sense(body(messages=one)) != sense(body(messages=other))


def test_converses_ids_and_cache_points_are_treated_alike() -> None:
    def converse(id: str, *more: Any) -> dict[str, Any]:
        use = {"toolUse": {"toolUseId": id, "name": "t", "input": {}}}
        result = {"toolResult": {"toolUseId": id, "content": [{"text": "ok"}]}}
        return {
            "messages": [{"role": "assistant", "content": [use]}, {"role": "user", "content": [result, *more]}],
            "toolConfig": {"tools": [{"toolSpec": {"name": "t"}}, *more]},
        }

    assert sense(converse("tooluse_1")) == sense(converse("tooluse_2", {"cachePoint": {"type": "default"}}))


def test_betas_count_in_any_order() -> None:
    assert sense(body(anthropic_beta=["a", "b"])) == sense(body(anthropic_beta=["b", "a"]))


def test_the_boundary_of_a_form_makes_no_difference() -> None:
    forms = [
        canonical(f"--{b}\r\nx\r\n--{b}--".encode(), f"multipart/form-data; boundary={b}") for b in ("one", "other")
    ]

    assert forms[0] == forms[1]


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"{", b"[1, 2]", b"null", b"grant_type=x&y=z"])
def test_whatever_a_body_is_it_has_a_digest(data: bytes) -> None:
    assert len(digest(canonical(data, None))) == 20


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from(["system", "messages", "tools", "metadata", "stream", "toolConfig", "anthropic_beta", "other"])


@given(st.dictionaries(names, json_values))
def test_no_request_is_too_odd_and_order_never_matters(request: dict[str, Any]) -> None:
    assert digest(sense(request)) == digest(sense(dict(reversed(request.items()))))
