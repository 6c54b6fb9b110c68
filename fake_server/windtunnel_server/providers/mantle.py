"""Amazon Bedrock's Messages endpoint, "mantle": first-party requests and answers, operated by Amazon (wire.md 1.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any, Final

from windtunnel_server.call import Call
from windtunnel_server.clock import Clock
from windtunnel_server.identity.aws import Aws
from windtunnel_server.model.problem import Problem
from windtunnel_server.plan import Head, Plan
from windtunnel_server.providers import errors
from windtunnel_server.providers.anthropic import Anthropic
from windtunnel_server.providers.asked import Asked
from windtunnel_server.providers.aws_first_party import marked
from windtunnel_server.providers.bedrock import models as bedrock_models
from windtunnel_server.providers.errors import kind_of
from windtunnel_server.providers.first_party import FirstParty
from windtunnel_server.script import ErrorSpec, Step, Stream
from windtunnel_server.settings import Settings
from windtunnel_server.wire.headers import RateLimits
from windtunnel_server.wire.ids import Ids
from windtunnel_server.wire.kinds_aws import EXCEPTIONS
from windtunnel_server.wire.message import Reply

#: What a signature is made for.
SERVICE: Final = "bedrock-mantle"
#: A client's base address ends in it.
BASE: Final = "/anthropic"
_SERVED: Final = ("/anthropic/v1/messages", "/anthropic/v1/messages/count_tokens")
_MAX_BODY_BYTES: Final = 20 * 1024 * 1024
#: Headers of the first-party surface that this one has too, lower case. No recording shows which (unverified).
_HEADERS: Final = frozenset(
    {
        "date",
        "content-type",
        "content-length",
        "transfer-encoding",
        "connection",
        "cache-control",
        "request-id",
        "retry-after",
        "retry-after-ms",
        "x-should-retry",
    }
)
_USUAL: Final = Settings()


class MantleDialect(FirstParty):
    """First-party bodies without the headers of Anthropic's edge. Who is turned away at the door gets a 401.

    The status was seen in public reports (2026-06, 2026-08: `Signature expired:`, `Invalid bearer token`); that the
    body is first-party there too is unverified.
    """

    def reply(self, asked: Asked, reply: Reply, pacing: Stream | None, limits: RateLimits, *, model: str) -> Plan:
        return _shown(super().reply(asked, reply, pacing, limits, model=model), asked)

    def error(
        self,
        asked: Asked,
        spec: ErrorSpec,
        *,
        values: Mapping[str, object] | None = None,
        limits: RateLimits | None = None,
    ) -> Plan:
        kind = kind_of(spec)
        if kind.name in EXCEPTIONS and kind.name != "access_denied":
            said = "Invalid bearer token" if kind.name == "invalid_aws_api_key" else kind.text()
            message = said if spec.message in (None, kind.text()) else spec.message
            spec = replace(spec, status=spec.status or 401, type=spec.type or "authentication_error", message=message)
        return _shown(super().error(asked, spec, values=values, limits=limits), asked, keep=spec.headers)


class Mantle(Anthropic):
    """The door: Messages and the counting of tokens. Models go by their Bedrock ids, without a profile."""

    name = "bedrock-mantle"
    bills = False

    def __init__(self, clock: Clock, aws: Aws, *, seed: int = 0, settings: Settings = _USUAL) -> None:
        super().__init__(clock, seed=seed, settings=settings, dialect=MantleDialect())
        self._aws_gate = aws.gate(SERVICE)

    def max_body_bytes(self, path: str) -> int:
        return _MAX_BODY_BYTES

    def answer(self, call: Call, take: Callable[[str], Step | None], random: Random) -> Plan:
        route = call.route or call.path
        if route not in _SERVED:
            served = ", ".join(f"POST {path}" for path in _SERVED)
            return self._not_here(self._asked(call, random), f"Not found: windtunnel serves {served}")
        call.route = route.removeprefix(BASE)
        return super().answer(call, take, random)

    def _asked(self, call: Call, random: Random, found: Mapping[str, str] | None = None) -> Asked:
        asked = super()._asked(call, random, found)
        return replace(asked, ids=Ids(random, "bdrk_"))

    def _workspace(self, call: Call) -> str:
        return bedrock_models.ACCOUNT

    def _stranger(self, asked: Asked) -> Problem | None:
        return self._aws_gate.check(asked.call)

    def _answer(self, endpoint: str, asked: Asked, take: Callable[[str], Step | None]) -> Plan:
        request = asked.call.json
        if isinstance(request, dict) and isinstance(request.get("model"), str):
            found = bedrock_models.find(request["model"])
            if found is None or found.prefix is not None:
                unknown = Problem("model_not_found", f"model: {request['model']}")
                return errors.refused(self._dialect, asked, unknown)
            asked.call.json = request | {"model": found.named.model.id}
        return super()._answer(endpoint, asked, take)

    def _value(self, asked: Asked, value: Any, *, lines: bool) -> Plan:
        return _shown(super()._value(asked, value, lines=lines), asked)


def _shown(plan: Plan, asked: Asked, *, keep: Mapping[str, str] | None = None) -> Plan:
    kept = _HEADERS | {name.lower() for name in keep or ()}

    def change(head: Head) -> Head:
        return replace(head, headers=tuple(pair for pair in head.headers if pair[0].lower() in kept))

    return marked(plan.map_head(change), asked)
