"""JSON web tokens, as far as Entra's need them."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.identity import rsa
from windtunnel_server.identity.entra import jwt as entra_jwt

KEY = rsa.make(Random(1), kid="one")
OTHER = rsa.make(Random(2), kid="one")
claims = st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.integers(), max_size=4)


@given(claims)
def test_what_was_signed_can_be_read_again(said: dict[str, object]):
    assert entra_jwt.claims_of(entra_jwt.signed(said, KEY), KEY.public) == said


@given(st.integers(0, 10_000), st.sampled_from("ABz09-_."))
def test_whatever_is_changed_about_a_token_it_is_none(place: int, letter: str):
    token = entra_jwt.signed({"sub": "me"}, KEY)
    place %= len(token) - 1  # the last character of the signature has bits that mean nothing
    changed = token[:place] + letter + token[place + 1 :]

    assert changed == token or entra_jwt.claims_of(changed, KEY.public) is None


def test_another_key_of_the_same_name_has_not_signed_it():
    assert entra_jwt.claims_of(entra_jwt.signed({}, OTHER), KEY.public) is None


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "é.é.é", "e30.e30.e30", "W10.W10.W10"])
def test_what_is_no_token_says_nothing(token: str):
    assert entra_jwt.claims_of(token, KEY.public) is None


def test_a_published_key_is_the_key():
    said = entra_jwt.published(KEY.public)

    number = int.from_bytes(urlsafe_b64decode(said["n"] + "=="), "big")
    assert (number, said["e"], said["kid"], json.dumps(said)[:1]) == (KEY.public.modulus, "AQAB", "one", "{")
