"""Escapes are read, and every edit of what was read has its place in the original."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.cassette.redact.edits import Edit, apply
from windtunnel.cassette.redact.escapes import readings


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (rb"a\u0041b", [b"aAb"]),
        (rb"a\/b\\/c", [b"a/b/c"]),
        (b"a%41%42", [b"aAB"]),
        (b"a+b%2B", [b"a+b+", b"a b+"]),
        (b"nothing + to read", []),
        (rb"\n\"\u00e9", []),
    ],
)
def test_what_is_read(text: bytes, read: list[bytes]):
    assert [reading.text for reading in readings(text)] == read


@given(st.lists(st.sampled_from([b"a", b"B", b"%41", b"%0a", b"%%"]), min_size=1, max_size=12), st.data())
def test_an_edit_finds_its_way_back(parts: list[bytes], data: st.DataObject):
    text = b"".join(parts)
    for reading in readings(text):
        start = data.draw(st.integers(0, len(reading.text)))
        end = data.draw(st.integers(start, len(reading.text)))

        (edit,) = reading.back([Edit(start, end, b"-", "x")])

        kept = [part.text for part in readings(apply(text, [edit]))] or [apply(text, [edit])]
        assert kept == [reading.text[:start] + b"-" + reading.text[end:]]
