"""JSON web tokens signed with RS256 (RFC 7515, 7517 and 7519): what identity providers and service accounts sign."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from typing import Any, Final

from windtunnel_server.identity import rsa

#: Beyond any date: the year 33658.
_FAR_S: Final = 1e12


def signed(claims: Mapping[str, Any], key: rsa.PrivateKey) -> str:
    """Write a token with these claims."""
    head = {"typ": "JWT", "alg": "RS256", "kid": key.public.kid}
    said = ".".join(encoded(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
    return f"{said}.{encoded(key.sign(said.encode()))}"


def read(token: str) -> Mapping[str, Any] | None:
    """Return the claims, whoever signed them; None for what is no such token."""
    try:
        claims = json.loads(_decoded(token.split(".")[1]))
    except (ValueError, IndexError):
        return None
    return claims if isinstance(claims, dict) else None


def is_signed(token: str, key: rsa.PublicKey) -> bool:
    """Say whether that key has signed it. Anything but RS256 is turned away."""
    parts = token.split(".")
    if len(parts) != 3:
        return False
    try:
        head, signature = json.loads(_decoded(parts[0])), _decoded(parts[2])
    except ValueError:
        return False
    named = isinstance(head, dict) and (head.get("alg"), head.get("kid")) == ("RS256", key.kid)
    return named and key.verifies(".".join(parts[:2]).encode(), signature)


def claims_of(token: str, key: rsa.PublicKey) -> Mapping[str, Any] | None:
    """Return the claims of a token that the key has signed, or None."""
    return read(token) if is_signed(token, key) else None


def instant(claims: Mapping[str, Any], name: str) -> float:
    """Return a claim in POSIX seconds; what is missing or no such number is no instant, and compares to nothing."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < _FAR_S:
        return math.nan
    return float(value)


def is_timely(claims: Mapping[str, Any], at: float, *, longest_s: float, leeway_s: float) -> bool:
    """Say whether the token lives at an instant (POSIX seconds), and no longer than it may."""
    issued, expires = instant(claims, "iat"), instant(claims, "exp")
    return issued - leeway_s <= at < expires + leeway_s and expires - issued <= longest_s


def published(key: rsa.PublicKey) -> dict[str, str]:
    """Write a key as a JSON web key."""
    size = (key.modulus.bit_length() + 7) // 8
    modulus, exponent = key.modulus.to_bytes(size, "big"), key.exponent.to_bytes(3, "big")
    return {"kty": "RSA", "use": "sig", "kid": key.kid, "n": encoded(modulus), "e": encoded(exponent)}


def encoded(value: bytes) -> str:
    """Write bytes in base64 for addresses, without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
