"""OAuth of the direct API: logins, their tokens, and the endpoint that renews them (wire.md 2.1 and 2.2).

Two services stand behind the one address, and the beta header decides between them: one renews logins, the other
exchanges a workload's assertion. Each has errors of its own shape.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from urllib.parse import parse_qsl

from windtunnel_server.call import Call
from windtunnel_server.clock import Clock
from windtunnel_server.identity.api_keys import bearer, header
from windtunnel_server.identity.federation import Workload, workload
from windtunnel_server.identity.login_page import Wish
from windtunnel_server.identity.person import person
from windtunnel_server.identity.tokens import Tokens
from windtunnel_server.model.problem import Problem
from windtunnel_server.wire.errors import KINDS
from windtunnel_server.wire.ids import Ids

PATH: Final = "/v1/oauth/token"
#: What a script calls the endpoint.
ENDPOINT: Final = "token"
#: Unlocks a token in the Authorization header; routes a token request to the service for workloads.
API_BETA: Final = "oauth-2025-04-20"
FEDERATION_BETA: Final = "oidc-federation-2026-04-01"
REFRESH_GRANT: Final = "refresh_token"
CODE_GRANT: Final = "authorization_code"
FEDERATION_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
#: Made up: a fake's login belongs to no real application.
CLIENT_ID: Final = "00000000-0000-4000-8000-00000077696e"
#: Scopes of a login with a coding client, as public reports quote them (2026); unverified for other clients.
_LOGIN_SCOPE: Final = "user:profile user:inference"
#: How long a code is good, seconds: the most that RFC 6749 (4.1.2) recommends; unverified.
CODE_LIFETIME_S: Final = 600.0
_FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Login:
    """What a person has after logging in. `expires_at`: POSIX seconds, when the access token ends."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: float
    client_id: str
    organization_id: str
    workspace_id: str


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """An answer of the token endpoint. `error` is the error's type, None where tokens were handed out."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    error: str | None = None


@dataclass(slots=True, eq=False)
class _Grant:
    """What one login, or one exchange, has led to."""

    client_id: str
    revoked: bool = False


@dataclass(slots=True, eq=False)
class _Access:
    grant: _Grant
    expires_at: float
    revoked: bool = False


@dataclass(slots=True, eq=False)
class _Refresh:
    grant: _Grant
    used: bool = False


@dataclass(slots=True, eq=False)
class _Code:
    wish: Wish
    expires_at: float
    #: What it was exchanged for; None: nothing yet.
    grant: _Grant | None = None


class OAuth:
    """The tokens that are good, and what becomes of them.

    `lifetime_s` is how long an access token lives, and what `expires_in` says unless `said_s` says otherwise: a
    client that is told 3600 of a token that lives for 60 meets a 401. Safe to use from several threads.
    """

    endpoint: Final = ENDPOINT

    def __init__(self, clock: Clock, *, seed: int = 0, lifetime_s: float = 3600.0, said_s: float | None = None) -> None:
        if not lifetime_s > 0:
            raise ValueError(f"lifetime_s is {lifetime_s!r}, and must be seconds above 0")
        self._clock = clock
        self._seed = seed
        self._lifetime_s, self._said_s = lifetime_s, lifetime_s if said_s is None else said_s
        own = Ids(Random(f"organisation {seed}"))
        self.organization_id, self.workspace_id = own.uuid4(), own.workspace()
        #: Whose logins these are.
        self.person = person(seed, self.organization_id)
        self._mint = Tokens(seed)
        self._codes: dict[str, _Code] = {}
        self._access: dict[str, _Access] = {}
        self._refresh: dict[str, _Refresh] = {}
        self._workload: Workload | None = None
        self._lock = threading.Lock()

    # --- what a test does ----------------------------------------------------------------------------------------

    def login(self, *, client_id: str = CLIENT_ID) -> Login:
        """Log a person in: a fresh pair of tokens."""
        with self._lock:
            grant = _Grant(client_id)
            access, expires_at = self._new_access(grant)
            refresh = self._new_refresh(grant)
        return Login(access, refresh, expires_at, client_id, self.organization_id, self.workspace_id)

    def grant(self, wish: Wish) -> str:
        """Say yes for a person to what an application asks for: the code that it exchanges for tokens."""
        with self._lock:
            code = self._mint.code()
            self._codes[code] = _Code(wish, self._clock.wall() + CODE_LIFETIME_S)
        return code

    @property
    def workload(self) -> Workload:
        """A workload whose assertions may be exchanged; made when first asked for."""
        with self._lock:
            if self._workload is None:
                self._workload = workload(self._seed)
            return self._workload

    def assertion(self, **claims: Any) -> str:
        """Sign an assertion for the workload, as of now; `claims` replace those that satisfy the rule."""
        return self.workload.assertion(self._clock.wall(), **claims)

    def expire(self, token: str) -> None:
        """Let an access token end now, whatever its client was told."""
        with self._lock:
            self._known(token, self._access).expires_at = self._clock.wall()

    def expire_all(self) -> None:
        """Let every access token that is out end now."""
        with self._lock:
            for access in self._access.values():
                access.expires_at = min(access.expires_at, self._clock.wall())

    def revoke(self, token: str) -> None:
        """Take an access token back; with a refresh token, the whole login and all that came of it."""
        with self._lock:
            if token in self._refresh:
                self._refresh[token].grant.revoked = True
            else:
                self._known(token, self._access).revoked = True

    # --- at the door ---------------------------------------------------------------------------------------------

    def concerns(self, headers: Sequence[tuple[str, str]]) -> bool:
        """Say whether the request's credential is an OAuth token, or looks like one."""
        token = None if header(headers, "x-api-key") else bearer(headers)
        return token is not None and token.startswith("sk-ant-oat")

    def check(self, headers: Sequence[tuple[str, str]]) -> Problem | None:
        """Refuse a request without a good access token. Words and statuses: wire.md 6.3."""
        token = bearer(headers)
        if not token:
            return _problem("missing_api_key")
        if API_BETA not in _betas(headers):
            # The SDK's source says that the beta unlocks tokens; that its lack reads like this is from public reports.
            return _problem("oauth_unsupported")
        with self._lock:
            access = self._access.get(token)
            if access is None:
                return _problem("invalid_bearer_token")
            if access.revoked or access.grant.revoked:
                return _problem("oauth_revoked")
            # That a token which is both is called revoked is unverified.
            return _problem("oauth_expired") if self._clock.wall() >= access.expires_at else None

    # --- the token endpoint --------------------------------------------------------------------------------------

    def answer(self, call: Call) -> TokenAnswer:
        """Answer a request for a token. Parses the body into `call.json`, for the journal to mask."""
        federated = FEDERATION_BETA in _betas(call.headers)
        refuse = _api_error if federated else _oauth_error
        try:
            body = _read(call)
        except (ValueError, RecursionError):
            return refuse("invalid_request", "The request body is not valid JSON")
        call.json = body
        if not isinstance(body, dict):
            return refuse("invalid_request", "The request body is not a JSON object")
        grant = _GRANTS.get((str(body.get("grant_type")), federated))
        if grant is None:
            # The older service renews logins, the newer one exchanges assertions, and neither does the other's work.
            return refuse("unsupported_grant_type", "unsupported grant_type")
        with self._lock:
            return grant(self, body)

    def _renewed(self, body: Mapping[str, Any]) -> TokenAnswer:
        for name in ("refresh_token", "client_id"):
            if not isinstance(body.get(name), str) or not body[name]:
                return _oauth_error("invalid_request", f"Missing {name}")
        known = self._refresh.get(body["refresh_token"])
        if known is not None and known.used:
            # A token that comes twice has been stolen, by one of the two (RFC 9700, 4.14.2). That the real service
            # takes the whole login back is unverified; that it refuses the second time is not.
            known.grant.revoked = True
        if known is None or known.used or known.grant.revoked or known.grant.client_id != body["client_id"]:
            return _oauth_error("invalid_grant", "Refresh token not found or invalid")
        known.used = True
        access, _ = self._new_access(known.grant)
        return self._handed_out(access, _LOGIN_SCOPE, refresh_token=self._new_refresh(known.grant))

    def _coded(self, body: Mapping[str, Any]) -> TokenAnswer:
        """Exchange a code, once, for who announced its verifier (RFC 6749, 4.1.3; RFC 7636, 4.6)."""
        for name in ("code", "redirect_uri", "client_id", "code_verifier"):
            if not isinstance(body.get(name), str) or not body[name]:
                return _oauth_error("invalid_request", f"Missing {name}")
        if not isinstance(body.get("state"), str):
            # The command-line client's source says that it is asked for here too, and names this error.
            return _oauth_error("oauth_request_parse_error", "Missing state")
        known = self._codes.get(body["code"])
        if known is not None and known.grant is not None:
            # Like a refresh token that comes twice.
            known.grant.revoked = True
        if known is None or known.grant is not None or not self._suits(known, body):
            return _oauth_error("invalid_grant", "Authorization code not found or invalid")
        known.grant = _Grant(known.wish.client_id)
        access, _ = self._new_access(known.grant)
        refresh = self._new_refresh(known.grant)
        return self._handed_out(access, known.wish.scope, refresh_token=refresh, **self._whose())

    def _suits(self, known: _Code, body: Mapping[str, Any]) -> bool:
        wish = known.wish
        said = (body["client_id"], body["redirect_uri"], body["state"])
        return (
            self._clock.wall() < known.expires_at
            and said == (wish.client_id, wish.redirect_uri, wish.state)
            and wish.is_verified_by(body["code_verifier"])
        )

    def _whose(self) -> dict[str, Any]:
        """What is said of a login besides its tokens, as the command-line client's source reads it."""
        return {
            "organization": {"uuid": self.person.organization_id, "name": self.person.organization_name},
            "account": {"uuid": self.person.id, "email_address": self.person.email},
            "workspace": {"id": self.workspace_id, "name": "Default"},
        }

    def _exchanged(self, body: Mapping[str, Any]) -> TokenAnswer:
        if self._workload is None:
            self._workload = workload(self._seed)
        rule = self._workload.rule
        refused = rule.refusal(body, self._clock.wall())
        if refused is not None:
            return _api_error(*refused)
        access, _ = self._new_access(_Grant(rule.service_account_id))
        return self._handed_out(access, rule.scope)

    def _handed_out(self, access: str, scope: str, **more: Any) -> TokenAnswer:
        said = {"token_type": "Bearer", "access_token": access, "expires_in": int(self._said_s), **more, "scope": scope}
        return _answered(200, json.dumps(said))

    def _new_access(self, grant: _Grant) -> tuple[str, float]:
        token, expires_at = self._mint.access(), self._clock.wall() + self._lifetime_s
        self._access[token] = _Access(grant, expires_at)
        return token, expires_at

    def _new_refresh(self, grant: _Grant) -> str:
        token = self._mint.refresh()
        self._refresh[token] = _Refresh(grant)
        return token

    def _known(self, token: str, among: Mapping[str, _Access]) -> _Access:
        if token not in among:
            raise ValueError(
                f"no such access token was handed out (it ends in {token[-4:]!r}, {len(among)} are out); "
                "give the access_token of a login, or its refresh_token to revoke(…)"
            )
        return among[token]


