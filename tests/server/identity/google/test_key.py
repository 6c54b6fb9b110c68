"""Keys in the form a service account's file has: held against a library that reads such files for a living."""

from __future__ import annotations

from random import Random

import pytest

from windtunnel_server.identity import rsa
from windtunnel_server.identity.google.key import factors, pem


@pytest.mark.parametrize("seed", range(3))
def test_the_factors_of_a_key_are_found_again(seed: int):
    key = rsa.make(Random(seed), kid="a")

    first, second = factors(key.public.modulus, key.public.exponent, key._secret)

    assert first * second == key.public.modulus and first > second > 1


@pytest.mark.parametrize("seed", range(3))
def test_cryptography_reads_the_key_and_signs_with_it(seed: int):
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.hashes import SHA256

    key = rsa.make(Random(seed), kid="a")

    read = serialization.load_pem_private_key(pem(key).encode(), password=None)

    signature = read.sign(b"message", padding.PKCS1v15(), SHA256())
    assert signature == key.sign(b"message") and key.public.verifies(b"message", signature)


def test_the_file_is_in_lines_of_64():
    lines = pem(rsa.make(Random(0), kid="a")).splitlines()

    assert lines[0] == "-----BEGIN PRIVATE KEY-----" and lines[-1] == "-----END PRIVATE KEY-----"
    assert {len(line) for line in lines[1:-2]} == {64}
