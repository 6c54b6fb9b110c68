"""The check at the doors behind Amazon: a signature, or a bearer key (wire.md 2.3)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from windtunnel_server.call import Call
from windtunnel_server.identity import sigv4
from windtunnel_server.identity.api_keys import bearer
from windtunnel_server.identity.aws.keys import AwsKey, AwsKeys
from windtunnel_server.model.problem import Problem
from windtunnel_server.wire.kinds_aws import AWS

_TEXTS = {kind.name: kind.text() for kind in AWS}


@dataclass(frozen=True, slots=True)
class AwsGate:
    """Who gets in to one service: "bedrock", "bedrock-mantle", "aws-external-anthropic", "sts"."""

    keys: AwsKeys
    service: str
    #: A header that may carry the bearer key in place of the usual one, lower case.
    key_header: str = ""

    def check(self, call: Call) -> Problem | None:
        """Refuse a call without a good credential. Where a bearer key is there, it decides."""
        key = (call.header(self.key_header) if self.key_header else None) or bearer(call.headers)
        if key is not None and self.service != "sts":
            admitted = self.keys.admits_bearer(key.strip(), self.service)
            return None if admitted else _problem("invalid_aws_api_key")
        signed = sigv4.read(call)
        return signed if isinstance(signed, Problem) else self._signed(call, signed)

    def who(self, call: Call) -> AwsKey | None:
        """The access key a call is signed with; None where there is none that is known."""
        signed = sigv4.read(call)
        return None if isinstance(signed, Problem) else self.keys.find(signed.access_key_id)

    def _signed(self, call: Call, signed: sigv4.Signature) -> Problem | None:
        key = self.keys.find(signed.access_key_id)
        if key is None or not _same(key.token, call.header("x-amz-security-token")):
            return _problem("unrecognized_client")
        if self.keys.standing(key.id) == "expired":
            return _problem("expired_token")
        at, region = self.keys.wall(), self.keys.region
        return sigv4.refusal(call, signed, key.secret, region=region, service=self.service, at=at)


def _same(token: str | None, sent: str | None) -> bool:
    return hmac.compare_digest((token or "").encode("latin-1"), (sent or "").encode("latin-1"))


def _problem(kind: str) -> Problem:
    return Problem(kind, _TEXTS[kind])
