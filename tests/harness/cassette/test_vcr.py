from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.cassette.interaction import Arrival, Interaction
from windtunnel.cassette.misfit import Misfit
from windtunnel.cassette.vcr import from_vcr, to_vcr


@given(st.data())
def test_an_interaction_comes_back_from_vcrs_structure(any_interactions: Any, data: st.DataObject) -> None:
    for interaction in data.draw(any_interactions):
        assert from_vcr(to_vcr(interaction)) == interaction


def test_a_request_has_the_four_keys_that_vcrpy_takes_and_no_more(streamed: Interaction) -> None:
    structure = to_vcr(streamed)

    assert sorted(structure["request"]) == ["body", "headers", "method", "uri"]
    assert sorted(structure["response"]) == ["body", "headers", "status", "windtunnel"]


def test_bodies_are_texts_where_they_are_utf8(streamed: Interaction, framed: Interaction) -> None:
    assert isinstance(to_vcr(streamed)["response"]["body"]["string"], str)
    assert isinstance(to_vcr(framed)["response"]["body"]["string"], bytes)


@pytest.mark.parametrize(("body", "sizes"), [("abcdef", [3, 3]), ("ab", [2, 0]), ("", [0, 0]), ("abcdefgh", [3, 5])])
def test_instants_fit_a_body_that_was_edited(answered: Interaction, body: str, sizes: list[int]) -> None:
    structure = to_vcr(answered)
    structure["response"]["body"]["string"] = body
    structure["response"]["windtunnel"] |= {"at_s": [0.5, 1], "sizes": [3, 3]}

    assert from_vcr(structure).response.arrivals == (Arrival(0.5, sizes[0]), Arrival(1.0, sizes[1]))


def test_values_as_people_and_other_recorders_write_them_are_understood(answered: Interaction) -> None:
    structure = to_vcr(answered)
    structure["request"] |= {"body": None, "headers": {"content-length": 12, "x": b"\xff"}}
    structure["response"] |= {"headers": {"a": "1"}, "status": {"code": 200, "message": None}}

    found = from_vcr(structure)

    assert found.request.body == b""
    assert found.request.headers == (("content-length", "12"), ("x", "ÿ"))
    assert found.response.headers == (("a", "1"),)
    assert found.response.reason == ""


def test_keys_without_a_place_here_are_kept_for_the_way_back(answered: Interaction) -> None:
    structure = to_vcr(answered)
    structure["recorded_by"] = "somebody"
    structure["response"]["url"] = "https://a.test"
    structure["response"]["body"]["encoding"] = "utf-8"
    structure["response"]["windtunnel"]["mood"] = [1, 2]

    found = from_vcr(structure)

    assert found.extra == {
        "recorded_by": "somebody",
        "response": {"url": "https://a.test", "body": {"encoding": "utf-8"}, "windtunnel": {"mood": [1, 2]}},
    }
    assert to_vcr(found) == structure


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("request",), None, "request is missing"),
        (("request", "method"), 5, "request.method is 5, not a text"),
        (("request", "uri"), None, "request.uri is missing"),
        (("request", "headers"), ["a"], "request.headers is a list, not a mapping"),
        (("request", "headers"), {"a": [True]}, "request.headers.a is a truth value, not a text"),
        (("request", "body"), {"a": 1}, "request.body is a mapping, not a text or !!binary"),
        (("response", "status"), 200, "response.status is 200, not a mapping"),
        (("response", "status", "code"), "200", "response.status.code is '200', not a whole number from 0 up"),
        (("response", "body"), "text", "response.body is a text, not a mapping"),
        (("response", "windtunnel", "ended"), "well", "is 'well', not one of complete, reset, cut, timeout, refused"),
        (("response", "windtunnel", "at_s"), [1.0, 2.0], "sizes has 0 numbers, and at_s has 2"),
        (("response", "windtunnel", "at_s"), 1.0, "at_s is 1.0, not a list"),
        (("response", "windtunnel", "head_at_s"), float("nan"), "head_at_s is nan, not a number of seconds"),
        (("response", "windtunnel", "recorded_at"), "today", "recorded_at is 'today', not an instant"),
        (("response", "windtunnel", "expires"), "soon", "expires is 'soon', not a day"),
    ],
)
def test_what_is_no_interaction_is_refused_by_its_place(
    answered: Interaction, place: tuple[str, ...], value: Any, message: str
) -> None:
    structure = to_vcr(answered)
    inner: Any = structure
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value

    with pytest.raises(Misfit) as refused:
        from_vcr(structure)

    assert message in str(refused.value)
    assert refused.value.place[: len(place) - 1] == place[:-1]


@pytest.mark.parametrize(("at_s", "sizes"), [([1.0], [-1]), ([1.0], [1.5]), (["1"], [1]), ([float("inf")], [1])])
def test_arrivals_are_numbers(answered: Interaction, at_s: list[Any], sizes: list[Any]) -> None:
    structure = to_vcr(answered)
    structure["response"]["windtunnel"] |= {"at_s": at_s, "sizes": sizes}

    with pytest.raises(Misfit, match="has something in it that is not a"):
        from_vcr(structure)
