"""The security token service: roles assumed by a signature or by an identity provider's word (wire.md 2.3).

Actions, parameters, shapes and error codes: service model of botocore 1.44.5 (`sts`). It signs nothing of its own: what
it hands out, the doors take until it ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random
from typing import Final
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from windtunnel_server.call import Call
from windtunnel_server.identity.aws import answers as answers
from windtunnel_server.identity.aws.gate import AwsGate
from windtunnel_server.identity.aws.keys import ACCOUNT, ROLE_ARN, AwsKey, AwsKeys
from windtunnel_server.identity.aws.web_identity import AUDIENCE, SUBJECT, Refused, WebIdentity
from windtunnel_server.journal import mask
from windtunnel_server.plan import Plan
from windtunnel_server.script import ErrorSpec, Step

_NAMESPACE: Final = "https://sts.amazonaws.com/doc/2011-06-15/"
_SHORTEST_S, _LONGEST_S = 900, 43_200
_SESSION_NAME: Final = re.compile(r"[\w+=,.@-]{2,64}")
_BY_IDENTITY: Final = "AssumeRoleWithWebIdentity"
#: The service's own names for what is wrong with a signature.
_CODES: Final[Mapping[str, str]] = {
    "missing_authentication_token": "MissingAuthenticationToken",
    "incomplete_signature": "IncompleteSignature",
    "invalid_signature": "SignatureDoesNotMatch",
    "signature_expired": "SignatureDoesNotMatch",
    "unrecognized_client": "InvalidClientTokenId",
    "expired_token": "ExpiredToken",
    "access_denied": "AccessDenied",
    "rate_limited": "Throttling",
}
_TEXTS: Final = {
    "missing_authentication_token": "Request is missing Authentication Token",
    "rate_limited": "Rate exceeded",
}
_BY_STATUS: Final = {400: "ValidationError", 401: "AccessDenied", 403: "AccessDenied", 503: "ServiceUnavailable"}


class Sts:
    """Answers `AssumeRole`, `AssumeRoleWithWebIdentity` and `GetCallerIdentity`, as a form and in XML."""

    name = "aws_sts"

    def __init__(self, keys: AwsKeys, *, seed: int = 0) -> None:
        self._keys = keys
        self._gate = AwsGate(keys, "sts")
        #: Whose word is taken for a role.
        self.identity = WebIdentity(seed)

    def reset(self) -> None:
        """There is nothing to forget: keys that are out stay good."""

    def is_for(self, call: Call) -> bool:
        return call.method == "POST" and call.path == "/" and b"Action=" in call.body

    def answer(self, call: Call, take: Callable[[str], Step | None], random: Random) -> Plan:
        asked = {name: values[0] for name, values in parse_qs(call.body.decode("utf-8", "replace")).items()}
        call.json = {name: mask(value) if name == "WebIdentityToken" else value for name, value in asked.items()}
        action, id = asked.get("Action", ""), answers.request_id(random)
        if action not in ("AssumeRole", _BY_IDENTITY, "GetCallerIdentity"):
            return self._error(id, 400, "InvalidAction", f"Could not find operation {action} for version 2011-06-15")
        refused = self._gate.check(call) if action != _BY_IDENTITY else None
        if refused is not None:
            status = 400 if refused.kind == "incomplete_signature" else 403
            message = _TEXTS.get(refused.kind, refused.message)
            return self._error(id, status, _CODES[refused.kind], message)
        if action == "GetCallerIdentity":
            return self._caller(call, id)
        return self._role(call, asked, take, id)

    def _caller(self, call: Call, id: str) -> Plan:
        key = self._gate.who(call)
        assert key is not None, "the gate lets nobody else in"
        inner = f"<Arn>{escape(key.arn)}</Arn><UserId>{key.id}</UserId><Account>{ACCOUNT}</Account>"
        return self._said(id, "GetCallerIdentity", inner)

    def _role(self, call: Call, asked: Mapping[str, str], take: Callable[[str], Step | None], id: str) -> Plan:
        refused = self._unfit(call, asked)
        if refused is not None:
            return self._error(id, refused.status, refused.code, refused.message)
        step = take(answers.ENDPOINT)
        if step is not None and step.error is not None:
            return self._scripted(id, step.error)
        lives_s = float(asked["DurationSeconds"]) if "DurationSeconds" in asked else None
        key = self._keys.session(asked["RoleArn"], lifetime_s=lives_s, name=asked["RoleSessionName"])
        inner = _credentials(key) + _assumed(key, asked["RoleSessionName"])
        if asked["Action"] == _BY_IDENTITY:
            inner += (
                f"<SubjectFromWebIdentityToken>{SUBJECT}</SubjectFromWebIdentityToken><Audience>{AUDIENCE}</Audience>"
            )
        return self._said(id, asked["Action"], inner, confidential=True)

    def _unfit(self, call: Call, asked: Mapping[str, str]) -> Refused | None:
        for name in ("RoleArn", "RoleSessionName"):
            if not asked.get(name):
                return Refused(400, "ValidationError", _invalid(name, "null", "Member must not be null"))
        if not _SESSION_NAME.fullmatch(asked["RoleSessionName"]):
            rule = r"Member must satisfy regular expression pattern: [\w+=,.@-]*"
            return Refused(400, "ValidationError", _invalid("RoleSessionName", asked["RoleSessionName"], rule))
        duration = asked.get("DurationSeconds", str(_SHORTEST_S))
        if not duration.isdecimal() or not _SHORTEST_S <= int(duration) <= _LONGEST_S:
            rule = f"Member must have value between {_SHORTEST_S} and {_LONGEST_S}"
            return Refused(400, "ValidationError", _invalid("DurationSeconds", duration, rule))
        if asked["Action"] == _BY_IDENTITY:
            return self.identity.refusal(asked.get("WebIdentityToken", ""), asked["RoleArn"], self._keys.wall())
        if asked["RoleArn"] == ROLE_ARN:
            return None
        key = self._gate.who(call)
        who = "anonymous" if key is None else key.arn
        what = f"User: {who} is not authorized to perform: sts:AssumeRole on resource: {asked['RoleArn']}"
        return Refused(403, "AccessDenied", what)

    def _scripted(self, id: str, spec: ErrorSpec) -> Plan:
        status, kind = answers.wanted(spec)
        name = kind.name
        # The service throttles with a 400 (documented under its common errors).
        status = 400 if name == "rate_limited" and spec.status is None else status
        code = _CODES.get(name) or _BY_STATUS.get(status) or ("InternalFailure" if status >= 500 else "ValidationError")
        message = spec.message or _TEXTS.get(name) or kind.text()
        return self._error(id, status, spec.type or code, message, headers=answers.asked_headers(spec))

    def _said(self, id: str, action: str, inner: str, *, confidential: bool = False) -> Plan:
        said = (
            f'<{action}Response xmlns="{_NAMESPACE}"><{action}Result>{inner}</{action}Result>'
            f"<ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></{action}Response>"
        )
        return self._answered(id, 200, said, confidential=confidential)

    def _error(
        self, id: str, status: int, code: str, message: str, *, headers: tuple[tuple[str, str], ...] = ()
    ) -> Plan:
        whose = "Sender" if status < 500 else "Receiver"
        inner = f"<Type>{whose}</Type><Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        said = f'<ErrorResponse xmlns="{_NAMESPACE}"><Error>{inner}</Error><RequestId>{id}</RequestId></ErrorResponse>'
        return self._answered(id, status, said, headers=headers, error=code)

    def _answered(
        self,
        id: str,
        status: int,
        text: str,
        *,
        headers: tuple[tuple[str, str], ...] = (),
        error: str | None = None,
        confidential: bool = False,
    ) -> Plan:
        return answers.answered(
            status,
            text.encode(),
            content_type=answers.XML,
            at=self._keys.wall(),
            headers=(("x-amzn-RequestId", id), *headers),
            error=error,
            confidential=confidential,
        )


def _credentials(key: AwsKey) -> str:
    return (
        f"<Credentials><AccessKeyId>{key.id}</AccessKeyId><SecretAccessKey>{key.secret}</SecretAccessKey>"
        f"<SessionToken>{key.token}</SessionToken><Expiration>{answers.instant(key.expires_at)}</Expiration></Credentials>"
    )


def _assumed(key: AwsKey, session: str) -> str:
    role = f"AROA{key.id[4:]}:{escape(session)}"
    return f"<AssumedRoleUser><AssumedRoleId>{role}</AssumedRoleId><Arn>{escape(key.arn)}</Arn></AssumedRoleUser>"


def _invalid(name: str, value: str, rule: str) -> str:
    field = name[0].lower() + name[1:]
    return f"1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: {rule}"
