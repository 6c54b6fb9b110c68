from __future__ import annotations

import json
from random import Random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.wire.slices import NATURAL, Cutter, Slicing, input_json

inputs = st.dictionaries(st.text(), st.none() | st.text() | st.lists(st.integers(), max_size=3), max_size=4)

SENTENCES = "The wind in the tunnel blows where the engineer points it; nobody minds. " * 400


def cutter(model: str = "claude-haiku-4-5", slicing: Slicing = NATURAL, seed: int = 1) -> Cutter:
    return Cutter(model, slicing, Random(seed))


@given(st.text(), st.integers(), st.sampled_from(["claude-haiku-4-5", "claude-opus-4-7"]))
def test_pieces_of_text_joined_are_the_text(text: str, seed: int, model: str) -> None:
    pieces = cutter(model, seed=seed).text(text)

    assert "".join(pieces) == text
    assert all(pieces)


@given(inputs, st.integers())
def test_pieces_of_input_joined_are_its_json(value: dict[str, object], seed: int) -> None:
    pieces = cutter(seed=seed).input(value)

    assert pieces[0] == ""
    assert json.loads("".join(pieces) or "{}") == value
    assert all(1 <= len(piece) <= 13 for piece in pieces[1:])


def test_input_is_written_with_blanks_on_the_top_level_only() -> None:
    assert input_json({"title": "é", "author": {"first": "P", "n": [1, 2]}}) == (
        '{"title": "é", "author": {"first":"P","n":[1,2]}}'
    )


def test_a_slice_of_input_never_spans_two_keys() -> None:
    pieces = cutter().input({"location": "San Francisco", "units": "celsius", "days": 3})

    starts = [piece for piece in pieces if piece.startswith(", ")]
    assert len(starts) == 2
    assert pieces[-1].endswith("}")


def test_an_empty_input_is_one_empty_delta() -> None:
    assert cutter().input({}) == [""]


def test_a_string_input_is_sent_as_it_is_even_broken() -> None:
    assert "".join(cutter().input('{"a": [1, 2')) == '{"a": [1, 2'


@pytest.mark.parametrize(
    ("model", "low", "high"),
    [
        ("claude-sonnet-4-5", 8, 12),
        ("claude-sonnet-4-6", 30, 60),
        ("claude-opus-4-7", 65, 110),
        ("claude-sonnet-5", 50, 95),
    ],
)
def test_text_deltas_are_as_long_as_the_model_makes_them(model: str, low: int, high: int) -> None:
    pieces = cutter(model).text(SENTENCES)

    assert low <= median(map(len, pieces)) <= high
    assert max(map(len, pieces)) <= 180


def test_the_first_delta_of_a_block_is_short() -> None:
    firsts = [len(cutter("claude-opus-4-7", seed=seed).text(SENTENCES)[0]) for seed in range(200)]

    assert median(firsts) < 10


def test_input_slices_are_two_to_twelve_characters_each_equally_often() -> None:
    pieces = cutter().input({"text": SENTENCES})[1:-1]

    counts = [sum(len(piece) == size for piece in pieces) for size in range(2, 13)]
    assert sum(counts) == len(pieces)
    assert min(counts) > 0.8 * max(counts)


def test_sizes_can_be_asked_for() -> None:
    asked = cutter(slicing=Slicing(text_piece=4, input_piece=3))

    assert asked.text("Hello there") == ["Hell", "o th", "ere"]
    assert asked.input({"a": 1}) == ["", '{"a', '": ', "1}"]


def test_eager_input_is_cut_without_regard_to_keys() -> None:
    value = {"a" * 40: "b" * 40, "c": SENTENCES}
    eager = cutter(slicing=Slicing(eager=True)).input(value)

    assert "".join(eager) == input_json(value)
    assert max(map(len, eager)) > 13


@pytest.mark.parametrize("size", [0, -1])
def test_a_piece_of_no_characters_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="is none"):
        cutter(slicing=Slicing(text_piece=size)).text("Hello")
