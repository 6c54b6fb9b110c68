"""Who gets in with an API key."""

from __future__ import annotations

import pytest

from windtunnel_server.identity.api_keys import ApiKeys
from windtunnel_server.model.problem import Problem
from windtunnel_server.wire.errors import KINDS

ONE = ApiKeys(frozenset({"good"}))


def refusal(keys: ApiKeys, *headers: tuple[str, str]) -> str | None:
    problem = keys.check(headers)
    return None if problem is None else problem.kind


@pytest.mark.parametrize(
    "header",
    [
        ("x-api-key", "good"),
        ("X-Api-Key", " good "),
        ("Authorization", "Bearer good"),
        ("AUTHORIZATION", "bearer good"),
    ],
)
def test_a_good_key_gets_in_by_either_header_in_any_case(header: tuple[str, str]) -> None:
    assert ONE.check([header]) is None


@pytest.mark.parametrize("headers", [[], [("x-api-key", "")], [("authorization", "Basic good")]])
def test_no_key_is_asked_for_one(headers: list[tuple[str, str]]) -> None:
    problem = ONE.check(headers)

    assert problem is not None
    assert (problem.kind, problem.message) == ("missing_api_key", "x-api-key header is required")


def test_a_wrong_key_is_told_by_the_header_it_came_in() -> None:
    assert refusal(ONE, ("x-api-key", "bad")) == "invalid_api_key"
    assert refusal(ONE, ("authorization", "Bearer bad")) == "invalid_bearer_key"


def test_of_two_keys_the_x_api_key_decides() -> None:
    assert refusal(ONE, ("authorization", "Bearer good"), ("x-api-key", "bad")) == "invalid_api_key"
    assert refusal(ONE, ("authorization", "Bearer bad"), ("x-api-key", "good")) is None


def test_without_a_list_any_key_is_good_but_none_is_not() -> None:
    assert refusal(ApiKeys(), ("x-api-key", "whatever")) is None
    assert refusal(ApiKeys()) == "missing_api_key"


@pytest.mark.parametrize(
    "headers", [[], [("x-api-key", "bad")], [("authorization", "Bearer bad")]], ids=["none", "key", "bearer"]
)
def test_each_refusal_says_what_its_kind_says(headers: list[tuple[str, str]]) -> None:
    problem = ONE.check(headers)

    assert problem is not None and KINDS[problem.kind].text() == problem.message


def test_a_key_can_be_disabled_between_two_calls() -> None:
    keys = ApiKeys()
    headers = [("x-api-key", "one")]
    assert keys.check(headers) is None

    keys.disable("one")

    assert keys.check(headers) == Problem("invalid_api_key", "invalid x-api-key")
    assert keys.check([("authorization", "Bearer one")]) == Problem("invalid_bearer_key", "API key is invalid.")
    assert keys.check([("x-api-key", "two")]) is None


def test_a_key_of_one_workspace_is_refused_in_another() -> None:
    keys = ApiKeys()
    keys.bind("one", "wrkspc_a")

    here, there = (
        [("x-api-key", "one"), ("anthropic-workspace-id", "wrkspc_a")],
        [("anthropic-workspace-id", "wrkspc_b")],
    )

    assert keys.check(here) is None
    assert keys.check([("x-api-key", "one")]) is None
    assert keys.check([("x-api-key", "two"), *there]) is None
    refused = keys.check([("x-api-key", "one"), *there])
    assert refused is not None and refused.kind == "permission_denied" and "wrkspc_b" in refused.message
