"""YAML as people mean it, with the line of everything in it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.scenario.yaml import YamlError, dump, read

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def value(text: str) -> Any:
    (document,) = read(text)
    return document.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("on: messages", {"on": "messages"}),
        ("[yes, no, off, true]", ["yes", "no", "off", True]),
        ("[1:30, 2026-11-22]", ["1:30", "2026-11-22"]),
        ("[1e3, 010, 08, -5, .5, .inf]", [1000.0, 10, 8, -5, 0.5, float("inf")]),
        ("[null, ~, '']", [None, None, ""]),
        ("1_000", "1_000"),
        ("<<: {a: 1}", {"<<": {"a": 1}}),
    ],
)
def test_only_what_looks_like_a_number_or_a_truth_value_is_one(text: str, expected: Any):
    assert value(text) == expected


@given(VALUES)
def test_what_is_written_is_read_again(told: Any):
    documents = read(dump(told))

    assert [document.value for document in documents] == ([] if told is None else [told])


def test_every_part_has_its_line():
    (document,) = read("name: a\nsteps:\n  - reply: hi\n  - fail: overloaded\n    times: 2\n")

    assert document.line(("steps",)) == 2
    assert document.line(("steps", 1)) == 4
    assert document.line(("steps", 1, "times")) == 5
    assert document.line(("steps", 1, "when", "call")) == 4
    assert document.line(("nowhere",)) == 1


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\nb: 2\na: 3", 3, "'a' stands here for the second time"),
        ("a: 1\nb: [1", 2, "expected ',' or ']'"),
        ("a: 1\n\tb: 2", 2, "found character"),
        ("a: &x [1]\nb: *x", 2, "an alias"),
        ("a: &x [*x]", 1, "an alias"),
        ("a: 1\nb: x\0y", 2, "a character that YAML does not allow"),
        ("a: " + "9" * 5000, 1, "a number of 5000 digits"),
        ("a: 1\n? [b, c]\n: 2", 2, "unhashable"),
        ("a: !!python/object:os.system {}", 1, "could not determine a constructor"),
    ],
)
def test_a_text_that_is_not_ours_is_refused_with_its_line(text: str, line: int, said: str):
    with pytest.raises(YamlError, match=".") as refused:
        read(text)

    assert refused.value.line == line
    assert said in refused.value.why
