from __future__ import annotations

import pytest

from windtunnel.cassette.misfit import Misfit, kind, mapping, one_of, text, whole_number


def test_values_that_fit_are_given_back() -> None:
    assert mapping({"a": {"b": {"c": 1}}}, "a", "b") == {"c": 1}
    assert text("x", ()) == "x"
    assert whole_number(0, ()) == 0
    assert one_of("abc", "b", ()) == "b"


def test_a_misfit_names_the_first_place_that_is_wrong() -> None:
    with pytest.raises(Misfit, match=r"^a.b is missing$") as missing:
        mapping({"a": {}}, "a", "b", "c")

    assert missing.value.place == ("a", "b")
    assert str(Misfit((), "is not a mapping")) == "the interaction is not a mapping"


@pytest.mark.parametrize("value", [True, -1, 1.0, "1"])
def test_a_whole_number_is_one(value: object) -> None:
    with pytest.raises(Misfit, match="not a whole number from 0 up"):
        whole_number(value, ("a",))


@pytest.mark.parametrize(
    ("value", "words"),
    [({}, "a mapping"), ([], "a list"), ("", "a text"), (b"", "!!binary"), (True, "a truth value"), (1, "1")],
)
def test_kinds_have_names(value: object, words: str) -> None:
    assert kind(value) == words
