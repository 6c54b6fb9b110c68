"""An identity provider outside of Amazon whose word is taken for a role: its tokens, and how they are checked."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from windtunnel_server.identity import rsa
from windtunnel_server.identity.aws.keys import ROLE_ARN

ISSUER: Final = "https://issuer.windtunnel.invalid"
AUDIENCE: Final = "sts.amazonaws.com"
SUBJECT: Final = "system:serviceaccount:windtunnel:client"
#: Nobody renews the file that a client under test reads, so a token lives for 30 days; a cluster's lives for one.
_LIFETIME_S: Final = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class Refused:
    """An error of the token service."""

    status: int
    code: str
    message: str


class WebIdentity:
    """The provider. Its key is made when first used; a seed makes the same one again."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._made: rsa.PrivateKey | None = None

    def token(self, at: float, **claims: Any) -> str:
        """Sign a token of instant `at` (POSIX seconds); `claims` replace those that satisfy the role."""
        said = {"iss": ISSUER, "sub": SUBJECT, "aud": AUDIENCE, "iat": int(at), "exp": int(at + _LIFETIME_S)} | claims
        head = {"alg": "RS256", "typ": "JWT", "kid": self._key.public.kid}
        signed = ".".join(_encoded(json.dumps(part).encode()) for part in (head, said))
        return f"{signed}.{_encoded(self._key.sign(signed.encode()))}"

    def refusal(self, token: str, role: str, at: float) -> Refused | None:
        """Say why a token does not open a role at instant `at`; codes of the service model, words unverified."""
        claims = self._verified(token)
        if claims is None:
            return Refused(400, "InvalidIdentityToken", "The ID Token provided is not a valid JWT.")
        if claims.get("iss") != ISSUER:
            return Refused(400, "InvalidIdentityToken", f"No OpenIDConnect provider found for {claims.get('iss')}")
        if claims.get("aud") != AUDIENCE:
            return Refused(400, "InvalidIdentityToken", "Incorrect token audience")
        ends = claims.get("exp")
        if not isinstance(ends, (int, float)) or ends <= at:
            what = f"Token expired: current date/time {int(at)} must be before the expiration date/time {ends}"
            return Refused(400, "ExpiredTokenException", what)
        if claims.get("sub") != SUBJECT or role != ROLE_ARN:
            return Refused(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
        return None

    @property
    def _key(self) -> rsa.PrivateKey:
        if self._made is None:
            self._made = rsa.make(Random(f"web identity {self._seed}"), kid="windtunnel")
        return self._made

    def _verified(self, token: str) -> dict[str, Any] | None:
        signed, _, signature = token.rpartition(".")
        try:
            head, claims = (json.loads(_decoded(part)) for part in signed.split("."))
            good = self._key.public.verifies(signed.encode(), _decoded(signature))
        except ValueError:
            return None
        named = isinstance(head, dict) and (head.get("alg"), head.get("kid")) == ("RS256", self._key.public.kid)
        return claims if named and good and isinstance(claims, dict) else None


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
