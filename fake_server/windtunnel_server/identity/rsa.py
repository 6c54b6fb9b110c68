"""RS256, as far as a fake needs it: a key made on the spot, a signature, and a check of one (RFC 8017, section 8.2).

Plain arithmetic, so that the core install needs no cryptography. Not for secrets: nothing here runs in constant time.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from random import Random
from typing import Final

#: Small, so that a key takes milliseconds; an identity provider's has 2048 or more.
_BITS: Final = 1024
_EXPONENT: Final = 65537
#: DER of a SHA-256 DigestInfo, before the digest (RFC 8017, section 9.2, note 1).
_SHA256: Final = bytes.fromhex("3031300d060960864801650304020105000420")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The half that checks: modulus and exponent, and the id an assertion names it by."""

    modulus: int
    exponent: int
    kid: str

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Say whether the signature is this key's for the message."""
        size = (self.modulus.bit_length() + 7) // 8
        if len(signature) != size:
            return False
        opened = pow(int.from_bytes(signature, "big"), self.exponent, self.modulus)
        return opened.to_bytes(size, "big") == _padded(message, size)


@dataclass(frozen=True, slots=True, repr=False)
class PrivateKey:
    """The half that signs."""

    public: PublicKey
    _secret: int

    def sign(self, message: bytes) -> bytes:
        size = (self.public.modulus.bit_length() + 7) // 8
        padded = int.from_bytes(_padded(message, size), "big")
        return pow(padded, self._secret, self.public.modulus).to_bytes(size, "big")


def make(random: Random, *, kid: str) -> PrivateKey:
    """Make a key; the same random numbers make the same key."""
    while True:
        first, second = _prime(random), _prime(random)
        around = (first - 1) * (second - 1)
        if first != second and around % _EXPONENT:
            return PrivateKey(PublicKey(first * second, _EXPONENT, kid), pow(_EXPONENT, -1, around))


def _padded(message: bytes, size: int) -> bytes:
    said = _SHA256 + hashlib.sha256(message).digest()
    return b"\x00\x01" + b"\xff" * (size - len(said) - 3) + b"\x00" + said


def _prime(random: Random) -> int:
    half = _BITS // 2
    while True:
        # Two bits on top, so that the product has its full length.
        number = random.getrandbits(half) | 3 << half - 2 | 1
        if all(number % small for small in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31)) and pow(2, number - 1, number) == 1:
            return number
