"""JSON web tokens: what is signed is read back, and nothing else is taken for signed."""

from __future__ import annotations

import base64
import json
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.identity import rsa
from windtunnel_server.identity.jwt import claims_of, is_signed, is_timely, published, read, signed


@cache
def key(name: str = "a") -> rsa.PrivateKey:
    return rsa.make(Random(name), kid=name)


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@given(st.dictionaries(st.text(), st.integers() | st.text()))
def test_claims_come_back(claims: dict[str, Any]):
    token = signed(claims, key())

    assert read(token) == claims == claims_of(token, key().public)


def test_another_key_has_not_signed_it():
    assert not is_signed(signed({}, key()), key("b").public)


def test_one_bit_of_the_signature_is_enough_to_break_it():
    token = signed({"iss": "me"}, key())
    start, _, signature = token.rpartition(".")
    data = bytearray(base64.urlsafe_b64decode(signature + "=="))
    data[5] ^= 1

    assert not is_signed(f"{start}.{base64.urlsafe_b64encode(data).rstrip(b'=').decode()}", key().public)


def test_other_claims_under_the_same_signature_are_noticed():
    head, _, signature = signed({"iss": "me"}, key()).split(".")

    assert not is_signed(f"{head}.{encoded({'iss': 'you'})}.{signature}", key().public)


@pytest.mark.parametrize("head", [{"alg": "none", "kid": "a"}, {"alg": "HS256", "kid": "a"}, {"alg": "RS256"}, []])
def test_nothing_but_rs256_of_a_named_key_counts(head: Any):
    said = f"{encoded(head)}.{encoded({})}"
    signature = base64.urlsafe_b64encode(key().sign(said.encode())).rstrip(b"=").decode()

    assert not is_signed(f"{said}.{signature}", key().public)


@given(st.text(alphabet="abc.-_=é{}", max_size=30))
def test_nonsense_is_no_token(text: str):
    assert not is_signed(text, key().public)
    assert read(text) is None or isinstance(read(text), dict)


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"iat": 100, "exp": 200}, True),
        ({"iat": 160, "exp": 200}, True),
        ({"iat": 161, "exp": 200}, False),
        ({"iat": 50, "exp": 140}, False),
        ({"iat": 50, "exp": 141}, True),
        ({"iat": 0, "exp": 1001}, False),
        ({"iat": 100}, False),
        ({"iat": "100", "exp": 200}, False),
        ({"iat": True, "exp": 200}, False),
        ({"iat": 100, "exp": 1e300}, False),
    ],
)
def test_time_is_told_with_some_leeway(claims: dict[str, Any], expected: bool):
    assert is_timely(claims, 150.0, longest_s=1000.0, leeway_s=10.0) is expected


@given(st.integers(0, 10_000), st.sampled_from("ABz09-_."))
def test_whatever_is_changed_about_a_token_it_is_none(place: int, letter: str):
    token = signed({"sub": "me"}, key())
    place %= len(token) - 1  # the last character of the signature has bits that mean nothing
    changed = token[:place] + letter + token[place + 1 :]

    assert changed == token or claims_of(changed, key().public) is None


def test_another_key_of_the_same_name_has_not_signed_it():
    other = rsa.make(Random("other"), kid="a")

    assert claims_of(signed({}, other), key().public) is None


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "é.é.é", "e30.e30.e30", "W10.W10.W10"])
def test_what_is_no_token_says_nothing(token: str):
    assert claims_of(token, key().public) is None


def test_a_published_key_is_the_key():
    said = published(key().public)

    number = int.from_bytes(base64.urlsafe_b64decode(said["n"] + "=="), "big")
    assert (number, said["e"], said["kid"]) == (key().public.modulus, "AQAB", "a")
