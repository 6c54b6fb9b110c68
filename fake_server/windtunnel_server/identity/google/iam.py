"""Google's IAM credentials service: whoever may stands in for a service account."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from windtunnel_server.call import Call
from windtunnel_server.identity.api_keys import bearer
from windtunnel_server.identity.google import Google
from windtunnel_server.identity.google.answers import ENDPOINT, Refusal, Take, api, failed, handed_out, refused
from windtunnel_server.plan import Plan

_PREFIX: Final = "/google/iamcredentials/v1/projects/-/serviceAccounts/"
_PATH: Final = re.compile(re.escape(_PREFIX) + r"(?P<email>[^/:]+):generateAccessToken")


def path(email: str) -> str:
    """Return where a token for that account is asked for, behind the server's address."""
    return f"{_PREFIX}{email}:generateAccessToken"


class GoogleIam:
    """The issuer."""

    name = "google_iam"

    def __init__(self, google: Google) -> None:
        self._google = google

    def is_for(self, call: Call) -> bool:
        return _PATH.fullmatch(call.path) is not None

    def answer(self, call: Call, take: Take, random: Random) -> Plan:
        step = take(ENDPOINT)
        if step is not None and step.error is not None:
            return failed(step.error, api, self._google.now())
        asker = self._google.owner(bearer(call.headers))
        if asker is None:
            return refused(Refusal(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."), api)
        found = _PATH.fullmatch(call.path)
        if found is None or found["email"] != self._google.target_email or asker in self._google.denied:
            said = "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist)."
            return refused(Refusal(403, "PERMISSION_DENIED", said), api)
        scopes = _scopes(call)
        if not scopes:
            return refused(Refusal(400, "INVALID_ARGUMENT", "Request contains an invalid argument."), api)
        issued = self._google.issue(self._google.target_email, scopes)
        until = datetime.fromtimestamp(int(self._google.now() + issued.expires_in), UTC)
        said_until = until.strftime("%Y-%m-%dT%H:%M:%SZ")
        return handed_out({"accessToken": issued.access_token, "expireTime": said_until})

    def reset(self) -> None:
        """Nothing is left behind."""


def _scopes(call: Call) -> list[str]:
    try:
        body: Any = json.loads(call.body)
    except ValueError:
        return []
    call.json = body
    scopes = body.get("scope") if isinstance(body, dict) else None
    return [scope for scope in scopes if isinstance(scope, str)] if isinstance(scopes, list) else []
