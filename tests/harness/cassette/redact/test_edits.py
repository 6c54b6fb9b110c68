"""Changes to bytes, and what they do to the sizes of arrivals."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from windtunnel.cassette.interaction import Arrival
from windtunnel.cassette.redact.edits import Edit, apply, merged, resized

BODY = bytes(range(97, 123)) * 3

edits = st.lists(
    st.builds(
        lambda start, size, text: Edit(start, min(start + size, len(BODY)), text, "x"),
        st.integers(0, len(BODY) - 1),
        st.integers(1, 30),
        st.binary(max_size=9),
    ),
    max_size=6,
)


def test_edits_are_made_and_the_rest_stays():
    assert apply(b"abcdef", [Edit(1, 2, b"XX", ""), Edit(4, 6, b"", "")]) == b"aXXcd"


def test_of_edits_that_overlap_the_widest_gives_the_placeholder_and_all_of_them_goes():
    found = merged([Edit(2, 4, b"small", ""), Edit(1, 5, b"wide", ""), Edit(4, 6, b"late", "")], b"abcdefgh")

    assert found == [Edit(1, 6, b"wide", "")]


def test_an_edit_that_changes_nothing_is_none():
    assert merged([Edit(1, 3, b"bc", "")], b"abcd") == []


@given(edits)
def test_no_byte_that_an_edit_covers_survives_unless_it_is_in_a_placeholder(found: list[Edit]):
    order = merged(found, BODY)

    assert all(one.end <= other.start for one, other in pairwise(order))
    assert len(apply(BODY, order)) == len(BODY) + sum(len(edit.text) - (edit.end - edit.start) for edit in order)


@given(edits, st.lists(st.integers(0, 20), max_size=12))
def test_sizes_add_up_to_the_new_body(found: list[Edit], sizes: list[int]):
    order = merged(found, BODY)
    arrivals, at = [], 0
    for number, size in enumerate(sizes):
        arrivals.append(Arrival(number, min(size, len(BODY) - at)))
        at += arrivals[-1].size
    arrivals.append(Arrival(99, len(BODY) - at))

    after = resized(tuple(arrivals), order)

    assert sum(arrival.size for arrival in after) == len(apply(BODY, order))


def test_a_placeholder_comes_when_its_secret_began():
    arrivals = (Arrival(0.1, 4), Arrival(0.2, 4), Arrival(0.3, 4))

    assert resized(arrivals, [Edit(2, 9, b"12345", "")]) == (Arrival(0.1, 7), Arrival(0.3, 3))
