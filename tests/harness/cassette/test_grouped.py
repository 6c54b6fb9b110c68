from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.cassette.grouped import flat, grouped, order
from windtunnel.cassette.misfit import Misfit

_HEADERS = st.lists(st.tuples(st.sampled_from("abA"), st.sampled_from("123"))).map(tuple)


@given(_HEADERS)
def test_headers_come_back_in_their_order(headers: tuple[tuple[str, str], ...]) -> None:
    assert flat(grouped(headers), order(headers), ()) == headers


@given(_HEADERS)
def test_they_do_so_when_another_program_has_sorted_the_names(headers: tuple[tuple[str, str], ...]) -> None:
    found = flat(dict(sorted(grouped(headers).items())), order(headers), ())

    assert found == headers if order(headers) else sorted(found) == sorted(headers)


def test_an_order_is_kept_where_grouping_loses_it_and_nowhere_else() -> None:
    assert order((("a", "1"), ("a", "2"), ("b", "3"))) is None
    assert order((("a", "1"), ("b", "3"), ("a", "2"))) == ["a", "b", "a"]


@pytest.mark.parametrize("order", [["a", "b", "b"], ["a", "b"], ["a", "b", "a", "c"], [1], "aba", None])
def test_an_order_that_no_longer_fits_is_passed_over(order: object) -> None:
    assert flat({"a": ["1", "3"], "b": ["2"]}, order, ()) == (("a", "1"), ("a", "3"), ("b", "2"))


def test_values_as_people_and_other_recorders_write_them_are_understood() -> None:
    assert flat({"a": "1", "b": 12, "c": b"\xff", 4: []}, None, ()) == (("a", "1"), ("b", "12"), ("c", "ÿ"))


def test_what_is_no_header_is_refused_by_its_place() -> None:
    with pytest.raises(Misfit, match=r"request.headers is a list, not a mapping"):
        flat(["a"], None, ("request", "headers"))
    with pytest.raises(Misfit, match=r"request.headers.a is a truth value, not a text"):
        flat({"a": [True]}, None, ("request", "headers"))
