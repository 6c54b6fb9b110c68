"""What Foundry writes: first-party bodies under Azure's headers, and Azure's own errors for what its gateway refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from windtunnel_server.plan import Head, Plan
from windtunnel_server.providers import framing
from windtunnel_server.providers.asked import Asked
from windtunnel_server.providers.errors import kind_of
from windtunnel_server.providers.first_party import FirstParty, retry_after, with_changes
from windtunnel_server.script import ErrorSpec, Stream
from windtunnel_server.wire import azure_errors, compact, errors, headers_azure
from windtunnel_server.wire.azure_errors import GatewayError
from windtunnel_server.wire.headers import Headers, RateLimits
from windtunnel_server.wire.headers_azure import AzureStamp
from windtunnel_server.wire.message import Reply

#: Where the recorded answers came from.
_REGION: Final = ("eastus2", "East US 2")


class FoundryDialect:
    """Notes of its plans: as the first-party one; `error_type` is Azure's code for an error by the gateway."""

    def __init__(self) -> None:
        self._first_party = FirstParty()

    def reply(self, asked: Asked, reply: Reply, pacing: Stream | None, limits: RateLimits, *, model: str) -> Plan:
        plan = self._first_party.reply(asked, reply, pacing, limits, model=model)
        streamed = bool(asked.call.json.get("stream"))
        shown = (headers_azure.message_stream if streamed else headers_azure.message_json)(_stamp(asked))
        return plan.map_head(lambda head: Head(head.status, shown))

    def value(self, asked: Asked, value: Mapping[str, object]) -> Plan:
        """Any other answer: a count of tokens."""
        plan = framing.whole(200, headers_azure.message_json(_stamp(asked)), compact.encode(value))
        return Plan(plan.steps, {"request_id": asked.stamp.request_id})

    def error(
        self,
        asked: Asked,
        spec: ErrorSpec,
        *,
        values: Mapping[str, object] | None = None,
        limits: RateLimits | None = None,
    ) -> Plan:
        kind = kind_of(spec)
        by_gateway = azure_errors.of(kind, spec.status or kind.status)
        if by_gateway is None:
            return _of_the_model(asked, kind, spec, values)
        return gateway_error(asked, by_gateway, spec, by_gateway.message or _words(kind, spec, values))


def gateway_error(asked: Asked, error: GatewayError, spec: ErrorSpec, usual: str) -> Plan:
    """Write an error of the gateway's; what `spec` says goes before what the error says."""
    status, code = spec.status or error.status, spec.type or error.code
    body = azure_errors.body(error, status=status, code=code, message=spec.message or usual)
    stamp = _stamp(asked)
    shown = headers_azure.gateway(stamp, content_length=len(body))
    plan = framing.whole(status, _changed(asked, shown, spec), body)
    return Plan(plan.steps, {"error_type": code, "request_id": stamp.apim_request_id})


def _of_the_model(asked: Asked, kind: errors.ErrorKind, spec: ErrorSpec, values: Mapping[str, object] | None) -> Plan:
    body = errors.body(
        kind,
        request_id=asked.stamp.request_id,
        type=spec.type,
        message=spec.message,
        details=spec.details,
        values=values,
    )
    shown = _changed(asked, headers_azure.message_json(_stamp(asked)), spec)
    plan = framing.whole(spec.status or kind.status, shown, body)
    return Plan(plan.steps, {"error_type": spec.type or kind.type, "request_id": asked.stamp.request_id})


def _words(kind: errors.ErrorKind, spec: ErrorSpec, values: Mapping[str, object] | None) -> str:
    if kind.status != 429:
        return kind.text(values)
    # After the words of other services at this gateway; unverified for Claude.
    wait = (
        "Please try again later." if spec.retry_after is None else f"Please retry after {spec.retry_after:g} seconds."
    )
    return f"Requests to this deployment have exceeded the rate limit of your current pricing tier. {wait}"


def _changed(asked: Asked, shown: Headers, spec: ErrorSpec) -> Headers:
    """Lay over what a script asks for. No error here says by itself whether to try again (unverified)."""
    head = Head(0, shown)
    hint = retry_after(asked.stamp, spec)
    if hint is not None:
        head = head.with_header("retry-after", hint)
    if spec.should_retry is not None:
        head = head.with_header("x-should-retry", "true" if spec.should_retry else "false")
    return with_changes(head.headers, spec)


def _stamp(asked: Asked) -> AzureStamp:
    region, shown = _REGION
    return AzureStamp(
        at=asked.stamp.at,
        request_id=asked.stamp.request_id,
        apim_request_id=asked.ids.uuid4(),
        region=region,
        region_shown=shown,
    )
