"""Shapes and the faults they find."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.validation.shape import (
    Key,
    Shape,
    boolean,
    integer,
    is_integer,
    listing,
    mapping,
    may,
    must,
    number,
    one_of,
    one_of_known,
    record,
    string,
    text,
    text_or,
)
from windtunnel_server.model.validation.terms import Terms

TERMS = Terms()
NAMED = record({"name": must(string), "age": may(integer(least=0))})


@pytest.mark.parametrize(
    ("shape", "value", "fault"),
    [
        (string, 7, ("", "Input should be a valid string")),
        (text(least=1), "", ("", "String should have at least 1 character")),
        (text(least=2), "a", ("", "String should have at least 2 characters")),
        (text(most=1), "ab", ("", "String should have at most 1 characters")),
        (text(pattern="^[a-z]+$"), "a\n", ("", "String should match pattern '^[a-z]+$'")),
        (text_or(boolean), 7, ("", "Input should be a valid boolean")),
        (boolean, 1, ("", "Input should be a valid boolean")),
        (integer(), True, ("", "Input should be a valid integer")),
        (integer(), 1.5, ("", "Input should be a valid integer")),
        (integer(above=0), 0, ("", "Input should be greater than 0")),
        (integer(least=1), 0, ("", "Input should be greater than or equal to 1")),
        (integer(most=1), 2, ("", "Input should be less than or equal to 1")),
        (number(), "1", ("", "Input should be a valid number")),
        (one_of("a"), "b", ("", "Input should be 'a'")),
        (one_of("a", "b", "c"), None, ("", "Input should be 'a', 'b' or 'c'")),
        (listing(string), {}, ("", "Input should be a valid array")),
        (listing(string), ["a", 7], ("1", "Input should be a valid string")),
        (listing(string, least=1), [], ("", "List should have at least 1 item after validation, not 0")),
        (listing(string, most=2), ["a"] * 3, ("", "List should have at most 2 items after validation, not 3")),
        (mapping(), [], ("", "Input should be an object")),
        (mapping(string), {"a": 7}, ("a", "Input should be a valid string")),
        (NAMED, "x", ("", "Input does not match the expected shape.")),
        (NAMED, {"age": 1}, ("name", "Field required")),
        (NAMED, {"name": None}, ("name", "Input should be a valid string")),
        (NAMED, {"name": "x", "size": 1}, ("size", "Extra inputs are not permitted")),
    ],
)
def test_what_does_not_fit_is_told_in_words(shape: Shape, value: Any, fault: tuple[str, str]) -> None:
    assert shape(value, TERMS) == fault


def test_the_first_fault_is_that_of_the_first_key_of_the_table() -> None:
    value = {"size": 1, "age": -1, "name": 7}

    assert NAMED(value, TERMS) == ("name", "Input should be a valid string")
    assert NAMED(value | {"name": "x"}, TERMS) == ("age", "Input should be greater than or equal to 0")
    assert NAMED({"size": 1, "age": -1}, TERMS) == ("name", "Field required")


def test_null_is_taken_where_a_key_may_be_missing() -> None:
    assert NAMED({"name": "x", "age": None}, TERMS) is None


def test_an_open_record_takes_other_keys() -> None:
    assert record({"name": must(string)}, open=True)({"name": "x", "size": 1}, TERMS) is None


def test_a_key_that_is_not_known_is_an_extra_input_and_not_looked_at() -> None:
    keys = {"size": Key(string, known=lambda terms: terms.endpoint == "messages")}

    assert record(keys)({"size": 7}, Terms(endpoint="count_tokens")) == ("size", "Extra inputs are not permitted")
    assert record(keys)({"size": 7}, TERMS) == ("size", "Input should be a valid string")
    assert record(keys, open=True)({"size": 7}, Terms(endpoint="count_tokens")) is None


def test_a_key_can_be_required_under_some_terms_only() -> None:
    shape = record({"size": Key(string, required_if=lambda terms: terms.endpoint == "messages")})

    assert shape({}, TERMS) == ("size", "Field required")
    assert shape({}, Terms(endpoint="count_tokens")) is None


def test_an_enumeration_that_depends_on_the_terms_lists_what_is_there() -> None:
    shape = one_of_known({"a": None, "b": lambda terms: "b-1" in terms.betas, "c": None})

    assert shape("b", Terms(betas=frozenset({"b-1"}))) is None
    assert shape("b", TERMS) == ("", "Input should be 'a', 'c'")


def test_numbers_of_any_size_are_whole_or_not() -> None:
    assert is_integer(10**400)
    assert is_integer(16.0)
    assert not is_integer(float("inf"))
