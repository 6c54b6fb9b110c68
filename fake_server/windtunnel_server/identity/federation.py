"""Workload federation: an identity provider's assertion, and the rule it has to satisfy.

What is checked, and how a refusal reads, is documented under "WIF reference" of the API's documentation (Aug 2026):
every reason but a malformed request is one opaque `invalid_grant`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from windtunnel_server.identity import jwt, rsa
from windtunnel_server.wire.ids import Ids

#: Documented: the largest assertion in bytes, and how far clocks may be apart in seconds.
MAX_ASSERTION_BYTES: Final = 16 * 1024
LEEWAY_S: Final = 30.0
_REQUIRED: Final = ("assertion", "federation_rule_id", "organization_id", "service_account_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which assertions may be exchanged, for what. `subject` may end in `*`, which then stands for any ending."""

    id: str
    organization_id: str
    service_account_id: str
    issuer: str
    audience: str
    subject: str
    key: rsa.PublicKey
    #: More than one: the request has to say which.
    workspaces: tuple[str, ...] = ()
    scope: str = "workspace:developer"
    #: The longest an assertion may live, seconds. One hour unless an issuer is set otherwise.
    max_assertion_s: float = 3600.0

    def refusal(self, body: Mapping[str, Any], at: float) -> tuple[str, str] | None:
        """Say why a request of instant `at` (POSIX seconds) gets no token: the error's type and its words (unverified)."""
        for name in _REQUIRED:
            if not isinstance(body.get(name), str) or not body[name]:
                return "invalid_request", f"{name}: Field required"
        if not body["federation_rule_id"].startswith("fdrl_"):
            return "invalid_request", "federation_rule_id: malformed"
        if len(self.workspaces) > 1 and not body.get("workspace_id"):
            return "invalid_request", "workspace_id_required"
        return (
            None if self._matches(body) and self._admits(body["assertion"], at) else ("invalid_grant", "Invalid grant")
        )

    def _matches(self, body: Mapping[str, Any]) -> bool:
        named = (body["federation_rule_id"], body["organization_id"], body["service_account_id"])
        workspace = body.get("workspace_id")
        return named == (self.id, self.organization_id, self.service_account_id) and (
            workspace is None or workspace in (*self.workspaces, "default")
        )

    def _admits(self, assertion: str, at: float) -> bool:
        if len(assertion) > MAX_ASSERTION_BYTES:
            return False
        claims = jwt.claims_of(assertion, self.key)
        return claims is not None and self._in_time(claims, at) and self._for_us(claims)

    def _in_time(self, claims: Mapping[str, Any], at: float) -> bool:
        issued, expires = jwt.instant(claims, "iat"), jwt.instant(claims, "exp")
        begins = jwt.instant(claims, "nbf") if "nbf" in claims else issued
        begun = issued - LEEWAY_S <= at and begins - LEEWAY_S <= at
        return begun and at < expires + LEEWAY_S and expires - issued <= self.max_assertion_s

    def _for_us(self, claims: Mapping[str, Any]) -> bool:
        subject, audience = claims.get("sub"), claims.get("aud")
        if not isinstance(subject, str) or claims.get("iss") != self.issuer:
            return False
        meant = audience if isinstance(audience, list) else [audience]
        start, star, _ = self.subject.partition("*")
        return self.audience in meant and (subject.startswith(start) if star else subject == self.subject)


@dataclass(frozen=True, slots=True)
class Workload:
    """A workload's side: its identity provider's key, and the one rule that is good for it."""

    rule: Rule
    _key: rsa.PrivateKey

    def assertion(self, at: float, *, lifetime_s: float | None = None, **claims: Any) -> str:
        """Sign an assertion of instant `at` (POSIX seconds); `claims` replace those that satisfy the rule."""
        said = {
            "iss": self.rule.issuer,
            "sub": self.rule.subject,
            "aud": self.rule.audience,
            "iat": int(at),
            "exp": int(at + (self.rule.max_assertion_s if lifetime_s is None else lifetime_s)),
        }
        return jwt.signed(said | claims, self._key)


def workload(
    seed: int, *, workspaces: tuple[str, ...] | None = None, max_assertion_s: float = 30 * 86400.0
) -> Workload:
    """Make a workload that may exchange its assertions; a seed makes the same one again.

    Its issuer lets an assertion live for 30 days: nobody renews the file that a client under test reads.
    """
    random = Random(f"federation {seed}")
    own = Ids(Random(f"organisation {seed}"))
    organization, workspace = own.uuid4(), own.workspace()
    key = rsa.make(random, kid="windtunnel")
    # Ids after the documented prefixes; what stands behind them is unverified.
    number = Ids(random).workspace().partition("_")[2]
    rule = Rule(
        id=f"fdrl_{number}",
        organization_id=organization,
        service_account_id=f"svac_{number}",
        issuer="https://issuer.windtunnel.invalid",
        audience="https://api.anthropic.com",
        subject="system:serviceaccount:windtunnel:client",
        key=key.public,
        workspaces=(workspace,) if workspaces is None else workspaces,
        max_assertion_s=max_assertion_s,
    )
    return Workload(rule, key)
