"""Text of two bytes a letter."""

from __future__ import annotations

import base64

import pytest

from windtunnel.cassette.redact import wide
from windtunnel.cassette.redact.edits import Edit, apply


@pytest.mark.parametrize("coding", ["utf-16-le", "utf-16-be"])
def test_what_stands_in_it_is_replaced_in_its_own_way(coding: str):
    data = b"\xff\x01" + "it is a secret here".encode(coding) + b"\xff"

    ((first, text),) = wide.stretches(data)
    at = text.index(b"secret")
    edits = list(wide.back([Edit(at, at + 6, b"GONE", "x")], first))

    assert text == b"it is a secret here"
    assert apply(data, edits) == b"\xff\x01" + "it is a GONE here".encode(coding) + b"\xff"


def test_other_bytes_hold_none():
    assert not wide.is_wide(bytes(400))
    assert not wide.is_wide(bytes(range(256)) * 4)
    assert not list(wide.stretches(b"plain text, one byte a letter"))


def test_base64_of_it_is_told_by_its_zeros():
    assert wide.may_be(base64.b64encode("any text at all, of some length".encode("utf-16-le")))
    assert not wide.may_be(base64.b64encode(b"any text at all, of some length"))
