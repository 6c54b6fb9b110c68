"""The portal of single sign-on: a role's credentials for whoever has logged in (wire.md 2.3).

Paths, parameters, error names and their statuses: service model of botocore 1.44.5 (`sso`). The page in a browser
where a person logs in, and the renewal of what comes of it, are not served.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final
from urllib.parse import parse_qs

from windtunnel_server.call import Call
from windtunnel_server.identity.aws import answers as answers
from windtunnel_server.identity.aws.keys import ACCOUNT, ROLE, AwsKeys
from windtunnel_server.plan import Plan
from windtunnel_server.script import Step
from windtunnel_server.wire import compact

PATH: Final = "/federation/credentials"
#: What the portal knows a login by; it lives for eight hours, as is usual.
TOKEN_LIFETIME_S: Final = 8 * 3600.0
#: unverified: the words
_REFUSED: Final = {
    400: ("InvalidRequestException", "Invalid request"),
    401: ("UnauthorizedException", "Session token not found or invalid"),
    403: ("ForbiddenException", "No access"),
    404: ("ResourceNotFoundException", "Account or role not found"),
    429: ("TooManyRequestsException", "Rate exceeded"),
}


class Sso:
    """The portal, and the logins it knows."""

    name = "aws_sso"

    def __init__(self, keys: AwsKeys, *, seed: int = 0) -> None:
        self._keys = keys
        self._random = Random(f"aws sso {seed}")
        self._logins: dict[str, float] = {}

    def login(self) -> tuple[str, float]:
        """Log a person in: an access token, and when it ends, POSIX seconds."""
        token = f"windtunnel-not-a-real-sso-token-{self._random.getrandbits(128):032x}"
        self._logins[token] = self._keys.wall() + TOKEN_LIFETIME_S
        return token, self._logins[token]

    def log_out(self) -> None:
        """Let every login end now."""
        self._logins.clear()

    def reset(self) -> None:
        """Logins stay: whoever has one goes on using it."""

    def is_for(self, call: Call) -> bool:
        return call.path == PATH

    def answer(self, call: Call, take: Callable[[str], Step | None], random: Random) -> Plan:
        if self._logins.get(call.header("x-amz-sso_bearer_token") or "", 0.0) <= self._keys.wall():
            return self._error(random, 401)
        asked = parse_qs(call.query)
        if not {"role_name", "account_id"} <= asked.keys():
            return self._error(random, 400)
        if (asked["account_id"], asked["role_name"]) != ([ACCOUNT], [ROLE]):
            return self._error(random, 403)
        step = take(answers.ENDPOINT)
        if step is not None and step.error is not None:
            status, _ = answers.wanted(step.error)
            return self._error(random, status, step)
        key = self._keys.session(f"role/AWSReservedSSO_{ROLE}", name="person")
        said = {
            "accessKeyId": key.id,
            "secretAccessKey": key.secret,
            "sessionToken": key.token,
            "expiration": int(key.expires_at) * 1000,
        }
        return self._answered(random, 200, compact.encode({"roleCredentials": said}), confidential=True)

    def _error(self, random: Random, status: int, step: Step | None = None) -> Plan:
        code, message = _REFUSED.get(status, ("InternalServerException", "Internal server error"))
        more: tuple[tuple[str, str], ...] = ()
        if step is not None and step.error is not None:
            code, message = step.error.type or code, step.error.message or message
            more = answers.asked_headers(step.error)
        headers = (("x-amzn-ErrorType", code), *more)
        return self._answered(random, status, compact.encode({"message": message}), headers=headers, error=code)

    def _answered(
        self,
        random: Random,
        status: int,
        body: bytes,
        *,
        headers: tuple[tuple[str, str], ...] = (),
        error: str | None = None,
        confidential: bool = False,
    ) -> Plan:
        return answers.answered(
            status,
            body,
            content_type=answers.JSON,
            at=self._keys.wall(),
            headers=(("x-amzn-RequestId", answers.request_id(random)), *headers),
            error=error,
            confidential=confidential,
        )
