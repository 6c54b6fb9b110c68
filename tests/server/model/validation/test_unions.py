"""Unions, told apart by a tag or tried in turn."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.validation.shape import integer, may, must, string
from windtunnel_server.model.validation.terms import Terms
from windtunnel_server.model.validation.unions import either, member, tagged

TERMS = Terms()
DOG = member({"name": must(string)})
CAT = member({"lives": may(integer())})
PETS = tagged({"dog": DOG, "cat": CAT}, known={"cat": lambda terms: "cats-1" in terms.betas})
EXPECTED = "Input tag '{}' found using 'type' does not match any of the expected tags: {}"


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("dog", ("", "Input should be an object")),
        ({"name": "Rex"}, ("type", "Field required")),
        ({"type": None}, ("type", "Input should be a valid string")),
        ({"type": 7}, ("type", "Input should be a valid string")),
        ({"type": "dog"}, ("dog.name", "Field required")),
        ({"type": "dog", "name": "Rex", "x": 1}, ("dog.x", "Extra inputs are not permitted")),
        ({"type": "cow"}, ("", EXPECTED.format("cow", "'dog'"))),
        ({"type": "cat"}, ("", EXPECTED.format("cat", "'dog'"))),
        ({"type": "dog", "name": "Rex"}, None),
    ],
)
def test_a_tag_leads_to_its_member(value: Any, fault: tuple[str, str] | None) -> None:
    assert PETS(value, TERMS) == fault


def test_a_member_that_is_known_under_a_beta_is_expected_there() -> None:
    terms = Terms(betas=frozenset({"cats-1"}))

    assert PETS({"type": "cat"}, terms) is None
    assert PETS({"type": "cow"}, terms) == ("", EXPECTED.format("cow", "'cat', 'dog'"))


def test_tags_are_sorted_unless_told_otherwise() -> None:
    shape = tagged({"b": member({}), "a": member({})}, listed="as told")

    assert shape({"type": "c"}, TERMS) == ("", EXPECTED.format("c", "'b', 'a'"))


def test_what_names_no_tag_can_have_a_usual_one() -> None:
    shape = tagged({"dog": DOG}, default="dog")

    assert shape({"name": "Rex"}, TERMS) is None
    assert shape({"type": None}, TERMS) == ("dog.name", "Field required")


def test_a_union_without_a_tag_tells_what_its_first_member_says() -> None:
    shape = either({"Word": string, "Number": integer()})

    assert shape("a", TERMS) is None
    assert shape(1, TERMS) is None
    assert shape([], TERMS) == ("Word", "Input should be a valid string")
