"""First-party answers as they come through Amazon: with its request id, and its own words at the door."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from windtunnel_server.plan import Head, Plan
from windtunnel_server.providers import framing
from windtunnel_server.providers.asked import Asked
from windtunnel_server.providers.errors import kind_of
from windtunnel_server.providers.first_party import FirstParty, retry_after, with_changes
from windtunnel_server.script import ErrorSpec, Stream
from windtunnel_server.wire import compact
from windtunnel_server.wire.headers import JSON, RateLimits, http_date
from windtunnel_server.wire.ids import Ids
from windtunnel_server.wire.kinds_aws import EXCEPTIONS
from windtunnel_server.wire.message import Reply

REQUEST_ID = "x-amzn-RequestId"
#: What follows an exception's name in its header (FACTS, Bedrock).
_CORAL = ":http://internal.amazon.com/coral/com.amazon.coral.service/"


class AwsFirstParty(FirstParty):
    """The first-party dialect, but for what Amazon refuses before Anthropic is asked: that has Amazon's own form."""

    def reply(self, asked: Asked, reply: Reply, pacing: Stream | None, limits: RateLimits, *, model: str) -> Plan:
        return marked(super().reply(asked, reply, pacing, limits, model=model), asked)

    def error(
        self,
        asked: Asked,
        spec: ErrorSpec,
        *,
        values: Mapping[str, object] | None = None,
        limits: RateLimits | None = None,
    ) -> Plan:
        if kind_of(spec).name in EXCEPTIONS:
            return marked(_exception(asked, spec), asked)
        return marked(super().error(asked, spec, values=values, limits=limits), asked)


def marked(plan: Plan, asked: Asked) -> Plan:
    """Put Amazon's request id into the head, beside Anthropic's (wire.md 1.4)."""
    return plan.map_head(lambda head: head.with_header(REQUEST_ID, request_id(asked)))


def request_id(asked: Asked) -> str:
    """Return Amazon's id of a request: a UUID, one for each of Anthropic's."""
    return Ids(Random(asked.stamp.request_id)).uuid4()


def _exception(asked: Asked, spec: ErrorSpec) -> Plan:
    kind = kind_of(spec)
    name = spec.type or EXCEPTIONS[kind.name]
    said = kind.text() if spec.message is None else spec.message
    # Of a bearer key the word is seen with a capital (public reports, 2026).
    body = compact.encode({"Message" if kind.name == "invalid_aws_api_key" else "message": said})
    hint = retry_after(asked.stamp, spec)
    shown = (
        ("Date", http_date(asked.stamp.at)),
        ("Content-Type", JSON),
        ("Content-Length", str(len(body))),
        ("Connection", "keep-alive"),
        ("x-amzn-ErrorType", name + _CORAL),
        *(() if hint is None else (("retry-after", hint),)),
        *(() if spec.should_retry is None else (("x-should-retry", str(spec.should_retry).lower()),)),
    )
    head = Head(spec.status or kind.status, with_changes(shown, spec))
    return Plan(framing.whole(head.status, head.headers, body).steps, {"error_type": name})
