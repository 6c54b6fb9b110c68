"""Google's side of a credential: who there is, which tokens are out, and which of them are good.

The issuers beside this file hand tokens out (`google/token.py`, `google/metadata.py`, `google/sts.py`,
`google/iam.py`); the doors of Vertex and of Claude on Google Cloud ask `check` to let a call in.
"""

from __future__ import annotations

import string
import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from urllib.parse import unquote

from windtunnel_server.call import Call
from windtunnel_server.clock import Clock
from windtunnel_server.identity import jwt, rsa
from windtunnel_server.identity.api_keys import bearer
from windtunnel_server.identity.google.key import pem
from windtunnel_server.model.problem import Problem
from windtunnel_server.wire import google_errors
from windtunnel_server.wire.errors import KINDS
from windtunnel_server.wire.ids import Ids

#: What a token for Vertex must be good for.
SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
#: The audience that google-auth puts into an assertion, wherever it sends it.
TOKEN_AUDIENCE: Final = "https://oauth2.googleapis.com/token"
#: How far clocks may be apart, seconds (unverified), and how long an assertion may live (documented).
LEEWAY_S: Final = 300.0
LONGEST_ASSERTION_S: Final = 3600.0
#: Made up: a fake's login belongs to no real application.
CLIENT_ID: Final = "000000000000-windtunnel.apps.googleusercontent.com"
CLIENT_SECRET: Final = "windtunnel-not-a-real-secret"

_LETTERS: Final = string.ascii_letters + string.digits + "-_"
#: Says to whoever finds one that it opens nothing.
_WARNING: Final = "windtunnel-not-a-real-token-"


@dataclass(slots=True, eq=False)
class _Access:
    principal: str
    scopes: frozenset[str]
    expires_at: float
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Issued:
    """A token that was handed out. `expires_in` is what its holder is told, seconds; `expires_at` POSIX seconds."""

    access_token: str = field(repr=False)
    expires_in: int
    expires_at: float


