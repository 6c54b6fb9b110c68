"""What tools return, and what becomes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.client.results import content_of

TEXT = {"type": "text", "text": "seen"}
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}


@pytest.mark.parametrize(
    ("returned", "content"),
    [
        ("seen", "seen"),
        (None, ""),
        ([TEXT, IMAGE], [TEXT, IMAGE]),
        ((TEXT,), [TEXT]),
        (b"seen \xc3\xbc", "seen ü"),
        (bytearray(b"seen"), "seen"),
        ({"at": "vane"}, '{"at": "vane"}'),
        (42, "42"),
        (True, "true"),
        ([], "[]"),
        ([1, None], "[1, null]"),
        ([{"type": "wind", "from": "west"}], '[{"type": "wind", "from": "west"}]'),
        ([{"type": "text"}], '[{"type": "text"}]'),
        ([TEXT, "seen"], '[{"type": "text", "text": "seen"}, "seen"]'),
        ([TEXT, {"type": "text", "text": ""}], [TEXT]),
    ],
)
def test_what_a_tool_returns_is_sent_as_text_or_blocks(returned: Any, content: Any) -> None:
    assert content_of(returned) == content


@pytest.mark.parametrize("returned", [Path("vane"), {1, 2}, {"at": Path("vane")}, b"\xff\xfe", object()])
def test_what_cannot_be_sent_is_refused_with_what_it_is(returned: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="the tool returned (a value of type|bytes)"):
        content_of(returned)


@pytest.mark.parametrize("returned", ["h\udce9llo", {"name": "h\udce9llo"}, [{"type": "text", "text": "h\udce9llo"}]])
def test_half_characters_have_a_sign_in_their_place(returned: Any) -> None:
    content = content_of(returned)

    assert "h\ufffdllo" in str(content)
    json.dumps(content, ensure_ascii=False).encode()


def test_blocks_are_copies() -> None:
    returned = [{"type": "text", "text": "seen"}]

    content = content_of(returned)
    returned[0]["text"] = "changed"

    assert content == [TEXT]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_json_there_is_can_be_sent(returned: Any) -> None:
    content = content_of(returned)

    json.dumps(content, ensure_ascii=False).encode()
    assert isinstance(content, str)
