"""A call as far as a door has understood it."""

from __future__ import annotations

from random import Random

import pytest

from windtunnel_server.call import Call
from windtunnel_server.providers.asked import Asked, read_json
from windtunnel_server.wire.headers import Stamp
from windtunnel_server.wire.ids import Ids


def asked(*headers: tuple[str, str], query: str = "") -> Asked:
    stamp = Stamp(at=0.0, request_id="req", organization_id="org", cf_ray="ray")
    return Asked(Call("POST", "/", query, headers), Random(0), stamp, Ids(Random(0)))


def test_betas_are_gathered_from_all_their_headers() -> None:
    found = asked(("Anthropic-Beta", "one, two"), ("anthropic-beta", "three,,"), ("x-beta", "four")).betas

    assert found == {"one", "two", "three"}


def test_without_a_header_there_is_no_beta() -> None:
    assert asked().betas == frozenset()


def test_an_empty_parameter_is_one() -> None:
    assert asked(query="a=1&a=2&b=").query == {"a": ["1", "2"], "b": [""]}


def test_the_body_of_a_post_is_read() -> None:
    call = Call("POST", "/v1/messages", body=b'{"a": 1}')

    assert read_json(call) is None
    assert call.json == {"a": 1}


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/models"), ("POST", "/v1/messages/batches/a/cancel")])
def test_where_no_body_is_due_none_is_missed(method: str, path: str) -> None:
    assert read_json(Call(method, path)) is None


def test_what_is_no_json_is_a_problem() -> None:
    problem = read_json(Call("POST", "/v1/messages", body=b'{"a": NaN}'))

    assert problem is not None
    assert (problem.kind, problem.message) == (
        "invalid_json",
        "The request body is not valid JSON: unexpected literal NaN",
    )