class Google:
    """Accounts and tokens of one project.

    `lifetime_s` is how long an access token lives, and what its holder is told unless `said_s` says otherwise: a client
    that is told 3600 of a token that lives for 60 meets a 401. `skew_s` is how far Google's clock is ahead of the
    client's. `projects` are those that a call may name, None: any. Safe to use from several threads.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        seed: int = 0,
        lifetime_s: float = 3600.0,
        said_s: float | None = None,
        skew_s: float = 0.0,
        projects: Collection[str] | None = None,
    ) -> None:
        if not lifetime_s > 0:
            raise ValueError(f"lifetime_s is {lifetime_s!r}, and must be seconds above 0")
        self._clock, self._seed = clock, seed
        self.lifetime_s, self.said_s = lifetime_s, lifetime_s if said_s is None else said_s
        self.skew_s, self.projects = skew_s, projects
        self._random = Random(f"google {seed}")
        number = self._random.randrange(10**11, 10**12)
        self.project_number, self.project_id = str(number), f"windtunnel-{number % 10**6:06d}"
        own = Ids(Random(f"organisation {seed}"))
        #: Organisation and workspace of Claude on Google Cloud, those of the direct API.
        self.organization_id, self.workspace_id = own.uuid4(), own.workspace()
        self.email = f"client@{self.project_id}.iam.gserviceaccount.com"
        #: Whom a client may stand in for.
        self.target_email = f"model-user@{self.project_id}.iam.gserviceaccount.com"
        self.refresh_token = f"1//{_WARNING}{self._letters(48)}"
        #: Accounts that are known, and may not ask a model.
        self.denied: set[str] = set()
        self._keys: dict[str, rsa.PrivateKey] = {}
        self._access: dict[str, _Access] = {}
        self._refused_refresh = False
        self._lock = threading.RLock()

    def now(self) -> float:
        """Google's own time, POSIX seconds."""
        return self._clock.wall() + self.skew_s

    # --- what a client is given ----------------------------------------------------------------------------------

    def service_account(self, token_uri: str) -> dict[str, str]:
        """Return the content of a service account's file, with a key made on the spot; `token_uri` is the issuer's."""
        key = self.key("service account")
        return {
            "type": "service_account",
            "project_id": self.project_id,
            "private_key_id": key.public.kid,
            "private_key": pem(key),
            "client_email": self.email,
            "client_id": f"1{self.project_number}",
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": token_uri,
            "universe_domain": "googleapis.com",
        }

    def key(self, whose: str) -> rsa.PrivateKey:
        """Return the key of "service account" or "identity provider"; made when first asked for."""
        with self._lock:
            if whose not in self._keys:
                random = Random(f"google {whose} {self._seed}")
                self._keys[whose] = rsa.make(random, kid=f"{random.getrandbits(160):040x}")
            return self._keys[whose]

    @property
    def pool(self) -> str:
        """Name of the workload identity provider, the audience of an exchange."""
        place = f"projects/{self.project_number}/locations/global/workloadIdentityPools/windtunnel"
        return f"//iam.googleapis.com/{place}/providers/windtunnel"

    def subject_token(self, *, lifetime_s: float = 30 * 86400.0, **claims: Any) -> str:
        """Sign what the outside identity provider says of a workload; `claims` replace those that are let in.

        It lives for 30 days: nobody renews the file that a client under test reads.
        """
        at = int(self._clock.wall())
        said = {
            "iss": "https://issuer.windtunnel.invalid",
            "sub": "system:serviceaccount:windtunnel:client",
            "aud": f"https:{self.pool}",
            "iat": at,
            "exp": at + int(lifetime_s),
        }
        return jwt.signed(said | claims, self.key("identity provider"))

    def issue(self, principal: str | None = None, scopes: Collection[str] = (SCOPE,)) -> Issued:
        """Hand out a token; `principal` is whom it stands for, None: the service account."""
        with self._lock:
            token = self._mint()
            expires_at = self.now() + self.lifetime_s
            self._access[token] = _Access(principal or self.email, frozenset(scopes), expires_at)
        return Issued(token, int(self.said_s), expires_at)

    # --- what a test does ----------------------------------------------------------------------------------------

    def expire(self, token: str) -> None:
        """Let a token end now, whatever its holder was told."""
        self._known(token).expires_at = self.now()

    def expire_all(self) -> None:
        """Let every token that is out end now."""
        with self._lock:
            for access in self._access.values():
                access.expires_at = min(access.expires_at, self.now())

    def revoke(self, token: str) -> None:
        """Take a token back. The login's refresh token: the login, so that no more tokens come of it."""
        if token == self.refresh_token:
            self._refused_refresh = True
        else:
            self._known(token).revoked = True

    def revoke_all(self) -> None:
        """Take every token back that is out."""
        with self._lock:
            for access in self._access.values():
                access.revoked = True

    # --- what the issuers and the doors ask ----------------------------------------------------------------------

    def renews(self, refresh_token: str) -> bool:
        """Say whether the login of that refresh token is alive."""
        return refresh_token == self.refresh_token and not self._refused_refresh

    def is_good(self, token: str, *, for_s: float = 0.0) -> bool:
        """Say whether a token is good now, and will be for so many seconds."""
        access = self._access.get(token)
        return access is not None and not access.revoked and self.now() + for_s < access.expires_at

    def owner(self, token: str | None) -> str | None:
        """Return whom a good token stands for."""
        return self._access[token].principal if token is not None and self.is_good(token) else None

    def check(self, call: Call) -> Problem | None:
        """Refuse a call without a token that is good for it."""
        token = bearer(call.headers)
        if not token:
            return problem("missing_api_key")
        access = self._access.get(token)
        if access is None:
            return problem("invalid_bearer_token")
        if access.revoked:
            return problem("oauth_revoked")
        if self.now() >= access.expires_at:
            return problem("oauth_expired")
        if SCOPE not in access.scopes:
            return problem("api_key_scope_missing")
        resource = unquote(call.route or call.path).partition(":")[0].removeprefix("/v1").removeprefix("/")
        if access.principal in self.denied or not self._has(resource):
            return problem("permission_denied", resource=resource)
        return None

    def reset(self) -> None:
        """Nothing is forgotten: tokens that are out stay good, as those who hold them expect."""

    def _has(self, resource: str) -> bool:
        parts = resource.split("/")
        named = parts[parts.index("projects") + 1] if "projects" in parts[:-1] else None
        return self.projects is None or named in self.projects

    def _known(self, token: str) -> _Access:
        if token not in self._access:
            raise ValueError(
                f"no such access token was handed out (it ends in {token[-4:]!r}, {len(self._access)} are out); give the "
                "access_token of issue(), or refresh_token to revoke(…)"
            )
        return self._access[token]

    def _mint(self) -> str:
        # The journal keeps four characters of a token: no two may end alike.
        endings = {token[-4:] for token in self._access}
        while True:
            token = f"ya29.c.{_WARNING}{self._letters(96)}"
            if token[-4:] not in endings:
                return token

    def _letters(self, count: int) -> str:
        return "".join(self._random.choices(_LETTERS, k=count))


def problem(kind: str, **values: object) -> Problem:
    """Return a refusal in the platform's words."""
    error = google_errors.platform_error(KINDS[kind])
    assert error is not None
    return Problem(kind, error.text(values))
