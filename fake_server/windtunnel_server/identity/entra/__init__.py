"""Microsoft Entra: one tenant with one application, its managed identity, and the tokens they have been given.

What a client meets of it stands in `entra/authority.py` (the token endpoint) and `entra/metadata.py` (what a machine
in Azure asks); who gets in with a token, in `entra/gate.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from random import Random
from typing import Any, Final

from windtunnel_server.clock import Clock
from windtunnel_server.identity import jwt, rsa
from windtunnel_server.wire.ids import Ids

#: Documented for Claude in Foundry, and the older one of the same services (that Claude takes it too is unverified).
AUDIENCES: Final = ("https://ai.azure.com", "https://cognitiveservices.azure.com")
#: Resources a tenant knows besides: tokens are issued for them, and open no door here.
RESOURCES: Final = (
    *AUDIENCES,
    "https://management.azure.com",
    "https://graph.microsoft.com",
    "https://vault.azure.net",
    "https://storage.azure.com",
)
#: What a workload's assertion is for (documented under "Workload identity federation"), and who stands behind it here.
EXCHANGE_AUDIENCE: Final = "api://AzureADTokenExchange"
ASSERTION_ISSUER: Final = "https://oidc.windtunnel.invalid"
SUBJECT: Final = "system:serviceaccount:windtunnel:client"

_ASSERTION_S: Final = 30 * 86400.0
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class _Access:
    """A token that is out. `expires_at`: POSIX seconds by the service's clock."""

    audience: str
    expires_at: float
    revoked: bool = False


class Entra:
    """The directory. Safe to use from several threads.

    `lifetime_s` is how long a token is good for; `said_s` is what its client is told (None: the same). `skew_s` is by
    how much the issuer's clock is ahead of everybody else's: tokens, and the instants they name, come from then.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        seed: int = 0,
        lifetime_s: float = 3600.0,
        said_s: float | None = None,
        skew_s: float = 0.0,
    ) -> None:
        if not lifetime_s > 0:
            raise ValueError(f"lifetime_s is {lifetime_s!r}, and must be seconds above 0")
        self._clock = clock
        self._seed = seed
        self.lifetime_s, self.said_s = lifetime_s, lifetime_s if said_s is None else said_s
        self.skew_s = skew_s
        own = Ids(Random(f"entra {seed}"))
        self.tenant_id, self.client_id, self.principal_id = own.uuid4(), own.uuid4(), own.uuid4()
        #: What an application in App Service shows to the endpoint beside it.
        self.identity_header = own.uuid4()
        #: The application may have no tokens any more.
        self.disabled = False
        self._random = Random(f"entra tokens {seed}")
        self.client_secret = self._new_secret()
        self._old_secrets: set[str] = set()
        self._access: dict[str, _Access] = {}
        self._tails: set[str] = set()
        self._lock = threading.Lock()

    # --- what a test does ----------------------------------------------------------------------------------------

    def expire_all(self) -> None:
        """Let every token that is out end now, whatever its client was told."""
        now = self._clock.wall()
        with self._lock:
            self._access = {
                token: replace(access, expires_at=min(access.expires_at, now)) for token, access in self._access.items()
            }

    def revoke_all(self) -> None:
        """Take every token back that is out."""
        with self._lock:
            self._access = {token: replace(access, revoked=True) for token, access in self._access.items()}

    def revoke(self, token: str) -> None:
        """Take one token back."""
        with self._lock:
            if token not in self._access:
                raise ValueError(
                    f"no such token was handed out (it ends in {token[-4:]!r}, {len(self._access)} are out)"
                )
            self._access[token] = replace(self._access[token], revoked=True)

    def expire_secret(self) -> str:
        """Let the client secret end now, and return the one that takes its place."""
        with self._lock:
            self._old_secrets.add(self.client_secret)
            self.client_secret = self._new_secret()
            return self.client_secret

    def assertion(self, *, lifetime_s: float = _ASSERTION_S, **claims: Any) -> str:
        """Sign what a workload proves itself by, as of now; `claims` replace those that are good.

        It lives for 30 days: nobody renews the file that a client under test reads.
        """
        now = int(self._clock.wall())
        said = {"iss": ASSERTION_ISSUER, "sub": SUBJECT, "aud": EXCHANGE_AUDIENCE, "iat": now, "nbf": now}
        return jwt.signed(said | {"exp": int(now + lifetime_s)} | claims, self._workload_key)

    # --- what its endpoints ask ----------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """POSIX seconds by the issuer's clock."""
        return self._clock.wall() + self.skew_s

    def knows_secret(self, secret: str) -> bool:
        return secret == self.client_secret

    def knew_secret(self, secret: str) -> bool:
        """Whether it was good once."""
        return secret in self._old_secrets

    def claims_of_assertion(self, assertion: str) -> Mapping[str, Any] | None:
        """Return the claims of an assertion the workload's issuer has signed, or None."""
        return jwt.claims_of(assertion, self._workload_key.public)

    def issue(self, audience: str) -> str:
        """Issue a token for a resource. The journal keeps its last four characters: no two tokens share them."""
        with self._lock:
            token = self._minted(audience)
            while token[-4:] in self._tails:
                token = self._minted(audience)
            self._tails.add(token[-4:])
            self._access[token] = _Access(audience, self._clock.wall() + self.lifetime_s)
            return token

    def admits(self, token: str) -> bool:
        """Say whether the door may let a token in: issued here, for this service, not expired, not taken back."""
        with self._lock:
            access = self._access.get(token)
        return (
            access is not None
            and access.audience.rstrip("/") in AUDIENCES
            and not access.revoked
            and self._clock.wall() < access.expires_at
        )

    @property
    def key(self) -> rsa.PublicKey:
        """What its tokens are signed with."""
        return self._key.public

    @property
    def _key(self) -> rsa.PrivateKey:
        return _made(f"entra {self._seed}", "windtunnel-entra")

    @property
    def _workload_key(self) -> rsa.PrivateKey:
        return _made(f"entra workload {self._seed}", "windtunnel-workload")

    def _minted(self, audience: str) -> str:
        """A token as version 1 of Entra's access tokens names things, since resources of Azure ask for that one."""
        now = int(self.now)
        claims = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{self.tenant_id}/",
            "iat": now,
            "nbf": now,
            "exp": int(now + self.said_s),
            "appid": self.client_id,
            "idtyp": "app",
            "oid": self.principal_id,
            "sub": self.principal_id,
            "tid": self.tenant_id,
            "uti": jwt.encoded(self._random.randbytes(16)),
            "ver": "1.0",
        }
        return jwt.signed(claims, self._key)

    def _new_secret(self) -> str:
        """Three characters, `8Q~`, and a tail: as Entra's secrets of these years look. Says that it opens nothing."""
        start, tail = ("".join(self._random.choices(_LETTERS, k=count)) for count in (3, 10))
        return f"{start}8Q~windtunnel-not-a-secret{tail}"


@cache
def _made(seed: str, kid: str) -> rsa.PrivateKey:
    """A key takes some 50 ms, and a seed makes the same one each time."""
    return rsa.make(Random(seed), kid=kid)
