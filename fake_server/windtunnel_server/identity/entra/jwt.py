"""JSON web tokens signed with RS256 (RFC 7515 and 7519), as far as Entra's need them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from windtunnel_server.identity import rsa


def signed(claims: Mapping[str, Any], key: rsa.PrivateKey) -> str:
    """Write a token with these claims."""
    head = {"typ": "JWT", "alg": "RS256", "kid": key.public.kid}
    said = ".".join(encoded(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
    return f"{said}.{encoded(key.sign(said.encode()))}"


def claims_of(token: str, key: rsa.PublicKey) -> Mapping[str, Any] | None:
    """Return the claims of a token that the key has signed, or None."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        head, claims = (json.loads(_decoded(part)) for part in parts[:2])
        signature = _decoded(parts[2])
    except ValueError:
        return None
    if not isinstance(head, dict) or not isinstance(claims, dict):
        return None
    good = head.get("alg") == "RS256" and head.get("kid") == key.kid
    return claims if good and key.verifies(".".join(parts[:2]).encode(), signature) else None


def published(key: rsa.PublicKey) -> dict[str, str]:
    """Write a key as a JSON web key (RFC 7517)."""
    size = (key.modulus.bit_length() + 7) // 8
    modulus, exponent = key.modulus.to_bytes(size, "big"), key.exponent.to_bytes(3, "big")
    return {"kty": "RSA", "use": "sig", "kid": key.kid, "n": encoded(modulus), "e": encoded(exponent)}


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
