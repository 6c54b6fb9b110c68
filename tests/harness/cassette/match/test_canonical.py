"""Two bodies that ask the same are the same once all is gone that clients vary; those that do not stay apart."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.cassette.match.canonical import but_for_the_user, canonical, digest, surely_same


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
        pytest.param(body(tools=[], stop_sequences=[], system="", metadata={}), id="nothing in it"),
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


# --- deep inside -------------------------------------------------------------------------------------------------


def said(*blocks: dict[str, Any]) -> dict[str, Any]:
    return body(messages=[{"role": "user", "content": list(blocks)}])


PLAIN = {"type": "text", "text": "Hi"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(
            said({"type": "search_result", "source": "s", "title": "t", "content": [PLAIN]}),
            said({"type": "search_result", "source": "s", "title": "t", "content": [MARKED]}),
            id="in a search result",
        ),
        pytest.param(
            said({"type": "document", "source": {"type": "content", "content": "Hi"}}),
            said({"type": "document", "source": {"type": "content", "content": [MARKED]}}),
            id="in a document",
        ),
        pytest.param(
            said({"type": "tool_result", "tool_use_id": "a", "content": []}),
            said({"type": "tool_result", "tool_use_id": "b", "is_error": False}),
            id="an empty result",
        ),
        pytest.param(
            body(thinking={"type": "adaptive", "display": None}), body(thinking={"type": "adaptive"}), id="null below"
        ),
        pytest.param(
            {"requests": [{"custom_id": "1", "params": body(system="x", metadata={"user_id": "a"})}]},
            {"requests": [{"custom_id": "1", "params": body(system=[MARKED | {"text": "x"}], stream=False)}]},
            id="in a batch",
        ),
    ],
)
def test_what_clients_vary_makes_no_difference_anywhere(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert sense(one) == sense(other)


def test_what_a_caller_puts_into_a_schema_stays_even_null() -> None:
    tool = TOOL | {"input_schema": {"type": "object", "default": None, "cache_control": {}}}

    assert sense(body(tools=[tool]))["tools"][0]["input_schema"] == tool["input_schema"]


def test_a_tool_call_is_one_however_its_kind_is_spelt() -> None:
    plainly, escaped = (json.dumps(body(messages=turns(call)[:2])).encode() for call in ("toolu_1", "toolu_2"))

    assert canonical(escaped.replace(b"tool_use", b"tool\\u005fuse")) == canonical(plainly)


def test_a_mark_of_byte_order_makes_no_difference() -> None:
    assert canonical(b"\xef\xbb\xbf" + json.dumps(body()).encode()) == sense(body())


# --- without reading all of it -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("one", "other"), [(1, True), (0, False), ([1], [True])])
def test_true_is_not_one(one: Any, other: Any) -> None:
    assert surely_same(sense(body(x=one)), sense(body(x=one)))
    assert not surely_same(sense(body(x=one)), sense(body(x=other)))


def test_what_is_nested_too_deeply_is_not_surely_the_same() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]

    assert not surely_same(deep, deep)


def test_a_user_is_left_out_wherever_it_comes_in_the_request() -> None:
    one, other = (body(metadata={"user_id": name, "x": 1}) for name in ("a", "another"))

    for order in (list(one), ["metadata", *body()]):
        seen = [json.dumps({name: request[name] for name in order}).encode() for request in (one, other)]
        assert but_for_the_user(seen[0]) == but_for_the_user(seen[1])


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(body(x={"metadata": {"user_id": "a"}}), id="nested"),
        pytest.param(said({"type": "tool_use", "input": {"metadata": {"user_id": "a"}}}), id="in an input"),
        pytest.param(body(metadata={"other": "a"}), id="of another name"),
        pytest.param(body() | {'x"metadata': {"user_id": "a"}}, id="a name that ends like it"),
        pytest.param(body(metadata=["user_id"]), id="no object"),
        pytest.param(body(), id="none"),
    ],
)
def test_bytes_stay_where_no_user_of_the_request_is_named(odd: dict[str, Any]) -> None:
    data = json.dumps(odd, separators=(",", ":")).encode()

    assert but_for_the_user(data) == data


@given(st.binary(max_size=60))
def test_any_bytes_pass(data: bytes) -> None:
    assert but_for_the_user(data + b',"metadata":' + data) is not None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text('ab"\\{},:', max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["metadata", "user_id", "x"]), inner),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["a", "metadata", "z"]), VALUES),
    st.dictionaries(st.sampled_from(["a", "metadata", "z"]), VALUES),
)
def test_bodies_of_which_the_same_is_left_are_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = (json.dumps(value, separators=(",", ":")).encode() for value in (one, other))

    if but_for_the_user(first) == but_for_the_user(second):
        assert canonical(first) == canonical(second)
