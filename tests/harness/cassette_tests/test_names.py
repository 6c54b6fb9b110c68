"""No two tests of a module have a cassette of the same name, and no name is one that a file cannot have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.cassette_tests.names import plain


@pytest.mark.parametrize(
    ("test", "name"),
    [
        ("test_one", "test_one"),
        ("TestA.test_one", "TestA.test_one"),
        ("test_p[1]", "test_p-1"),
        ("TestA.test_p[a-b]", "TestA.test_p-a-b"),
        ("test_größe", "test_größe"),
    ],
)
def test_a_name_that_a_file_can_have_is_kept(test: str, name: str):
    assert plain(test) == name


@pytest.mark.parametrize(
    "test", ["test_p[a/b]", "test_p[a b]", "test_p[x::y]", "test_p[\n]", "tells all", "a-b", "x[y"]
)
def test_behind_what_was_lost_stands_a_digest(test: str):
    before, _, digest = plain(test).rpartition("-")

    assert before
    assert len(digest) == 8
    assert set(digest) <= set("0123456789abcdef")


def test_a_name_is_the_same_in_every_run():
    assert plain("test_p[a/b]") == "test_p-a_b-89327271"


texts = st.text(st.sampled_from("ab_-.@ /:[]é\n"), max_size=6)
names = st.builds(lambda name, parameters: f"{name}[{parameters}]", texts, texts) | texts


@given(names, names)
def test_two_tests_never_share_a_name(one: str, other: str):
    assert (plain(one) == plain(other)) == (one == other)


@given(st.text())
def test_a_file_can_have_every_name(test: str):
    name = plain(test)

    assert len(f".{name}.yaml.lock".encode()) <= 255
    assert not set(name) & set("/\\:*?\"<>| \0\n[]$&;'`")