#: By grant type, and whether the beta for workloads was asked for.
_GRANTS: Final[Mapping[tuple[str, bool], Callable[[OAuth, Mapping[str, Any]], TokenAnswer]]] = {
    (REFRESH_GRANT, False): OAuth._renewed,
    (CODE_GRANT, False): OAuth._coded,
    (FEDERATION_GRANT, True): OAuth._exchanged,
}


def _read(call: Call) -> Any:
    """Read the body: a form, as codes are exchanged by (and JSON, which other clients write), or JSON."""
    if (call.header("content-type") or "").partition(";")[0].strip().lower() != _FORM:
        return json.loads(call.body)
    return dict(parse_qsl(call.body.decode()))


def _oauth_error(error: str, description: str) -> TokenAnswer:
    """An error as the service for logins writes it: RFC 6749, with the blanks of public reports (2026)."""
    said = {"error": error, "error_description": description}
    return _answered(400, json.dumps(said), error)


def _api_error(error: str, message: str) -> TokenAnswer:
    """An error as the service for workloads writes it: documented as the API's own shape; `request_id` is left out."""
    said = {"type": "error", "error": {"type": error, "message": message}}
    return _answered(400, json.dumps(said, separators=(",", ":")), error)


def _answered(status: int, text: str, error: str | None = None) -> TokenAnswer:
    body = text.encode()
    headers = (("Content-Type", "application/json"), ("Content-Length", str(len(body))))
    return TokenAnswer(status, headers, body, error)


def _problem(kind: str) -> Problem:
    return Problem(kind, KINDS[kind].text())


def _betas(headers: Sequence[tuple[str, str]]) -> set[str]:
    lines = (value for name, value in headers if name.lower() == "anthropic-beta")
    return {beta.strip() for line in lines for beta in line.split(",")}
