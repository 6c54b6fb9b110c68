"""Signatures of thinking: opaque base64 laid out as recorded ones are, and verifiable where they are our own.

Recorded: a protobuf field 2 that begins with a field 1 of 70 bytes, among them 64 of a digest; the rest grows with the
thinking it seals. In ours the digest is half chance and mark, half a keyed digest of the text.
"""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache
from hashlib import blake2b
from random import Random
from typing import Final, Literal, TypeAlias

Verdict: TypeAlias = Literal["ours", "altered", "foreign", "nonsense"]

#: Fields 1 (11), 3 (2) and 5 (64 bytes), as in recorded signatures.
_HEAD: Final = b"\x0a\x46\x08\x0b\x18\x02\x2a\x40"
#: No secret: it only has to be unlikely elsewhere.
_KEY: Final = b"windtunnel signs what it thinks"
#: Bytes: of chance, of the mark that tells ours, of the seal on the text.
_CHANCE, _MARK, _SEAL = 16, 16, 32
#: Recorded with thinking of some 230 bytes; beyond, a signature is about 170 bytes longer than its text.
_LEAST_BYTES, _OVERHEAD_BYTES = 398, 170
#: The shortest recorded one has 174 bytes (unverified: a lower bound well below it).
_PLAUSIBLE_BYTES: Final = 100


def sign(text: str, rng: Random) -> str:
    """Make the signature of a thought, in base64. A hidden thought is signed as it is shown: empty."""
    chance = rng.randbytes(_CHANCE)
    sealed = _HEAD + chance + _mark(chance) + _seal(chance, text)
    size = max(_LEAST_BYTES, _OVERHEAD_BYTES + len(text.encode("utf-8", "surrogatepass")))
    body = sealed + rng.randbytes(size - len(sealed))
    return base64.b64encode(b"\x12" + _varint(len(body)) + body).decode("ascii")


@lru_cache(2_048)
def judge(signature: str, text: str) -> Verdict:
    """Tell whose signature this is, and whether it fits the text; a placeholder in a redacted recording is foreign."""
    if "REDACTED" in signature:
        return "foreign"
    try:
        raw = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return "nonsense"
    at = raw.find(_HEAD, 0, 16) + len(_HEAD)
    chance, mark = raw[at : at + _CHANCE], raw[at + _CHANCE : at + _CHANCE + _MARK]
    if at >= len(_HEAD) and mark == _mark(chance):
        fits = raw[at + _CHANCE + _MARK :][:_SEAL] == _seal(chance, text)
        return "ours" if fits else "altered"
    return "foreign" if len(raw) >= _PLAUSIBLE_BYTES else "nonsense"


def _mark(chance: bytes) -> bytes:
    return blake2b(chance, key=_KEY, digest_size=_MARK).digest()


def _seal(chance: bytes, text: str) -> bytes:
    return blake2b(chance + text.encode("utf-8", "surrogatepass"), key=_KEY, digest_size=_SEAL).digest()


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*out, number))
