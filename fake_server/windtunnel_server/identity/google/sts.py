"""Google's security token service: an outside token against one of Google's (RFC 8693), and logins of such outsiders.

What is checked is documented under "workload identity federation"; the words of the refusals are unverified.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from random import Random
from typing import Final

from windtunnel_server.call import Call
from windtunnel_server.identity import jwt
from windtunnel_server.identity.api_keys import header
from windtunnel_server.identity.google import CLIENT_ID, CLIENT_SECRET, LEEWAY_S, Google
from windtunnel_server.identity.google.answers import ENDPOINT, Refusal, Take, failed, form, handed_out, oauth, refused
from windtunnel_server.plan import Plan

#: What stands in a credential's file as `token_url`, behind the server's address: exchange, and renewal of a login.
PATH: Final = "/google/sts/v1/token"
LOGIN_PATH: Final = "/google/sts/v1/oauthtoken"
_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"
_JWT_TYPES: Final = ("urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token")
#: The longest a subject token may live, seconds (documented for none; generous, for nobody renews the file).
_LONGEST_S: Final = 31 * 86400.0
#: Whom the workload stands for, before it stands in for an account.
_WORKLOAD: Final = "principal://iam.googleapis.com/windtunnel/subject/client"


class GoogleSts:
    """The issuer."""

    name = "google_sts"

    def __init__(self, google: Google) -> None:
        self._google = google

    def is_for(self, call: Call) -> bool:
        return call.path in (PATH, LOGIN_PATH)

    def answer(self, call: Call, take: Take, random: Random) -> Plan:
        asked = form(call)
        step = take(ENDPOINT)
        if step is not None and step.error is not None:
            return failed(step.error, oauth, self._google.now())
        if call.path == LOGIN_PATH:
            return self._renewed(call, asked)
        wrong = self._wrong(asked)
        return self._exchanged(asked) if wrong is None else refused(wrong, oauth)

    def reset(self) -> None:
        """Nothing is left behind."""

    def _wrong(self, asked: Mapping[str, str]) -> Refusal | None:
        if asked.get("grant_type") != _EXCHANGE:
            return Refusal(400, "unsupported_grant_type", "The grant type is not supported.")
        if asked.get("requested_token_type", _ACCESS_TOKEN) != _ACCESS_TOKEN:
            return Refusal(400, "invalid_request", "The requested token type is not supported.")
        if asked.get("audience") != self._google.pool:
            return Refusal(400, "invalid_target", "The target service indicated by the audience parameters is invalid.")
        if asked.get("subject_token_type") not in _JWT_TYPES:
            return Refusal(400, "invalid_request", "The subject token type is not supported.")
        return self._wrong_subject(asked.get("subject_token", ""))

    def _wrong_subject(self, token: str) -> Refusal | None:
        claims, key = jwt.read(token), self._google.key("identity provider").public
        if claims is None:
            return Refusal(400, "invalid_grant", "Unable to parse the ID Token.")
        if not jwt.is_signed(token, key):
            return Refusal(400, "invalid_grant", "The ID Token signature is invalid.")
        if claims.get("aud") not in (self._google.pool, f"https:{self._google.pool}"):
            said = f"The audience in ID Token [{claims.get('aud')}] does not match the expected audience."
            return Refusal(400, "invalid_grant", said)
        if not jwt.is_timely(claims, self._google.now(), longest_s=_LONGEST_S, leeway_s=LEEWAY_S):
            return Refusal(400, "invalid_grant", "The ID Token has expired or is not yet valid.")
        return None

    def _exchanged(self, asked: Mapping[str, str]) -> Plan:
        issued = self._google.issue(_WORKLOAD, asked.get("scope", "").split())
        said = {"access_token": issued.access_token, "issued_token_type": _ACCESS_TOKEN}
        return handed_out({**said, "token_type": "Bearer", "expires_in": issued.expires_in})

    def _renewed(self, call: Call, asked: Mapping[str, str]) -> Plan:
        if asked.get("grant_type") != "refresh_token":
            return refused(Refusal(400, "unsupported_grant_type", "The grant type is not supported."), oauth)
        if header(call.headers, "authorization") != _basic():
            return refused(Refusal(401, "invalid_client", "The OAuth client was not found."), oauth)
        if not self._google.renews(asked.get("refresh_token", "")):
            return refused(Refusal(400, "invalid_grant", "Token has been expired or revoked."), oauth)
        issued = self._google.issue("person@windtunnel.invalid")
        said = {"access_token": issued.access_token, "expires_in": issued.expires_in, "token_type": "Bearer"}
        return handed_out(said)


def _basic() -> str:
    return f"Basic {base64.b64encode(f'{CLIENT_ID}:{CLIENT_SECRET}'.encode()).decode()}"
