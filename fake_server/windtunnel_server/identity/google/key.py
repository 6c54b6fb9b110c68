"""A private key as the file of a service account holds it: PKCS #8 in PEM (RFC 5208, RFC 8017 appendix A.1.2).

Made of the key's numbers alone, so that the core install needs no cryptography to hand one out.
"""

from __future__ import annotations

import base64
from math import gcd

from windtunnel_server.identity import rsa

#: DER of the algorithm `rsaEncryption` with its empty parameters.
_ALGORITHM = bytes.fromhex("300d06092a864886f70d0101010500")
_LINE = 64


def pem(key: rsa.PrivateKey) -> str:
    """Write the key."""
    modulus, exponent, secret = key.public.modulus, key.public.exponent, key._secret
    first, second = factors(modulus, exponent, secret)
    numbers = (0, modulus, exponent, secret, first, second)
    hints = (secret % (first - 1), secret % (second - 1), pow(second, -1, first))
    inner = _sequence(*(_integer(number) for number in (*numbers, *hints)))
    whole = base64.b64encode(_sequence(_integer(0), _ALGORITHM, _tagged(0x04, inner))).decode()
    lines = [whole[place : place + _LINE] for place in range(0, len(whole), _LINE)]
    return "\n".join(["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----", ""])


def factors(modulus: int, exponent: int, secret: int) -> tuple[int, int]:
    """Take a modulus apart, the larger prime first, with the help of both exponents (NIST SP 800-56B, appendix C)."""
    odd = exponent * secret - 1
    rounds = (odd & -odd).bit_length() - 1
    odd >>= rounds
    base = 2
    while True:
        root = pow(base, odd, modulus)
        for _ in range(rounds):
            square = root * root % modulus
            if square == 1 and root not in (1, modulus - 1):
                found = gcd(root - 1, modulus)
                return max(found, modulus // found), min(found, modulus // found)
            root = square
        base += 1


def _sequence(*parts: bytes) -> bytes:
    return _tagged(0x30, b"".join(parts))


def _integer(number: int) -> bytes:
    # One bit more than the number has: the first one is the sign.
    return _tagged(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _tagged(tag: int, value: bytes) -> bytes:
    size = len(value)
    if size < 0x80:
        return bytes([tag, size]) + value
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + value
