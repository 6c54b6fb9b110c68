"""JSON web tokens, RS256 only: what a service account signs, and what an outside identity provider does."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from typing import Any

from windtunnel_server.identity import rsa


def signed(key: rsa.PrivateKey, claims: Mapping[str, Any]) -> str:
    """Sign claims."""
    head = {"alg": "RS256", "typ": "JWT", "kid": key.public.kid}
    said = ".".join(_encoded(json.dumps(part).encode()) for part in (head, claims))
    return f"{said}.{_encoded(key.sign(said.encode()))}"


def read(token: str) -> Mapping[str, Any] | None:
    """Return the claims, whoever signed them; None for what is no such token."""
    try:
        claims = json.loads(_decoded(token.split(".")[1]))
    except (ValueError, IndexError):
        return None
    return claims if isinstance(claims, dict) else None


def is_signed(token: str, key: rsa.PublicKey) -> bool:
    """Say whether that key has signed it."""
    parts = token.split(".")
    try:
        head, signature = json.loads(_decoded(parts[0])), _decoded(parts[2])
    except (ValueError, IndexError):
        return False
    named = isinstance(head, dict) and (head.get("alg"), head.get("kid")) == ("RS256", key.kid)
    return named and len(parts) == 3 and key.verifies(".".join(parts[:2]).encode(), signature)


def is_timely(claims: Mapping[str, Any], at: float, *, longest_s: float, leeway_s: float) -> bool:
    """Say whether the token lives at an instant (POSIX seconds), and no longer than it may."""
    issued, expires = _instant(claims.get("iat")), _instant(claims.get("exp"))
    return issued - leeway_s <= at < expires + leeway_s and expires - issued <= longest_s


def _instant(value: Any) -> float:
    plain = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if plain else math.nan


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
