"""Credentials of a container: one address, and a token that says whose they are (wire.md 2.3)."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from random import Random
from typing import Final

from windtunnel_server.call import Call
from windtunnel_server.identity.aws import answers as answers
from windtunnel_server.identity.aws.keys import ROLE_ARN, AwsKeys
from windtunnel_server.plan import Plan
from windtunnel_server.script import Step

#: The agent's paths begin like this; what follows names a task.
PATH: Final = "/v2/credentials/windtunnel"
#: Goes into `AWS_CONTAINER_AUTHORIZATION_TOKEN`, or a file.
TOKEN: Final = "windtunnel-not-a-real-container-token"


class ContainerCredentials:
    """The agent beside a container. It hands out fresh credentials each time."""

    name = "aws_container"

    def __init__(self, keys: AwsKeys) -> None:
        self._keys = keys

    def reset(self) -> None:
        """There is nothing to forget."""

    def is_for(self, call: Call) -> bool:
        return call.path == PATH

    def answer(self, call: Call, take: Callable[[str], Step | None], random: Random) -> Plan:
        if call.method != "GET":
            return self._error(405, "MethodNotAllowed", "only GET is served here")
        if not hmac.compare_digest((call.header("authorization") or "").encode(), TOKEN.encode()):
            # unverified: status and words
            return self._error(401, "AccessDeniedException", "the authorization token is missing or wrong")
        step = take(answers.ENDPOINT)
        if step is not None and step.error is not None:
            status, kind = answers.wanted(step.error)
            message = kind.text() if step.error.message is None else step.error.message
            return self._error(status, step.error.type or _CODES.get(status, "InternalServerError"), message, step)
        body = answers.metadata(self._keys.session(name="container"), RoleArn=ROLE_ARN)
        at = self._keys.wall()
        return answers.answered(200, body, content_type=answers.JSON, at=at, confidential=True)

    def _error(self, status: int, code: str, message: str, step: Step | None = None) -> Plan:
        body = answers.encoded({"code": code, "message": message, "HTTPErrorCode": status})
        more = () if step is None or step.error is None else answers.asked_headers(step.error)
        at = self._keys.wall()
        return answers.answered(status, body, content_type=answers.JSON, at=at, headers=more, error=code)


#: unverified
_CODES: Final = {400: "InvalidRequest", 403: "AccessDeniedException", 404: "NotFound", 429: "ThrottlingException"}
