"""The rest of a JSON text that was begun."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.model.partial_json import rest

JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("begun", ["{", "[", '{"a": ', '{"a": "x', '["x", ', '{"a": [1, {"b": "', '{"na', ' {"a"'])
def test_what_was_begun_is_completed(begun: str) -> None:
    written = rest(begun, 'the "end"')

    assert written is not None
    json.loads(begun + written)


@pytest.mark.parametrize("begun", ["", "Well, ", '"text', "{]"])
def test_what_is_no_json_is_left_to_others(begun: str) -> None:
    assert rest(begun, "end") is None


@given(JSON.map(lambda value: [value]), st.data())
def test_a_completion_is_json_or_none(value: Any, data: st.DataObject) -> None:
    text = json.dumps(value)
    begun = text[: data.draw(st.integers(0, len(text)))]

    written = rest(begun, "end")

    if written is not None:
        json.loads(begun + written)
