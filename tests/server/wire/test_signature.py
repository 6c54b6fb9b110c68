"""Signatures of thinking: laid out as recorded ones are, and verifiable where they are our own."""

from __future__ import annotations

import base64
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.wire.signature import judge, sign


@given(st.text(), st.integers())
def test_a_signature_fits_its_own_text(text: str, seed: int) -> None:
    assert judge(sign(text, Random(seed)), text) == "ours"


@given(st.text(), st.text())
def test_a_signature_fits_no_other_text(text: str, other: str) -> None:
    assert judge(sign(text, Random(0)), other) == ("ours" if text == other else "altered")


def test_a_signature_that_was_tampered_with_does_not_fit() -> None:
    raw = bytearray(base64.b64decode(sign("Hm.", Random(0))))
    raw[45] ^= 1

    assert judge(base64.b64encode(raw).decode(), "Hm.") == "altered"


def test_the_same_chance_gives_the_same_signature() -> None:
    assert sign("Hm.", Random(7)) == sign("Hm.", Random(7)) != sign("Hm.", Random(8))


@pytest.mark.parametrize("text", ["", "Hm.", "x" * 5_000])
def test_a_signature_is_a_protobuf_field_that_grows_with_its_text(text: str) -> None:
    raw = base64.b64decode(sign(text, Random(0)))

    length = raw[1] & 0x7F | raw[2] << 7
    assert raw[0] == 0x12
    assert length == len(raw) - 3 == max(398, 170 + len(text))


@pytest.mark.parametrize("signature", ["", "sig", "not base64!", "c2lnbmF0dXJl"])
def test_what_could_be_no_signature_is_nonsense(signature: str) -> None:
    assert judge(signature, "Hm.") == "nonsense"


@pytest.mark.parametrize("signature", [base64.b64encode(b"\x12" * 170).decode(), "signature_REDACTED_1"])
def test_what_could_be_a_real_one_is_foreign(signature: str) -> None:
    assert judge(signature, "Hm.") == "foreign"
