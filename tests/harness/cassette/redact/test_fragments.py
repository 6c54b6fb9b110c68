"""What a stream spells out piece by piece."""

from __future__ import annotations

import json
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from windtunnel.cassette.redact import fragments
from windtunnel.cassette.redact.edits import Edit, apply, merged

WORD = b"abracadabra"


def find(text: bytes) -> Sequence[Edit]:
    at = text.find(WORD)
    return [Edit(at, at + len(WORD), b"GONE", "x")] if at >= 0 else []


def _line(index: int, kind: str, text: str) -> bytes:
    return b"data: " + json.dumps({"index": index, "delta": {kind: text}}).encode() + b"\n\n"


def redacted(body: bytes) -> bytes:
    (edits,) = fragments.edits([body], find)
    return apply(body, merged(edits, body))


@given(st.lists(st.integers(1, 5), max_size=12))
def test_a_word_is_found_however_it_is_cut(sizes: list[int]):
    text, pieces = f"say {WORD.decode()} twice", []
    for size in [*sizes, 99]:
        pieces.append(text[:size])
        text = text[size:]
    body = b"".join(_line(0, "text", piece) for piece in ["", *pieces])

    said = [json.loads(line[6:])["delta"]["text"] for line in redacted(body).splitlines() if line]

    assert "".join(said) == "say GONE twice"


def test_blocks_are_not_mixed_up():
    body = b"".join(
        (_line(0, "text", "abra"), _line(1, "text", "XX"), _line(0, "text", "cadabra"), _line(1, "text", "Y"))
    )

    said = [json.loads(line[6:])["delta"]["text"] for line in redacted(body).splitlines() if line]

    assert said == ["GONE", "XX", "", "Y"]


def test_thoughts_are_not_text():
    body = _line(0, "thinking", "abra") + _line(0, "text", "cadabra")

    assert redacted(body) == body


def test_a_body_without_a_stream_is_left_alone():
    assert redacted(b'{"text": "abra"}\n{"text": "cadabra"}') == b'{"text": "abra"}\n{"text": "cadabra"}'
