"""Instance metadata of EC2, version 2: a token first, and with it the role's credentials (wire.md 2.3).

Paths, the token's header and its life: documented. Version 1, which asks for no token, is turned off.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from random import Random
from typing import Final

from windtunnel_server.call import Call
from windtunnel_server.identity.aws import answers as answers
from windtunnel_server.identity.aws.keys import ACCOUNT, ROLE, ROLE_ARN, AwsKey, AwsKeys
from windtunnel_server.plan import Plan
from windtunnel_server.script import Step

PREFIX: Final = "/latest/"
_TOKEN_PATH: Final = "/latest/api/token"
_ROLES_PATH: Final = "/latest/meta-data/iam/security-credentials/"
_TOKEN: Final = "x-aws-ec2-metadata-token"
_TTL: Final = "x-aws-ec2-metadata-token-ttl-seconds"
_MAX_TTL_S: Final = 21_600
#: New credentials are there at least five minutes before the old ones end (documented); clients look fifteen before.
_AHEAD_S: Final = 900.0
#: An instance's name for its session is its own id.
_INSTANCE: Final = "i-0000000077696e64"
_LETTERS: Final = string.ascii_letters + string.digits + "-_"
#: What the service calls an error, by status (a page in reality; its text is unverified).
_PHRASES: Final = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed"}


class InstanceMetadata:
    """The service every instance finds at one address."""

    name = "aws_instance"

    def __init__(self, keys: AwsKeys) -> None:
        self._keys = keys
        self.reset()

    def reset(self) -> None:
        """Forget the tokens, and the role's credentials with them."""
        self._tokens: dict[str, float] = {}
        self._current: AwsKey | None = None

    def is_for(self, call: Call) -> bool:
        return call.path.startswith(PREFIX)

    def answer(self, call: Call, take: Callable[[str], Step | None], random: Random) -> Plan:
        if call.path == _TOKEN_PATH:
            return self._token(call, random) if call.method == "PUT" else self._error(405)
        if self._tokens.get(call.header(_TOKEN) or "", 0.0) <= self._keys.wall():
            return self._error(401)
        if call.method != "GET":
            return self._error(405)
        if call.path == _ROLES_PATH + ROLE:
            return self._credentials(take)
        known = self._known().get(call.path)
        return self._error(404) if known is None else self._text(known)

    def _known(self) -> dict[str, str]:
        region = self._keys.region
        return {
            _ROLES_PATH: ROLE,
            _ROLES_PATH.rstrip("/"): ROLE,
            "/latest/meta-data/placement/region": region,
            "/latest/meta-data/placement/availability-zone": f"{region}a",
            "/latest/meta-data/placement/availability-zone/": f"{region}a",
            "/latest/meta-data/iam/info": answers.encoded(
                {"Code": "Success", "InstanceProfileArn": ROLE_ARN.replace(":role/", ":instance-profile/")}
            ).decode(),
            "/latest/dynamic/instance-identity/document": answers.encoded(
                {"region": region, "accountId": ACCOUNT, "instanceId": _INSTANCE}
            ).decode(),
        }

    def _token(self, call: Call, random: Random) -> Plan:
        asked = call.header(_TTL) or ""
        if not asked.isdecimal() or not 1 <= int(asked) <= _MAX_TTL_S:
            return self._error(400)
        token = "windtunnel" + "".join(random.choices(_LETTERS, k=46))
        self._tokens[token] = self._keys.wall() + int(asked)
        return self._text(token, headers=((_TTL, asked),), confidential=True)

    def _credentials(self, take: Callable[[str], Step | None]) -> Plan:
        step = take(answers.ENDPOINT)
        if step is not None and step.error is not None:
            status, _ = answers.wanted(step.error)
            return self._error(status, headers=answers.asked_headers(step.error), message=step.error.message)
        now = self._keys.wall()
        if self._current is None or self._current.expires_at - now < min(_AHEAD_S, self._keys.lifetime_s / 2):
            self._current = self._keys.session(name=_INSTANCE)
        begun = answers.instant(now)
        body = answers.metadata(self._current, Code="Success", LastUpdated=begun, Type="AWS-HMAC")
        return self._text(body.decode(), confidential=True)

    def _text(self, text: str, *, headers: tuple[tuple[str, str], ...] = (), confidential: bool = False) -> Plan:
        return answers.answered(
            200,
            text.encode(),
            content_type=answers.TEXT,
            at=self._keys.wall(),
            headers=headers,
            confidential=confidential,
        )

    def _error(self, status: int, *, headers: tuple[tuple[str, str], ...] = (), message: str | None = None) -> Plan:
        text = message or _PHRASES.get(status, "Error")
        return answers.answered(
            status, text.encode(), content_type=answers.TEXT, at=self._keys.wall(), headers=headers, error=text
        )
