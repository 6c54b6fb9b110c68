"""RS256 as far as it goes: against itself, and against a signature that OpenSSL made."""

from __future__ import annotations

from random import Random

from windtunnel_server.identity import rsa

MODULUS = int(
    (
        "ab61b4b8ce2c94871d2c0aa82f39b231a4826c44aded991b50a074f0772ad4a0fb9a12846aaacb98c268830b0107648d"
        "2106d39c0e61bbfff463fbd0372611ad50810314be2e2a0ce4c1731d1c1cf1e0b492a5fbef0c00ba5139ee71a666c556"
        "5e7a61005e45e24db23ae2a2af307c8a1ac864c9efad4f087ece5f13a9c65c0b"
    ),
    16,
)
SIGNATURE = bytes.fromhex(
    "a599f44253ffe14ed4c546c1bb94ed6847e29f83c1ab82243fdc93f69963bb0a459d83eb42980324af3a12f56b0f1a5e"
    "c245ff10413158bd5f72207764476b9e9d03ac909570d22e3006be72da0881942ca139a665a9092036c5eaf70999eec7"
    "fc5f9d041e9b7b2fb527b46bd80466d2e2c388785d24e0e9958b96585366d119"
)


def test_a_signature_is_good_for_its_message_and_key_only():
    one, other = rsa.make(Random(1), kid="a"), rsa.make(Random(2), kid="b")
    signature = one.sign(b"message")

    assert one.public.verifies(b"message", signature)
    assert not one.public.verifies(b"messagf", signature)
    assert not other.public.verifies(b"message", signature)
    assert not one.public.verifies(b"message", signature[:-1])
    assert not one.public.verifies(b"message", b"")


def test_a_key_has_its_full_length_and_is_the_seed_s_own():
    keys = [rsa.make(Random(seed), kid="k").public for seed in (1, 1, 2)]

    assert {key.modulus.bit_length() for key in keys} == {1024}
    assert keys[0] == keys[1] != keys[2]


def test_nothing_printed_shows_the_secret():
    key = rsa.make(Random(1), kid="k")

    assert str(key._secret) not in repr(key)


def test_a_signature_made_elsewhere_is_good():
    key = rsa.PublicKey(MODULUS, 65537, "openssl")

    assert key.verifies(b"signed by another hand", SIGNATURE)
    assert not key.verifies(b"signed by another hanD", SIGNATURE)
