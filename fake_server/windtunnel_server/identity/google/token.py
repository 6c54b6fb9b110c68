"""Google's token endpoint: a service account's assertion, or a login's refresh token, against an access token.

What is checked is documented ("Using OAuth 2.0 for server to server applications"); the words of the refusals are
those of public reports, unverified where several are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Final

from windtunnel_server.call import Call
from windtunnel_server.identity import jwt
from windtunnel_server.identity.google import (
    CLIENT_ID,
    CLIENT_SECRET,
    LEEWAY_S,
    LONGEST_ASSERTION_S,
    SCOPE,
    TOKEN_AUDIENCE,
    Google,
)
from windtunnel_server.identity.google.answers import ENDPOINT, Refusal, Take, failed, form, handed_out, oauth, refused
from windtunnel_server.plan import Plan

#: What stands in a service account's file as `token_uri`, behind the server's address.
PATH: Final = "/google/oauth2/token"
_JWT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_REFRESH: Final = "refresh_token"


class GoogleToken:
    """The issuer."""

    name = "google_token"

    def __init__(self, google: Google) -> None:
        self._google = google

    def is_for(self, call: Call) -> bool:
        return call.path == PATH

    def answer(self, call: Call, take: Take, random: Random) -> Plan:
        asked = form(call)
        step = take(ENDPOINT)
        if step is not None and step.error is not None:
            return failed(step.error, oauth, self._google.now())
        grant = asked.get("grant_type", "")
        if grant == _JWT:
            return self._for_assertion(asked)
        if grant == _REFRESH:
            return self._for_login(asked)
        return _no("unsupported_grant_type", f"Invalid grant_type: {grant}")

    def reset(self) -> None:
        """Nothing is left behind."""

    def _for_assertion(self, asked: Mapping[str, str]) -> Plan:
        assertion = asked.get("assertion", "")
        claims = jwt.read(assertion)
        if claims is None:
            return _no("invalid_grant", "Invalid JWT: Failed to parse.")
        if claims.get("iss") != self._google.email:
            return _no("invalid_grant", "Invalid grant: account not found")
        if not jwt.is_signed(assertion, self._google.key("service account").public):
            return _no("invalid_grant", "Invalid JWT Signature.")
        if claims.get("aud") != TOKEN_AUDIENCE:
            right = f"The right audience is {TOKEN_AUDIENCE}"
            return _no("invalid_grant", f"Invalid JWT: Failed audience check. {right}")
        if not jwt.is_timely(claims, self._google.now(), longest_s=LONGEST_ASSERTION_S, leeway_s=LEEWAY_S):
            return _no(
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
                "Check your iat and exp values in the JWT claim.",
            )
        scopes = str(claims.get("scope") or "").split()
        if not scopes:
            return _no("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        issued = self._google.issue(scopes=scopes)
        said = {"access_token": issued.access_token, "expires_in": issued.expires_in, "token_type": "Bearer"}
        return handed_out(said)

    def _for_login(self, asked: Mapping[str, str]) -> Plan:
        if (asked.get("client_id"), asked.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return refused(Refusal(401, "invalid_client", "The OAuth client was not found."), oauth)
        if not self._google.renews(asked.get("refresh_token", "")):
            return _no("invalid_grant", "Token has been expired or revoked.")
        issued = self._google.issue("person@windtunnel.invalid")
        said = {"access_token": issued.access_token, "expires_in": issued.expires_in}
        return handed_out({**said, "scope": SCOPE, "token_type": "Bearer"})


def _no(code: str, words: str) -> Plan:
    return refused(Refusal(400, code, words), oauth)
